package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"testing"

	emmsm2 "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	tjsm4 "github.com/tjfoc/gmsm/sm4"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// newSM2Key makes a key, with its number.
func newSM2Key(t *testing.T) (key *algorithm.PrivateKey, d []byte) {
	t.Helper()
	key, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		t.Fatal(err)
	}
	return key, numberOf(t, key)
}

// numberOf returns the 32 octets of an SM2 key.
func numberOf(t *testing.T, key *algorithm.PrivateKey) []byte {
	t.Helper()
	theirs, err := tjfoc.ToPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return theirs.D.FillBytes(make([]byte, 32))
}

func envelope(t *testing.T, key, to *algorithm.PrivateKey) []byte {
	t.Helper()
	data, err := key.Envelope(to.Public())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The elements of an envelope in the output of openssl asn1parse. Each submatch is the
// offset.
var (
	sm4ECBElement     = regexp.MustCompile(`OBJECT +:sm4-ecb\n`)
	sm2CipherElement  = regexp.MustCompile(`\n +(\d+):d=1 .*: SEQUENCE[^\n]*\n.*d=2 .*INTEGER`)
	bitStringElements = regexp.MustCompile(`(\d+):d=1 .*: BIT STRING`)
)

// The openssl command opens our envelopes without help.
func TestOpenSSLEnvelope(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	dir := t.TempDir()
	signing := write(t, dir, "signing.key", string(testkeys.PEM(algorithm.SM2_256, 0)))
	other := write(t, dir, "other.key", string(testkeys.PEM(algorithm.SM2_256, 2)))
	inner := testkeys.Key(algorithm.SM2_256, 1)
	file := write(t, dir, "envelope.der", string(envelope(t, inner, testkeys.Key(algorithm.SM2_256, 0))))

	listing := must(t, "openssl", "asn1parse", "-inform", "DER", "-in", file)
	sequence, bits := sm2CipherElement.FindStringSubmatch(listing), bitStringElements.FindAllStringSubmatch(listing, -1)
	if !sm4ECBElement.MatchString(listing) || sequence == nil || len(bits) != 2 {
		t.Fatalf("openssl lists other elements:\n%s", listing)
	}
	part := func(name, offset string) string {
		path := filepath.Join(dir, name)
		must(t, "openssl", "asn1parse", "-inform", "DER", "-in", file, "-strparse", offset, "-noout", "-out", path)
		return path
	}
	encryptedKey, public := part("key", sequence[1]), read(t, part("public", bits[0][1]))
	point := testutil.FirstPEM(t, must(t, "openssl", "pkey", "-in", write(t, dir, "inner.key", string(testkeys.PEM(algorithm.SM2_256, 1))), "-pubout"))
	if !bytes.HasSuffix(point, []byte(public)) || len(public) != 65 {
		t.Errorf("the public key is %x, which does not end %x", public, point)
	}
	key := must(t, "openssl", "pkeyutl", "-decrypt", "-inkey", signing, "-in", encryptedKey)
	d := must(t, "openssl", "enc", "-d", "-sm4-ecb", "-nopad", "-K", hex.EncodeToString([]byte(key)), "-in", part("private", bits[1][1]))
	if d != string(numberOf(t, inner)) {
		t.Error("openssl decrypts another private key")
	}
	r := run(t, "", "openssl", "pkeyutl", "-decrypt", "-inkey", other, "-in", encryptedKey)
	if r.code == 0 {
		t.Errorf("openssl decrypts with a wrong key: %v", r)
	}
}

// gmsm opens our envelopes, and we open those that it makes. tjfoc/gmsm, which has
// implementations of its own, decrypts both parts of ours.
func TestGoEnvelope(t *testing.T) {
	t.Parallel()
	for i := range 30 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			signing, signingD := newSM2Key(t)
			inner, d := newSM2Key(t)
			ours := envelope(t, inner, signing)

			gmsmSigning, err := emmsm2.NewPrivateKey(signingD)
			if err != nil {
				t.Fatal(err)
			}
			gmsmInner, err := emmsm2.ParseEnvelopedPrivateKey(gmsmSigning, ours)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(gmsmInner.D.FillBytes(make([]byte, 32)), d) {
				t.Error("gmsm opens another key")
			}
			theirs, err := emmsm2.MarshalEnvelopedPrivateKey(rand.Reader, &gmsmSigning.PublicKey, gmsmInner)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := signing.OpenEnvelope(theirs)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(numberOf(t, opened), d) {
				t.Error("another key in the envelope of gmsm")
			}

			var content struct {
				ID, Key         asn1.RawValue
				Public, Private asn1.BitString
			}
			rest, err := asn1.Unmarshal(ours, &content)
			if err != nil || len(rest) > 0 {
				t.Fatalf("%v, %d octets at the end", err, len(rest))
			}
			tjfocSigning, err := tjfoc.ToPrivateKey(signing)
			if err != nil {
				t.Fatal(err)
			}
			key, err := tjfocSigning.DecryptAsn1(content.Key.FullBytes)
			if err != nil {
				t.Fatal(err)
			}
			block, err := tjsm4.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			plain := make([]byte, 32)
			block.Decrypt(plain[:16], content.Private.Bytes[:16])
			block.Decrypt(plain[16:], content.Private.Bytes[16:])
			if !bytes.Equal(plain, d) {
				t.Error("tjfoc/gmsm decrypts another key")
			}
		})
	}
}

// A CSRResponse (GM/T 0092) as gmsm reads and writes it holds an envelope as we make
// it, in an explicit tag.
func TestCSRResponseEnvelope(t *testing.T) {
	t.Parallel()
	const a = algorithm.SM2_256
	signing := testkeys.Key(a, 2)
	encryption, d := newSM2Key(t)
	p := newPKI(t, a)
	certificate := func(key *algorithm.PrivateKey) *smx509.Certificate {
		text, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: newCSR(t, key)})
		c, err := smx509.ParseCertificate(testutil.FirstPEM(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	gmsmKey := func(key *algorithm.PrivateKey) *emmsm2.PrivateKey {
		theirs, err := emmsm2.NewPrivateKey(numberOf(t, key))
		if err != nil {
			t.Fatal(err)
		}
		return theirs
	}
	theirs, err := smx509.MarshalCSRResponse([]*smx509.Certificate{certificate(signing)}, gmsmKey(encryption), []*smx509.Certificate{certificate(encryption)})
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		SignCertificates     asn1.RawValue
		EncryptedPrivateKey  asn1.RawValue
		EncryptedCertificate asn1.RawValue
	}
	rest, err := asn1.Unmarshal(theirs, &response)
	if err != nil || len(rest) > 0 {
		t.Fatalf("%v, %d octets at the end", err, len(rest))
	}
	opened, err := signing.OpenEnvelope(response.EncryptedPrivateKey.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(numberOf(t, opened), d) {
		t.Error("another key in the CSRResponse of gmsm")
	}

	response.EncryptedPrivateKey = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: envelope(t, encryption, signing)}
	ours, err := asn1.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	read, err := smx509.ParseCSRResponse(gmsmKey(signing), ours)
	if err != nil {
		t.Fatal(err)
	}
	if !gmsmKey(encryption).Equal(read.EncryptPrivateKey) {
		t.Error("gmsm reads another key")
	}
}

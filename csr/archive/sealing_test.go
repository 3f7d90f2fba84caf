package archive_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The private key is returned in the form of the documents, whatever form was given.
func TestGetCsrDetailPrivateKey(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 0)
			label := "EC PRIVATE KEY"
			if a.Family() == "RSA" {
				label = "RSA PRIVATE KEY"
			}
			text := csrOf(t, a)
			arc, _ := newArchive(t, gcm(t, 1))
			id := upload(t, arc, &archive.UploadCsrRequest{Csr: text, Key: pemOf(a, 0)})
			got := detail(t, arc, id).PrivateKey
			content := testutil.DecodePEM(t, label, got)
			again := must[*algorithm.PrivateKey](t)(algorithm.ParsePrivateKey([]byte(got)))
			if again.Algorithm() != a || !testutil.EqualKeys(again.Public(), key.Public()) {
				t.Errorf("the text is of another key, %v", again)
			}
			var err error
			switch a.Family() {
			case "RSA":
				_, err = x509.ParsePKCS1PrivateKey(content)
			case "ECC":
				_, err = x509.ParseECPrivateKey(content)
			}
			if err != nil {
				t.Errorf("crypto/x509 does not read the text: %v", err)
			}
			// The form that is returned is accepted again.
			other, _ := newArchive(t, gcm(t, 1))
			if upload(t, other, &archive.UploadCsrRequest{Csr: text, Key: got}); detail(t, other, id).PrivateKey != got {
				t.Error("the returned text, uploaded again, becomes another one")
			}
		})
	}
}

// csrOf returns a CSR for key 0 of any algorithm.
func csrOf(t testing.TB, a algorithm.Algorithm) string {
	if a == algorithm.SM2_256 {
		return created(t, a, "www.example.com", "").Csr
	}
	return foreign(t, a, commonName("www.example.com"))
}

// A sealed key opens with the Sealer and the CsrId in decimal, as the package comment
// says. Nonces and ciphertexts never repeat.
func TestSealedKey(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	sealer := gcm(t, 1)
	a, store := newArchive(t, sealer)
	seen := make(map[string]bool)
	for range 3 {
		id := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "www.example.com", "").Csr, Key: pemOf(ecc, 0)})
		sealed := everything(t, store)[0].SealedKey
		n := sealer.NonceSize()
		text, err := sealer.Open(nil, sealed[:n], sealed[n:], []byte(strconv.FormatInt(id, 10)))
		if err != nil || string(text) != detail(t, a, id).PrivateKey {
			t.Errorf("opened outside of the archive, the key is %v, %v", len(text), err)
		}
		if bytes.Contains(sealed, []byte("PRIVATE")) {
			t.Error("the sealed key is readable")
		}
		if seen[string(sealed[:n])] {
			t.Error("a nonce was used twice")
		}
		seen[string(sealed[:n])] = true
		if _, err := a.DeleteCsr(t.Context(), nil, &archive.DeleteCsrRequest{CsrId: id}); err != nil {
			t.Fatal(err)
		}
	}
	// The nonce comes from rand, after the RequestId.
	rand := strings.NewReader("16 for RequestId12 for nonce")
	must[*archive.UploadCsrResponse](t)(a.UploadCsr(t.Context(), rand, instant, &archive.UploadCsrRequest{Csr: csrOf(t, ecc), Key: pemOf(ecc, 0)}))
	if sealed := everything(t, store)[0].SealedKey; !bytes.HasPrefix(sealed, []byte("12 for nonce")) {
		t.Errorf("the nonce is %q", sealed[:12])
	}
}

// AEADs with nonces of any length work, and also one that draws its own.
func TestSealerNonceSizes(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	block := newBlock(t, 1)
	for name, sealer := range map[string]cipher.AEAD{
		"12 octets":             must[cipher.AEAD](t)(cipher.NewGCM(block)),
		"16 octets":             must[cipher.AEAD](t)(cipher.NewGCMWithNonceSize(block, 16)),
		"24 octets":             must[cipher.AEAD](t)(cipher.NewGCMWithNonceSize(block, 24)),
		"1 octet":               must[cipher.AEAD](t)(cipher.NewGCMWithNonceSize(block, 1)),
		"a tag of 12 octets":    must[cipher.AEAD](t)(cipher.NewGCMWithTagSize(block, 12)),
		"a nonce of the Sealer": must[cipher.AEAD](t)(cipher.NewGCMWithRandomNonce(block)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, sealer)
			id := upload(t, a, &archive.UploadCsrRequest{Csr: csrOf(t, ecc), Key: pemOf(ecc, 0)})
			want := detail(t, a, id).PrivateKey
			must[*algorithm.PrivateKey](t)(algorithm.ParsePrivateKey([]byte(want)))
			r := everything(t, store)[0]
			if got := len(r.SealedKey); got != sealer.NonceSize()+len(want)+sealer.Overhead() {
				t.Errorf("the sealed key has %d octets, for a nonce of %d, a text of %d and an overhead of %d", got, sealer.NonceSize(), len(want), sealer.Overhead())
			}
			attack(t, a, store)
			// Sealers with other nonces refuse it, and none panics.
			for _, n := range []int{1, 11, 13, 4000} {
				other := must[cipher.AEAD](t)(cipher.NewGCMWithNonceSize(block, n))
				if n != sealer.NonceSize() {
					checkSealed(t, archive.New(store, archive.Options{Sealer: other}), id)
				}
			}
		})
	}
}

// checkSealed checks that an archive cannot open the key of a CSR, and returns
// nothing of it.
func checkSealed(t *testing.T, a *archive.Archive, id int64) {
	t.Helper()
	got, err := a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id})
	testutil.CheckError(t, err, broke, "CsrId", "cannot be decrypted", "Options.Sealer")
	if got != nil {
		t.Error("GetCsrDetail returns a response")
	}
}

// attack checks that the key in the store's one record is refused after each change
// of it.
func attack(t *testing.T, a *archive.Archive, store archive.Store) {
	t.Helper()
	original := everything(t, store)[0]
	try := func(sealed []byte) {
		r := original
		r.SealedKey = sealed
		putRecord(t, store, r)
		checkSealed(t, a, r.CsrId)
	}
	for at := range original.SealedKey {
		for _, bits := range []byte{1, 0x80, 0xff} {
			changed := bytes.Clone(original.SealedKey)
			changed[at] ^= bits
			try(changed)
		}
		if at > 0 {
			try(original.SealedKey[:at])
		}
		try(original.SealedKey[at+1:])
		if t.Failed() {
			return
		}
		if at == len(original.SealedKey)-2 {
			break // without any octet there is no key
		}
	}
	try(append(bytes.Clone(original.SealedKey), 0))
	try(append([]byte{0}, original.SealedKey...))
	putRecord(t, store, original)
	detail(t, a, original.CsrId)
}

// A sealed key opens only under its own CsrId and with its own Sealer.
func TestSealedKeyOfAnother(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	a, store := newArchive(t, gcm(t, 1))
	first := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "a.example.com", "").Csr, Key: pemOf(ecc, 0)})
	second := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "b.example.com", "").Csr, Key: pemOf(ecc, 0)})
	checkSealed(t, archive.New(store, archive.Options{Sealer: gcm(t, 2)}), first)
	detail(t, a, first)

	// The key is the same one, and still it does not move to another CSR.
	records := everything(t, store)
	records[0].SealedKey, records[1].SealedKey = records[1].SealedKey, records[0].SealedKey
	for _, r := range records {
		putRecord(t, store, r)
	}
	checkSealed(t, a, first)
	checkSealed(t, a, second)
}

// errAEAD is what failingAEAD returns. It holds what must not reach a client.
var errAEAD = errors.New("KMS at kms.internal is away")

type failingAEAD struct{ cipher.AEAD }

func (failingAEAD) Open([]byte, []byte, []byte, []byte) ([]byte, error) { return nil, errAEAD }

// The cause of a Sealer is kept for logs.
func TestSealerFails(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	a, _ := newArchive(t, failingAEAD{gcm(t, 1)})
	id := upload(t, a, &archive.UploadCsrRequest{Csr: csrOf(t, ecc), Key: pemOf(ecc, 0)})
	_, err := a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id})
	testutil.CheckCause(t, err, broke, "CsrId", "kms.internal")
	if !errors.Is(err, errAEAD) {
		t.Errorf("the error %v does not have the cause %v", err, errAEAD)
	}
}

// What holds the key of a Sealer or a CSR prints neither. encoding/json writes a CSR's
// key where the documents have it.
func TestArchivePrintsNoKey(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	sealer := gcm(t, 0xa7)
	a, store := newArchive(t, sealer)
	id := upload(t, a, &archive.UploadCsrRequest{Csr: csrOf(t, ecc), Key: pemOf(ecc, 0)})
	got := detail(t, a, id)
	body := strings.Split(got.PrivateKey, "\n")[1]
	uploaded := archive.UploadCsrRequest{Csr: got.Csr, Key: got.PrivateKey, Name: "name"}
	updated := archive.UpdateCsrRequest{CsrId: id, Key: got.PrivateKey}
	needles := []string{body, hex.EncodeToString([]byte(body)), fmt.Sprint([]byte(body)), "167 167 167 167", "a7a7a7a7", "A7A7A7A7", "2812782503"}
	find := func(output string) bool {
		return slices.ContainsFunc(needles, func(needle string) bool { return strings.Contains(output, needle) })
	}
	if !find(fmt.Sprint(sealer)) || !find(got.PrivateKey) {
		t.Fatal("the search finds no key where there is one")
	}
	for _, value := range []any{
		a, *a, archive.Options{Sealer: sealer}, &archive.Options{Sealer: sealer}, store,
		got, *got, uploaded, &uploaded, updated, &updated, []archive.UpdateCsrRequest{updated}, struct{ R any }{uploaded},
	} {
		var text, object strings.Builder
		slog.New(slog.NewTextHandler(&text, nil)).Info("archive", "value", value)
		printed := []string{text.String(), fmt.Sprintf("%+v", value), fmt.Sprintf("%#v", value)}
		for _, verb := range "vsqxXdcty!" {
			printed = append(printed, fmt.Sprintf("%"+string(verb), value))
		}
		if _, ok := value.(slog.LogValuer); ok {
			slog.New(slog.NewJSONHandler(&object, nil)).Info("archive", "value", value)
			printed = append(printed, object.String())
		}
		for _, output := range printed {
			if find(output) {
				t.Errorf("%T prints a key: %.300s", value, output)
			}
		}
	}
	for _, value := range []any{got, uploaded, updated} {
		if encoded := string(must[[]byte](t)(json.Marshal(value))); !strings.Contains(encoded, body) {
			t.Errorf("the JSON of %T has no key: %s", value, encoded)
		}
		if printed := fmt.Sprintf("%+v", value); !strings.Contains(printed, "Key:private key") {
			t.Errorf("%T is printed as %s", value, printed)
		}
	}
}

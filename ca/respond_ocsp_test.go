package ca_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	encodingasn1 "encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tjfocsm3 "github.com/tjfoc/gmsm/sm3"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Responders.

// ownResponder lets the authority's subordinate CA answer itself.
func ownResponder(t testing.TB, au *authority) *ca.OCSPResponder {
	t.Helper()
	return newResponder(t, au.sub.CertificateChain, au.subKey)
}

// delegatedResponder lets the server key answer.
func delegatedResponder(t testing.TB, au *authority) *ca.OCSPResponder {
	t.Helper()
	return newResponder(t, responderChain(t, au), key(au.algorithm, 2))
}

func newResponder(t testing.TB, chain string, key crypto.Signer) *ca.OCSPResponder {
	t.Helper()
	r, err := ca.NewOCSPResponder(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkGoodOCSP wants a good answer about a certificate that golang.org/x/crypto
// reads. issuer is the certificate of the CA that the client has.
func checkGoodOCSP(t *testing.T, what string, now time.Time, responder *ca.OCSPResponder, leaf, issuer *x509.Certificate) {
	t.Helper()
	request, err := ocsp.CreateRequest(leaf, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ca.RespondOCSP(nil, now, responder, request, good)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ocsp.ParseResponseForCert(response, leaf, issuer)
	if err != nil || answer.Status != ocsp.Good {
		t.Errorf("%s: the OCSP answer is %v, %v", what, answer, err)
	}
}

// Requests, written without the code under test.

var (
	oidSHA1     = asn.OID("\x2b\x0e\x03\x02\x1a")
	oidSHA256   = asn.OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01")
	oidSHA384   = asn.OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02")
	oidSHA512   = asn.OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03")
	oidSM3      = asn.OID("\x2a\x81\x1c\xcf\x55\x01\x83\x11")
	oidNonce    = asn.OID("\x2b\x06\x01\x05\x05\x07\x30\x01\x02")
	oidUnknown  = asn.OID("\x2a\x03\x04")
	null        = asn.Null
	serialBytes = func() []byte { b, _ := hex.DecodeString(serial); return b }()
)

func sha1Sum(b []byte) []byte   { s := sha1.Sum(b); return s[:] }
func sha256Sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// certID names a certificate of an issuer, by digests of sum.
func certID(issuer *x509.Certificate, algorithm []byte, sum func([]byte) []byte, serial []byte) []byte {
	key := cryptobyte.String(issuer.RawSubjectPublicKeyInfo)
	var bits []byte
	if !key.ReadASN1(&key, asn1.SEQUENCE) || !key.SkipASN1(asn1.SEQUENCE) || !key.ReadASN1BitStringAsBytes(&bits) {
		panic("no SubjectPublicKeyInfo")
	}
	return asn.Seq(algorithm, asn.Octets(sum(issuer.RawSubject)), asn.Octets(sum(bits)), asn.TLV(asn1.INTEGER, serial))
}

// ocspRequest asks about these, with these extensions.
func ocspRequest(ids [][]byte, extensions ...[]byte) []byte {
	var requests [][]byte
	for _, id := range ids {
		requests = append(requests, asn.Seq(id))
	}
	if len(extensions) == 0 {
		return asn.Seq(asn.Seq(asn.Seq(requests...)))
	}
	return asn.Seq(asn.Seq(asn.Seq(requests...), asn.Explicit(2, asn.Seq(extensions...))))
}

func nonce(n int) []byte {
	return asn.Extension(oidNonce, false, asn.Octets(bytes.Repeat([]byte{'n'}, n)))
}

// bare is a nonce extension with this value.
func bare(value []byte) []byte { return asn.Extension(oidNonce, false, value) }

// Answers.

// good is a lookup to which every certificate is good.
func good(string) (ca.OCSPAnswer, error) { return ca.OCSPAnswer{Status: ca.OCSPGood}, nil }

// nobody is a lookup that must not be asked.
func nobody(t testing.TB) func(string) (ca.OCSPAnswer, error) {
	return func(serialNumber string) (ca.OCSPAnswer, error) {
		t.Errorf("lookup was asked about %s", serialNumber)
		return ca.OCSPAnswer{}, nil
	}
}

// respond wants an answer and no error.
func respond(t testing.TB, r *ca.OCSPResponder, request []byte, lookup func(string) (ca.OCSPAnswer, error)) []byte {
	t.Helper()
	der, err := ca.RespondOCSP(nil, listed, r, request, lookup)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A basicResponse is an OCSPResponse taken apart, as far as the tests need it.
type basicResponse struct {
	Status        int
	Basic         []byte // DER BasicOCSPResponse
	Singles       []string
	ResponderHash []byte
	Nonce         string
	BareNonce     string // one that is not in an OCTET STRING
	Certificates  [][]byte
}

// parseResponse reads a response strictly. Its status is all that one which is
// not successful has.
func parseResponse(t testing.TB, der []byte) *basicResponse {
	t.Helper()
	var outer struct {
		Status   encodingasn1.Enumerated
		Response struct {
			Type  encodingasn1.ObjectIdentifier
			Bytes []byte
		} `asn1:"explicit,tag:0,optional"`
	}
	unmarshal := func(der []byte, into any) {
		t.Helper()
		if rest, err := encodingasn1.Unmarshal(der, into); err != nil || len(rest) > 0 {
			t.Fatalf("%x: %v, %d octets left", der, err, len(rest))
		}
	}
	unmarshal(der, &outer)
	r := &basicResponse{Status: int(outer.Status)}
	if r.Status != 0 {
		if len(der) != 5 {
			t.Errorf("more than a status: %x", der)
		}
		return r
	}
	if got := outer.Response.Type.String(); got != "1.3.6.1.5.5.7.48.1.1" {
		t.Errorf("response of type %s", got)
	}
	r.Basic = outer.Response.Bytes
	var basic struct {
		Data struct {
			Responder  encodingasn1.RawValue
			ProducedAt time.Time `asn1:"generalized"`
			Responses  []struct {
				ID         encodingasn1.RawValue
				Status     encodingasn1.RawValue
				ThisUpdate time.Time `asn1:"generalized"`
				NextUpdate time.Time `asn1:"generalized,explicit,tag:0,optional"`
			}
			Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
		}
		Algorithm    pkix.AlgorithmIdentifier
		Signature    encodingasn1.BitString
		Certificates []encodingasn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	unmarshal(r.Basic, &basic)
	for _, c := range basic.Certificates {
		r.Certificates = append(r.Certificates, c.FullBytes)
	}
	if basic.Data.Responder.Tag != 2 {
		t.Errorf("ResponderID with tag %d: want 2, by key", basic.Data.Responder.Tag)
	}
	unmarshal(basic.Data.Responder.Bytes, &r.ResponderHash)
	if !basic.Data.ProducedAt.Equal(listed) {
		t.Errorf("producedAt is %s: want %s", basic.Data.ProducedAt, listed)
	}
	for _, e := range basic.Data.Extensions {
		if e.Id.String() != "1.3.6.1.5.5.7.48.1.2" || e.Critical {
			t.Errorf("extension %v, critical %v", e.Id, e.Critical)
		}
		var value []byte
		if rest, err := encodingasn1.Unmarshal(e.Value, &value); err == nil && len(rest) == 0 {
			r.Nonce = string(value)
		} else {
			r.BareNonce = string(e.Value)
		}
	}
	for _, s := range basic.Data.Responses {
		text := fmt.Sprintf("%d %x %s", s.Status.Tag, s.Status.Bytes, s.ThisUpdate.Format(time.RFC3339))
		if !s.NextUpdate.IsZero() {
			text += " " + s.NextUpdate.Format(time.RFC3339)
		}
		r.Singles = append(r.Singles, text)
	}
	return r
}

const (
	malformedRequest = 1
	internalError    = 2
	tryLater         = 3
	unauthorized     = 6
)

// What requests get, one after the other.
// An answeredRequest is an OCSP request with what the answer says and the serial
// number that it asks about.
type answeredRequest struct {
	name    string
	request []byte
	want    basicResponse
	asked   string
}

// A deniedRequest is a kind of OCSP request that gets only a status.
type deniedRequest struct {
	name     string
	want     int
	requests [][]byte
}

// ocspRequests are requests that get an answer, requests that get none, and one
// as long as a request may be. FuzzRespondOCSP starts from them too.
func ocspRequests(t testing.TB) (answered []answeredRequest, denied []deniedRequest, fits []byte) {
	au := authorityOf(algorithm.ECC_256)
	issuer, root := parsePEM(t, au.sub.Certificate), parsePEM(t, au.root.Certificate)
	id := certID(issuer, asn.Seq(oidSHA1, null), sha1Sum, serialBytes)
	foreign := certID(root, asn.Seq(oidSHA1, null), sha1Sum, serialBytes)
	otherName := asn.Seq(asn.Seq(oidSHA1), asn.Octets(sha1Sum([]byte("name"))), asn.Octets(sha1Sum([]byte("key"))), asn.TLV(asn1.INTEGER, []byte{1}))
	withSerial := func(octets ...byte) []byte { return certID(issuer, asn.Seq(oidSHA256), sha256Sum, octets) }
	const isGood, isUnknown = "0  2026-04-04T05:06:07Z", "2  2026-04-04T05:06:07Z"

	answered = []answeredRequest{
		{"SHA-1", ocspRequest([][]byte{id}), basicResponse{Singles: []string{isGood}}, serial},
		{"SHA-1 without parameters", ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1), sha1Sum, serialBytes)}), basicResponse{Singles: []string{isGood}}, serial},
		{"SHA-256", ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA256, null), sha256Sum, serialBytes)}), basicResponse{Singles: []string{isGood}}, serial},
		{"SHA-384", ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA384), func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }, serialBytes)}), basicResponse{Singles: []string{isGood}}, serial},
		{"SHA-512", ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA512), func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }, serialBytes)}), basicResponse{Singles: []string{isGood}}, serial},
		{"SM3", ocspRequest([][]byte{certID(issuer, asn.Seq(oidSM3), tjfocsm3.Sm3Sum, serialBytes)}), basicResponse{Singles: []string{isGood}}, serial},
		{"one twice, one foreign", ocspRequest([][]byte{id, foreign, id}), basicResponse{Singles: []string{isGood, isUnknown, isGood}}, serial},
		{"one by two digests, and another", ocspRequest([][]byte{id, certID(issuer, asn.Seq(oidSHA256), sha256Sum, serialBytes), withSerial(1)}), basicResponse{Singles: []string{isGood, isGood, isGood}}, serial + " 01"},
		{"with a digest of an unknown algorithm", ocspRequest([][]byte{asn.Seq(asn.Seq(oidUnknown), asn.Octets(), asn.Octets(), asn.TLV(asn1.INTEGER, []byte{1})), id}), basicResponse{Singles: []string{isUnknown, isGood}}, serial},
		{"100 certificates", ocspRequest(slices.Repeat([][]byte{otherName, id}, 50)), basicResponse{Singles: slices.Repeat([]string{isUnknown, isGood}, 50)}, serial},
		{"serial number 1", ocspRequest([][]byte{withSerial(1)}), basicResponse{Singles: []string{isGood}}, "01"},
		{"serial number of 20 octets", ocspRequest([][]byte{withSerial(append([]byte{0}, bytes.Repeat([]byte{0xff}, 20)...)...)}), basicResponse{Singles: []string{isGood}}, strings.Repeat("f", 40)},
		{"serial number of 21 octets", ocspRequest([][]byte{withSerial(bytes.Repeat([]byte{1}, 21)...)}), basicResponse{Singles: []string{isUnknown}}, ""},
		{"serial number zero", ocspRequest([][]byte{withSerial(0)}), basicResponse{Singles: []string{isGood}}, "00"},
		{"serial number negative", ocspRequest([][]byte{withSerial(0xff)}), basicResponse{Singles: []string{isUnknown}}, ""},
		{"nonce of 1", ocspRequest([][]byte{id}, nonce(1)), basicResponse{Singles: []string{isGood}, Nonce: "n"}, serial},
		{"nonce of 128", ocspRequest([][]byte{id}, nonce(128)), basicResponse{Singles: []string{isGood}, Nonce: strings.Repeat("n", 128)}, serial},
		{"nonce not in an OCTET STRING", ocspRequest([][]byte{id}, bare(bytes.Repeat([]byte{'n'}, 16))), basicResponse{Singles: []string{isGood}, BareNonce: strings.Repeat("n", 16)}, serial},
		{"nonce of 128 that is not in an OCTET STRING", ocspRequest([][]byte{id}, bare(bytes.Repeat([]byte{'n'}, 128))), basicResponse{Singles: []string{isGood}, BareNonce: strings.Repeat("n", 128)}, serial},
		{"nonce that only begins with an OCTET STRING", ocspRequest([][]byte{id}, bare(append(asn.Octets([]byte("n")), 0))), basicResponse{Singles: []string{isGood}, BareNonce: "\x04\x01n\x00"}, serial},
		{"nonce that is an INTEGER", ocspRequest([][]byte{id}, bare(asn.TLV(asn1.INTEGER, []byte{1}))), basicResponse{Singles: []string{isGood}, BareNonce: "\x02\x01\x01"}, serial},
		{"critical nonce", ocspRequest([][]byte{id}, asn.Extension(oidNonce, true, asn.Octets([]byte("n")))), basicResponse{Singles: []string{isGood}, Nonce: "n"}, serial},
		{"unknown extension", ocspRequest([][]byte{id}, asn.Extension(oidUnknown, false, nil), nonce(2)), basicResponse{Singles: []string{isGood}, Nonce: "nn"}, serial},
		{"critical spelt out as false", ocspRequest([][]byte{id}, asn.Seq(oidUnknown, []byte{1, 1, 0}, asn.Octets())), basicResponse{Singles: []string{isGood}}, serial},
		{"extension of one request", asn.Seq(asn.Seq(asn.Seq(asn.Seq(id, asn.Explicit(0, asn.Seq(asn.Extension(oidUnknown, false, nil))))))), basicResponse{Singles: []string{isGood}}, serial},
		{"version 1 spelt out", asn.Seq(asn.Seq(asn.Explicit(0, asn.TLV(asn1.INTEGER, []byte{0})), asn.Seq(asn.Seq(id)))), basicResponse{Singles: []string{isGood}}, serial},
		{"client's name", asn.Seq(asn.Seq(asn.Explicit(1, asn.Explicit(4, asn.Name())), asn.Seq(asn.Seq(id)))), basicResponse{Singles: []string{isGood}}, serial},
		{"client's signature", asn.Seq(asn.Seq(asn.Seq(asn.Seq(id))), asn.Explicit(0, asn.Seq(asn.ECDSAWithSHA256, asn.TLV(asn1.BIT_STRING, []byte{0})))), basicResponse{Singles: []string{isGood}}, serial},
	}

	valid := ocspRequest([][]byte{id}, nonce(16))
	large := ocspRequest([][]byte{id}, asn.Extension(oidUnknown, false, make([]byte, 64<<10)))
	fits = ocspRequest([][]byte{id}, asn.Extension(oidUnknown, false, make([]byte, 64<<10-200)))
	many := make([][]byte, 65)
	for i := range many {
		many[i] = asn.Extension(asn.OID(string([]byte{0x2a, byte(i)})), false, nil)
	}
	var prefixes [][]byte
	for i := range valid {
		prefixes = append(prefixes, valid[:i])
	}
	denied = []deniedRequest{
		{"cut off", malformedRequest, prefixes},
		{"an octet at the end", malformedRequest, [][]byte{append(bytes.Clone(valid), 0)}},
		{"not DER", malformedRequest, [][]byte{[]byte("GET / HTTP/1.0"), au.issuerDER(t), asn.Seq(), asn.Seq(asn.Seq()), asn.Seq(asn.Seq(asn.Seq()))}},
		{"indefinite length", malformedRequest, [][]byte{slices.Concat([]byte{0x30, 0x80}, valid[2:], []byte{0, 0})}},
		{"length with a zero", malformedRequest, [][]byte{slices.Concat([]byte{0x30, 0x82, 0}, valid[2:])}},
		{"64 KiB and more", malformedRequest, [][]byte{large}},
		{"101 certificates", malformedRequest, [][]byte{ocspRequest(slices.Repeat([][]byte{id}, 101))}},
		{"version 2", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Explicit(0, asn.TLV(asn1.INTEGER, []byte{1})), asn.Seq(asn.Seq(id))))}},
		{"version without number", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Explicit(0, null), asn.Seq(asn.Seq(id)))), asn.Seq(asn.Seq(asn.Explicit(0), asn.Seq(asn.Seq(id)))), asn.Seq(asn.Seq(asn.Explicit(0, asn.TLV(asn1.INTEGER, []byte{0}), null), asn.Seq(asn.Seq(id))))}},
		{"list of something else", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(null))), asn.Seq(asn.Seq(asn.Seq(asn.Seq(null)))), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id, null))))}},
		{"something after the list", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(asn.Seq(id)), null))}},
		{"signature of something else", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(asn.Seq(id))), asn.Explicit(0, null)), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id))), asn.Explicit(0)), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id))), null), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id))), asn.Explicit(0, asn.Seq(), asn.Seq()))}},
		{"digest algorithm", malformedRequest, [][]byte{
			ocspRequest([][]byte{certID(issuer, asn.Seq(), sha1Sum, serialBytes)}),
			ocspRequest([][]byte{certID(issuer, asn.Seq(null), sha1Sum, serialBytes)}),
			ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1, null, null), sha1Sum, serialBytes)}),
			ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1, []byte{4, 9}), sha1Sum, serialBytes)}),
		}},
		{"serial number not minimal", malformedRequest, [][]byte{ocspRequest([][]byte{withSerial(0, 1)}), ocspRequest([][]byte{withSerial(0xff, 0xff)}), ocspRequest([][]byte{withSerial()})}},
		{"certificate with more fields", malformedRequest, [][]byte{ocspRequest([][]byte{append(asn.Seq(id[2:], null), null...)}), ocspRequest([][]byte{asn.Seq(asn.Seq(oidSHA1), asn.Octets(), asn.Octets(), asn.TLV(asn1.INTEGER, []byte{1}), null)})}},
		{"no nonce in the nonce", malformedRequest, [][]byte{ocspRequest([][]byte{id}, nonce(0)), ocspRequest([][]byte{id}, asn.Extension(oidNonce, false, nil))}},
		{"nonce of 129", malformedRequest, [][]byte{ocspRequest([][]byte{id}, nonce(129))}},
		{"nonce of 129 that is not in an OCTET STRING", malformedRequest, [][]byte{ocspRequest([][]byte{id}, bare(bytes.Repeat([]byte{'n'}, 129)))}},
		{"two nonces", malformedRequest, [][]byte{ocspRequest([][]byte{id}, nonce(16), nonce(16))}},
		{"critical extension", malformedRequest, [][]byte{ocspRequest([][]byte{id}, asn.Extension(oidUnknown, true, nil))}},
		{"critical extension of one request", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(asn.Seq(id, asn.Explicit(0, asn.Seq(asn.Extension(oidUnknown, true, nil)))))))}},
		{"critical nonce of one request", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(asn.Seq(id, asn.Explicit(0, asn.Seq(asn.Extension(oidNonce, true, asn.Octets([]byte("n")))))))))}},
		{"no extensions in the extensions", malformedRequest, [][]byte{asn.Seq(asn.Seq(asn.Seq(asn.Seq(id)), asn.Explicit(2, asn.Seq()))), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id)), asn.Explicit(2))), asn.Seq(asn.Seq(asn.Seq(asn.Seq(id)), asn.Explicit(2, asn.Seq(nonce(1)), null)))}},
		{"malformed extension", malformedRequest, [][]byte{ocspRequest([][]byte{id}, null), ocspRequest([][]byte{id}, asn.Seq(oidUnknown)), ocspRequest([][]byte{id}, asn.Seq(oidUnknown, asn.Octets(), null)), ocspRequest([][]byte{id}, asn.Seq(oidUnknown, []byte{1, 1, 2}, asn.Octets()))}},
		{"65 extensions", malformedRequest, [][]byte{ocspRequest([][]byte{id}, many...)}},

		{"of the root", unauthorized, [][]byte{ocspRequest([][]byte{foreign}), ocspRequest([][]byte{foreign, otherName}, nonce(16))}},
		{"name of one, key of another", unauthorized, [][]byte{ocspRequest([][]byte{
			slices.Concat(id[:15], foreign[15:35], id[35:]), slices.Concat(id[:37], foreign[37:57], id[57:]),
		})}},
		{"digest of another algorithm", unauthorized, [][]byte{ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA256), sha1Sum, serialBytes), certID(issuer, asn.Seq(oidUnknown), sha1Sum, serialBytes)})}},
		{"digest with parameters", unauthorized, [][]byte{ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1, asn.TLV(asn1.INTEGER, []byte{1})), sha1Sum, serialBytes)})}},
	}
	return answered, denied, fits
}

func TestRespondOCSPRequests(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	answered, denied, fits := ocspRequests(t)
	responder := ownResponder(t, au)
	for _, tt := range answered {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			request := bytes.Clone(tt.request)
			der := respond(t, responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
				asked = append(asked, serialNumber)
				return good(serialNumber)
			})
			if !bytes.Equal(request, tt.request) {
				t.Error("the request was changed")
			}
			got := parseResponse(t, der)
			got.Basic, got.ResponderHash = nil, nil
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("response mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, strings.Join(asked, " ")); diff != "" {
				t.Errorf("serial numbers mismatch (-want +got):\n%s", diff)
			}
		})
	}

	for _, tt := range denied {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, request := range tt.requests {
				if got := parseResponse(t, respond(t, responder, request, nobody(t))); got.Status != tt.want {
					t.Errorf("%x gets status %d: want %d", request, got.Status, tt.want)
				}
			}
		})
	}
	if got := parseResponse(t, respond(t, responder, fits, good)); got.Status != 0 {
		t.Errorf("a request of %d octets gets status %d", len(fits), got.Status)
	}
}

func (au *authority) issuerDER(t testing.TB) []byte {
	return testutil.DecodePEM(t, "CERTIFICATE", au.sub.Certificate)
}

// The response has what lookup returned.
func TestRespondOCSPAnswers(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	responder := ownResponder(t, au)
	request := ocspRequest([][]byte{certID(parsePEM(t, au.sub.Certificate), asn.Seq(oidSHA1, null), sha1Sum, serialBytes)}, nonce(32))
	const revokedAt = "180f" + "32303236303430343034303630375a" // GeneralizedTime 20260404040607Z
	revoked := ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: listed.Add(-time.Hour)}
	with := func(change func(*ca.OCSPAnswer)) ca.OCSPAnswer {
		a := revoked
		change(&a)
		return a
	}
	for _, tt := range []struct {
		name   string
		answer ca.OCSPAnswer
		want   string
	}{
		{"nothing", ca.OCSPAnswer{}, "2  2026-04-04T05:06:07Z"},
		{"unknown", ca.OCSPAnswer{Status: ca.OCSPUnknown}, "2  2026-04-04T05:06:07Z"},
		{"good", ca.OCSPAnswer{Status: ca.OCSPGood}, "0  2026-04-04T05:06:07Z"},
		{"good with what a revoked one has", with(func(a *ca.OCSPAnswer) { a.Status = ca.OCSPGood }), "0  2026-04-04T05:06:07Z"},
		{"revoked", revoked, "1 " + revokedAt + " 2026-04-04T05:06:07Z"},
		{"revoked for a reason", with(func(a *ca.OCSPAnswer) { a.Reason = ca.ReasonCertificateHold }), "1 " + revokedAt + "a0030a0106 2026-04-04T05:06:07Z"},
		{"revoked this second, elsewhere", with(func(a *ca.OCSPAnswer) {
			a.RevocationTime = listed.Add(time.Second - 1).In(time.FixedZone("", 8*3600))
		}), "1 180f32303236303430343035303630375a 2026-04-04T05:06:07Z"},
		{"from yesterday until tomorrow", ca.OCSPAnswer{Status: ca.OCSPGood, ThisUpdate: listed.AddDate(0, 0, -1), NextUpdate: listed.AddDate(0, 0, 1)}, "0  2026-04-03T05:06:07Z 2026-04-05T05:06:07Z"},
		{"until the next second", ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: listed.Add(time.Second)}, "0  2026-04-04T05:06:07Z 2026-04-04T05:06:08Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := parseResponse(t, respond(t, responder, request, func(string) (ca.OCSPAnswer, error) { return tt.answer, nil }))
			if diff := cmp.Diff([]string{tt.want}, got.Singles); diff != "" {
				t.Errorf("status mismatch (-want +got):\n%s", diff)
			}
		})
	}

	for _, tt := range []struct {
		name      string
		answer    ca.OCSPAnswer
		code      yuncert.Code
		parameter string
	}{
		{"another status", ca.OCSPAnswer{Status: "GOOD"}, malformed, "Status"},
		{"no revocation time", with(func(a *ca.OCSPAnswer) { a.RevocationTime = time.Time{} }), missing, "RevocationTime"},
		{"revoked in a second", with(func(a *ca.OCSPAnswer) { a.RevocationTime = listed.Add(time.Second) }), refused, "RevocationTime"},
		{"revoked in 1949", with(func(a *ca.OCSPAnswer) { a.RevocationTime = time.Date(1949, 1, 1, 0, 0, 0, 0, time.UTC) }), malformed, "RevocationTime"},
		{"reason 7", with(func(a *ca.OCSPAnswer) { a.Reason = 7 }), malformed, "Reason"},
		{"removeFromCRL", with(func(a *ca.OCSPAnswer) { a.Reason = 8 }), malformed, "Reason"},
		{"this update in a second", ca.OCSPAnswer{ThisUpdate: listed.Add(time.Second)}, refused, "ThisUpdate"},
		{"this update in 1949", ca.OCSPAnswer{ThisUpdate: time.Date(1949, 1, 1, 0, 0, 0, 0, time.UTC)}, malformed, "ThisUpdate"},
		{"next update now", ca.OCSPAnswer{NextUpdate: listed.Add(time.Second - 1)}, refused, "NextUpdate"},
		{"next update in year 10000", ca.OCSPAnswer{NextUpdate: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, malformed, "NextUpdate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			der, err := ca.RespondOCSP(testutil.Untouched(t), listed, responder, request, func(string) (ca.OCSPAnswer, error) { return tt.answer, nil })
			testutil.CheckError(t, err, tt.code, tt.parameter, "")
			if got := parseResponse(t, der).Status; got != internalError {
				t.Errorf("status %d: want internalError", got)
			}
		})
	}
}

// What goes wrong in the service is told to it and to the client.
func TestRespondOCSPFailures(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := parsePEM(t, au.sub.Certificate)
	request := ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1, null), sha1Sum, serialBytes)})
	own, delegated := ownResponder(t, au), delegatedResponder(t, au)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(5), NotBefore: instant.AddDate(-1, 0, 0), NotAfter: caEnd.AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key(au.algorithm, 2).Public(), au.subKey)
	if err != nil {
		t.Fatal(err)
	}
	longer := newResponder(t, testutil.EncodePEM("CERTIFICATE", der)+au.sub.Certificate, key(au.algorithm, 2)) // than its CA
	template.NotBefore, template.NotAfter = listed, listed.AddDate(0, 0, 7)
	if der, err = x509.CreateCertificate(rand.Reader, template, issuer, key(au.algorithm, 2).Public(), au.subKey); err != nil {
		t.Fatal(err)
	}
	younger := newResponder(t, testutil.EncodePEM("CERTIFICATE", der)+au.sub.Certificate, key(au.algorithm, 2))
	for _, now := range []time.Time{listed, listed.AddDate(0, 0, 7).Add(time.Second - 1)} { // the ends of its validity are included
		if _, err := ca.RespondOCSP(nil, now, younger, request, good); err != nil {
			t.Errorf("at %s: %v", now, err)
		}
	}
	away := func(string) (ca.OCSPAnswer, error) { return ca.OCSPAnswer{Status: ca.OCSPGood}, errDatabase }
	for _, tt := range []struct {
		name      string
		now       time.Time
		responder *ca.OCSPResponder
		lookup    func(string) (ca.OCSPAnswer, error)
		want      int
		code      yuncert.Code
		cause     error
	}{
		{"no responder", listed, nil, good, internalError, yuncert.ErrInternalError, nil},
		{"no lookup", listed, own, nil, internalError, yuncert.ErrInternalError, nil},
		{"database away", listed, own, away, tryLater, yuncert.ErrInternalError, errDatabase},
		{"before the CA", instant.Add(-time.Second), own, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"after the CA", caEnd.Add(time.Second), own, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"before the responder", listed.Add(-time.Second), younger, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"after the responder", instant.AddDate(0, 0, 60).Add(time.Second), delegated, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"before the CA, not the responder", instant.Add(-time.Second), longer, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"after the CA, not the responder", caEnd.Add(time.Second), longer, good, internalError, yuncert.ErrCertificateExpired, nil},
		{"failing key", listed, newResponder(t, au.sub.CertificateChain, testutil.Failing(au.subKey.Public())), good, internalError, yuncert.ErrInternalError, testutil.ErrSigner},
		{"lying key", listed, newResponder(t, au.sub.CertificateChain, testutil.Lying(au.subKey)), good, internalError, yuncert.ErrInternalError, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			der, err := ca.RespondOCSP(nil, tt.now, tt.responder, request, tt.lookup)
			testutil.CheckError(t, err, tt.code, "", "")
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("%v does not wrap %v", err, tt.cause)
			}
			if got := parseResponse(t, der).Status; got != tt.want {
				t.Errorf("status %d: want %d", got, tt.want)
			}
		})
	}
}

// golang.org/x/crypto/ocsp asks, reads and verifies.
func TestRespondOCSPSameAsXCrypto(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := parsePEM(t, au.sub.Certificate)
			req := serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))
			leaf := issue(t, au.issuer, req)
			for name, responder := range map[string]*ca.OCSPResponder{"own": ownResponder(t, au), "delegated": delegatedResponder(t, au)} {
				for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
					request, err := ocsp.CreateRequest(leaf, issuer, &ocsp.RequestOptions{Hash: hash})
					if err != nil {
						t.Fatal(err)
					}
					der := respond(t, responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
						if want := hex.EncodeToString(leaf.SerialNumber.FillBytes(make([]byte, 18))); serialNumber != want {
							t.Errorf("lookup of %s: want %s", serialNumber, want)
						}
						return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: instant, Reason: ca.ReasonSuperseded, NextUpdate: listed.AddDate(0, 0, 1)}, nil
					})
					got, err := ocsp.ParseResponseForCert(der, leaf, issuer)
					if err != nil {
						t.Fatalf("%s, %v: %v", name, hash, err)
					}
					if got.Status != ocsp.Revoked || !got.RevokedAt.Equal(instant) || got.RevocationReason != ocsp.Superseded || got.IssuerHash != hash ||
						!got.ThisUpdate.Equal(listed) || !got.ProducedAt.Equal(listed) || !got.NextUpdate.Equal(listed.AddDate(0, 0, 1)) || (got.Certificate != nil) != (name == "delegated") {
						t.Errorf("%s, %v: %+v", name, hash, got)
					}
				}
			}
			// Another CA of the same name is another CA.
			stranger := authorityOf(algorithm.ECC_512)
			request, err := ocsp.CreateRequest(leaf, parsePEM(t, stranger.sub.Certificate), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ocsp.ParseResponse(respond(t, ownResponder(t, au), request, nobody(t)), issuer)
			if !cmp.Equal(err, ocsp.ResponseError{Status: ocsp.Unauthorized}) {
				t.Errorf("error %v: want unauthorized", err)
			}
		})
	}
}

// Both kinds of responders of each family, whole: signatures are repeatable.
func TestRespondOCSPGolden(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := parsePEM(t, au.sub.Certificate)
			request := ocspRequest([][]byte{
				certID(issuer, asn.Seq(oidSHA1, null), sha1Sum, serialBytes), certID(issuer, asn.Seq(oidSHA256), sha256Sum, []byte{0x7f}), certID(issuer, asn.Seq(oidSM3), tjfocsm3.Sm3Sum, []byte{1}),
			}, nonce(32))
			chain := responderChain(t, au)
			for name, r := range map[string]struct {
				responder *ca.OCSPResponder
				chain     string
			}{"own": {ownResponder(t, au), au.sub.CertificateChain}, "delegated": {delegatedResponder(t, au), chain}} {
				der, err := ca.RespondOCSP(testutil.Untouched(t), listed, r.responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
					switch serialNumber {
					case "7f":
						return ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: listed.AddDate(0, 0, 4)}, nil
					case "01":
						return ca.OCSPAnswer{}, nil
					}
					return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: instant, Reason: ca.ReasonKeyCompromise}, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				testutil.Golden(t, "ocsp/"+string(a)+"-"+name+".pem", testutil.EncodePEM("OCSP RESPONSE", der))

				got := parseResponse(t, der)
				block, _ := pem.Decode([]byte(r.chain))
				cert := parse(t, block.Bytes)
				signed, id, signature := splitSigned(t, got.Basic)
				if !bytes.Equal(id, asn.SignatureID(a.Family())) {
					t.Errorf("signature algorithm %x: want %x", id, asn.SignatureID(a.Family()))
				}
				if a == algorithm.SM2_256 {
					checkSM2(t, cert.PublicKey, signed, signature)
				} else if err := cert.CheckSignature(map[string]x509.SignatureAlgorithm{"RSA": x509.SHA256WithRSA, "ECC": x509.ECDSAWithSHA256}[a.Family()], signed, signature); err != nil {
					t.Error(err)
				}
				key := cryptobyte.String(cert.RawSubjectPublicKeyInfo)
				var bits []byte
				if !key.ReadASN1(&key, asn1.SEQUENCE) || !key.SkipASN1(asn1.SEQUENCE) || !key.ReadASN1BitStringAsBytes(&bits) || !bytes.Equal(got.ResponderHash, sha1Sum(bits)) {
					t.Errorf("responder %x: want the SHA-1 of the key bits", got.ResponderHash)
				}
				var want [][]byte
				if name == "delegated" {
					want = [][]byte{cert.Raw}
				}
				if diff := cmp.Diff(want, got.Certificates); diff != "" {
					t.Errorf("certificates mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Whichever octet of a response is changed, it is not read or not verified. The
// embedded certificate is not signed with the response, but by the CA.
func TestOCSPResponseEveryOctetCounts(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := parsePEM(t, au.sub.Certificate)
			der := respond(t, ownResponder(t, au), ocspRequest([][]byte{certID(issuer, asn.Seq(oidSHA1, null), sha1Sum, serialBytes)}, nonce(16)), good)
			if !verifyResponse(der, issuer) {
				t.Fatal("the response is not verified")
			}
			for i := range der {
				for _, flip := range []byte{0x01, 0x80} {
					bad := bytes.Clone(der)
					bad[i] ^= flip
					if verifyResponse(bad, issuer) {
						t.Errorf("octet %d changed from %#02x to %#02x: still verified", i, der[i], bad[i])
					}
				}
			}
		})
	}
}

// verifyResponse reads a response strictly, down to the signature of the CA.
func verifyResponse(der []byte, issuer *x509.Certificate) bool {
	s := cryptobyte.String(der)
	var status int
	var inner, oid, basic, signed, id cryptobyte.String
	var signature []byte
	return s.ReadASN1(&inner, asn1.SEQUENCE) && s.Empty() && inner.ReadASN1Enum(&status) && status == 0 &&
		inner.ReadASN1(&s, asn1.Tag(0).ContextSpecific().Constructed()) && inner.Empty() &&
		s.ReadASN1(&inner, asn1.SEQUENCE) && s.Empty() &&
		inner.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && string(oid) == "\x2b\x06\x01\x05\x05\x07\x30\x01\x01" &&
		inner.ReadASN1(&s, asn1.OCTET_STRING) && inner.Empty() &&
		s.ReadASN1(&basic, asn1.SEQUENCE) && s.Empty() &&
		basic.ReadASN1Element(&signed, asn1.SEQUENCE) && basic.ReadASN1Element(&id, asn1.SEQUENCE) &&
		basic.ReadASN1BitStringAsBytes(&signature) && basic.Empty() &&
		x509der.Verify(issuer.PublicKey, id, signed, signature) == nil
}

func TestNewOCSPResponder(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	au := authorityOf(a)
	chain := responderChain(t, au)
	sub, root := au.sub.Certificate, au.root.Certificate
	cert := chain[:len(chain)-len(au.sub.CertificateChain)]
	_, server, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, serverRequest(au.issuer, hostCSR(t, a, "www.example.com")))
	if err != nil {
		t.Fatal(err)
	}
	// made signs a certificate for the server key with crypto/x509.
	made := func(change func(*x509.Certificate)) string {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "OCSP"}, NotBefore: instant, NotAfter: caEnd,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		}
		change(template)
		der, err := x509.CreateCertificate(rand.Reader, template, parsePEM(t, sub), key(a, 2).Public(), au.subKey)
		if err != nil {
			t.Fatal(err)
		}
		return testutil.EncodePEM("CERTIFICATE", der)
	}
	critical := []pkix.Extension{{Id: encodingasn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: null}}
	own := key(a, 2)
	// A CA with that extension, and its responder.
	template := caTemplate("Demanding")
	template.ExtraExtensions = critical
	demanding := sign(t, template, template, key(a, 0).Public(), key(a, 0))
	demanded := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(5), NotBefore: instant, NotAfter: caEnd, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}, template, own.Public(), key(a, 0))

	for name, r := range map[string]struct {
		chain string
		key   crypto.Signer
	}{
		"delegated":               {chain, own},
		"delegated, without root": {cert + sub, own},
		"no key usage":            {made(func(c *x509.Certificate) { c.KeyUsage = 0 }) + sub, own},
		"subordinate CA":          {au.sub.CertificateChain, au.subKey},
		"only the subordinate CA": {sub, au.subKey},
		"root":                    {root, au.rootKey},
		"key in a device":         {chain, testutil.Opaque(own)},
	} {
		if _, err := ca.NewOCSPResponder(r.chain, r.key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	// under returns the responder's certificate and a CA's, signed by k.
	under := func(k crypto.Signer, change func(ca *x509.Certificate)) string {
		parent := caTemplate("Odd")
		change(parent)
		text := ""
		for _, cert := range []struct {
			template *x509.Certificate
			public   crypto.PublicKey
		}{
			{&x509.Certificate{SerialNumber: big.NewInt(5), NotBefore: instant, NotAfter: caEnd, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}, own.Public()},
			{parent, k.Public()},
		} {
			der, err := x509.CreateCertificate(rand.Reader, cert.template, parent, cert.public, k)
			if err != nil {
				t.Fatal(err)
			}
			text += testutil.EncodePEM("CERTIFICATE", der)
		}
		return text
	}
	caKey := key(a, 0)
	unable := func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }
	demandsPolicies := func(c *x509.Certificate) { c.ExtraExtensions = policyConstraints(0x80, 1, 0) }
	noUsages := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: encodingasn1.ObjectIdentifier{2, 5, 29, 37}, Value: asn.Seq()}}
	}
	// itself returns the certificate of a CA that answers itself.
	itself := func(change func(*x509.Certificate)) string {
		template := caTemplate("Odd")
		change(template)
		return sign(t, template, template, caKey.Public(), caKey)
	}

	rsa1024, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, key(algorithm.RSA_1024, 0).Public(), key(algorithm.RSA_1024, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name               string
		chain              string
		key                crypto.Signer
		code               yuncert.Code
		parameter, mention string
	}{
		{"no chain", "", own, malformed, "CertificateChain", "no certificate"},
		{"no key", chain, nil, malformed, "", "the key is nil"},
		{"a key of 1024 bits", testutil.EncodePEM("CERTIFICATE", rsa1024), key(algorithm.RSA_1024, 0), refused, "CertificateChain", "RSA_1024"},
		{"another key", chain, au.subKey, refused, "CertificateChain", "key does not belong to the chain's first"},
		{"without the CA", cert, own, refused, "CertificateChain", "the CA's own certificate is missing"},
		{"no CA above it", cert + cert, own, refused, "CertificateChain", "not a CA certificate"},
		{"another CA above it", cert + root, own, refused, "CertificateChain", "is not issued by the next"},
		{"another CA of that name above it", cert + authorityOf(algorithm.ECC_384).sub.Certificate, own, refused, "CertificateChain", "is not signed by"},
		{"server certificate", testutil.EncodePEM("CERTIFICATE", server) + sub, own, refused, "CertificateChain", "lack OCSPSigning"},
		{"for any use", made(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }) + sub, own, refused, "CertificateChain", "lack OCSPSigning"},
		{"for encryption", made(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }) + sub, own, refused, "CertificateChain", "lacks digitalSignature"},
		{"critical extension of the CA", demanded + demanding, own, refused, "CertificateChain", `certificate 2 of the chain, "Demanding", has the critical extension 1.2.3`},
		{"the CA may not sign certificates", under(caKey, unable), own, refused, "CertificateChain", `certificate 2 of the chain, "Odd", may not sign certificates: its keyUsage lacks keyCertSign`},
		{"the CA demands policies", under(caKey, demandsPolicies), own, refused, "CertificateChain", `certificate 2 of the chain, "Odd", requires certificate policies`},
		{"the CA has usages that grant nothing", under(caKey, noUsages), own, refused, "CertificateChain", `certificate 2 of the chain, "Odd", has an unusable key usage`},
		{"the CA has a weak key", under(smallExponentKey(t), func(*x509.Certificate) {}), own, refused, "CertificateChain", `certificate 2 of the chain, "Odd", has an unusable key: the RSA exponent 3`},
		{"the CA has a key of 1024 bits", under(key(algorithm.RSA_1024, 0), func(*x509.Certificate) {}), own, refused, "CertificateChain", `certificate 2 of the chain, "Odd", has an RSA_1024 key`},
		{"policies demanded", made(func(c *x509.Certificate) { c.ExtraExtensions = policyConstraints(0x80, 1, 0) }) + sub, own, refused, "CertificateChain", `certificate 1 of the chain, "OCSP", requires certificate policies`},
		{"a CA itself may not sign certificates", itself(unable), caKey, refused, "CertificateChain", `certificate 1 of the chain, "Odd", may not sign certificates`},
		{"a CA itself demands policies", itself(demandsPolicies), caKey, refused, "CertificateChain", `certificate 1 of the chain, "Odd", requires certificate policies`},
		{"a CA itself has usages that grant nothing", itself(noUsages), caKey, refused, "CertificateChain", `certificate 1 of the chain, "Odd", has an unusable key usage`},
		{"a CA itself has a critical extension", demanding, caKey, refused, "CertificateChain", `certificate 1 of the chain, "Demanding", has the critical extension 1.2.3`},
		{"critical extension", made(func(c *x509.Certificate) { c.ExtraExtensions = critical }) + sub, own, refused, "CertificateChain", "1.2.3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := ca.NewOCSPResponder(tt.chain, tt.key)
			if r != nil {
				t.Error("a responder with an error")
			}
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
		})
	}
}

func FuzzRespondOCSP(f *testing.F) {
	au := authorityOf(algorithm.ECC_256)
	issuer := parsePEM(f, au.sub.Certificate)
	responder := delegatedResponder(f, au)
	id := certID(issuer, asn.Seq(oidSHA1, null), sha1Sum, serialBytes)
	for _, der := range toolFiles(f, "*.der") {
		f.Add(der)
	}
	answered, denied, fits := ocspRequests(f)
	for _, row := range answered {
		f.Add(row.request)
	}
	for _, row := range denied {
		for _, request := range row.requests {
			f.Add(request)
		}
	}
	f.Add(fits)
	f.Add(ocspRequest([][]byte{id, certID(issuer, asn.Seq(oidSM3), tjfocsm3.Sm3Sum, []byte{1})}, nonce(32)))
	f.Add(asn.Seq(asn.Seq(asn.Explicit(0, asn.TLV(asn1.INTEGER, []byte{0})), asn.Explicit(1, asn.Explicit(4, asn.Name())),
		asn.Seq(asn.Seq(id, asn.Explicit(0, asn.Seq(asn.Extension(oidUnknown, false, nil))))), asn.Explicit(2, asn.Seq(asn.Extension(oidUnknown, true, nil)))), asn.Explicit(0, asn.Seq())))
	f.Fuzz(func(t *testing.T, request []byte) {
		asked := 0
		der, err := ca.RespondOCSP(nil, listed, responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
			asked++
			if n := len(serialNumber); n < 2 || n > 40 || n%2 != 0 || strings.HasPrefix(serialNumber, "00") && serialNumber != "00" || strings.Trim(serialNumber, "0123456789abcdef") != "" {
				t.Errorf("lookup was asked about %q", serialNumber)
			}
			return good(serialNumber)
		})
		if err != nil {
			t.Fatal(err)
		}
		got := parseResponse(t, der)
		switch got.Status {
		case malformedRequest, unauthorized:
			if asked > 0 {
				t.Errorf("lookup was asked %d times for status %d", asked, got.Status)
			}
		case 0:
			if len(got.Singles) == 0 || len(got.Singles) < asked {
				t.Errorf("%d statuses after %d questions", len(got.Singles), asked)
			}
		default:
			t.Errorf("status %d", got.Status)
		}
	})
}

// ratio is a response's time in bare signatures of its length.
func BenchmarkRespondOCSP(b *testing.B) {
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.SM2_256} {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			responder := delegatedResponder(b, au)
			request := ocspRequest([][]byte{certID(parsePEM(b, au.sub.Certificate), asn.Seq(oidSHA1, null), sha1Sum, serialBytes)}, nonce(32))
			floor.Report(b, "x-signature", func() {
				if _, err := ca.RespondOCSP(rand.Reader, listed, responder, request, good); err != nil {
					b.Fatal(err)
				}
			}, floor.Signature(a, 2))
		})
	}
}

package ca_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	encodingasn1 "encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// listed is the time at which these tests create CRLs and OCSP responses.
var listed = instant.AddDate(0, 1, 0)

const serial = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b"

func revokedCertificate() ca.RevokedCertificate {
	return ca.RevokedCertificate{
		SerialNumber: serial, RevocationTime: listed.Add(-time.Hour), Reason: ca.ReasonKeyCompromise,
		InvalidityDate: listed.AddDate(0, 0, -3),
	}
}

func revocationListRequest() *ca.CreateRevocationListRequest {
	return &ca.CreateRevocationListRequest{
		Number: big.NewInt(7), NextUpdate: listed.AddDate(0, 0, 7), Revoked: ca.Revoked(revokedCertificate()),
	}
}

// createList creates a CRL, and fails the test on an error.
func createList(t testing.TB, issuer *ca.Issuer, req *ca.CreateRevocationListRequest) []byte {
	t.Helper()
	der, err := ca.CreateRevocationList(nil, listed, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// splitSigned returns the signed part, the algorithm and the signature of a
// CRL, a certificate or a BasicOCSPResponse.
func splitSigned(t testing.TB, der []byte) (signed, id, signature []byte) {
	t.Helper()
	s := cryptobyte.String(der)
	var part, algorithm cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1Element(&part, asn1.SEQUENCE) ||
		!s.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !s.ReadASN1BitStringAsBytes(&signature) {
		t.Fatalf("not a signed structure: %x", der)
	}
	return part, algorithm, signature
}

// checkSM2 verifies a signature with tjfoc/gmsm.
func checkSM2(t testing.TB, public crypto.PublicKey, signed, signature []byte) {
	t.Helper()
	other, err := tjfoc.ToPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if !other.Verify(signed, signature) {
		t.Error("tjfoc/gmsm refuses the signature")
	}
}

var errDatabase = errors.New("the database is away")

func TestCreateRevocationListRefuses(t *testing.T) {
	t.Parallel()
	one := func(change func(*ca.RevokedCertificate)) func(*ca.CreateRevocationListRequest) {
		return func(r *ca.CreateRevocationListRequest) {
			c := revokedCertificate()
			change(&c)
			r.Revoked = ca.Revoked(revokedCertificate(), c)
		}
	}
	tests := []struct {
		name      string
		change    func(*ca.CreateRevocationListRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no number", func(r *ca.CreateRevocationListRequest) { r.Number = nil }, missing, "Number", ""},
		{"number zero", func(r *ca.CreateRevocationListRequest) { r.Number = new(big.Int) }, malformed, "Number", "positive"},
		{"number negative", func(r *ca.CreateRevocationListRequest) { r.Number = big.NewInt(-1) }, malformed, "Number", "positive"},
		{"number of 21 octets", func(r *ca.CreateRevocationListRequest) { r.Number = new(big.Int).Lsh(big.NewInt(1), 159) }, malformed, "Number", "20 octets"},
		{"no next update", func(r *ca.CreateRevocationListRequest) { r.NextUpdate = time.Time{} }, missing, "NextUpdate", ""},
		{"next update now", func(r *ca.CreateRevocationListRequest) { r.NextUpdate = listed }, refused, "NextUpdate", "2026-04-04T05:06:07Z is not after"},
		{"next update in this second", func(r *ca.CreateRevocationListRequest) { r.NextUpdate = listed.Add(time.Second - 1) }, refused, "NextUpdate", "is not after"},
		{"next update in year 10000", func(r *ca.CreateRevocationListRequest) {
			r.NextUpdate = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
		}, malformed, "NextUpdate", "9999-12-31T23:59:59Z"},
		{"address without scheme", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "pki.example.com/1.crl" }, malformed, "DistributionPoint", `"pki.example.com/1.crl"`},
		{"address of LDAP", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "ldap://pki.example.com/cn=1" }, malformed, "DistributionPoint", "http or https"},
		{"address without host", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "http:///1.crl" }, malformed, "DistributionPoint", "http or https"},
		{"address with a broken host", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "http://[2001:db8::1/1.crl" }, malformed, "DistributionPoint", "http or https"},
		{"address with fragment", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "http://pki.example.com/#1" }, malformed, "DistributionPoint", "http or https"},
		{"address with space", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "http://pki.example.com/a b" }, malformed, "DistributionPoint", "ASCII"},
		{"address in Chinese", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint = "http://例子.example.com/1.crl" }, malformed, "DistributionPoint", "ASCII"},
		{"only user and only CA certificates", func(r *ca.CreateRevocationListRequest) { r.OnlyContainsUserCerts, r.OnlyContainsCACerts = true, true }, malformed, "OnlyContainsCACerts", "at most one"},

		{"no serial number", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "" }), missing, "SerialNumber", ""},
		{"serial number negative", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "-1" }), malformed, "SerialNumber", `"-1"`},
		{"serial number with prefix", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "0x1f" }), malformed, "SerialNumber", "hexadecimal"},
		{"serial number with colons", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "0a:1b" }), malformed, "SerialNumber", "hexadecimal"},
		{"serial number that ends in another letter", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "0a1g" }), malformed, "SerialNumber", "hexadecimal"},
		{"serial number of 41 zeros", one(func(c *ca.RevokedCertificate) { c.SerialNumber = strings.Repeat("0", 41) }), malformed, "SerialNumber", "40"},
		{"serial number of 41 digits", one(func(c *ca.RevokedCertificate) { c.SerialNumber = strings.Repeat("1", 41) }), malformed, "SerialNumber", "40"},
		{"no revocation time", one(func(c *ca.RevokedCertificate) { c.RevocationTime = time.Time{} }), missing, "RevocationTime", ""},
		{"revoked in a second", one(func(c *ca.RevokedCertificate) { c.RevocationTime = listed.Add(time.Second) }), refused, "RevocationTime", "2026-04-04T05:06:08Z is after now"},
		{"revoked in 1949", one(func(c *ca.RevokedCertificate) { c.RevocationTime = time.Date(1949, 12, 31, 23, 59, 59, 0, time.UTC) }), malformed, "RevocationTime", "1949"},
		{"reason 7", one(func(c *ca.RevokedCertificate) { c.Reason = 7 }), malformed, "Reason", "7 is not a reason"},
		{"removeFromCRL", one(func(c *ca.RevokedCertificate) { c.Reason = 8 }), malformed, "Reason", "8 is not a reason"},
		{"reason 11", one(func(c *ca.RevokedCertificate) { c.Reason = 11 }), malformed, "Reason", "11 is not a reason"},
		{"reason negative", one(func(c *ca.RevokedCertificate) { c.Reason = -1 }), malformed, "Reason", "-1 is not a reason"},
		{"invalid in year 10000", one(func(c *ca.RevokedCertificate) { c.InvalidityDate = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }), malformed, "InvalidityDate", "10000"},
		{"invalid in a year before 1", one(func(c *ca.RevokedCertificate) { c.InvalidityDate = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) }), malformed, "InvalidityDate", "-1"},
		{"database fails", func(r *ca.CreateRevocationListRequest) {
			r.Revoked = func(yield func(ca.RevokedCertificate, error) bool) {
				if yield(revokedCertificate(), nil) && yield(ca.RevokedCertificate{}, errDatabase) {
					t.Error("the sequence was read after its error")
				}
			}
		}, yuncert.ErrInternalError, "Revoked", "the revoked certificates cannot be read"},
	}
	au := authorityOf(algorithm.ECC_256)
	issuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Unused(t, au.subKey.Public()), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := revocationListRequest()
			tt.change(req)
			der, err := ca.CreateRevocationList(testutil.Untouched(t), listed, issuer, req)
			if der != nil {
				t.Errorf("CreateRevocationList returned %x and an error", der)
			}
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if tt.parameter == "Revoked" && !errors.Is(err, errDatabase) {
				t.Errorf("%v does not wrap its cause", err)
			}
		})
	}

	t.Run("no request", func(t *testing.T) {
		_, err := ca.CreateRevocationList(nil, listed, issuer, nil)
		testutil.CheckError(t, err, missing, "Number", "")
	})
	t.Run("no issuer", func(t *testing.T) {
		_, err := ca.CreateRevocationList(nil, listed, nil, revocationListRequest())
		testutil.CheckError(t, err, yuncert.ErrNotFound, "ParentIdentifier", "")
	})
	for name, now := range map[string]time.Time{"before the CA": instant.Add(-time.Second), "after the CA": caEnd.Add(time.Second)} {
		t.Run(name, func(t *testing.T) {
			_, err := ca.CreateRevocationList(nil, now, issuer, revocationListRequest())
			testutil.CheckError(t, err, yuncert.ErrCertificateExpired, "ParentIdentifier", "")
		})
	}
	t.Run("the end of the CA's last second", func(t *testing.T) {
		req := revocationListRequest()
		req.NextUpdate, req.Revoked = caEnd.Add(time.Hour), nil
		if _, err := ca.CreateRevocationList(nil, caEnd.Add(time.Second-1), au.issuer, req); err != nil {
			t.Error(err)
		}
	})
	t.Run("no cRLSign", func(t *testing.T) {
		issuer := rootWithUsage(t, x509.KeyUsageCertSign)
		_, err := ca.CreateRevocationList(nil, listed, issuer, revocationListRequest())
		testutil.CheckError(t, err, refused, "ParentIdentifier", "cRLSign")
	})
	t.Run("no keyUsage, which allows everything", func(t *testing.T) {
		if _, err := ca.CreateRevocationList(nil, listed, rootWithUsage(t, 0), revocationListRequest()); err != nil {
			t.Error(err)
		}
	})
	t.Run("the second entry", func(t *testing.T) {
		req := revocationListRequest()
		req.Revoked = ca.Revoked(ca.RevokedCertificate{SerialNumber: "0a", RevocationTime: listed}, ca.RevokedCertificate{SerialNumber: "0b"})
		_, err := ca.CreateRevocationList(nil, listed, issuer, req)
		testutil.CheckError(t, err, missing, "RevocationTime", `(entry 2, serial number "0b")`)
	})
	t.Run("failing key", func(t *testing.T) {
		issuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Failing(au.subKey.Public()), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ca.CreateRevocationList(nil, listed, issuer, revocationListRequest())
		testutil.CheckCause(t, err, yuncert.ErrInternalError, "", "unplugged")
		if !errors.Is(err, testutil.ErrSigner) {
			t.Errorf("%v does not wrap its cause", err)
		}
	})
	t.Run("lying key", func(t *testing.T) {
		issuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Lying(au.subKey), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ca.CreateRevocationList(nil, listed, issuer, revocationListRequest())
		testutil.CheckCause(t, err, yuncert.ErrInternalError, "", "wrong signature")
	})
}

// rootWithUsage uses crypto/x509 to make a root CA with this key usage.
func rootWithUsage(t testing.TB, usage x509.KeyUsage) *ca.Issuer {
	t.Helper()
	k := key(algorithm.ECC_256, 0)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: instant, NotAfter: caEnd,
		BasicConstraintsValid: true, IsCA: true, KeyUsage: usage,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", der), k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// crypto/x509 reads the CRLs as the requests describe them.
func TestCreateRevocationListAccepts(t *testing.T) {
	t.Parallel()
	const year9999 = "9999-12-31T23:59:59Z"
	one := func(change func(*ca.RevokedCertificate)) func(*ca.CreateRevocationListRequest) {
		return func(r *ca.CreateRevocationListRequest) {
			c := revokedCertificate()
			change(&c)
			r.Revoked = ca.Revoked(c)
		}
	}
	tests := []struct {
		name   string
		change func(*ca.CreateRevocationListRequest)
		want   string
	}{
		{"as it is", func(*ca.CreateRevocationListRequest) {},
			"7 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"none revoked", func(r *ca.CreateRevocationListRequest) { r.Revoked = nil }, "7 2026-04-11T05:06:07Z"},
		{"none in the sequence", func(r *ca.CreateRevocationListRequest) { r.Revoked = ca.Revoked() }, "7 2026-04-11T05:06:07Z"},
		{"number of 20 octets", func(r *ca.CreateRevocationListRequest) {
			r.Number.Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(1))
		},
			"730750818665451459101842416358141509827966271487 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"next update with a fraction of a second", func(r *ca.CreateRevocationListRequest) {
			r.NextUpdate = listed.Add(time.Second + 999*time.Millisecond).In(time.FixedZone("", 3600))
		}, "7 2026-04-04T05:06:08Z [" + serial + " 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"next update at the end of time", func(r *ca.CreateRevocationListRequest) {
			r.NextUpdate = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		}, "7 " + year9999 + " [" + serial + " 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"no reason, no date", one(func(c *ca.RevokedCertificate) { c.Reason, c.InvalidityDate = 0, time.Time{} }),
			"7 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T04:06:07Z 0]"},
		{"last reason, no date", one(func(c *ca.RevokedCertificate) { c.Reason, c.InvalidityDate = ca.ReasonAACompromise, time.Time{} }),
			"7 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T04:06:07Z 10]"},
		{"no reason, date of year 1", one(func(c *ca.RevokedCertificate) {
			c.Reason, c.InvalidityDate = 0, time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
		}), "7 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T04:06:07Z 0 00010101000001Z]"},
		{"revoked this second", one(func(c *ca.RevokedCertificate) {
			c.RevocationTime = listed.Add(time.Second - 1).In(time.FixedZone("", -7*3600))
		}), "7 2026-04-11T05:06:07Z [" + serial + " 2026-04-04T05:06:07Z 1 20260401050607Z]"},
		{"revoked in 1950", one(func(c *ca.RevokedCertificate) { c.RevocationTime = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC) }),
			"7 2026-04-11T05:06:07Z [" + serial + " 1950-01-01T00:00:00Z 1 20260401050607Z]"},
		{"serial number zero", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "0" }),
			"7 2026-04-11T05:06:07Z [ 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"serial number zero in 40 digits", one(func(c *ca.RevokedCertificate) { c.SerialNumber = strings.Repeat("0", 40) }),
			"7 2026-04-11T05:06:07Z [ 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"serial number 1", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "1" }),
			"7 2026-04-11T05:06:07Z [01 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"serial number in upper case with zeros", one(func(c *ca.RevokedCertificate) { c.SerialNumber = "000FEDC" }),
			"7 2026-04-11T05:06:07Z [fedc 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"serial number of 20 octets", one(func(c *ca.RevokedCertificate) { c.SerialNumber = strings.Repeat("f", 40) }),
			"7 2026-04-11T05:06:07Z [" + strings.Repeat("f", 40) + " 2026-04-04T04:06:07Z 1 20260401050607Z]"},
		{"partition", func(r *ca.CreateRevocationListRequest) {
			r.DistributionPoint, r.Revoked = "http://pki.example.com/crl/1.crl", nil
		}, "7 2026-04-11T05:06:07Z critical 3026a024a0228620" + hex.EncodeToString([]byte("http://pki.example.com/crl/1.crl"))},
		{"partition of user certificates", func(r *ca.CreateRevocationListRequest) {
			r.DistributionPoint, r.OnlyContainsUserCerts, r.Revoked = "https://a.cn/", true, nil
		}, "7 2026-04-11T05:06:07Z critical 3016a011a00f860d" + hex.EncodeToString([]byte("https://a.cn/")) + "8101ff"},
		{"partition at an address with a tilde", func(r *ca.CreateRevocationListRequest) { r.DistributionPoint, r.Revoked = "http://a.cn/~b", nil },
			"7 2026-04-11T05:06:07Z critical 3014a012a010860e" + hex.EncodeToString([]byte("http://a.cn/~b"))},
		{"user certificates", func(r *ca.CreateRevocationListRequest) { r.OnlyContainsUserCerts, r.Revoked = true, nil },
			"7 2026-04-11T05:06:07Z critical 30038101ff"},
		{"CA certificates", func(r *ca.CreateRevocationListRequest) { r.OnlyContainsCACerts, r.Revoked = true, nil },
			"7 2026-04-11T05:06:07Z critical 30038201ff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			au := authorityOf(algorithm.ECC_256)
			req := revocationListRequest()
			tt.change(req)
			der := createList(t, au.issuer, req)
			list, err := x509.ParseRevocationList(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := list.CheckSignatureFrom(parsePEM(t, au.sub.Certificate)); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, describeList(t, list)); diff != "" {
				t.Errorf("list mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// describeList formats what differs between lists and checks the rest.
func describeList(t testing.TB, list *x509.RevocationList) string {
	t.Helper()
	if !list.ThisUpdate.Equal(listed) {
		t.Errorf("thisUpdate is %s: want %s", list.ThisUpdate, listed)
	}
	var b strings.Builder
	fmt.Fprint(&b, list.Number, " ", list.NextUpdate.UTC().Format(time.RFC3339))
	for _, e := range list.Extensions {
		if e.Id.Equal(encodingasn1.ObjectIdentifier{2, 5, 29, 28}) {
			fmt.Fprintf(&b, " critical %x", e.Value)
		} else if e.Critical {
			t.Errorf("the extension %v is critical", e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		fmt.Fprintf(&b, " [%x %s %d", entry.SerialNumber.Bytes(), entry.RevocationTime.UTC().Format(time.RFC3339), entry.ReasonCode)
		for _, e := range entry.Extensions {
			if e.Critical {
				t.Errorf("the extension %v of an entry is critical", e.Id)
			}
			if e.Id.Equal(encodingasn1.ObjectIdentifier{2, 5, 29, 24}) {
				fmt.Fprintf(&b, " %s", e.Value[2:])
			}
		}
		b.WriteString("]")
	}
	return b.String()
}

// crypto/x509 creates the same lists, octet for octet, with the same RSA
// signatures. The numbers of entries reach every size of a DER length.
func TestCreateRevocationListSameAsStandardLibrary(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.RSA_2048)
	issuer := parsePEM(t, au.sub.Certificate)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1500, 3000} {
		template := &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: listed, NextUpdate: listed.AddDate(0, 0, 7)}
		for i := range n {
			template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{
				SerialNumber: big.NewInt(int64(i + 1)), RevocationTime: listed.Add(-time.Duration(i) * time.Second), ReasonCode: []int{0, 1, 5}[i%3],
			})
		}
		want, err := x509.CreateRevocationList(rand.Reader, template, issuer, au.subKey)
		if err != nil {
			t.Fatal(err)
		}
		req := revocationListRequest()
		req.Revoked = func(yield func(ca.RevokedCertificate, error) bool) {
			for _, e := range template.RevokedCertificateEntries {
				if !yield(ca.RevokedCertificate{SerialNumber: e.SerialNumber.Text(16), RevocationTime: e.RevocationTime, Reason: ca.RevocationReason(e.ReasonCode)}, nil) {
					return
				}
			}
		}
		if got := createList(t, au.issuer, req); !bytes.Equal(got, want) {
			t.Errorf("a list of %d entries differs from the list of crypto/x509: %d and %d octets", n, len(got), len(want))
		}
	}
}

// The golden files hold a complete list for each family; all signatures are
// deterministic.
func TestCreateRevocationListGolden(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			req := revocationListRequest()
			req.DistributionPoint = "http://pki.example.com/crl/1.crl"
			req.Revoked = ca.Revoked(revokedCertificate(), ca.RevokedCertificate{SerialNumber: "7f", RevocationTime: instant})
			der, err := ca.CreateRevocationList(testutil.Untouched(t), listed, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Golden(t, "crl/"+string(a)+".pem", testutil.EncodePEM("X509 CRL", der))
			list, err := ca.ParseRevocationList(der)
			if err != nil {
				t.Fatal(err)
			}
			issuer := parsePEM(t, au.sub.Certificate)
			if diff := cmp.Diff(issuer.SubjectKeyId, list.AuthorityKeyId); diff != "" {
				t.Errorf("authorityKeyIdentifier mismatch (-want +got):\n%s", diff)
			}
			if !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
				t.Error("the issuer's name is not as in its certificate")
			}
			signed, id, signature := splitSigned(t, der)
			if !bytes.Equal(id, asn.SignatureID(a.Family())) {
				t.Errorf("signature algorithm %x: want %x", id, asn.SignatureID(a.Family()))
			}
			if a == algorithm.SM2_256 {
				checkSM2(t, issuer.PublicKey, signed, signature)
			} else if err := list.CheckSignatureFrom(issuer); err != nil {
				t.Error(err)
			}

			// A key outside memory receives rand.
			opaqueIssuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Drawing(au.subKey), ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			again, err := ca.CreateRevocationList(testutil.Seeded(), listed, opaqueIssuer, req)
			if err != nil {
				t.Fatal(err)
			}
			if a != algorithm.ECC_256 && !bytes.Equal(again, der) { // its ECDSA nonce depends on rand
				t.Error("another signer with the same key creates another list")
			}
			if _, err := ca.CreateRevocationList(testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness }), listed, opaqueIssuer, req); !errors.Is(err, testutil.ErrNoRandomness) {
				t.Errorf("error %v: want %v", err, testutil.ErrNoRandomness)
			}
		})
	}
}

// A list with any changed octet is not parsed or not verified.
func TestRevocationListEveryOctetCounts(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := parsePEM(t, au.sub.Certificate)
			der := createList(t, au.issuer, revocationListRequest())
			if list, err := ca.ParseRevocationList(der); err != nil {
				t.Fatal(err)
			} else if err := x509der.CheckCRLSignature(list, issuer); err != nil {
				t.Fatal(err)
			}
			for i := range der {
				for _, flip := range []byte{0x01, 0x80} {
					bad := bytes.Clone(der)
					bad[i] ^= flip
					if list, err := ca.ParseRevocationList(bad); err == nil && x509der.CheckCRLSignature(list, issuer) == nil {
						t.Errorf("octet %d changed from %#02x to %#02x: still verified", i, der[i], bad[i])
					}
				}
			}
		})
	}
}

// Verify refuses a certificate that is on the CRL, with serial number and address
// in their documented forms.
func TestRevokedServerCertificate(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			req := serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))
			req.EnableCrl, req.Immediately = 1, 1
			issued, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			c := revokedCertificate()
			c.SerialNumber = issued.SerialNumber
			crl := revocationListRequest()
			crl.DistributionPoint = crlBase + "/" + au.issuer.Identifier() + ".crl"
			for _, revoked := range []iter.Seq2[ca.RevokedCertificate, error]{nil, ca.Revoked(c)} {
				crl.Revoked = revoked
				list, err := ca.ParseRevocationList(createList(t, au.issuer, crl))
				if err != nil {
					t.Fatal(err)
				}
				if scope, err := x509der.ScopeOf(list); err != nil || !scope.Covers(parse(t, der)) {
					t.Error("the list does not cover the certificate that names its address")
				}
				_, err = ca.Verify(listed, issued.X509Certificate, ca.VerifyOptions{
					Roots: au.root.Certificate, Intermediates: au.sub.Certificate, RevocationLists: []*x509.RevocationList{list},
				})
				if got := errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection); got != (revoked != nil) || !got && err != nil {
					t.Errorf("Verify with the certificate revoked %v: %v", revoked != nil, err)
				}
			}
		})
	}
}

// A refusedList is a CRL, or other data, that ParseRevocationList refuses.
type refusedList struct{ name, data, mention string }

// revocationLists are texts that ParseRevocationList accepts and refuses.
// FuzzParseRevocationList starts from them too.
func revocationLists(t testing.TB) (accepted map[string]string, refused []refusedList) {
	au := authorityOf(algorithm.ECC_256)
	der := createList(t, au.issuer, revocationListRequest())
	block := func(label string, der []byte) string {
		return testutil.EncodePEM(label, der)
	}
	// list builds a CRL by hand; its signature is invalid, which nothing here
	// checks.
	entry := func(extensions []byte) []byte {
		return asn.Seq(asn.Seq(asn.TLV(asn1.INTEGER, []byte{5}), asn.TLV(asn1.UTCTime, []byte("260404050607Z")), extensions))
	}
	listOf := func(entries, extensions []byte) string {
		tbs := asn.Seq(asn.TLV(asn1.INTEGER, []byte{1}), asn.ECDSAWithSHA256, au.subject, asn.TLV(asn1.UTCTime, []byte("260404050607Z")), asn.TLV(asn1.UTCTime, []byte("260411050607Z")),
			entries, asn.Explicit(0, asn.Seq(extensions)))
		return string(asn.Seq(tbs, asn.ECDSAWithSHA256, asn.TLV(asn1.BIT_STRING, []byte{0, 1, 2, 3})))
	}
	list := func(entryExtensions, extensions []byte) string { return listOf(entry(entryExtensions), extensions) }
	number := asn.Extension(asn.OID("\x55\x1d\x14"), false, asn.TLV(asn1.INTEGER, []byte{7}))
	point := func(fields ...[]byte) string {
		return list(nil, slices.Concat(number, asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(fields...))))
	}
	reason := func(code byte) []byte {
		return asn.Extension(asn.OID("\x55\x1d\x15"), false, asn.TLV(asn1.ENUM, []byte{code}))
	}
	yes := []byte{0xff}
	address := asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte("http://a.cn/1.crl"))))

	accepted = map[string]string{
		"DER":                             string(der),
		"PEM":                             block("X509 CRL", der),
		"PEM with other text before it":   "\ufeffthe list\r\n" + strings.ReplaceAll(block("X509 CRL", der), "\n", "\r\n") + " \r\n",
		"by hand":                         list(nil, number),
		"unknown extension":               list(asn.Seq(asn.Extension(asn.OID("\x2a\x03"), false, nil)), slices.Concat(number, asn.Extension(asn.OID("\x2a\x03"), false, nil))),
		"partition":                       point(address, asn.TLV(0x81, yes)),
		"partition with a relative name":  point(asn.Explicit(0, asn.Explicit(1, asn.UTF8(asn.OIDCommonName, "Part 1")))),
		"partition with a directory name": point(asn.Explicit(0, asn.Explicit(0, asn.Explicit(4, asn.Name(asn.UTF8(asn.OIDCommonName, "Part 1")))))),
		"partition with two places":       point(asn.Explicit(0, asn.Explicit(0, asn.Explicit(4, asn.Name()), asn.TLV(0x86, []byte("http://a.cn/1.crl"))))),
	}
	refused = []refusedList{
		{"nothing", "", "neither DER nor PEM"},
		{"text", "no list", "neither DER nor PEM"},
		{"a certificate in PEM", au.sub.Certificate, "it is a PEM block CERTIFICATE; want a PEM block X509 CRL"},
		{"a certificate in DER", string(parsePEM(t, au.sub.Certificate).Raw), ""},
		{"two in PEM", block("X509 CRL", der) + block("X509 CRL", der), "other text"},
		{"two in PEM, in one line", strings.TrimSpace(block("X509 CRL", der)) + block("X509 CRL", der), "other text"},
		{"a damaged one in PEM", strings.Replace(block("X509 CRL", der), "\n", "\n?", 1), "damaged; want -----BEGIN X509 CRL-----"},
		{"a damaged one before it in PEM", strings.Replace(block("X509 CRL", der), "\n", "\n?", 1) + block("X509 CRL", der), "damaged"},
		{"an octet at the end", string(der) + "\x00", "CertificateList"},
		{"an octet at the end, in PEM", block("X509 CRL", append(bytes.Clone(der), 0)), "CertificateList"},
		{"an octet missing", string(der[:len(der)-1]), "CertificateList"},
		{"NULL after the signature", string(asn.Seq(der[4:], asn.Null)), "CertificateList"},
		{"NULL before the entries", string(rewrite(t, der, au.subKey, func(f [][]byte) [][]byte { return slices.Insert(f, 5, asn.Null) })), "after its times"},
		{"delta", list(nil, slices.Concat(number, asn.Extension(asn.OID("\x55\x1d\x1b"), true, asn.TLV(asn1.INTEGER, []byte{6})))), "delta"},
		{"delta that is not critical", list(nil, slices.Concat(number, asn.Extension(asn.OID("\x55\x1d\x1b"), false, asn.TLV(asn1.INTEGER, []byte{6})))), "delta"},
		{"critical in the list", list(nil, slices.Concat(number, asn.Extension(asn.OID("\x2a\x03"), true, nil))), "critical extension 1.2.3"},
		{"critical in an entry", list(asn.Seq(asn.Extension(asn.OID("\x55\x1d\x1d"), true, asn.Seq())), number), "entry of 05"},
		{"indirect", point(address, asn.TLV(0x84, yes)), "other issuers"},
		{"some reasons", point(address, asn.TLV(0x83, []byte{6, 0x40})), "some reasons"},
		{"attribute certificates", point(asn.TLV(0x85, yes)), "attribute certificates"},
		{"flag false", point(asn.TLV(0x81, []byte{0})), "malformed"},
		{"flag of two octets", point(asn.TLV(0x81, []byte{0xff, 0xff})), "malformed"},
		{"flags in disorder", point(asn.TLV(0x82, yes), asn.TLV(0x81, yes)), "malformed"},
		{"field that is not defined", point(asn.TLV(0x86, yes)), "malformed"},
		{"relative name without a type", point(asn.Explicit(0, asn.Explicit(1, asn.Seq()))), "malformed"},
		{"only a DNS name", point(asn.Explicit(0, asn.Explicit(0, asn.DNSName("a.cn")))), "neither a URI nor a directory name"},
		{"version 1", string(rewrite(t, der, au.subKey, func(f [][]byte) [][]byte { return slices.Delete(f, 6, 7)[1:] })), "its version is 1; want 2"},
		{"an empty list of entries", listOf(asn.Seq(), number), "its list of entries is empty"},
		{"an extension twice", list(nil, slices.Concat(number, number)), "the extension 2.5.29.20 occurs twice"},
		{"an entry's extension twice", list(asn.Seq(reason(1), reason(1)), number), "the extension 2.5.29.21 occurs twice"},
		{"reason 105", list(asn.Seq(reason(105)), number), "the reasonCode is 105; want 0 to 6 or 8 to 10"},
		{"a negative number", list(nil, asn.Extension(asn.OID("\x55\x1d\x14"), false, asn.TLV(asn1.INTEGER, []byte{0xff}))), "is not a number from 0 on"},
		{"malformed names", point(asn.Explicit(0, asn.Explicit(0, []byte{0x86, 9}))), "malformed"},
		{"point that is not a SEQUENCE", list(nil, slices.Concat(number, asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Null))), "malformed"},
		{"point cut off", list(nil, slices.Concat(number, asn.Extension(asn.OID("\x55\x1d\x1c"), true, []byte{0x30, 3, 0x81, 2, 0xff}))), "malformed"},
	}
	return accepted, refused
}

func TestParseRevocationList(t *testing.T) {
	t.Parallel()
	accepted, refused := revocationLists(t)
	for name, data := range accepted {
		if _, err := ca.ParseRevocationList([]byte(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ca.ParseRevocationList([]byte(tt.data))
			if got != nil {
				t.Error("a list and an error")
			}
			testutil.CheckError(t, err, malformed, "", tt.mention)
		})
	}
}

// Revoked is a sequence and has no JSON form.
func TestCreateRevocationListJSON(t *testing.T) {
	t.Parallel()
	req := revocationListRequest()
	req.DistributionPoint, req.OnlyContainsUserCerts, req.OnlyContainsCACerts = "http://a.cn/1.crl", true, true
	for _, tt := range []struct {
		value any
		want  string
	}{
		{ca.CreateRevocationListRequest{}, `{}`},
		{ca.RevokedCertificate{}, `{}`},
		{req, `{"Number":7,"NextUpdate":"2026-04-11T05:06:07Z","DistributionPoint":"http://a.cn/1.crl","OnlyContainsUserCerts":true,"OnlyContainsCACerts":true}`},
		{revokedCertificate(), `{"SerialNumber":"` + serial + `","RevocationTime":"2026-04-04T04:06:07Z","Reason":1,"InvalidityDate":"2026-04-01T05:06:07Z"}`},
	} {
		if got, err := json.Marshal(tt.value); err != nil || string(got) != tt.want {
			t.Errorf("%T is %s, %v; want %s", tt.value, got, err, tt.want)
		}
	}
}

func TestRevocationReasonString(t *testing.T) {
	t.Parallel()
	for reason, want := range map[ca.RevocationReason]string{
		0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
		5: "cessationOfOperation", 6: "certificateHold", 7: "7", 9: "privilegeWithdrawn", 10: "aACompromise",
	} {
		if got := reason.String(); got != want {
			t.Errorf("RevocationReason(%d) is %q: want %q", int(reason), got, want)
		}
	}
}

func FuzzParseRevocationList(f *testing.F) {
	for _, a := range testkeys.Families {
		req := revocationListRequest()
		req.DistributionPoint = "http://a.cn/1.crl"
		der := createList(f, authorityOf(a).issuer, req)
		f.Add(der)
		f.Add(rewrite(f, der, key(a, 1), func(fields [][]byte) [][]byte { return slices.Insert(fields, 5, asn.Null) }))
		f.Add([]byte(testutil.EncodePEM("X509 CRL", der)))
	}
	for _, text := range toolFiles(f, "*-crl.pem") {
		f.Add(text)
		block, _ := pem.Decode(text)
		f.Add(block.Bytes)
	}
	accepted, refused := revocationLists(f)
	for _, data := range accepted {
		f.Add([]byte(data))
	}
	for _, row := range refused {
		f.Add([]byte(row.data))
	}
	issuer := parsePEM(f, authorityOf(algorithm.SM2_256).sub.Certificate)
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ca.ParseRevocationList(data)
		if err != nil {
			if !errors.Is(err, malformed) {
				t.Errorf("error %v: want %s", err, malformed)
			}
			return
		}
		again, err := ca.ParseRevocationList(list.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(list.RevokedCertificateEntries, again.RevokedCertificateEntries, cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Errorf("parsed again, the list differs (-want +got):\n%s", diff)
		}
		if _, err := x509der.ScopeOf(list); err != nil {
			t.Error(err)
		}
		_ = x509der.CheckCRLSignature(list, issuer)
	})
}

// counted yields n certificates without storing them.
func counted(n int) iter.Seq2[ca.RevokedCertificate, error] {
	const digits = "0123456789abcdef"
	return func(yield func(ca.RevokedCertificate, error) bool) {
		number := []byte(serial)
		for i := range n {
			for at := range 8 {
				number[10+at] = digits[i>>(4*at)&15]
			}
			if !yield(ca.RevokedCertificate{SerialNumber: string(number), RevocationTime: instant, Reason: ca.ReasonSuperseded}, nil) {
				return
			}
		}
	}
}

// The lengths of a list with a million entries take four octets.
func TestCreateRevocationListLong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out the list of a million entries")
	}
	req := revocationListRequest()
	req.Revoked = counted(1_000_000)
	der := createList(t, authorityOf(algorithm.ECC_256).issuer, req)
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(parsePEM(t, authorityOf(algorithm.ECC_256).sub.Certificate)); err != nil {
		t.Error(err)
	}
	if got := len(list.RevokedCertificateEntries); got != 1_000_000 {
		t.Errorf("the list has %d entries", got)
	}
	if perEntry := float64(len(der)) / 1_000_000; math.Round(perEntry) != 51 {
		t.Errorf("%.1f octets an entry: want 51", perEntry)
	}
}

func BenchmarkCreateRevocationList(b *testing.B) {
	issuer := authorityOf(algorithm.ECC_256).issuer
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if testing.Short() && n > 1_000 {
				b.Skip("a long list")
			}
			size := 0
			spent := floor.Report(b, "x-signature", func() {
				req := revocationListRequest()
				req.Revoked = counted(n)
				size = len(createList(b, issuer, req))
			}, floor.Signature(algorithm.ECC_256, 1))
			b.ReportMetric(float64(spent)/float64(n), "ns/entry")
			b.ReportMetric(float64(size)/float64(n), "octets/entry")
		})
	}
}

// A CA with two CRLs: two Issuers of one chain and key, and a list for each.
func TestPartitionedRevocationLists(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	var certificates []string
	var lists []*x509.RevocationList
	for _, part := range []string{"http://crl.example.com/1", "http://crl.example.com/2"} {
		issuer := au.issuerWith(t, ca.IssuerOptions{CRLBase: part})
		req := serverRequest(issuer, text)
		req.EnableCrl, req.Immediately = 1, 1
		resp, _, err := ca.CreateServerCertificateWithCsr(nil, instant, issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		certificates = append(certificates, resp.X509Certificate)
		der, err := ca.CreateRevocationList(nil, instant, issuer, &ca.CreateRevocationListRequest{
			Number: big.NewInt(1), NextUpdate: instant.AddDate(0, 0, 7), DistributionPoint: issuer.Describe().CrlUrl,
			Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: resp.SerialNumber, RevocationTime: instant}),
		})
		if err != nil {
			t.Fatal(err)
		}
		list, err := ca.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, list)
	}
	for i, certificate := range certificates {
		for j, list := range lists {
			opts := ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: au.sub.Certificate, RevocationLists: []*x509.RevocationList{list}}
			_, err := ca.Verify(instant, certificate, opts)
			if i == j {
				testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
			} else {
				testutil.CheckError(t, err, refused, "RevocationLists", "partition")
			}
		}
	}
}

// Validate applies the rules of CreateRevocationList to one entry.
func TestRevokedCertificateValidate(t *testing.T) {
	t.Parallel()
	c := revokedCertificate()
	if err := c.Validate(listed.Add(time.Second - 1)); err != nil {
		t.Error(err)
	}
	testutil.CheckError(t, c.Validate(c.RevocationTime.Add(-time.Second)), refused, "RevocationTime", "is after now")
	c.Reason = 7
	testutil.CheckError(t, c.Validate(listed), malformed, "Reason", "7 is not a reason")
}

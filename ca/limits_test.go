package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// What stands in a CSR as often as its maker likes is taken a bounded number of
// times.
func TestCreateServerCertificateWithCsrRepeatedAttributes(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	commonName := asn.UTF8(asn.OIDCommonName, "www.example.com")
	for what, oid := range map[string][]byte{"C": asn.OIDCountry, "ST": asn.OIDState, "L": asn.OIDLocality, "O": asn.OIDOrganization} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			text := makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.Printable(oid, "US"), asn.Printable(oid, "CN"), commonName))
			checkRefused(t, instant, au.issuer, serverRequest(au.issuer, text), malformed, "Csr", "2 attributes "+what)
		})
	}
	for n, ok := range map[int]bool{8: true, 9: false, 1500: false} {
		parts := append(slices.Repeat([][]byte{asn.Printable(asn.OIDUnit, "IT")}, n), commonName)
		req := serverRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(parts...)))
		if !ok {
			checkRefused(t, instant, au.issuer, req, malformed, "Csr", fmt.Sprintf("%d attributes OU: 8 is the most", n))
		} else if cert := issue(t, au.issuer, req); len(cert.Subject.OrganizationalUnit) != n {
			t.Errorf("%d units, want %d", len(cert.Subject.OrganizationalUnit), n)
		}
	}
}

// A certificate with a CA's own subject would count as self-issued (RFC 5280,
// section 3.2), which path length and name constraints treat apart.
func TestSubjectOfACA(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, above := range []string{au.sub.Certificate, au.root.Certificate} {
		text := makeCSR(t, key(algorithm.ECC_256, 2), parsePEM(t, above).RawSubject)
		req := serverRequest(au.issuer, text)
		req.Domain = "www.example.com"
		checkRefused(t, instant, au.issuer, req, refused, "Csr", "a CA's own")
	}
	root := parsePEM(t, au.root.Certificate).Subject
	req := subRequest(algorithm.ECC_256)
	req.CommonName, req.Organization, req.OrganizationUnit = root.CommonName, root.Organization[0], root.OrganizationalUnit[0]
	req.Locality, req.State, req.CountryCode = root.Locality[0], root.Province[0], strings.Join(root.Country, "")
	_, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
	testutil.CheckError(t, err, refused, "CommonName", "a CA above")
}

// RFC 5280, section 7.1: letter case and repeated spaces do not tell names apart.
func TestSubjectOfACASpelledOtherwise(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	au := authorityOf(a)
	for _, sub := range []struct {
		commonName string
		ok         bool
	}{
		{"Test Sub CA", false}, {"test sub ca", false}, {"TEST  Sub   CA", false}, {"Test SubCA", true}, {"Test Sub CA 2", true},
	} {
		above := parsePEM(t, au.sub.Certificate).Subject
		parameters := func(parameter, csr string) {
			req := serverRequest(au.issuer, csr)
			req.CommonName, req.Organization, req.OrganizationUnit = sub.commonName, above.Organization[0], strings.Join(above.OrganizationalUnit, "")
			req.Locality, req.State, req.Country = above.Locality[0], above.Province[0], above.Country[0]
			_, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if sub.ok && err != nil {
				t.Errorf("%q: %v", sub.commonName, err)
			} else if !sub.ok {
				testutil.CheckError(t, err, refused, parameter, "a CA's own")
			}
		}
		parameters("CommonName", hostCSR(t, a, "", "www.example.com"))
		parameters("Csr", hostCSR(t, a, sub.commonName, "www.example.com"))
	}
}

// The same for letters, spaces and invisible characters beyond ASCII (RFC 4518), of
// which a CA and what is asked of it have the one or the other.
func TestSubjectOfACASpelledInUnicode(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		issuer, asked string
		ok            bool
	}{
		{"Straße CA", "STRASSE CA", false},
		{"STRASSE CA", "straße ca", false},
		{"Société CA", "Socie\u0301te\u0301 CA", false},
		{"Acme CA", "Acme\u00a0CA", false},
		{"Acme CA", "Acme\u3000CA", false},
		{"Acme CA", "\uff21cme CA", false},
		{"Certificate CA", "Certi\ufb01cate CA", false},
		{"Acme CA", "Ac\u00adme CA", false},
		{"Acme CA", "Acme\u200b CA\ufeff", false},
		{"云证 CA", "云\u200d证 ca", false},
		{"Société CA", "Societe CA", true},
		{"云证 CA", "云証 CA", true},
	} {
		t.Run(fmt.Sprintf("%+q under %+q", tt.asked, tt.issuer), func(t *testing.T) {
			t.Parallel()
			issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.CommonName = tt.issuer })
			subject := parsePEM(t, au.sub.Certificate).Subject
			req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, tt.asked, "www.example.com"))
			req.Organization, req.OrganizationUnit = subject.Organization[0], strings.Join(subject.OrganizationalUnit, "")
			req.Locality, req.State, req.Country = subject.Locality[0], subject.Province[0], subject.Country[0]
			if tt.ok {
				issue(t, issuer, req)
				return
			}
			checkRefused(t, instant, issuer, req, refused, "Csr", "a CA's own")
		})
	}
}

// OpenSSL holds the common name of an OCSP responder against name constraints.
func TestCreateOCSPResponderCertificateUnderConstraints(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	issuer, _ := constrained(t, a, nil, &constraints{PermittedDNSDomains: []string{"example.com"}})
	for commonName, ok := range map[string]bool{"OCSP 1": true, "ocsp.example.com": true, "ocsp.example.org": false, "192.0.2.1": false} {
		_, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), &ca.CreateOCSPResponderCertificateRequest{CommonName: commonName, Days: 30})
		if ok && err != nil {
			t.Errorf("%q: %v", commonName, err)
		} else if !ok {
			testutil.CheckError(t, err, refused, "CommonName", `of the CA "Test Sub CA"`)
		}
	}
}

// Attributes that a foreign CA has in string types that X.520 does not allow go
// into the certificates below it in one that it does.
func TestSubjectBelowAForeignCA(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	rootKey, subKey := key(a, 0), key(a, 1)
	signer, err := x509der.NewSigner(rootKey)
	if err != nil {
		t.Fatal(err)
	}
	root := sign(t, caTemplate("Root"), caTemplate("Root"), rootKey.Public(), rootKey)
	der, err := x509der.MarshalCertificate(nil, signer, &x509der.Template{
		SerialNumber: []byte{2}, Issuer: parsePEM(t, root).RawSubject, NotBefore: instant, NotAfter: caEnd,
		Subject: x509der.Name{
			{Type: x509der.Country, Tag: cryptobyteasn1.UTF8String, Value: "cn"}, {Type: x509der.Locality, Tag: cryptobyteasn1.IA5String, Value: "Hangzhou"},
			x509der.Text(x509der.CommonName, "Sub"),
		},
		PublicKey: publicDER(t, subKey.Public()), CA: true, PathLen: -1, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", der)+root, subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := issue(t, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com"))).RawSubject
	want := asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDLocality, "Hangzhou"),
		asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "www.example.com"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subject mismatch (-want +got):\n%s", diff)
	}
}

func TestCreateSubCACertificateExtendedKeyUsagesAbove(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name        string
		above, here []string
		ok          bool
	}{
		{"none above", nil, []string{"codeSigning"}, true},
		{"none here", []string{"serverAuth"}, nil, true},
		{"any above", []string{"any"}, []string{"codeSigning"}, true},
		{"the same", []string{"serverAuth", "1.2.3.4"}, []string{"1.2.3.4", "serverAuth"}, true},
		{"another", []string{"codeSigning"}, []string{"serverAuth"}, false},
		{"one too many", []string{"serverAuth"}, []string{"serverAuth", "1.2.3.4"}, false},
		{"any here", []string{"serverAuth"}, []string{"any"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parent := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
				r.PathLenConstraint, r.ExtendedKeyUsages = 1, tt.above
			})
			req := subRequest(algorithm.ECC_256)
			req.CommonName, req.ExtendedKeyUsages = "Below", tt.here
			_, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, parent, key(algorithm.ECC_256, 2).Public(), req)
			if tt.ok && err != nil {
				t.Error(err)
			} else if !tt.ok {
				testutil.CheckError(t, err, refused, "ExtendedKeyUsages", "exclude")
			}
		})
	}
}

// Texts whose reading takes more than linear time are bounded first: with the
// bounds these return at once, without them the test runs for minutes.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	var han strings.Builder
	for r := rune(0x4e00); r < 0x4e00+20_000; r++ {
		han.WriteRune(r)
	}
	sub := subRequest(algorithm.ECC_256)
	sub.ExtendedKeyUsages = []string{"1.2." + strings.Repeat("9", 1<<20)}
	testutil.CheckError(t, sub.Validate(), malformed, "ExtendedKeyUsages", "128 characters")
	sub.ExtendedKeyUsages = []string{"1.2" + strings.Repeat(".1", 61) + ".111"}
	testutil.CheckError(t, sub.Validate(), malformed, "ExtendedKeyUsages", "128 characters")

	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.Domain = han.String() + ".cn"
	testutil.CheckError(t, req.Validate(), malformed, "Domain", "253 octets")
	req.Domain = strings.Repeat("a,", 40_000)
	testutil.CheckError(t, req.Validate(), malformed, "Domain", "80000 octets")
	req.Domain, req.CommonName = "", han.String()+".cn"
	testutil.CheckError(t, req.Validate(), malformed, "CommonName", "64")
}

// What an SM2 signer makes under another user ID than ours nobody could verify.
func TestSM2SignerWithEmptyUserID(t *testing.T) {
	t.Parallel()
	inside := key(algorithm.SM2_256, 0)
	signer := emptyID{testutil.SignerFunc(inside.Public(), func(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return inside.Sign(nil, digest, opts)
	})}
	_, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, signer, rootRequest())
	if !errors.Is(err, yuncert.ErrInternalError) || !strings.Contains(err.Error(), "wrong signature") {
		t.Errorf("error %v", err)
	}
}

// emptyID signs messages under the empty user ID.
type emptyID struct{ crypto.Signer }

func (s emptyID) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	digest, err := sm2.Digest(s.Public().(*ecdsa.PublicKey), "", message)
	if err != nil {
		return nil, err
	}
	return s.Sign(rand, digest, opts)
}

// A chain that NewIssuer would not read is not made.
func TestCreateSubCACertificateLongestChain(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := au.rootIssuer
	for level := 2; ; level++ {
		own, err := algorithm.GenerateKey(algorithm.ECC_256)
		if err != nil {
			t.Fatal(err)
		}
		req := subRequest(algorithm.ECC_256)
		req.CommonName, req.PathLenConstraint = fmt.Sprintf("Level %d", level), int32(20-level)
		resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, own.Public(), req)
		if level == 11 {
			testutil.CheckError(t, err, refused, "ParentIdentifier", "10 certificates")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if issuer, err = ca.NewIssuer(resp.CertificateChain, own, ca.IssuerOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCreateOCSPResponderCertificateWithACAsSubject(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	short := caTemplate("Short")
	short.Subject = pkix.Name{CommonName: "Short", Organization: []string{"Example"}}
	root := parsePEM(t, au.root.Certificate)
	issuer, err := ca.NewIssuer(sign(t, short, root, au.subKey.Public(), au.rootKey)+au.root.Certificate, au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	req := &ca.CreateOCSPResponderCertificateRequest{CommonName: "Short", Days: 7}
	_, err = ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req)
	testutil.CheckError(t, err, refused, "CommonName", "a CA's own")
	req.CommonName = "Responder"
	if _, err = ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req); err != nil {
		t.Error(err)
	}
}

func TestSanValueLength(t *testing.T) {
	t.Parallel()
	req := clientCSRRequest(authorityOf(algorithm.ECC_256).issuer, hostCSR(t, algorithm.ECC_256, "zhang"))
	req.SanType, req.SanValue = 6, strings.Repeat("urn:a:b,", 8<<10+1)
	testutil.CheckError(t, req.Validate(), malformed, "SanValue", "65544 octets")
	req.SanValue = strings.Repeat("urn:a:b,", 8<<10)
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

func TestNewIssuerRefusesPolicies(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	demanding := caTemplate("Demanding")
	demanding.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0}}}
	root := parsePEM(t, au.root.Certificate)
	_, err := ca.NewIssuer(sign(t, demanding, root, au.subKey.Public(), au.rootKey)+au.root.Certificate, au.subKey, ca.IssuerOptions{})
	testutil.CheckError(t, err, refused, "CertificateChain", "policies")
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

package ca_test

import (
	"bytes"
	cryptorand "crypto/rand"
	"crypto/x509"
	"math"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type madeServerRequest = ca.CreateServerCertificateRequest

func madeServer(issuer *ca.Issuer, a algorithm.Algorithm) *madeServerRequest {
	return &madeServerRequest{CommonName: "www.example.com", Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90}
}

// Parameters that are required without a CSR, and the algorithms.
func TestCreateServerCertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	o, issuer := leafOperations[0], authorityOf(algorithm.RSA_2048).issuer
	tests := []struct {
		name      string
		change    fields
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"CommonName is required", fields{"CommonName": ""}, missing, "CommonName", "CommonName is mandatory for this action."},
		{"CommonName is required with Domain", fields{"CommonName": "", "Domain": "www.example.com"}, missing, "CommonName", "CommonName is mandatory for this action."},
		{"Algorithm is required", fields{"Algorithm": ""}, missing, "Algorithm", "Algorithm is mandatory for this action."},
		{"RSA_1024 is documented, and too weak for a new key", fields{"Algorithm": "RSA_1024"}, refused, "Algorithm", "RSA_2048 or longer"},
		{"RSA_3072 is not documented", fields{"Algorithm": "RSA_3072"}, malformed, "Algorithm", `"RSA_3072"`},
		{"a family for an Algorithm, for which RSA_1024 is not offered", fields{"Algorithm": "RSA"}, malformed, "Algorithm", `"RSA" is not one of RSA_2048, RSA_4096`},
		{"several common names", fields{"CommonName": "a.example.com,b.example.com", "Domain": ""}, malformed, "CommonName", "not a DNS name or an IP address"},
		{"an address of a page", fields{"CommonName": "https://www.example.com", "Domain": ""}, malformed, "CommonName", "not a DNS name or an IP address"},
		{"no IP address and no DNS name", fields{"CommonName": "10.0.0.256", "Domain": ""}, malformed, "CommonName", "not a DNS name or an IP address"},
		{"an underscore in Domain", fields{"Domain": "ok.example.com,a_b.example.com"}, malformed, "Domain", "a_b.example.com"},
		{"an e-mail address in Domain", fields{"Domain": "admin@example.com"}, malformed, "Domain", "admin@example.com"},
		{"251 names in Domain", fields{"Domain": strings.Join(testutil.NumberedNames(251), ",")}, malformed, "Domain", "250"},
		{"252 names in Domain", fields{"Domain": strings.Join(testutil.NumberedNames(252), ",")}, malformed, "Domain", "more than 250"},
		{"a common name that is a mapped address", fields{"CommonName": "::ffff:192.0.2.1", "Domain": "www.example.com"}, malformed, "CommonName", "write 192.0.2.1"},
		{"a common name in full-width letters", fields{"CommonName": "ｗｗｗ.example.com", "Domain": ""}, malformed, "CommonName", `"www.example.com"`},
		{"a common name with a joiner", fields{"CommonName": "exam\u200dple.com", "Domain": "www.example.com"}, malformed, "CommonName", `"example.com"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := madeServer(issuer, algorithm.RSA_2048)
			tt.change.set(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			o.refuses(t, instant, issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *madeServerRequest
		testutil.CheckError(t, req.Validate(), missing, "CommonName", "CommonName is mandatory for this action.")
		o.refuses(t, instant, issuer, req, missing, "CommonName", "CommonName is mandatory for this action.")
	})
	t.Run("MinRSABits", func(t *testing.T) {
		t.Parallel()
		strict := authorityOf(algorithm.RSA_2048).issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 4096}})
		o.refuses(t, instant, strict, madeServer(strict, algorithm.RSA_2048), refused, "Algorithm", "RSA_2048")
	})
}

// The names of a server: its common name, where it is a host's, and Domain.
func TestCreateServerCertificateNames(t *testing.T) {
	t.Parallel()
	o, issuer := leafOperations[0], authorityOf(algorithm.ECC_256).issuer
	tests := []struct {
		name               string
		commonName, domain string
		want               []string
	}{
		{"the common name", "www.example.com", "", kind(2, "www.example.com")},
		{"the common name is an address", "192.0.2.1", "", kind(7, "192.0.2.1")},
		{"the common name in Chinese", "例子.中国", "", kind(2, "xn--fsqu00a.xn--fiqs8s")},
		{"a wildcard", "*.example.com", "", kind(2, "*.example.com")},
		{"Domain after the common name", "b.example.com", "a.example.com, 192.0.2.1,,B.example.com", append(kind(2, "b.example.com", "a.example.com"), kind(7, "192.0.2.1")...)},
		{"the common name is not a host", "云证书 门户", "a.example.com", kind(2, "a.example.com")},
		{"250 names and the common name", "www.example.com", strings.Join(testutil.NumberedNames(250), ","), kind(2, append([]string{"www.example.com"}, testutil.NumberedNames(250)...)...)},
		{"250 names", testutil.NumberedNames(250)[0], strings.Join(testutil.NumberedNames(250), ","), kind(2, testutil.NumberedNames(250)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := madeServer(issuer, algorithm.ECC_256)
			req.CommonName, req.Domain = tt.commonName, tt.domain
			o.issues(t, issuer, req, tt.want...)
		})
	}
}

// The certificate is for the key that comes with it, in every algorithm, and
// differs from a certificate for a CSR in nothing else.
func TestCreateServerCertificateKey(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		if a == algorithm.RSA_1024 || a == algorithm.RSA_3072 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			if a == algorithm.RSA_4096 && testing.Short() {
				t.Skip("-short leaves out RSA_4096, whose key takes seconds")
			}
			au := authorityOf(map[string]algorithm.Algorithm{"RSA": algorithm.RSA_2048, "ECC": algorithm.ECC_256, "SM2": algorithm.SM2_256}[a.Family()])
			req := madeServer(au.issuer, a)
			req.Domain, req.Immediately, req.EnableCrl = "192.0.2.1", 2, 1
			before := *req
			resp, made, der, err := ca.CreateServerCertificate(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			if made.Algorithm() != a {
				t.Errorf("the key is %s", made.Algorithm())
			}
			if err := algorithm.Check(made.Public()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(&before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			cert := parse(t, der)
			usage := bitString(7, 0x80)
			if a.Family() == "RSA" {
				usage = bitString(5, 0xa0)
			}
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.Printable(asn.OIDCommonName, "www.example.com")),
				utcTime("260304050607Z"), utcTime("260602050607Z"), made.Public(), [][]byte{
					leafConstraints(a),
					asn.Extension(asn.OIDKeyUsage, true, usage),
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, made.Public()))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com", "192.0.2.1")),
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
				},
			})
			verifySignature(t, cert, au.subKey.Public())
			verifyServer(t, a, der, resp.CertificateChain, au.root.Certificate, instant, "www.example.com", "192.0.2.1")
			if resp.X509Certificate != testutil.EncodePEM("CERTIFICATE", der) {
				t.Error("X509Certificate is not der")
			}
		})
	}
}

// Two calls make two keys; the parameters decide the rest.
func TestCreateServerCertificateSubjectAndValidity(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	start, end := instant.AddDate(0, 0, 7), instant.AddDate(0, 1, 0)
	req := madeServer(issuer, algorithm.ECC_384)
	fields{
		"Country": "de", "State": "Bayern", "Locality": "München", "Organization": "阿里云", "OrganizationUnit": "IT",
		"Days": 0, "BeforeTime": start.Unix(), "AfterTime": end.Unix(),
	}.set(req)
	var publics [][]byte
	for range 2 {
		_, made, der, err := ca.CreateServerCertificate(testutil.Seeded(), instant, issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		cert := parse(t, der)
		checkValidity(t, cert, start, end)
		if want := asn.Name(asn.Printable(asn.OIDCountry, "DE"), asn.Printable(asn.OIDState, "Bayern"), asn.UTF8(asn.OIDLocality, "München"),
			asn.UTF8(asn.OIDOrganization, "阿里云"), asn.Printable(asn.OIDUnit, "IT"), asn.Printable(asn.OIDCommonName, "www.example.com")); !bytes.Equal(cert.RawSubject, want) {
			t.Errorf("subject\n%x, want\n%x", cert.RawSubject, want)
		}
		publics = append(publics, testkeys.PublicDER(t, made.Public()))
	}
	if bytes.Equal(publics[0], publics[1]) {
		t.Error("the same key twice")
	}
}

// The key is made last: a refused request reads nothing from the system's random
// source. This test replaces that source, so it is not parallel.
func TestKeyIsMadeLast(t *testing.T) {
	drawn := func(f func()) bool {
		read := func() []byte {
			b := make([]byte, 16)
			cryptorand.Read(b)
			return b
		}
		cryptotest.SetGlobalRandom(t, 1)
		want := read()
		cryptotest.SetGlobalRandom(t, 1)
		f()
		return !bytes.Equal(want, read())
	}
	for _, o := range leafOperations[:2] {
		for _, a := range testkeys.Families {
			au := authorityOf(a)
			call := func(now time.Time, issuer *ca.Issuer, change fields, want yuncert.Code) func() {
				return func() {
					req := o.request(t, a, au.issuer)
					change.set(req)
					if issuer == au.rootIssuer {
						fields{"ParentIdentifier": issuer.Identifier()}.set(req)
					}
					if _, _, err := o.call(testutil.Seeded(), now, issuer, req); err == nil && want != "" || err != nil && err.(*yuncert.Error).Code != want {
						t.Errorf("%s, %s: error %v, want %s", o.name, a, err, want)
					}
				}
			}
			if a != algorithm.RSA_2048 && !drawn(call(instant, au.issuer, nil, "")) { // RSA takes its time
				t.Errorf("%s, %s: no key was made, so this test says nothing", o.name, a)
			}
			for what, refusedCall := range map[string]func(){
				"a request":       call(instant, au.issuer, fields{"Tags": tags(101)}, malformed),
				"no issuer":       call(instant, nil, nil, yuncert.ErrNotFound),
				"a root":          call(instant, au.rootIssuer, nil, refused),
				"an expired CA":   call(caEnd.Add(time.Hour), au.issuer, nil, yuncert.ErrCertificateExpired),
				"the validity":    call(instant, au.issuer, fields{"Days": 3000}, refused),
				"another family":  call(instant, au.issuer, fields{"Algorithm": map[string]string{"RSA": "SM2_256", "ECC": "RSA_2048", "SM2": "ECC_256"}[a.Family()]}, refused),
				"a validity of 0": call(instant, au.issuer, fields{"Days": math.MinInt32}, malformed),
			} {
				if drawn(refusedCall) {
					t.Errorf("%s, %s: %s is refused, and randomness was drawn", o.name, a, what)
				}
			}
		}
	}
}

// A made certificate is what its holder proves the key of.
func TestMadeKeysSign(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			_, made, der, err := ca.CreateServerCertificate(nil, instant, au.issuer, madeServer(au.issuer, a))
			if err != nil {
				t.Fatal(err)
			}
			// The made key signs a CSR of its own, for which the CA issues again.
			text := makeCSR(t, made, asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")))
			again := issue(t, au.issuer, serverRequest(au.issuer, text))
			if !bytes.Equal(again.RawSubjectPublicKeyInfo, parse(t, der).RawSubjectPublicKeyInfo) {
				t.Error("the certificate holds another key")
			}
			if diff := cmp.Diff([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, parse(t, der).ExtKeyUsage); diff != "" {
				t.Errorf("usages mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

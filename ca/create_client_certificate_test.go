package ca_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type madeClientRequest = ca.CreateClientCertificateRequest

func madeClient(issuer *ca.Issuer, a algorithm.Algorithm) *madeClientRequest {
	return &madeClientRequest{CommonName: "张三", Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90}
}

func TestCreateClientCertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	o, issuer := leafOperations[1], authorityOf(algorithm.RSA_2048).issuer
	tests := []struct {
		name      string
		change    fields
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"CommonName is required", fields{"CommonName": ""}, missing, "CommonName", "CommonName is mandatory for this action."},
		{"CommonName is required with SanValue", fields{"CommonName": "", "SanType": 2, "SanValue": "www.example.com"}, missing, "CommonName", "CommonName is mandatory for this action."},
		{"Algorithm is required", fields{"Algorithm": ""}, missing, "Algorithm", "Algorithm is mandatory for this action."},
		{"RSA_1024 is documented, and too weak for a new key", fields{"Algorithm": "RSA_1024"}, refused, "Algorithm", "RSA_2048 or longer"},
		{"RSA_3072 is not documented", fields{"Algorithm": "RSA_3072"}, malformed, "Algorithm", `"RSA_3072"`},
		{"AliasName of 256 characters", fields{"AliasName": testutil.Chinese(256)}, malformed, "AliasName", "up to 255 characters"},
		{"ClientToken of 65 characters", fields{"ClientToken": strings.Repeat("t", 65)}, malformed, "ClientToken", "64"},
		{"ClientToken in Chinese", fields{"ClientToken": "令牌"}, malformed, "ClientToken", "ASCII"},
		{"AliasName before ClientToken", fields{"AliasName": "\n", "ClientToken": "\n"}, malformed, "AliasName", "control characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := madeClient(issuer, algorithm.RSA_2048)
			tt.change.set(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			o.refuses(t, instant, issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *madeClientRequest
		testutil.CheckError(t, req.Validate(), missing, "CommonName", "CommonName is mandatory for this action.")
		o.refuses(t, instant, issuer, req, missing, "CommonName", "CommonName is mandatory for this action.")
	})
}

// The common name is not among the alternative names, even if it looks like one.
func TestCreateClientCertificateNames(t *testing.T) {
	t.Parallel()
	o, issuer := leafOperations[1], authorityOf(algorithm.ECC_256).issuer
	tests := []struct {
		name       string
		commonName string
		sanType    int32
		value      string
		want       []string
	}{
		{"a person", "张三", 0, "", nil},
		{"a host", "zhang.example.com", 0, "", nil},
		{"an address", "192.0.2.1", 0, "", nil},
		{"a host with a mailbox", "zhang.example.com", 1, "zhang@example.com", kind(1, "zhang@example.com")},
		{"a host asked for", "zhang.example.com", 2, "zhang.example.com", kind(2, "zhang.example.com")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := madeClient(issuer, algorithm.ECC_256)
			req.CommonName, req.SanType, req.SanValue = tt.commonName, tt.sanType, tt.value
			o.issues(t, issuer, req, tt.want...)
		})
	}
}

// The certificate is for the key that comes with it.
func TestCreateClientCertificateKey(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(map[string]algorithm.Algorithm{"RSA": algorithm.RSA_2048, "ECC": algorithm.ECC_256, "SM2": algorithm.SM2_256}[a.Family()])
			req := madeClient(au.issuer, a)
			req.SanType, req.SanValue = 6, "spiffe://example.com/zhang"
			before := *req
			_, made, der, err := ca.CreateClientCertificate(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			if made.Algorithm() != a {
				t.Errorf("the key is %s", made.Algorithm())
			}
			if diff := cmp.Diff(&before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			cert := parse(t, der)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "张三")),
				utcTime("260304050607Z"), utcTime("260602050607Z"), made.Public(), [][]byte{
					leafConstraints(a),
					asn.Extension(asn.OIDKeyUsage, true, bitString(7, 0x80)), // for RSA too: RFC 5280, section 4.2.1.12
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, made.Public()))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, false, asn.Seq(asn.TLV(0x86, []byte("spiffe://example.com/zhang")))),
				},
			})
			verifySignature(t, cert, au.subKey.Public())
			// The same key by a CSR, the same randomness: the same certificate.
			withCSR := clientCSRRequest(au.issuer, makeCSR(t, made, asn.Name(asn.UTF8(asn.OIDCommonName, "张三"))))
			withCSR.SanType, withCSR.SanValue = req.SanType, req.SanValue
			_, again, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, au.issuer, withCSR)
			if err != nil || !bytes.Equal(der, again) {
				t.Errorf("by a CSR it is another certificate: %v", err)
			}
		})
	}
}

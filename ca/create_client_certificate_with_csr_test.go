package ca_test

import (
	"bytes"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type clientRequest = ca.CreateClientCertificateWithCsrRequest

func clientCSRRequest(issuer *ca.Issuer, csr string) *clientRequest {
	return &clientRequest{Csr: csr, ParentIdentifier: issuer.Identifier(), Days: 90}
}

// The document marks no member as required. There is no key without a CSR, and
// no CA without ParentIdentifier.
func TestCreateClientCertificateWithCsrRefusesCSR(t *testing.T) {
	t.Parallel()
	o, au := leafOperations[2], authorityOf(algorithm.ECC_256)
	host := hostCSR(t, algorithm.ECC_256, "zhang.example.com")
	broken := []byte(host)
	broken[len(broken)/2] ^= 1
	tests := []struct {
		name      string
		change    fields
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"Csr is required", fields{"Csr": ""}, missing, "Csr", "Csr is mandatory for this action."},
		{"no PEM", fields{"Csr": "CSR"}, malformed, "Csr", "PEM"},
		{"a wrong octet", fields{"Csr": string(broken)}, malformed, "Csr", ""},
		{"Algorithm of another length", fields{"Algorithm": "ECC_384"}, refused, "Algorithm", "ECC_256"},
		{"Algorithm of another family", fields{"Algorithm": "RSA_2048"}, refused, "Algorithm", "ECC_256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(au.issuer, host)
			tt.change.set(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			o.refuses(t, instant, au.issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *clientRequest
		testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr is mandatory for this action.")
		o.refuses(t, instant, au.issuer, req, missing, "Csr", "Csr is mandatory for this action.")
	})
	for i, whose := range []string{"root", "issuing CA"} {
		t.Run("the key of the "+whose, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, i), asn.Name(asn.UTF8(asn.OIDCommonName, "zhang"))))
			o.refuses(t, instant, au.issuer, req, refused, "Csr", "key")
		})
	}
	t.Run("an attribute of the CSR that is too long", func(t *testing.T) {
		t.Parallel()
		req := clientCSRRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "zhang"), asn.UTF8(asn.OIDOrganization, testutil.Chinese(65)))))
		o.refuses(t, instant, au.issuer, req, malformed, "Csr", "65 characters")
	})
	t.Run("RSA_1024 is for servers only", func(t *testing.T) {
		t.Parallel()
		rsa := authorityOf(algorithm.RSA_2048)
		req := clientCSRRequest(rsa.issuer, hostCSR(t, algorithm.RSA_1024, "zhang"))
		testutil.CheckError(t, req.Validate(), refused, "Csr", "RSA_1024")
		o.refuses(t, instant, rsa.issuer, req, refused, "Csr", "RSA_1024")
	})
	t.Run("MinRSABits", func(t *testing.T) {
		t.Parallel()
		rsa := authorityOf(algorithm.RSA_2048)
		req := clientCSRRequest(rsa.issuer, hostCSR(t, algorithm.RSA_2048, "zhang"))
		o.issues(t, rsa.issuer, req)
		o.refuses(t, instant, rsa.issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 3072}}), req, refused, "Csr", "RSA_2048")
	})
}

// Subject and validity are found as for servers.
func TestCreateClientCertificateWithCsrSubjectAndValidity(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	full := asn.Name(asn.Printable(asn.OIDCountry, "US"), asn.UTF8(asn.OIDState, "Ohio"), asn.UTF8(asn.OIDLocality, "Dayton"), asn.UTF8(asn.OIDOrganization, "ACME"), asn.UTF8(asn.OIDUnit, "IT"), asn.UTF8(asn.OIDCommonName, "张三"))
	given := fields{"Country": "cn", "State": "浙江", "Locality": "杭州", "Organization": "阿里云", "OrganizationUnit": "PKI", "CommonName": "李四"}
	defaults := [][]byte{asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"), asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN")}
	start, end := instant.AddDate(0, 0, 7), instant.AddDate(0, 1, 0)
	tests := []struct {
		name                string
		csr                 []byte
		change              fields
		subject             []byte
		notBefore, notAfter time.Time
	}{
		{"the defaults", asn.Name(), nil, asn.Name(defaults...), instant, instant.AddDate(0, 0, 90)},
		{"the CSR", full, nil, full, instant, instant.AddDate(0, 0, 90)},
		{"the parameters, but for the common name", full, given, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDState, "浙江"), asn.UTF8(asn.OIDLocality, "杭州"),
			asn.UTF8(asn.OIDOrganization, "阿里云"), asn.Printable(asn.OIDUnit, "PKI"), asn.UTF8(asn.OIDCommonName, "张三")), instant, instant.AddDate(0, 0, 90)},
		{"the parameter CommonName if the CSR has none", asn.Name(), fields{"CommonName": "李四"}, asn.Name(append(slices.Clone(defaults), asn.UTF8(asn.OIDCommonName, "李四"))...), instant, instant.AddDate(0, 0, 90)},
		{"the pair", asn.Name(), fields{"Days": 0, "BeforeTime": start.Unix(), "AfterTime": end.Unix()}, asn.Name(defaults...), start, end},
		{"Days before the pair", asn.Name(), fields{"Days": 1, "BeforeTime": start.Unix(), "AfterTime": end.Unix()}, asn.Name(defaults...), start, start.AddDate(0, 0, 1)},
		{"Years and Months", asn.Name(), fields{"Days": 0, "Years": 1, "Months": 2}, asn.Name(defaults...), instant, instant.AddDate(1, 2, 0)},
		{"to the CA's end", asn.Name(), fields{"Days": 0, "Years": 5}, asn.Name(defaults...), instant, caEnd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, makeCSR(t, key(algorithm.ECC_256, 2), tt.csr))
			tt.change.set(req)
			_, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, der)
			if !bytes.Equal(cert.RawSubject, tt.subject) {
				t.Errorf("subject\n%x, want\n%x", cert.RawSubject, tt.subject)
			}
			checkValidity(t, cert, tt.notBefore, tt.notAfter)
		})
	}
}

// Every octet of client certificates, in every algorithm.
func TestCreateClientCertificateWithCsrProfile(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All[1:] { // RSA_1024 is for servers only
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(caAlgorithm(a))
			public := key(a, 2).Public()
			req := clientCSRRequest(au.issuer, hostCSR(t, a, "张三", "a.example.com"))
			req.SanType, req.SanValue, req.EnableCrl = 1, "zhang@example.com", 1
			if a != algorithm.RSA_3072 {
				req.Algorithm = string(a)
			}
			_, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, der)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "张三")),
				utcTime("260304050607Z"), utcTime("260602050607Z"), public, [][]byte{
					leafConstraints(a),
					asn.Extension(asn.OIDKeyUsage, true, bitString(7, 0x80)), // for RSA too: RFC 5280, section 4.2.1.12
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, false, asn.Seq(asn.TLV(0x82, []byte("a.example.com")), asn.TLV(0x81, []byte("zhang@example.com")))),
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
				},
			})
			verifySignature(t, cert, au.subKey.Public())
		})
	}
}

// fullClientRequest has every field set, except for AsynchronousFlag.
func fullClientRequest(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) *clientRequest {
	return &clientRequest{
		SanType: 1, SanValue: "zhang@example.com,li@example.com",
		Csr: hostCSR(t, a, "张三", "zhang.example.com"), Organization: "阿里云", OrganizationUnit: "IT", Country: "CN", CommonName: "李四",
		State: "Zhejiang", Locality: "Hangzhou", Algorithm: string(a), ParentIdentifier: issuer.Identifier(),
		Years: 1, Months: 12, Days: 365, BeforeTime: instant.Unix(), AfterTime: instant.AddDate(1, 0, 0).Unix(),
		Immediately: 2, EnableCrl: 1, Tags: []ca.Tag{{Key: "account", Value: "test"}}, ResourceGroupId: "rg-aek****wia", CustomIdentifier: "order-17",
	}
}

// The same inputs give the bytes in testdata, and are not changed.
func TestCreateClientCertificateWithCsrGolden(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			issuer := authorityOf(a).issuer
			req := fullClientRequest(t, a, issuer)
			req.Country = "cn"
			before := *req
			before.Tags = slices.Clone(req.Tags)
			resp := issueTwice(t, func() (*ca.CreateClientCertificateWithCsrResponse, []byte, error) {
				return ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			})
			if diff := cmp.Diff(&before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			testutil.Golden(t, "golden/"+string(a)+"-client.pem", resp.X509Certificate)
			resp.X509Certificate, resp.CertificateChain = "", ""
			goldenJSON(t, string(a)+"-client", resp)
		})
	}
}

// A CSR's block is not confused with what it is signed into.
func TestCreateClientCertificateWithCsrAnyTool(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	text := hostCSR(t, algorithm.ECC_256, "zhang")
	want, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, clientCSRRequest(issuer, text))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(text))
	block.Type = "NEW CERTIFICATE REQUEST"
	for what, other := range map[string]string{
		"CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"another label":     string(pem.EncodeToMemory(block)),
		"a byte-order mark": "\ufeff" + text,
	} {
		got, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, clientCSRRequest(issuer, other))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: another certificate (-want +got):\n%s", what, diff)
		}
	}
}

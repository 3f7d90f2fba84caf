package ca_test

import (
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A pair is what a TLCP peer sends, for one change.
type pair struct {
	sign, encrypt string
	now           time.Time
	opts          ca.VerifyOptions
}

func newPair(t testing.TB) *pair {
	au := authorityOf(sm2Pair)
	return &pair{
		sign: signCert(t, withSerial(2)), encrypt: encryptCert(t, ordinary), now: instant.AddDate(0, 1, 0),
		opts: ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: au.sub.Certificate, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth, Pair: true},
	}
}

// encryptCert is the pair of signCert.
func encryptCert(t testing.TB, change func(*x509der.Template)) string {
	t.Helper()
	return signCert(t, func(template *x509der.Template) {
		template.SerialNumber, template.PublicKey = []byte{3}, testkeys.PublicDER(t, encryptKey().Public())
		template.KeyUsage = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageKeyAgreement
		change(template)
	})
}

func withSerial(n byte) func(*x509der.Template) {
	return func(t *x509der.Template) { t.SerialNumber = []byte{n} }
}

func withUsage(usage x509.KeyUsage) func(*x509der.Template) {
	return func(t *x509der.Template) { t.KeyUsage = usage }
}

func withKey(t testing.TB, k *algorithm.PrivateKey) func(*x509der.Template) {
	return func(template *x509der.Template) { template.PublicKey = testkeys.PublicDER(t, k.Public()) }
}

// revoke makes the list of the subordinate CA.
func (p *pair) revoke(t testing.TB, serials ...string) {
	t.Helper()
	var revoked []ca.RevokedCertificate
	for _, serial := range serials {
		revoked = append(revoked, ca.RevokedCertificate{SerialNumber: serial, RevocationTime: instant})
	}
	der, err := ca.CreateRevocationList(testutil.Seeded(), p.now, authorityOf(sm2Pair).issuer, &ca.CreateRevocationListRequest{
		Number: big.NewInt(1), NextUpdate: p.now.AddDate(0, 0, 7), Revoked: ca.Revoked(revoked...),
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := ca.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	p.opts.RevocationLists = append(p.opts.RevocationLists, list)
}

// Each row is a change to a pair after which it still is one.
func TestVerifyPairAccepts(t *testing.T) {
	t.Parallel()
	a, b := asn.DNSName("www.example.com"), asn.IPAddress(192, 0, 2, 1)
	tests := []struct {
		name   string
		change func(p *pair)
	}{
		{"nothing", func(*pair) {}},
		{"no host and no usage", func(p *pair) { p.opts.Host, p.opts.Usage = "", x509.ExtKeyUsageAny }},
		{"the chain after the pair", func(p *pair) { p.encrypt += p.opts.Intermediates; p.opts.Intermediates = "" }},
		{"only keyEncipherment", func(p *pair) { p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyEncipherment)) }},
		{"only dataEncipherment", func(p *pair) { p.encrypt = encryptCert(t, withUsage(x509.KeyUsageDataEncipherment)) }},
		{"a client with only keyEncipherment", func(p *pair) { // as the scripts of GmSSL make it
			p.opts.Usage = x509.ExtKeyUsageClientAuth
			client := func(t *x509der.Template) { t.ExtKeyUsage = []string{x509der.ClientAuth} }
			p.sign = signCert(t, client)
			p.encrypt = encryptCert(t, func(t *x509der.Template) {
				client(t)
				t.KeyUsage = x509.KeyUsageKeyEncipherment
			})
		}},
		{"only keyAgreement", func(p *pair) { p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyAgreement)) }},
		{"a signing certificate for content commitment too", func(p *pair) {
			p.sign = signCert(t, withUsage(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment))
		}},
		{"two RSA keys", func(p *pair) {
			p.sign = signCert(t, withKey(t, key(algorithm.RSA_2048, 2)))
			p.encrypt = encryptCert(t, withKey(t, key(algorithm.RSA_4096, 1)))
		}},
		{"names in another order", func(p *pair) {
			p.sign, p.encrypt = signCert(t, withNames(a, b, a)), encryptCert(t, withNames(b, a))
		}},
		{"another validity", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.NotAfter = instant.AddDate(0, 2, 0) })
		}},
		{"the subject in another string type", func(p *pair) {
			p.encrypt = encryptCert(t, withSubject(asn.UTF8(asn.OIDCommonName, "WWW.example.com")))
		}},
		{"a list without the two", func(p *pair) { p.revoke(t, "04") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			tt.change(p)
			chain, err := ca.Verify(p.now, p.sign+p.encrypt, p.opts)
			if err != nil {
				t.Fatal(err)
			}
			au := authorityOf(sm2Pair)
			want := []*x509.Certificate{parsePEM(t, p.sign), parsePEM(t, au.sub.Certificate), parsePEM(t, au.root.Certificate)}
			if !slices.EqualFunc(chain, want, (*x509.Certificate).Equal) {
				t.Errorf("the chain is %v", chain)
			}
		})
	}
}

// Each row is one change to a pair.
func TestVerifyPairRefuses(t *testing.T) {
	t.Parallel()
	au := authorityOf(sm2Pair)
	// byRoot signs a certificate again, by the root and with an issuer.
	byRoot := func(text string, issuer []byte) string {
		return testutil.EncodePEM("CERTIFICATE", rewrite(t, testutil.DecodePEM(t, "CERTIFICATE", text), au.rootKey, func(f [][]byte) [][]byte {
			f[3] = issuer
			return f
		}))
	}
	const second = `serial number 03) is the second of the pair and has `
	tests := []struct {
		name    string
		change  func(p *pair)
		code    yuncert.Code
		mention string
	}{
		{"only the first", func(p *pair) { p.encrypt = "" }, malformed, "there is only one certificate; want a pair"},
		{"the second damaged", func(p *pair) { p.encrypt = p.encrypt[:100] }, malformed, "certificate 2 cannot be read"},
		{"the second not a certificate", func(p *pair) { p.encrypt = testutil.EncodePEM("CERTIFICATE", asn.Seq()) }, malformed, "certificate 2 cannot be read"},
		{"the first in both places", func(p *pair) { p.encrypt = p.sign }, refused, "(serial number 02) is the second of the pair and has none of the key usages keyEncipherment, dataEncipherment, keyAgreement"},
		{"the second in both places", func(p *pair) { p.sign = p.encrypt }, refused, "(serial number 03) is the first of the pair and lacks the key usage digitalSignature"},
		{"the other way round", func(p *pair) { p.sign, p.encrypt = p.encrypt, p.sign }, refused, "(serial number 03) is the first of the pair"},
		{"the chain between the two", func(p *pair) { p.sign += p.opts.Intermediates }, refused, "is the second of the pair and has none of the key usages"},
		{"another signing certificate in the second place", func(p *pair) { p.encrypt = encryptCert(t, withUsage(x509.KeyUsageDigitalSignature)) }, refused, second + "none of the key usages"},
		{"no key usage in the first", func(p *pair) { p.sign = signCert(t, withUsage(0)) }, refused, "is the first of the pair"},
		{"no key usage in the second", func(p *pair) { p.encrypt = encryptCert(t, withUsage(0)) }, refused, second + "none of the key usages"},
		{"an encryption key that signs", func(p *pair) {
			p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyEncipherment|x509.KeyUsageDigitalSignature))
		}, refused, second + "the key usage digitalSignature; an encryption key must not sign"},
		{"an encryption key that signs contracts", func(p *pair) {
			p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyEncipherment|x509.KeyUsageContentCommitment))
		}, refused, second + "the key usage contentCommitment"},
		{"an encryption key that signs certificates", func(p *pair) {
			p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyEncipherment|x509.KeyUsageCertSign))
		}, refused, second + "the key usage keyCertSign"},
		{"an encryption key that signs CRLs", func(p *pair) {
			p.encrypt = encryptCert(t, withUsage(x509.KeyUsageKeyEncipherment|x509.KeyUsageCRLSign))
		}, refused, second + "the key usage cRLSign"},
		{"a CA in the first place", func(p *pair) {
			p.sign = signCert(t, func(t *x509der.Template) { t.CA, t.PathLen = true, 0 })
		}, refused, "is a CA's, and a pair has none"},
		{"a CA in the second place", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.CA, t.PathLen = true, 0 })
		}, refused, "is a CA's, and a pair has none"},
		{"another subject", func(p *pair) {
			p.encrypt = encryptCert(t, withSubject(asn.Printable(asn.OIDCommonName, "example.com")))
		}, refused, "their subjects differ"},
		{"another issuer", func(p *pair) { p.encrypt = byRoot(p.encrypt, au.rootSubject) }, refused, "their issuers differ"},
		{"a name less", func(p *pair) { p.encrypt = encryptCert(t, func(t *x509der.Template) { t.Names = nil }) }, refused, "their alternative names differ"},
		{"a name more", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.Names = append(t.Names, "example.com") })
		}, refused, "their alternative names differ"},
		{"a name of another form", func(p *pair) {
			p.encrypt = encryptCert(t, withNames(asn.DNSName("www.example.com"), asn.Explicit(4, commonName("a"))))
		}, refused, "their alternative names differ"},
		{"one key", func(p *pair) { p.encrypt = encryptCert(t, withKey(t, key(sm2Pair, 2))) }, refused, "have the same key; a pair has two"},
		{"an RSA encryption key", func(p *pair) { p.encrypt = encryptCert(t, withKey(t, key(algorithm.RSA_2048, 1))) }, refused, "have keys of SM2_256 and RSA_2048"},
		{"an ECC encryption key", func(p *pair) { p.encrypt = encryptCert(t, withKey(t, key(algorithm.ECC_256, 2))) }, refused, "have keys of SM2_256 and ECC_256"},
		{"an RSA signing key", func(p *pair) { p.sign = signCert(t, withKey(t, key(algorithm.RSA_2048, 1))) }, refused, "have keys of RSA_2048 and SM2_256"},
		{"one key in another encoding", func(p *pair) {
			p.encrypt = encryptCert(t, func(template *x509der.Template) {
				public := testkeys.PublicDER(t, key(sm2Pair, 2).Public())
				template.PublicKey = asn.Seq(asn.Seq(asn.OIDSM2), bitString(0, public[len(public)-65:]...))
			})
		}, refused, "have the same key; a pair has two"},

		// The second is verified like the first.
		{"another host", func(p *pair) { p.opts.Host = "example.com" }, refused, `is not for the name "example.com"`},
		{"a second that has expired", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.NotAfter = instant.AddDate(0, 0, 7) })
		}, yuncert.ErrCertificateExpired, "(serial number 03) is valid from"},
		{"a second for another usage", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.ExtKeyUsage = []string{x509der.ClientAuth} })
		}, refused, "(serial number 03) has extended key usages that do not allow serverAuth"},
		{"a second that another key signed", func(p *pair) { p.encrypt = byRoot(p.encrypt, au.subject) }, refused, "(serial number 03) is not signed by"},
		{"a first that another key signed", func(p *pair) { p.sign = byRoot(p.sign, au.subject) }, refused, "(serial number 02) is not signed by"},
		{"a second with an unknown critical extension", func(p *pair) {
			p.encrypt = encryptCert(t, func(t *x509der.Template) { t.CRLPoints = asn.Extension(asn.OID("\x2a\x03"), true, asn.Null) })
		}, refused, "(serial number 03) has the critical extension 1.2.3"},
		{"a first that is revoked", func(p *pair) { p.revoke(t, "02") }, yuncert.ErrInvalidStatusUpdateProtection, "(serial number 02)"},
		{"a second that is revoked", func(p *pair) { p.revoke(t, "03") }, yuncert.ErrInvalidStatusUpdateProtection, "(serial number 03)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			tt.change(p)
			chain, err := ca.Verify(p.now, p.sign+p.encrypt, p.opts)
			testutil.CheckError(t, err, tt.code, "Certificate", tt.mention)
			if chain != nil {
				t.Error("a chain with an error")
			}
		})
	}
}

// Without Pair the second certificate is one of the others.
func TestVerifyWithoutPair(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.opts.Pair = false
	p.encrypt = encryptCert(t, withSubject(asn.Printable(asn.OIDCommonName, "example.com")))
	if _, err := ca.Verify(p.now, p.sign+p.encrypt, p.opts); err != nil {
		t.Error(err)
	}
}

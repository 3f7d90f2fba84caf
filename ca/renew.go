package ca

import (
	"bytes"
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Renew signs a new certificate for a CA. It copies the key, the subject and the
// extensions of the old one octet by octet, also the subject key identifier. So what the
// CA issued before verifies with the new certificate, and an inventory takes both for one
// CA. Use it for CAs that another tool created: [CreateRootCACertificate] and
// [CreateSubCACertificate] encode the subject and compute the identifier in their own
// way.
//
// certificate is the old certificate of the CA in PEM, which may have expired. parent is
// the CA above, the former one or another one, as for [CreateExternalCACertificate]. For
// a self-signed root, parent is an Issuer of the root itself, which may have expired
// too. The new certificate begins now and is valid for years calendar years, 1 to 100.
// The authorityKeyIdentifier and the addresses of [IssuerOptions] are not copied: the
// parent supplies them, and a root has none. issuerAltName is left out. Renew does not
// verify who signed the old certificate.
//
// Its own errors are [yuncert.ErrMissingParameter] and
// [yuncert.ErrInvalidValueMalformed] for certificate and years, and
// [yuncert.ErrInvalidParameter] if certificate is not acceptable as a CA's ([NewIssuer]),
// or if the parent, its path length, its extended key usages or its name constraints do
// not allow the certificate.
func Renew(rand io.Reader, now time.Time, parent *Issuer, certificate string, years int32) (*CreateRootCACertificateResponse, error) {
	if err := checkParent(parent, ""); err != nil {
		return nil, err
	}
	if certificate == "" {
		return nil, yuncert.Missing("Certificate")
	}
	parsed, err := param.ParseCertificates("Certificate", certificate, 1)
	if err != nil {
		return nil, err
	}
	if err := checkYears(years); err != nil {
		return nil, err
	}
	old := parsed[0]
	if err := checkCA(old, parent.options.KeyPolicy); err != nil {
		return nil, param.Refused("Certificate", "the certificate %v", err)
	}
	if _, err := x509der.ConstraintsOf(old); err != nil {
		return nil, param.Refused("Certificate", "the certificate has unusable name constraints: %v", err)
	}
	if policyDemand([]*x509.Certificate{new(x509.Certificate), old}) != nil {
		return nil, param.Refused("Certificate", "the certificate "+demandsPolicies)
	}
	name, err := x509der.ParseCAName(old.RawSubject)
	if err != nil {
		return nil, param.Malformed("Certificate", "the certificate has an unusable subject: %v", err)
	}
	publicKey, err := algorithm.MarshalPublicKey(old.PublicKey)
	if err != nil {
		return nil, err
	}
	kept, err := x509der.KeptExtensions(old)
	if err != nil {
		return nil, param.Malformed("Certificate", "the certificate has an unusable extension: %v", err)
	}
	if bytes.Equal(publicKey, parent.signer.PublicDER) {
		if !selfIssued(old) {
			return nil, param.Refused("Certificate", "the certificate has the key of the parent and is not a root's; want the CA above as the parent")
		}
		notBefore, notAfter, err := rootValidity(now, years)
		if err != nil {
			return nil, err
		}
		return issueRoot(rand, parent.signer, &x509der.Template{
			Issuer: old.RawSubject, NotBefore: notBefore, NotAfter: notAfter, RawSubject: old.RawSubject, PublicKey: publicKey, Kept: kept,
		})
	}
	if err := parent.checkKeptNames(old); err != nil {
		return nil, err
	}
	usages, _ := x509der.ExtKeyUsages(old)
	return parent.issueSubCA(rand, now, &draft{
		kind:        caCertificate,
		key:         subjectKey{argument: old.PublicKey, owner: "the CA", from: "Certificate", algorithmFrom: "Certificate"},
		mixed:       true,
		subject:     subject{whole: name, raw: old.RawSubject, commonName: sourced{"", "Certificate"}},
		validity:    validity{years: years},
		usages:      usages,
		usagesFrom:  "Certificate",
		pathLen:     old.MaxPathLen,
		pathLenFrom: "Certificate",
		kept:        kept,
	})
}

// checkKeptNames refuses names of a certificate that the name constraints exclude.
func (i *Issuer) checkKeptNames(cert *x509.Certificate) error {
	comparisons := int64(0)
	for at, c := range i.constraints {
		if c == nil {
			continue
		}
		comparisons += c.Comparisons(cert)
		if comparisons > maxComparisons {
			return param.Refused("Certificate", "the names of the certificate would have to be compared with name constraints more than %d times", maxComparisons)
		}
		if err := c.CheckNames(cert); err != nil {
			return param.Refused("Certificate", "%v of the CA %.80q", err, i.chain[at].Subject.CommonName)
		}
	}
	return nil
}

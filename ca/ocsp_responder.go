package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// An OCSPResponder answers OCSP requests for a CA. It holds a private key and
// either the CA's own certificate or one that the CA signed for this purpose.
// It never changes and is safe for concurrent use.
type OCSPResponder struct {
	signer      *x509der.Signer
	issuer      *x509der.OCSPIssuer
	line        string // String
	keyHash     []byte
	certificate []byte // of a delegated responder
	// Both certificates are valid from notBefore to notAfter.
	notBefore, notAfter time.Time
}

// NewOCSPResponder makes an OCSPResponder from a private key and a chain in PEM
// that begins with the key's certificate. The chain is one of these; certificates
// after them are not read:
//
//   - the CertificateChain of [CreateOCSPResponderCertificate]. The responder
//     answers for the CA that comes second. Prefer this: it keeps the CA's key
//     away from the network;
//   - the chain of a CA, as [NewIssuer] takes it. The CA answers itself.
//     OpenSSL, Java and Go accept this, although CA certificates of this
//     package lack the key usage digitalSignature (RFC 5280, section 4.2.1.3).
//
// The errors are the same as NewIssuer's for the key and for a single CA
// certificate, and [yuncert.ErrInvalidParameter] for a responder's certificate
// that is not signed by the second, demands certificate policies, has a
// critical extension that is not understood, a usage extension that grants
// nothing or a weak key, or lacks the extended key usage OCSPSigning (RFC 6960,
// section 4.2.2.2) or the key usage digitalSignature. Validity is checked at
// each answer.
func NewOCSPResponder(chainPEM string, key crypto.Signer) (*OCSPResponder, error) {
	chain, err := param.ParseCertificates("CertificateChain", chainPEM, maxChain)
	if err != nil {
		return nil, err
	}
	signer, err := x509der.NewSigner(key)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "", "the responder's key cannot be used")
	}
	if signer.Algorithm == algorithm.RSA_1024 {
		return nil, refusedChain("the responder's key is RSA_1024, which is too weak; want RSA_2048 or longer")
	}
	cert := chain[0]
	publicKey, err := algorithm.MarshalPublicKey(cert.PublicKey) // SM2 keys have several encodings
	if err != nil {
		return nil, refusedLink(0, cert, "has an unusable key: %s", param.Text(err))
	}
	if !bytes.Equal(publicKey, signer.PublicDER) {
		return nil, refusedChain("the key does not belong to the chain's first certificate, %.80q", cert.Subject.CommonName)
	}
	r := &OCSPResponder{
		signer: signer, keyHash: x509der.ResponderKeyHash(cert.RawSubjectPublicKeyInfo),
		notBefore: cert.NotBefore, notAfter: cert.NotAfter,
	}
	issuer := cert
	if cert.IsCA {
		if err := checkCA(cert, algorithm.KeyPolicy{}); err != nil {
			return nil, refusedLink(0, cert, "%v", err)
		}
	} else {
		if len(chain) == 1 {
			return nil, refusedChain("the CA's own certificate is missing: the chain has only the responder's")
		}
		issuer = chain[1]
		if err := checkDelegation(cert, issuer); err != nil {
			return nil, err
		}
		r.certificate = cert.Raw
		if issuer.NotBefore.After(r.notBefore) {
			r.notBefore = issuer.NotBefore
		}
		if issuer.NotAfter.Before(r.notAfter) {
			r.notAfter = issuer.NotAfter
		}
	}
	demand := policyDemand(chain[:slices.Index(chain, issuer)+1])
	if demand != nil {
		return nil, refusedLink(slices.Index(chain, demand), demand, demandsPolicies)
	}
	r.line = "OCSP responder of " + caLine(issuer, x509der.Identifier(issuer.Raw))
	r.issuer = x509der.NewOCSPIssuer(issuer)
	return r, nil
}

// checkDelegation checks the certificate of a responder that is not the CA itself
// (RFC 6960, section 4.2.2.2), and the CA's.
func checkDelegation(cert, issuer *x509.Certificate) error {
	if err := checkCertificate(cert, algorithm.KeyPolicy{}); err != nil {
		return refusedLink(0, cert, "%v", err)
	}
	if err := checkCA(issuer, algorithm.KeyPolicy{}); err != nil {
		return refusedLink(1, issuer, "%v", err)
	}
	switch {
	case !x509der.SameName(cert.RawIssuer, issuer.RawSubject):
		return refusedLink(0, cert, "is not issued by the next certificate, %.80q", issuer.Subject.CommonName)
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return refusedLink(0, cert, "is not an OCSP responder's: its extended key usages lack OCSPSigning (RFC 6960, section 4.2.2.2)")
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return refusedLink(0, cert, "may not sign: its keyUsage lacks digitalSignature (RFC 5280, section 4.2.1.3)")
	}
	if err := x509der.CheckSignature(cert, issuer); err != nil {
		return refusedLink(0, cert, "is not signed by %.80q: %s", issuer.Subject.CommonName, param.Text(err))
	}
	return nil
}

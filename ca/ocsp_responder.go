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

// An OCSPResponder answers for a CA: a private key and a certificate, the CA's
// own or one that the CA signed for the purpose. It is immutable and safe for
// concurrent use.
type OCSPResponder struct {
	signer      *x509der.Signer
	issuer      *x509der.OCSPIssuer
	line        string // String
	keyHash     []byte
	certificate []byte // of a delegated responder
	// All certificates needed are valid from notBefore to notAfter.
	notBefore, notAfter time.Time
}

// NewOCSPResponder makes an OCSPResponder of a private key and a chain in PEM,
// the key's certificate first. That is either the CertificateChain of
// [CreateOCSPResponderCertificate]: the responder answers for the CA that comes
// next, without that CA's key. Or it is what [NewIssuer] takes: the CA answers
// itself. Certificates behind these are not looked at.
//
// A CA's certificate here has no digitalSignature in its key usage, which RFC
// 5280, section 4.2.1.3, wants for the second form; OpenSSL, Java and Go do not
// mind. Prefer the first.
//
// A chain that is no such PEM, or a key that is unsupported or weak, is
// [yuncert.ErrInvalidValueMalformed]. [yuncert.ErrInvalidParameter] is a
// certificate that holds another key, a CA's certificate that [NewIssuer] would
// refuse, and a responder's certificate that is not signed by the next, demands
// certificate policies, has a critical extension that is not understood, lacks the
// extended key usage OCSPSigning (RFC 6960, section 4.2.2.2) or the key usage
// digitalSignature. Validity is judged when an answer is made, not here.
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
		return nil, refusedChain("the responder's key is RSA_1024, which is too weak")
	}
	cert := chain[0]
	publicKey, err := algorithm.MarshalPublicKey(cert.PublicKey) // anew: SM2 keys have several encodings
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidParameter, "CertificateChain", "the first certificate")
	}
	if !bytes.Equal(publicKey, signer.PublicDER) {
		return nil, refusedChain("the key is not that of the chain's first certificate, %.80q", cert.Subject.CommonName)
	}
	r := &OCSPResponder{
		signer: signer, keyHash: x509der.ResponderKeyHash(cert.RawSubjectPublicKeyInfo),
		notBefore: cert.NotBefore, notAfter: cert.NotAfter,
	}
	issuer := cert
	if !cert.IsCA {
		if len(chain) == 1 {
			return nil, refusedChain("the chain ends with the responder's certificate: the CA's own is missing")
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
	} else if err := checkCA(cert, 0, algorithm.KeyPolicy{}); err != nil {
		return nil, refusedLink(0, cert, "%v", err)
	}
	r.line = "OCSP responder of " + caLine(issuer, identifierOf(issuer.Raw))
	r.issuer = x509der.NewOCSPIssuer(issuer)
	return r, nil
}

// checkDelegation checks that a CA lets the holder of a certificate answer for
// it (RFC 6960, section 4.2.2.2).
func checkDelegation(cert, issuer *x509.Certificate) error {
	if err := checkCertificate(cert, algorithm.KeyPolicy{}); err != nil {
		return refusedLink(0, cert, "%v", err)
	}
	if err := checkCA(issuer, 0, algorithm.KeyPolicy{}); err != nil {
		return refusedLink(1, issuer, "%v", err)
	}
	switch {
	case !bytes.Equal(cert.RawIssuer, issuer.RawSubject):
		return refusedLink(0, cert, "is not issued by the next, %.80q", issuer.Subject.CommonName)
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

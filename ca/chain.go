package ca

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxChain is the largest number of certificates in a chain.
const maxChain = 10

// checkCA reports why a certificate is not acceptable as a CA's. below is the
// number of CA certificates that follow it toward the end entity. The policy
// applies to the CA's key, except for its MinRSABits. Signatures, validity and
// name constraints are left to the caller. The error completes a sentence that
// begins with the name of the certificate.
func checkCA(cert *x509.Certificate, below int, policy algorithm.KeyPolicy) error {
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return errors.New("is not a CA certificate (RFC 5280, section 4.2.1.9)")
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		// A certificate without keyUsage may sign everything (section 6.1.4, n).
		return errors.New("may not sign certificates: its keyUsage lacks keyCertSign (RFC 5280, section 4.2.1.3)")
	}
	policy.MinRSABits = 0 // a bound on the keys that a CA certifies
	if err := checkCertificate(cert, policy); err != nil {
		return err
	}
	if isRSA1024(cert) {
		return errors.New("has an RSA_1024 key, which is too weak for a CA")
	}
	if cert.MaxPathLen >= 0 && below > cert.MaxPathLen {
		return fmt.Errorf("allows %d CA certificates below it and %d follow (RFC 5280, section 4.2.1.9)", cert.MaxPathLen, below)
	}
	return nil
}

// checkCertificate reports what makes any certificate of a chain unacceptable,
// a CA's or not. Its error reads like checkCA's.
func checkCertificate(cert *x509.Certificate, policy algorithm.KeyPolicy) error {
	if len(cert.UnhandledCriticalExtensions) > 0 {
		return fmt.Errorf("has the critical extension %.80v, which is not understood (RFC 5280, section 4.2)", cert.UnhandledCriticalExtensions[0])
	}
	if cert.RequireExplicitPolicy != 0 || cert.RequireExplicitPolicyZero {
		return errors.New("requires certificate policies, which are not supported (RFC 5280, section 4.2.1.11)")
	}
	if err := x509der.CheckUsages(cert); err != nil {
		return fmt.Errorf("has an unusable key usage: %v", err)
	}
	if err := policy.Check(cert.PublicKey); err != nil {
		return fmt.Errorf("has an unusable key: %s", param.Text(err))
	}
	return nil
}

// isRSA1024 reports whether a certificate has an RSA_1024 key, which is accepted
// only in the certificate of a server.
func isRSA1024(cert *x509.Certificate) bool {
	a, err := algorithm.Of(cert.PublicKey)
	return err == nil && a == algorithm.RSA_1024
}

// refusedChain is the error for the parameter CertificateChain.
func refusedChain(format string, args ...any) error {
	return refused("CertificateChain", format, args...)
}

// refusedLink is refusedChain for the certificate at an index of the chain. The
// format completes a sentence that begins with the name of the certificate.
func refusedLink(at int, cert *x509.Certificate, format string, args ...any) error {
	return refusedChain("certificate %d of the chain, %.80q, %s", at+1, cert.Subject.CommonName, fmt.Sprintf(format, args...))
}

// label names a certificate in a message.
func label(cert *x509.Certificate) string {
	return fmt.Sprintf("certificate %s (serial number %.20x)", printed(cert.RawSubject, cert.Subject), serialOctets(cert))
}

// printed returns a name for a message, or the length of a long one: the time
// that String takes grows with the square of the length.
func printed(raw []byte, name pkix.Name) string {
	if len(raw) > 1<<10 {
		return fmt.Sprintf("(a name of %d octets)", len(raw))
	}
	return fmt.Sprintf("%.80q", name.String())
}

package ca

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxChain is the largest number of certificates in a chain.
const maxChain = 10

// checkCA reports why a certificate is not acceptable as a CA's. The policy
// applies to the CA's key, except for its MinRSABits. What depends on other
// certificates is left to the caller, and so are validity and name constraints.
// The error completes a sentence that begins with the name of the certificate.
func checkCA(cert *x509.Certificate, policy algorithm.KeyPolicy) error {
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return errors.New("is not a CA certificate (RFC 5280, section 4.2.1.9)")
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		// A certificate without keyUsage may sign everything (section 6.1.4, n).
		return errors.New("may not sign certificates: its keyUsage lacks keyCertSign (RFC 5280, section 4.2.1.3)")
	case len(cert.Subject.Names) == 0:
		return errors.New("has no subject, which a CA must have (RFC 5280, section 4.1.2.6)")
	}
	policy.MinRSABits = 0 // a bound on the keys that a CA certifies
	if err := checkCertificate(cert, policy); err != nil {
		return err
	}
	if isRSA1024(cert) {
		return errors.New("has an RSA_1024 key, which is too weak for a CA")
	}
	for _, mapping := range cert.PolicyMappings {
		if mapping.IssuerDomainPolicy.EqualASN1OID(anyPolicy) || mapping.SubjectDomainPolicy.EqualASN1OID(anyPolicy) {
			return errors.New("maps a policy from or to anyPolicy (RFC 5280, section 6.1.4)")
		}
	}
	return nil
}

// anyPolicy is the policy of RFC 5280, section 4.2.1.4.
var anyPolicy = asn1.ObjectIdentifier{2, 5, 29, 32, 0}

// checkPathLen reports that more CAs follow a CA toward the end entity than its
// path length allows. Self-issued certificates, with which a CA changes its
// key, do not count (RFC 5280, section 4.2.1.9).
func checkPathLen(cert *x509.Certificate, below []*x509.Certificate) error {
	if cert.MaxPathLen < 0 || len(below) <= cert.MaxPathLen {
		return nil
	}
	count := 0
	for _, ca := range below {
		if !selfIssued(ca) {
			count++
		}
	}
	if count > cert.MaxPathLen {
		return fmt.Errorf("allows %d CA certificates below it and %d follow (RFC 5280, section 4.2.1.9)", cert.MaxPathLen, count)
	}
	return nil
}

// selfIssued reports whether issuer and subject of a certificate are one name.
func selfIssued(cert *x509.Certificate) bool {
	return x509der.SameName(cert.RawIssuer, cert.RawSubject)
}

// policyDemand returns the certificate of a chain whose demand for certificate
// policies takes effect before the chain ends, nil if there is none (RFC 5280,
// sections 4.2.1.11 and 6.1.3 to 6.1.5). The demand of a root counts like that
// of other CAs.
func policyDemand(chain []*x509.Certificate) *x509.Certificate {
	var from *x509.Certificate // the certificate with the demand
	left := 0                  // certificates before it takes effect
	for at, cert := range slices.Backward(chain) {
		if from != nil && left == 0 {
			return from
		}
		if from != nil && (at == 0 || !selfIssued(cert)) {
			left--
		}
		demands := cert.RequireExplicitPolicy > 0 || cert.RequireExplicitPolicyZero
		if demands && (from == nil || cert.RequireExplicitPolicy < left) {
			from, left = cert, cert.RequireExplicitPolicy
		}
		if at == 0 && from != nil && left == 0 {
			return from
		}
	}
	return nil
}

// demandsPolicies completes a sentence that begins with the name of a
// certificate.
const demandsPolicies = "requires certificate policies, which are not supported (RFC 5280, section 4.2.1.11)"

// checkCertificate reports what makes any certificate of a chain unacceptable,
// a CA's or not. Its error reads like checkCA's.
func checkCertificate(cert *x509.Certificate, policy algorithm.KeyPolicy) error {
	for _, id := range cert.UnhandledCriticalExtensions {
		// crypto/x509 reads no directory names in name constraints;
		// ConstraintsOf does.
		if !cert.IsCA || !id.Equal(nameConstraints) {
			return fmt.Errorf("has the critical extension %.80v, which is not understood (RFC 5280, section 4.2)", id)
		}
	}
	if err := x509der.CheckPolicyQualifiers(cert); err != nil {
		return err
	}
	if err := x509der.CheckUsages(cert); err != nil {
		return fmt.Errorf("has an unusable key usage: %v", err)
	}
	if err := policy.Check(cert.PublicKey); err != nil {
		return fmt.Errorf("has an unusable key: %s", param.Text(err))
	}
	return nil
}

// nameConstraints is the extension of RFC 5280, section 4.2.1.10.
var nameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}

// isRSA1024 reports whether a certificate has an RSA_1024 key, which is accepted
// only in the certificate of a server.
func isRSA1024(cert *x509.Certificate) bool {
	a, err := algorithm.Of(cert.PublicKey)
	return err == nil && a == algorithm.RSA_1024
}

// refusedChain is the error for the parameter CertificateChain.
func refusedChain(format string, args ...any) error {
	return param.Refused("CertificateChain", format, args...)
}

// refusedLink is refusedChain for the certificate at an index of the chain. The
// format completes a sentence that begins with the name of the certificate.
func refusedLink(at int, cert *x509.Certificate, format string, args ...any) error {
	return refusedChain("certificate %d of the chain, %.80q, %s", at+1, cert.Subject.CommonName, fmt.Sprintf(format, args...))
}

// label names a certificate in a message.
func label(cert *x509.Certificate) string {
	return fmt.Sprintf("certificate %s (serial number %.20x)", printed(cert.RawSubject, cert.Subject), x509der.SerialOctets(cert))
}

// printed returns a name for a message, or the length of a long one: the time
// that String takes grows with the square of the length.
func printed(raw []byte, name pkix.Name) string {
	if len(raw) > 1<<10 {
		return fmt.Sprintf("(a name of %d octets)", len(raw))
	}
	return fmt.Sprintf("%.80q", name.String())
}

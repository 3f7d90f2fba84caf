package ca

import (
	"bytes"
	"crypto/x509"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxChecks is the largest number of signatures that one Verify checks. Many
// certificates with the same names could otherwise cost exponential time.
const maxChecks = 100

// maxComparisons is the largest number of comparisons of a name with a name
// constraint that one Verify makes. A chain can hold thousands of both.
const maxComparisons = 1 << 20

// A search is one call of Verify. It tries one chain after another, depth first,
// until one passes all checks.
type search struct {
	now         time.Time
	opts        *VerifyOptions
	pools       [3]*certPool // of Roots, of the text that is verified, and of Intermediates
	signatures  int          // how many may still be checked
	comparisons int64        // how many may still be made
	failure     error
	progress    int // of the chain that failure describes

	crls *crlCache // nil until a chain leads to a root
	// A search for the signer of a CRL accepts only roots with this DER name.
	rootName []byte
}

// build extends a chain, whose last certificate is not checked yet, to a root.
// All chains share the slice, which has room for maxChain certificates.
func (s *search) build(chain []*candidate) []*x509.Certificate {
	last, length := chain[len(chain)-1], len(chain)
	if err := s.checkLast(chain); err != nil {
		s.fail(2*length, func() error { return err })
		return nil
	}
	if s.pools[0].byRaw[string(last.Raw)] != nil {
		found := certificates(chain)
		if err := s.checkWhole(chain, found); err != nil {
			s.fail(2*maxChain+1, func() error { return err })
			return nil
		}
		return found
	}
	if length == maxChain {
		s.fail(2*length, func() error {
			return param.Refused("Certificate", "%s is certificate %d of a chain that reaches no root; longer chains are not tried", label(last.Certificate), maxChain)
		})
		return nil
	}
	for parent := range s.issuersOf(last) {
		if slices.ContainsFunc(chain, parent.isSame) {
			continue
		}
		s.signatures--
		if s.signatures < 0 {
			s.fail(2*maxChain+2, func() error {
				return param.Refused("Certificate", "the certificates make too many chains to try: more than %d signatures would have to be checked", maxChecks)
			})
			return nil
		}
		if err := x509der.CheckSignature(last.Certificate, parent.Certificate); err != nil {
			s.fail(2*length+1, func() error {
				return param.Wrap(err, yuncert.ErrInvalidParameter, "Certificate", "%s is not signed by %s", label(last.Certificate), label(parent.Certificate))
			})
			continue
		}
		found := s.build(append(chain, parent))
		if found != nil {
			return found
		}
	}
	s.fail(2*length, func() error {
		return param.Refused("Certificate", "%s is not one of Roots, and no other certificate with the subject %s is in Roots or Intermediates", label(last.Certificate), printed(last.RawIssuer, last.Issuer))
	})
	return nil
}

// issuersOf returns the certificates whose subject is the issuer of another. The
// first are those in which both names have the same octets.
func (s *search) issuersOf(below *candidate) iter.Seq[*candidate] {
	return func(yield func(*candidate) bool) {
		for _, p := range s.pools {
			for _, c := range p.bySubject[string(below.RawIssuer)] {
				if !yield(c) {
					return
				}
			}
		}
		for _, p := range s.pools {
			for _, c := range p.byName()[below.issuerName()] {
				if !bytes.Equal(c.RawSubject, below.RawIssuer) && !yield(c) {
					return
				}
			}
		}
	}
}

// fail keeps the error of the chain that came farthest. Each certificate counts
// two steps: one for an issuer with the right name, one for its signature.
func (s *search) fail(progress int, describe func() error) {
	if progress > s.progress {
		s.failure, s.progress = describe(), progress
	}
}

// checkLast checks the last certificate of a chain, as a CA's unless it is the
// first.
func (s *search) checkLast(chain []*candidate) error {
	last := chain[len(chain)-1]
	cert := last.Certificate
	if s.now.Before(cert.NotBefore) || s.now.After(cert.NotAfter) {
		return yuncert.Errorf(yuncert.ErrCertificateExpired, "Certificate", "%s is valid from %s to %s, and it is %s",
			label(cert), stamp(cert.NotBefore), stamp(cert.NotAfter), s.now.UTC().Format(time.RFC3339Nano))
	}
	var err error
	if len(chain) > 1 {
		err = last.checkCA()
		if err == nil {
			err = checkPathLen(cert, certificates(chain[1:len(chain)-1]))
		}
	} else {
		err = checkCertificate(cert, algorithm.KeyPolicy{})
	}
	if err != nil {
		return param.Refused("Certificate", "%s %v", label(cert), err)
	}
	usage := s.opts.Usage
	if !permits(cert, usage) {
		return param.Refused("Certificate", "%s has extended key usages that do not allow %v (RFC 5280, section 4.2.1.12)", label(cert), usage)
	}
	if len(chain) > 1 {
		return nil
	}
	if isRSA1024(cert) && usage == x509.ExtKeyUsageClientAuth {
		return param.Refused("Certificate", "%s has an RSA_1024 key, which is accepted only for servers", label(cert))
	}
	suitable := tlsKeyUsages[usage]
	// checkPair has the rule of TLCP for both certificates of a pair.
	if suitable != 0 && !s.opts.Pair && !cert.IsCA && cert.KeyUsage != 0 && cert.KeyUsage&suitable == 0 {
		return param.Refused("Certificate", "%s has the key usage %s; for %v want one of %s (RFC 5280, section 4.2.1.12)",
			label(cert), keyUsageNames(cert.KeyUsage), usage, keyUsageNames(suitable))
	}
	return nil
}

// errOtherRoot is not shown to users: it only ends the search for a CRL's signer.
var errOtherRoot = errors.New("the root of the CRL's signer is not the root of the certificate")

// checkWhole checks what depends on several certificates: policies, name
// constraints and revocation. These checks can cost the most, so they run only on
// a chain up to a root: only trusted CAs can make them slow.
func (s *search) checkWhole(chain []*candidate, certificates []*x509.Certificate) error {
	if s.rootName != nil && !x509der.SameName(chain[len(chain)-1].RawSubject, s.rootName) {
		return errOtherRoot
	}
	demand := policyDemand(certificates)
	if demand != nil {
		return param.Refused("Certificate", "%s "+demandsPolicies, label(demand))
	}
	for at, issuer := range chain[1:] {
		if err := s.checkConstraints(issuer, chain[:at+1]); err != nil {
			return err
		}
	}
	return s.checkRevocation(certificates)
}

// checkConstraints checks the names of the certificates below a CA against its
// name constraints (RFC 5280, section 4.2.1.10).
func (s *search) checkConstraints(issuer *candidate, below []*candidate) error {
	constraints, err := issuer.constraints()
	if err != nil {
		return param.Refused("Certificate", "%s has unusable name constraints: %v", label(issuer.Certificate), err)
	}
	if constraints == nil {
		return nil
	}
	for at, c := range below {
		s.comparisons -= constraints.Comparisons(c.Certificate)
		if s.comparisons < 0 {
			return param.Refused("Certificate", "the names of the chain would have to be compared with name constraints more than %d times", maxComparisons)
		}
		err := constraints.CheckNames(c.Certificate)
		if err != nil && (at == 0 || !selfIssued(c.Certificate)) { // RFC 5280, section 6.1.3 (b)
			return param.Refused("Certificate", "%s: %v of %s (RFC 5280, section 4.2.1.10)", label(c.Certificate), err, label(issuer.Certificate))
		}
	}
	return nil
}

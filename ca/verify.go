package ca

import (
	"bytes"
	"crypto/x509"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// VerifyOptions says what [Verify] checks a certificate against.
type VerifyOptions struct {
	// Roots are the trusted CA certificates, up to 1000 PEM blocks. A damaged block
	// is an error. Certificates that cannot be read otherwise, such as those with an
	// algorithm that this module does not support, are ignored. Required.
	Roots string
	// Intermediates are other CA certificates that may be part of the chain, in
	// any order, under the rules of Roots.
	Intermediates string
	// Host is the DNS name or IP address that the certificate must be for (RFC 9525).
	// Its labels may have underscores, though this package issues none. An IPv4
	// address mapped into IPv6 is refused. Empty accepts any.
	Host string
	// Usage is what the extended key usages of the certificate and of the CAs
	// above it must allow. Zero ([x509.ExtKeyUsageAny]) accepts any. A TLS
	// client asks for [x509.ExtKeyUsageServerAuth].
	Usage x509.ExtKeyUsage
	// RevocationLists are CRLs. If a CA has a CRL here, then CRLs in force must cover
	// each certificate that the CA issued in the chain, and none may list it. The
	// certificates of a CA without a CRL here are not checked for revocation, unless
	// RequireRevocationLists is set. So a CRL that you drop, because it could not be
	// fetched or read, revokes nothing: refuse the certificate, or set
	// RequireRevocationLists.
	//
	// Any key of the CA may sign its CRLs, if a certificate with the CA's name, in Roots
	// or Intermediates, leads to a root with the name of the chain's root (RFC 5280,
	// section 6.3.3). Delta CRLs and CRLs for some reasons revoke what they list. A
	// certificate that they do not list is covered only by a complete CRL, or by CRLs for
	// some reasons that make up all reasons together. Indirect CRLs are not supported. A
	// nil CRL is an error, and so is a CRL in force, of a CA of the chain, that breaks the
	// form of RFC 5280, section 5.1.
	RevocationLists []*x509.RevocationList

	// RequireRevocationLists refuses a chain unless CRLs in force cover each of its
	// certificates except the root. Without it, an attacker who can replace the CRL that
	// you fetch by one of an unrelated CA switches revocation off.
	RequireRevocationLists bool
}

// maxCertificates is the largest number of certificates in Roots, in Intermediates
// and in the text that is verified.
const maxCertificates = 1000

// maxChecks is the largest number of signatures that one Verify checks. Many
// certificates with the same names could otherwise cost exponential time.
const maxChecks = 100

// maxComparisons is the largest number of comparisons of a name with a name
// constraint that one Verify makes. A chain can hold thousands of both.
const maxComparisons = 1 << 20

// Verify checks the first certificate of a PEM text at a time and returns the chain
// from it to a root. The certificates after the first, as in a server's file, are used
// like Intermediates. In a valid chain each certificate
//
//   - is signed by the next, whose subject is its issuer (RFC 5280, sections 6.1.3 and
//     7.1), with an algorithm that csr.Parse lists; the last is one of Roots;
//   - is valid now (section 4.1.2.5), has no critical extension that is not understood
//     (4.2), and no critical certificatePolicies with a qualifier other than CPS and
//     user notice (4.2.1.4);
//   - except for the first, is a CA's (4.2.1.9), has a subject (4.1.2.6), has no keyUsage
//     that lacks keyCertSign (4.2.1.3), maps no policy from or to anyPolicy (6.1.4), and
//     allows by its path length the CAs below it that are not self-issued (4.2.1.9);
//   - except for the first, allows by its name constraints (4.2.1.10) the subjects and
//     alternative names below it. Self-issued CAs are not checked (6.1.3). Constraints,
//     critical or not, on other names than DNS names, IP addresses, e-mail addresses, URIs
//     and directory names, or with a minimum or maximum, are refused;
//   - allows Usage by its extended key usages, if it has any (4.2.1.12);
//   - has no key usage or extended key usage that grants nothing;
//   - has a key that passes [algorithm.Check] (RSA_1024 only in server
//     certificates) and is not revoked by any CRL. IssuerOptions.KeyPolicy is
//     not consulted: it applies to issuing.
//
// The rules for CAs apply to roots too. The first certificate must be for Host. Unless
// it is a CA's, its key usage must suit a Usage of TLS servers or clients (4.2.1.12).
// The common name is ignored.
//
// Certificate policies are not evaluated. A chain in which they are demanded is refused
// (policyConstraints with a requireExplicitPolicy that takes effect before the chain
// ends, 6.1.5). Without a demand no policy can make a chain invalid, so inhibitAnyPolicy,
// inhibitPolicyMapping and other mappings change nothing.
//
// Verify checks up to 100 signatures of certificates and 1000 of CRLs, and compares
// names with name constraints up to 2^20 times. A text that needs more is refused.
//
// The error names the certificate and the rule that it breaks, in the chain that came
// closest to a root. [yuncert.ErrCertificateExpired] is about validity,
// [yuncert.ErrInvalidStatusUpdateProtection] about a revoked certificate,
// [yuncert.ErrInvalidValueMalformed] about input that cannot be read, and
// [yuncert.ErrInvalidParameter] about everything else.
//
// To verify more than one certificate with the same options, use a [Verifier].
func Verify(now time.Time, certificate string, opts VerifyOptions) ([]*x509.Certificate, error) {
	v, err := NewVerifier(opts)
	if err != nil {
		return nil, err
	}
	return v.Verify(now, certificate)
}

// A Verifier verifies certificates like the function [Verify]. It reads Roots and
// Intermediates once. It never changes and is safe for concurrent use. When there is a
// newer CRL, make another Verifier. The chains that one returns share their CA
// certificates: do not change those.
type Verifier struct {
	opts                 VerifyOptions
	host                 string // in canonical form
	roots, intermediates *pool
}

// NewVerifier makes a Verifier. To verify certificates for many hosts with one, leave
// Host empty and call VerifyHostname on the first certificate of each chain. The errors
// are those of [Verify] for the options.
func NewVerifier(opts VerifyOptions) (*Verifier, error) {
	v := &Verifier{opts: opts, roots: newPool(), intermediates: newPool()}
	if err := v.roots.addAll("Roots", opts.Roots); err != nil {
		return nil, err
	}
	if opts.Intermediates != "" {
		if err := v.intermediates.addAll("Intermediates", opts.Intermediates); err != nil {
			return nil, err
		}
	}
	if opts.Host != "" {
		host, err := x509der.ReferenceName(opts.Host)
		if err != nil {
			return nil, param.Malformed("Host", "%v", err)
		}
		v.host = host
	}
	if slices.Contains(opts.RevocationLists, nil) {
		return nil, param.Malformed("RevocationLists", "a CRL is nil")
	}
	v.opts.RevocationLists = slices.Clone(opts.RevocationLists)
	return v, nil
}

// Verify is the function [Verify] with the options of the Verifier.
func (v *Verifier) Verify(now time.Time, certificate string) ([]*x509.Certificate, error) {
	var leaf *x509.Certificate
	var sent *pool
	err := param.EachCertificate("Certificate", certificate, maxCertificates, func(cert *x509.Certificate, err error) error {
		if leaf == nil {
			leaf = cert
			return err
		}
		if sent == nil {
			sent = newPool()
		}
		sent.add(cert, err)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if v.host != "" {
		if err := leaf.VerifyHostname(v.host); err != nil {
			return nil, param.Refused("Certificate", "%s is not for the name %.80q", label(leaf), v.host)
		}
	}
	s := &verifier{
		now: now, opts: &v.opts, signatures: maxChecks, comparisons: maxComparisons,
		pools: [...]*pool{v.roots, sent, v.intermediates},
	}
	if chain := s.build(append(make([]*authority, 0, maxChain), &authority{Certificate: leaf})); chain != nil {
		return chain, nil
	}
	return nil, s.failure
}

// A pool holds certificates of CAs by the names that chains look for.
type pool struct {
	list      []*authority
	byRaw     map[string]*authority
	bySubject map[string][]*authority
	// byName is for issuers that are written otherwise than the subject of their CA.
	// These are rare.
	byName func() map[x509der.ComparableName][]*authority
}

func newPool() *pool {
	p := &pool{byRaw: make(map[string]*authority), bySubject: make(map[string][]*authority)}
	p.byName = sync.OnceValue(func() map[x509der.ComparableName][]*authority {
		byName := make(map[x509der.ComparableName][]*authority)
		for _, a := range p.list {
			name := x509der.Comparable(a.RawSubject)
			byName[name] = append(byName[name], a)
		}
		return byName
	})
	return p
}

// addAll adds the certificates in a PEM text.
func (p *pool) addAll(parameter, text string) error {
	return param.EachCertificate(parameter, text, maxCertificates, func(cert *x509.Certificate, err error) error {
		p.add(cert, err)
		return nil
	})
}

// add adds a certificate if it could be read. A certificate that could not be read,
// because of an unknown algorithm for example, is ignored: peers send what they like,
// and trust stores hold many kinds of roots.
func (p *pool) add(cert *x509.Certificate, err error) {
	if err != nil || p.byRaw[string(cert.Raw)] != nil { // each copy would make more chains to try
		return
	}
	a := &authority{Certificate: cert}
	p.list = append(p.list, a)
	p.byRaw[string(cert.Raw)] = a
	p.bySubject[string(cert.RawSubject)] = append(p.bySubject[string(cert.RawSubject)], a)
}

// An authority is a certificate and what has been found out about it, which is done
// once, and only if a chain needs it.
type authority struct {
	*x509.Certificate
	nameOnce, faultOnce, constraintsOnce sync.Once
	name                                 x509der.ComparableName
	fault                                error
	limits                               *x509der.NameConstraints
	unusable                             error
}

// issuerName returns the comparable form of the issuer's name.
func (a *authority) issuerName() x509der.ComparableName {
	a.nameOnce.Do(func() { a.name = x509der.Comparable(a.RawIssuer) })
	return a.name
}

// check is checkCA.
func (a *authority) check() error {
	a.faultOnce.Do(func() { a.fault = checkCA(a.Certificate, algorithm.KeyPolicy{}) })
	return a.fault
}

// constraints is x509der.ConstraintsOf.
func (a *authority) constraints() (*x509der.NameConstraints, error) {
	a.constraintsOnce.Do(func() { a.limits, a.unusable = x509der.ConstraintsOf(a.Certificate) })
	return a.limits, a.unusable
}

// certificates returns the certificates of a chain.
func certificates(chain []*authority) []*x509.Certificate {
	list := make([]*x509.Certificate, len(chain))
	for i, a := range chain {
		list[i] = a.Certificate
	}
	return list
}

// A verifier is one call of Verify. It looks for a chain that holds, depth first.
type verifier struct {
	now         time.Time
	opts        *VerifyOptions
	pools       [3]*pool // of Roots, of the text that is verified (nil without), and of Intermediates
	signatures  int      // how many may still be checked
	comparisons int64    // how many may still be made
	failure     error
	progress    int // of the chain that failure describes

	revocation *revocation // nil until a chain leads to a root
	anchor     []byte      // of a search for the signer of a CRL: the DER name of its root
}

// build extends a chain, whose last certificate is not checked yet, to a root. The
// slice has room for maxChain certificates, which all chains share.
func (v *verifier) build(chain []*authority) []*x509.Certificate {
	last, length := chain[len(chain)-1], len(chain)
	if err := v.checkOne(chain); err != nil {
		v.fail(2*length, func() error { return err })
		return nil
	}
	if v.pools[0].byRaw[string(last.Raw)] != nil {
		found := certificates(chain)
		if err := v.checkWhole(chain, found); err != nil {
			v.fail(2*maxChain+1, func() error { return err })
			return nil
		}
		return found
	}
	if length == maxChain {
		v.fail(2*length, func() error {
			return param.Refused("Certificate", "%s is certificate %d of a chain that reaches no root; longer chains are not tried", label(last.Certificate), maxChain)
		})
		return nil
	}
	for parent := range v.issuersOf(last) {
		if slices.ContainsFunc(chain, parent.isSame) {
			continue
		}
		v.signatures--
		if v.signatures < 0 {
			v.fail(2*maxChain+2, func() error {
				return param.Refused("Certificate", "the certificates make too many chains to try: more than %d signatures would have to be checked", maxChecks)
			})
			return nil
		}
		if err := x509der.CheckSignature(last.Certificate, parent.Certificate); err != nil {
			v.fail(2*length+1, func() error {
				return param.Wrap(err, yuncert.ErrInvalidParameter, "Certificate", "%s is not signed by %s", label(last.Certificate), label(parent.Certificate))
			})
			continue
		}
		if found := v.build(append(chain, parent)); found != nil {
			return found
		}
	}
	v.fail(2*length, func() error {
		return param.Refused("Certificate", "%s is not one of Roots, and no other certificate of its issuer %s is in Roots or Intermediates", label(last.Certificate), printed(last.RawIssuer, last.Issuer))
	})
	return nil
}

// issuersOf returns the certificates whose subject is the issuer of another. First
// come those that write it in the same way.
func (v *verifier) issuersOf(below *authority) iter.Seq[*authority] {
	return func(yield func(*authority) bool) {
		for _, p := range v.pools {
			if p == nil {
				continue
			}
			for _, a := range p.bySubject[string(below.RawIssuer)] {
				if !yield(a) {
					return
				}
			}
		}
		for _, p := range v.pools {
			if p == nil {
				continue
			}
			for _, a := range p.byName()[below.issuerName()] {
				if !bytes.Equal(a.RawSubject, below.RawIssuer) && !yield(a) {
					return
				}
			}
		}
	}
}

// isSame reports whether another certificate has the same subject and key: a chain
// with the same CA twice goes in a circle.
func (a *authority) isSame(other *authority) bool {
	return bytes.Equal(a.RawSubjectPublicKeyInfo, other.RawSubjectPublicKeyInfo) && x509der.SameName(a.RawSubject, other.RawSubject)
}

// fail keeps the error of the chain that came farthest. Each certificate counts two
// steps: one for an issuer with the right name, one for its signature.
func (v *verifier) fail(progress int, describe func() error) {
	if progress > v.progress {
		v.failure, v.progress = describe(), progress
	}
}

// checkOne checks the last certificate of a chain, as a CA's unless it is the first.
func (v *verifier) checkOne(chain []*authority) error {
	a := chain[len(chain)-1]
	cert := a.Certificate
	if v.now.Before(cert.NotBefore) || v.now.After(cert.NotAfter) {
		return yuncert.Errorf(yuncert.ErrCertificateExpired, "Certificate", "%s is valid from %s to %s, and it is %s",
			label(cert), stamp(cert.NotBefore), stamp(cert.NotAfter), v.now.UTC().Format(time.RFC3339Nano))
	}
	var err error
	if len(chain) > 1 {
		err = a.check()
		if err == nil {
			err = checkPathLen(cert, certificates(chain[1:len(chain)-1]))
		}
	} else {
		err = checkCertificate(cert, algorithm.KeyPolicy{})
	}
	if err != nil {
		return param.Refused("Certificate", "%s %v", label(cert), err)
	}
	if !permits(cert, v.opts.Usage) {
		return param.Refused("Certificate", "%s has extended key usages that do not allow Usage", label(cert))
	}
	if len(chain) > 1 {
		return nil
	}
	if isRSA1024(cert) && v.opts.Usage == x509.ExtKeyUsageClientAuth {
		return param.Refused("Certificate", "%s has an RSA_1024 key, which is accepted only for servers", label(cert))
	}
	suitable := tlsKeyUsages[v.opts.Usage]
	if suitable != 0 && !cert.IsCA && cert.KeyUsage != 0 && cert.KeyUsage&suitable == 0 {
		return param.Refused("Certificate", "%s has a key usage that does not suit Usage (RFC 5280, section 4.2.1.12)", label(cert))
	}
	return nil
}

// checkWhole checks what depends on several certificates: policies, name constraints
// and revocation, which can cost the most. It runs only on a chain up to a root, so
// only trusted CAs can make it slow.
func (v *verifier) checkWhole(chain []*authority, certificates []*x509.Certificate) error {
	if cert := policyDemand(certificates); cert != nil {
		return param.Refused("Certificate", "%s "+demandsPolicies, label(cert))
	}
	for at, issuer := range chain[1:] {
		if err := v.checkConstraints(issuer, chain[:at+1]); err != nil {
			return err
		}
	}
	return v.checkRevocation(certificates)
}

// checkConstraints checks the names of the certificates below a CA against its name
// constraints (RFC 5280, section 4.2.1.10).
func (v *verifier) checkConstraints(issuer *authority, below []*authority) error {
	constraints, err := issuer.constraints()
	if err != nil {
		return param.Refused("Certificate", "%s has unusable name constraints: %v", label(issuer.Certificate), err)
	}
	if constraints == nil {
		return nil
	}
	for at, a := range below {
		v.comparisons -= constraints.Comparisons(a.Certificate)
		if v.comparisons < 0 {
			return param.Refused("Certificate", "the names of the chain would have to be compared with name constraints more than %d times", maxComparisons)
		}
		err := constraints.CheckNames(a.Certificate)
		if err != nil && (at == 0 || !selfIssued(a.Certificate)) { // RFC 5280, section 6.1.3 (b)
			return param.Refused("Certificate", "%s: %v of %s (RFC 5280, section 4.2.1.10)", label(a.Certificate), err, label(issuer.Certificate))
		}
	}
	return nil
}

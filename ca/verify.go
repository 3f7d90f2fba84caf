package ca

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// VerifyOptions is what a certificate is held against.
type VerifyOptions struct {
	// Roots are the trusted CA certificates, PEM blocks one after the other, up
	// to 1000. One of an algorithm that this module does not know is left out.
	// Required.
	Roots string

	// Intermediates are other CA certificates that may lie between, in any
	// order: what a server sends behind its own, for example. The rules are those
	// of Roots.
	Intermediates string

	// Host is the DNS name or IP address that the certificate must hold. Empty
	// means that any will do.
	Host string

	// Usage is what the certificate must be good for, by its extended key usage
	// and those of the CAs above it. Zero ([x509.ExtKeyUsageAny]) means anything;
	// a TLS client asks for [x509.ExtKeyUsageServerAuth].
	Usage x509.ExtKeyUsage

	// RevocationLists are the CRLs that are known. Of each CA that has one here,
	// every certificate in the chain must be covered by one that is in force and
	// does not list it. Certificates of other CAs are not checked. A nil list, and one
	// in force that is not what RFC 5280, section 5.1, describes, are errors whatever
	// the others say.
	RevocationLists []*x509.RevocationList
}

// maxCertificates is how many certificates Roots and Intermediates hold each.
const maxCertificates = 1000

// maxChecks bounds the signatures that one Verify checks, since a pile of
// certificates with the same names could ask for exponentially many.
const maxChecks = 100

// Verify checks the first certificate in a PEM text, of whatever algorithm, at an
// instant, and returns the chain from it to the root. Those behind it, as in the
// file that a server is given, are Intermediates. A chain holds when each
// certificate
//
//   - is signed by the next, whose subject is its issuer, up to one of Roots;
//   - is valid at now (RFC 5280, section 4.1.2.5) and has no critical extension
//     that is not understood (4.2) nor a demand for certificate policies, which
//     are not checked (4.2.1.11);
//   - above the first, is a CA's (4.2.1.9), whose key usage, if it has one,
//     includes keyCertSign (4.2.1.3), whose path length is kept (4.2.1.9) and
//     whose name constraints, critical or not, are on DNS names, IP addresses,
//     e-mail addresses and URIs alone, without minimum or maximum, and hold for
//     the alternative names of all below it (4.2.1.10);
//   - allows Usage in its extended key usages, if it has any (4.2.1.12);
//   - has a key that passes [algorithm.Check], of RSA_1024 not for a CA or a
//     client, and is on none of the CRLs; what an
//     Issuer's KeyPolicy says counts when it issues, and not here, where a compromised
//     key is the CRLs' to tell;
//
// and when the first one holds Host and has, if Usage is that of a TLS server or
// client and it is not a CA's, a key usage that goes with it (4.2.1.12). A key
// usage or an extended one that grants nothing is refused. The common name is not
// looked at.
//
// The error says which certificate broke which rule; of several chains it tells
// of the one that came farthest. [yuncert.ErrCertificateExpired] is a date,
// [yuncert.ErrInvalidStatusUpdateProtection] a revoked certificate,
// [yuncert.ErrInvalidValueMalformed] input that cannot be read and
// [yuncert.ErrInvalidParameter] everything else.
func Verify(now time.Time, certificate string, opts VerifyOptions) ([]*x509.Certificate, error) {
	v := &verifier{now: now, opts: opts, left: maxChecks}
	var leaf *x509.Certificate
	err := param.EachCertificate("Certificate", certificate, maxCertificates, func(cert *x509.Certificate, err error) error {
		if leaf == nil {
			leaf = cert
			return err
		}
		v.intermediates = add(v.intermediates, cert, err)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if v.roots, err = addAll(nil, "Roots", opts.Roots); err != nil {
		return nil, err
	}
	if opts.Intermediates != "" {
		if v.intermediates, err = addAll(v.intermediates, "Intermediates", opts.Intermediates); err != nil {
			return nil, err
		}
	}
	if err := v.checkLeaf(leaf); err != nil {
		return nil, err
	}
	if slices.Contains(opts.RevocationLists, nil) {
		return nil, malformed("RevocationLists", "a CRL is nil")
	}
	if chain := v.build([]*x509.Certificate{leaf}); chain != nil {
		return chain, nil
	}
	return nil, v.failure
}

// addAll adds the certificates in a PEM text to a list.
func addAll(list []*x509.Certificate, parameter, text string) ([]*x509.Certificate, error) {
	err := param.EachCertificate(parameter, text, maxCertificates, func(cert *x509.Certificate, err error) error {
		list = add(list, cert, err)
		return nil
	})
	return list, err
}

// add adds a certificate to a list if it could be read. Those that could not,
// with keys of other algorithms for example, are left out: a peer may send what
// it likes, and a store may hold others' roots.
func add(list []*x509.Certificate, cert *x509.Certificate, err error) []*x509.Certificate {
	if err != nil || slices.ContainsFunc(list, cert.Equal) { // each copy would make chains of its own
		return list
	}
	return append(list, cert)
}

// A verifier looks for a chain that holds, depth first.
type verifier struct {
	now                  time.Time
	opts                 VerifyOptions
	roots, intermediates []*x509.Certificate
	left                 int // signatures that may still be checked
	failure              error
	progress             int // of the chain that failure is about
}

// checkLeaf checks what concerns the first certificate alone.
func (v *verifier) checkLeaf(leaf *x509.Certificate) error {
	if v.opts.Host == "" {
		return nil
	}
	host, err := x509der.CanonicalName(v.opts.Host)
	if err != nil {
		return malformed("Host", "%v", err)
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return refused("Certificate", "%s does not hold the name %.80q", label(leaf), host)
	}
	return nil
}

// build extends a chain, whose last certificate is not checked yet, to a root.
func (v *verifier) build(chain []*x509.Certificate) []*x509.Certificate {
	last, length := chain[len(chain)-1], len(chain)
	if err := v.checkOne(chain); err != nil {
		v.fail(2*length, err)
		return nil
	}
	if slices.ContainsFunc(v.roots, last.Equal) {
		if err := v.checkWhole(chain); err != nil {
			v.fail(2*maxChain+1, err)
			return nil
		}
		return chain
	}
	if length == maxChain {
		v.fail(2*length, refused("Certificate", "%s is certificate %d of a chain that has not come to a root", label(last), maxChain))
		return nil
	}
	v.fail(2*length, refused("Certificate", "%s is not among Roots, and no other certificate of its issuer %s is there or among Intermediates", label(last), printed(last.RawIssuer, last.Issuer)))
	for _, parent := range slices.Concat(v.roots, v.intermediates) {
		if !bytes.Equal(parent.RawSubject, last.RawIssuer) || slices.ContainsFunc(chain, isSame(parent)) {
			continue
		}
		if v.left--; v.left < 0 {
			v.fail(2*maxChain+2, refused("Certificate", "more than %d signatures would have to be checked", maxChecks))
			return nil
		}
		if err := x509der.CheckSignature(last, parent); err != nil {
			v.fail(2*length+1, param.Wrap(err, yuncert.ErrInvalidParameter, "Certificate", "%s is not signed by %s", label(last), label(parent)))
			continue
		}
		if found := v.build(append(slices.Clone(chain), parent)); found != nil {
			return found
		}
	}
	return nil
}

// isSame returns whether a certificate is of the same subject and key as that
// one: a chain in which a CA stands twice goes in a circle.
func isSame(as *x509.Certificate) func(*x509.Certificate) bool {
	return func(cert *x509.Certificate) bool {
		return bytes.Equal(cert.RawSubject, as.RawSubject) && bytes.Equal(cert.RawSubjectPublicKeyInfo, as.RawSubjectPublicKeyInfo)
	}
}

// fail keeps the error about the chain that came farthest: two steps a
// certificate, one for a next that has the right name and one for the signature.
func (v *verifier) fail(progress int, err error) {
	if progress > v.progress {
		v.failure, v.progress = err, progress
	}
}

// checkOne checks the last certificate of a chain, and as a CA's if it is not
// the first.
func (v *verifier) checkOne(chain []*x509.Certificate) error {
	cert, below := chain[len(chain)-1], chain[:len(chain)-1]
	if v.now.Before(cert.NotBefore) || v.now.After(cert.NotAfter) {
		return yuncert.Errorf(yuncert.ErrCertificateExpired, "Certificate", "%s is valid from %s to %s, and it is %s",
			label(cert), stamp(cert.NotBefore), stamp(cert.NotAfter), v.now.UTC().Format(time.RFC3339Nano))
	}
	if len(below) > 0 {
		if err := checkCA(cert, len(below)-1, algorithm.KeyPolicy{}); err != nil {
			return refused("Certificate", "%s %v", label(cert), err)
		}
	} else if err := checkCertificate(cert, algorithm.KeyPolicy{}); err != nil {
		return refused("Certificate", "%s %v", label(cert), err)
	}
	if !permits(cert, v.opts.Usage) {
		return refused("Certificate", "%s has extended key usages that do not allow the one asked for", label(cert))
	}
	if len(below) > 0 {
		return nil
	}
	if isRSA1024(cert) && v.opts.Usage == x509.ExtKeyUsageClientAuth {
		return refused("Certificate", "%s has an RSA_1024 key, which is accepted only for servers", label(cert))
	}
	if fits := tlsKeyUsages[v.opts.Usage]; fits != 0 && !cert.IsCA && cert.KeyUsage != 0 && cert.KeyUsage&fits == 0 {
		return refused("Certificate", "%s has a key usage that does not go with the extended one asked for (RFC 5280, section 4.2.1.12)", label(cert))
	}
	return nil
}

// checkWhole checks what can cost most, name constraints and revocation, once a
// chain has come to a root: nobody but its CAs can make it cost anything then.
func (v *verifier) checkWhole(chain []*x509.Certificate) error {
	for at, cert := range chain[1:] {
		constraints, err := x509der.ConstraintsOf(cert)
		if err != nil {
			return refused("Certificate", "%s has unusable name constraints: %v", label(cert), err)
		}
		if constraints == nil {
			continue
		}
		for _, below := range chain[:at+1] {
			if err := constraints.CheckNames(below); err != nil {
				return refused("Certificate", "%s: %v of %s (RFC 5280, section 4.2.1.10)", label(below), err, label(cert))
			}
		}
	}
	for at, issuer := range chain[1:] {
		if err := v.checkRevoked(chain[at], issuer); err != nil {
			return err
		}
	}
	return nil
}

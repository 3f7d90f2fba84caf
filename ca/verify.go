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

// VerifyOptions says what [Verify] checks a certificate against.
type VerifyOptions struct {
	// Roots are the trusted CA certificates, up to 1000 PEM blocks. Those with an
	// algorithm that this module does not support are ignored. Required.
	Roots string
	// Intermediates are other CA certificates that may be part of the chain, in
	// any order, under the rules of Roots.
	Intermediates string
	// Host is the DNS name or IP address that the certificate must be for. Empty
	// accepts any.
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
	// form of RFC 5280, section 5.1. One Verify checks up to 1000 signatures of CRLs.
	RevocationLists []*x509.RevocationList

	// RequireRevocationLists refuses a chain unless CRLs in force cover each of its
	// certificates except the root. Without it, an attacker who can replace the CRL that
	// you fetch by one of an unrelated CA switches revocation off.
	RequireRevocationLists bool
}

// maxCertificates is the largest number of certificates in Roots and in
// Intermediates.
const maxCertificates = 1000

// maxChecks is the largest number of signatures that one Verify checks. Many
// certificates with the same names could otherwise cost exponential time.
const maxChecks = 100

// Verify checks whether the first certificate of a PEM text is valid at now,
// and returns the chain from it to a root. The certificates after the first, as
// in a server's file, are used like Intermediates. In a valid chain each
// certificate
//
//   - is signed by the next, whose subject is its issuer; the last is one of
//     Roots;
//   - is valid now (RFC 5280, section 4.1.2.5), has no critical extension that
//     is not understood (4.2), and demands no certificate policies (4.2.1.11);
//   - except for the first, is a CA's (4.2.1.9) without a keyUsage that lacks
//     keyCertSign (4.2.1.3), allows the CAs below it by its path length
//     (4.2.1.9), and allows the alternative names below it by its name
//     constraints (4.2.1.10). Constraints, critical or not, on other names than
//     DNS names, IP addresses, e-mail addresses and URIs, or with a minimum or
//     maximum, are refused;
//   - allows Usage by its extended key usages, if it has any (4.2.1.12);
//   - has no key usage or extended key usage that grants nothing;
//   - has a key that passes [algorithm.Check] (RSA_1024 only in server
//     certificates) and is not revoked by any CRL. IssuerOptions.KeyPolicy is
//     not consulted: it applies to issuing.
//
// The first certificate must be for Host. Unless it is a CA's, its key usage
// must suit a Usage of TLS servers or clients (4.2.1.12). The common name is
// ignored.
//
// The error names the certificate and the rule that it breaks, in the chain
// that came closest to a root. [yuncert.ErrCertificateExpired] is about
// validity, [yuncert.ErrInvalidStatusUpdateProtection] about a revoked
// certificate, [yuncert.ErrInvalidValueMalformed] about input that cannot be
// read, and [yuncert.ErrInvalidParameter] about everything else.
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

// add adds a certificate to a list if it could be read. A certificate that
// could not be read, because of an unknown algorithm for example, is ignored:
// peers send what they like, and trust stores hold many kinds of roots.
func add(list []*x509.Certificate, cert *x509.Certificate, err error) []*x509.Certificate {
	if err != nil || slices.ContainsFunc(list, cert.Equal) { // each copy would make more chains to try
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
	progress             int // of the chain that failure describes

	revocation *revocation // nil until a chain leads to a root
	anchor     []byte      // of a search for the signer of a CRL: the DER name of its root
}

// checkLeaf checks that the first certificate is for Host.
func (v *verifier) checkLeaf(leaf *x509.Certificate) error {
	if v.opts.Host == "" {
		return nil
	}
	host, err := x509der.CanonicalName(v.opts.Host)
	if err != nil {
		return malformed("Host", "%v", err)
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return refused("Certificate", "%s is not for the name %.80q", label(leaf), host)
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
		v.fail(2*length, refused("Certificate", "%s is certificate %d of a chain that reaches no root; longer chains are not tried", label(last), maxChain))
		return nil
	}
	v.fail(2*length, refused("Certificate", "%s is not one of Roots, and no other certificate of its issuer %s is in Roots or Intermediates", label(last), printed(last.RawIssuer, last.Issuer)))
	for _, parent := range slices.Concat(v.roots, v.intermediates) {
		if !bytes.Equal(parent.RawSubject, last.RawIssuer) || slices.ContainsFunc(chain, isSame(parent)) {
			continue
		}
		v.left--
		if v.left < 0 {
			v.fail(2*maxChain+2, refused("Certificate", "the certificates make too many chains to try: more than %d signatures would have to be checked", maxChecks))
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

// isSame returns a function that reports whether a certificate has the same
// subject and key: a chain with the same CA twice goes in a circle.
func isSame(as *x509.Certificate) func(*x509.Certificate) bool {
	return func(cert *x509.Certificate) bool {
		return bytes.Equal(cert.RawSubject, as.RawSubject) && bytes.Equal(cert.RawSubjectPublicKeyInfo, as.RawSubjectPublicKeyInfo)
	}
}

// fail keeps the error of the chain that came farthest. Each certificate counts
// two steps: one for an issuer with the right name, one for its signature.
func (v *verifier) fail(progress int, err error) {
	if progress > v.progress {
		v.failure, v.progress = err, progress
	}
}

// checkOne checks the last certificate of a chain, as a CA's unless it is the
// first.
func (v *verifier) checkOne(chain []*x509.Certificate) error {
	cert, below := chain[len(chain)-1], chain[:len(chain)-1]
	if v.now.Before(cert.NotBefore) || v.now.After(cert.NotAfter) {
		return yuncert.Errorf(yuncert.ErrCertificateExpired, "Certificate", "%s is valid from %s to %s, and it is %s",
			label(cert), stamp(cert.NotBefore), stamp(cert.NotAfter), v.now.UTC().Format(time.RFC3339Nano))
	}
	var err error
	if len(below) > 0 {
		err = checkCA(cert, len(below)-1, algorithm.KeyPolicy{})
	} else {
		err = checkCertificate(cert, algorithm.KeyPolicy{})
	}
	if err != nil {
		return refused("Certificate", "%s %v", label(cert), err)
	}
	if !permits(cert, v.opts.Usage) {
		return refused("Certificate", "%s has extended key usages that do not allow Usage", label(cert))
	}
	if len(below) > 0 {
		return nil
	}
	if isRSA1024(cert) && v.opts.Usage == x509.ExtKeyUsageClientAuth {
		return refused("Certificate", "%s has an RSA_1024 key, which is accepted only for servers", label(cert))
	}
	suitable := tlsKeyUsages[v.opts.Usage]
	if suitable != 0 && !cert.IsCA && cert.KeyUsage != 0 && cert.KeyUsage&suitable == 0 {
		return refused("Certificate", "%s has a key usage that does not suit Usage (RFC 5280, section 4.2.1.12)", label(cert))
	}
	return nil
}

// checkWhole checks name constraints and revocation, which can cost the most. It
// runs only on a chain up to a root, so only trusted CAs can make it slow.
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
	return v.checkRevocation(chain)
}

package ca

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// VerifyOptions says what [Verify] checks a certificate against.
type VerifyOptions struct {
	// Roots are the trusted CA certificates in PEM, up to 1000. Certificates
	// that cannot be read, such as those with an algorithm that this module
	// does not support, are ignored. A damaged PEM block is an error. Required.
	Roots string
	// Intermediates are other CA certificates, in any order. The rules of Roots
	// apply.
	Intermediates string
	// Host is the DNS name or IP address that the certificate must be for (RFC
	// 9525). Labels may have underscores. An IPv4 address mapped into IPv6 is
	// refused. Empty accepts any certificate.
	Host string
	// Usage is the extended key usage that the certificate and the CAs above it
	// must allow. A TLS client asks for [x509.ExtKeyUsageServerAuth]. Zero
	// ([x509.ExtKeyUsageAny]) accepts any.
	Usage x509.ExtKeyUsage
	// Pair says that the text begins with the two certificates of a TLCP peer, as
	// it sends them (GB/T 38636): the signing certificate, then the encryption
	// certificate. See [Verify].
	Pair bool
	// RevocationLists are CRLs, none of them nil. Certificates of a CA without
	// a CRL here are not checked for revocation. So if a CRL cannot be fetched
	// or read, refuse the certificate or set RequireRevocationLists.
	RevocationLists []*x509.RevocationList
	// RequireRevocationLists refuses a chain unless CRLs cover each certificate
	// except the root. Without it, an attacker who can replace the CRL that you
	// fetch by the CRL of an unrelated CA switches revocation off.
	RequireRevocationLists bool
}

// Verify checks the first certificate of a PEM text at a time and returns the
// chain from it to a root. It uses the certificates after the first like
// Intermediates. The sections below are of RFC 5280. Each certificate of the
// chain
//
//   - is signed by the next, whose subject is its issuer (6.1.3, 7.1), with an
//     algorithm that csr.Parse lists. The last is one of Roots;
//   - is valid now (4.1.2.5) and not revoked (6.3);
//   - has no critical extension that is not understood (4.2). In a critical
//     certificatePolicies only CPS and user notice are understood (4.2.1.4);
//   - has no key usage or extended key usage that grants nothing. Its extended
//     key usages, if it has any, allow Usage (4.2.1.12);
//   - has a key that passes [algorithm.Check]; RSA_1024 only in server
//     certificates. IssuerOptions.KeyPolicy applies to issuing only.
//
// Each certificate after the first, the root included,
//
//   - is a CA's with a subject (4.1.2.6, 4.2.1.9), and has keyCertSign in its
//     keyUsage, if there is one (4.2.1.3);
//   - allows by its path length the CAs below it that are not self-issued;
//   - maps no policy from or to anyPolicy (6.1.4);
//   - allows by its name constraints (4.2.1.10) the subjects and alternative
//     names below it, except in self-issued CAs (6.1.3). It has no constraints,
//     critical or not, with a minimum or maximum or on other names than DNS
//     names, IP addresses, e-mail addresses, URIs and directory names.
//
// The first certificate is for Host; its common name is ignored. Unless it is a
// CA's or Pair is set, its key usage suits a Usage of TLS servers or clients
// (4.2.1.12).
//
// With Pair the second certificate is verified like the first, and both must be a
// pair: end entities with the same subject, issuer and alternative names, and with
// different keys of the same family (SM2, RSA or ECC). The key usage of the first
// has digitalSignature. The second has keyEncipherment, dataEncipherment or
// keyAgreement; each of these suits every Usage. It does not have digitalSignature,
// contentCommitment, keyCertSign or cRLSign, because others may hold its private key
// too (GM/T 0015). Verify returns the chain of the first.
//
// Certificate policies are not evaluated. A chain that demands them is refused:
// its requireExplicitPolicy takes effect before it ends (6.1.5). Without a
// demand they make no chain invalid, so inhibitAnyPolicy, inhibitPolicyMapping
// and other mappings change nothing.
//
// A certificate is revoked if a CRL of its CA lists it. If the CA has a CRL in
// RevocationLists, CRLs in force must cover the certificate: a complete CRL, or
// CRLs for some reasons that together have all reasons. Delta CRLs only revoke.
// Indirect CRLs are not supported. A CRL in force of a CA of the chain must
// have the form of section 5.1. Any key of a CA may sign its CRLs, if a
// certificate for the key has the CA's name, is in Roots or Intermediates, and
// leads to a root with the name of the chain's root (6.3.3).
//
// Verify checks up to 100 signatures of certificates and 1000 of CRLs, and
// compares names with name constraints up to 2^20 times, for each certificate of a
// pair. It refuses to do more.
//
// The error names the certificate and the rule that it breaks, in the chain
// that came closest to a root: [yuncert.ErrCertificateExpired] for a
// certificate that is not valid now, [yuncert.ErrInvalidStatusUpdateProtection]
// for a revoked one, [yuncert.ErrInvalidValueMalformed] for input that cannot
// be read, and [yuncert.ErrInvalidParameter] for everything else.
//
// To verify several certificates with the same options, use a [Verifier].
func Verify(now time.Time, certificate string, opts VerifyOptions) ([]*x509.Certificate, error) {
	v, err := NewVerifier(opts)
	if err != nil {
		return nil, err
	}
	return v.Verify(now, certificate)
}

// A Verifier verifies certificates like the function [Verify], but reads Roots
// and Intermediates only once. It never changes and is safe for concurrent use.
// Make another one for newer CRLs. The chains that it returns share their CA
// certificates: do not change those.
type Verifier struct {
	opts                 VerifyOptions
	host                 string // in canonical form
	roots, intermediates *certPool
}

// NewVerifier makes a Verifier. To verify certificates for many hosts, leave
// Host empty and call VerifyHostname on the first certificate of each chain.
// It checks the options, and returns the same errors for them as [Verify].
func NewVerifier(opts VerifyOptions) (*Verifier, error) {
	v := &Verifier{opts: opts, roots: newCertPool(), intermediates: newCertPool()}
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
	at := slices.Index(opts.RevocationLists, nil)
	if at >= 0 {
		return nil, param.Malformed("RevocationLists", "CRL %d of %d is nil; leave it out, or give the CRL", at+1, len(opts.RevocationLists))
	}
	v.opts.RevocationLists = slices.Clone(opts.RevocationLists)
	return v, nil
}

// Verify is the function [Verify] with the options of the Verifier.
func (v *Verifier) Verify(now time.Time, certificate string) ([]*x509.Certificate, error) {
	var leaf, encrypt *x509.Certificate
	sent := noCertificates
	err := param.EachCertificate("Certificate", certificate, maxCertificates, func(cert *x509.Certificate, err error) error {
		switch {
		case leaf == nil:
			leaf = cert
			return err
		case encrypt == nil && v.opts.Pair:
			encrypt = cert
			return err
		}
		if sent == noCertificates {
			sent = newCertPool()
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
	if v.opts.Pair {
		if err := checkPair(leaf, encrypt); err != nil {
			return nil, err
		}
	}
	chain, err := v.chain(now, leaf, sent)
	if err == nil && v.opts.Pair {
		_, err = v.chain(now, encrypt, sent)
	}
	if err != nil {
		return nil, err
	}
	return chain, nil
}

// chain finds the chain from a certificate to a root. sent are the certificates
// that came with it.
func (v *Verifier) chain(now time.Time, leaf *x509.Certificate, sent *certPool) ([]*x509.Certificate, error) {
	s := &search{
		now: now, opts: &v.opts, signatures: maxChecks, comparisons: maxComparisons,
		pools: [...]*certPool{v.roots, sent, v.intermediates},
	}
	chain := s.build(newChain(&candidate{Certificate: leaf}))
	if chain == nil {
		return nil, s.failure
	}
	return chain, nil
}

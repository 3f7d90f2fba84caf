package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxListChecks is the largest number of signatures of CRLs that one Verify
// checks. Otherwise the work would grow with the number of CRLs times the number
// of CA keys.
const maxListChecks = 1000

// A crlCache is what one Verify has found out about its CRLs. However many chains
// there are to try, each CRL is read once and each signature is checked once.
type crlCache struct {
	byIssuer map[string][]*x509.RevocationList // by the DER name of a CA
	contents map[*x509.RevocationList]*listContent
	checked  map[listKey]error
	left     int                            // signatures of CRLs that may still be checked
	signers  map[string][]*x509.Certificate // by the DER names of a CA and of a root
	serials  map[string]bool                // of all certificates that a chain may have
	longest  int                            // octets in the longest of serials
}

// A listKey is a CRL and a key that may have signed it.
type listKey struct {
	list *x509.RevocationList
	key  string // DER SubjectPublicKeyInfo
}

// A listContent is what Verify needs of a CRL.
type listContent struct {
	damage  error // in its fields; crypto/x509 may have overlooked entries
	unknown error // why its scope cannot be used
	scope   x509der.CRLScope
	revoked map[string]*x509.RevocationListEntry // by serial number; only those in serials
}

// checkRevocation checks that no certificate of a chain that ends at a root is
// revoked (RFC 5280, section 6.3).
func (s *search) checkRevocation(chain []*x509.Certificate) error {
	if len(s.opts.RevocationLists) == 0 && !s.opts.RequireRevocationLists {
		return nil
	}
	if s.crls == nil {
		s.crls = newCRLCache(chain[0], s.pools)
	}
	for at := range len(chain) - 1 {
		if err := s.checkRevoked(chain, at); err != nil {
			return err
		}
	}
	return nil
}

func newCRLCache(leaf *x509.Certificate, pools [3]*certPool) *crlCache {
	r := &crlCache{
		byIssuer: make(map[string][]*x509.RevocationList),
		contents: make(map[*x509.RevocationList]*listContent),
		checked:  make(map[listKey]error),
		left:     maxListChecks,
		signers:  make(map[string][]*x509.Certificate),
		serials:  map[string]bool{serialKey(leaf): true},
	}
	for _, p := range pools {
		for _, c := range p.list {
			r.serials[serialKey(c.Certificate)] = true
		}
	}
	for serial := range r.serials {
		r.longest = max(r.longest, len(serial))
	}
	return r
}

// serialKey returns the serial number of a certificate as a key of a map: big
// endian, without leading zeros.
func serialKey(cert *x509.Certificate) string { return string(cert.SerialNumber.Bytes()) }

// checkRevoked looks up the certificate at an index of a chain in the CRLs of its
// issuer.
func (s *search) checkRevoked(chain []*x509.Certificate, at int) error {
	cert, issuer := chain[at], chain[at+1]
	var unusable error
	var reasons x509der.ReasonFlags // those for which it is not revoked
	for _, list := range s.listsOf(issuer) {
		content, err := s.checkList(list, cert, chain[at+1:])
		// Without this a CRL would be ignored because the search for its signer was
		// cut short, and the certificate that it lists would pass.
		if s.crls.left < 0 || s.signatures < 0 || s.comparisons < 0 {
			return param.Refused("RevocationLists", "for %s: the CRLs of %s need too many checks; up to %d signatures of CRLs and %d of certificates are checked, and %d comparisons with name constraints made",
				label(cert), label(issuer), maxListChecks, maxChecks, maxComparisons)
		}
		if err != nil {
			unusable = err
			continue
		}
		if content.damage != nil { // no other CRL makes up for overlooked entries
			return param.Refused("RevocationLists", "for %s: the CRL of %s cannot be read: %v", label(cert), label(issuer), content.damage)
		}
		entry := content.revoked[serialKey(cert)]
		if entry != nil {
			return errRevoked("Certificate", cert, entry.RevocationTime, RevocationReason(entry.ReasonCode))
		}
		reasons |= content.scope.Reasons()
		if err := content.scope.CheckComplete(); err != nil {
			unusable = fmt.Errorf("the CRL of %s cannot be used: %v", label(issuer), err)
		}
	}
	switch {
	case reasons&x509der.AllReasons == x509der.AllReasons:
		return nil
	case unusable != nil:
		return param.Wrap(unusable, yuncert.ErrInvalidParameter, "RevocationLists", "for %s", label(cert))
	case s.opts.RequireRevocationLists:
		return param.Refused("RevocationLists", "for %s: there is no CRL of %s, and RequireRevocationLists asks for one", label(cert), label(issuer))
	}
	return nil
}

func errRevoked(parameter string, cert *x509.Certificate, at time.Time, reason RevocationReason) error {
	return yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, parameter, "%s was revoked at %s, reason %s", label(cert), stamp(at), reason)
}

// checkList returns what a CRL says, or why it says nothing about a certificate.
// The CRL has the name of the certificate's issuer, which is cas[0]. cas is the
// rest of the chain.
func (s *search) checkList(list *x509.RevocationList, cert *x509.Certificate, cas []*x509.Certificate) (*listContent, error) {
	if s.now.Before(list.ThisUpdate) || s.now.After(list.NextUpdate) {
		return nil, fmt.Errorf("the CRL of %s is in force from %s to %s, and it is %s", label(cas[0]), stamp(list.ThisUpdate), stamp(list.NextUpdate), s.now.UTC().Format(time.RFC3339Nano))
	}
	content := s.crls.read(list)
	if content.damage == nil {
		if err := content.checkScope(cert, cas[0]); err != nil {
			return nil, err
		}
	}
	return content, s.checkListSigner(list, cas)
}

// listsOf returns the CRLs with the name of a CA.
func (s *search) listsOf(issuer *x509.Certificate) []*x509.RevocationList {
	name := string(issuer.RawSubject)
	lists, known := s.crls.byIssuer[name]
	if !known {
		same := x509der.SameAs(issuer.RawSubject)
		for _, list := range s.opts.RevocationLists {
			if same(list.RawIssuer) {
				lists = append(lists, list)
			}
		}
		s.crls.byIssuer[name] = lists
	}
	return lists
}

// read reads a CRL, once.
func (r *crlCache) read(list *x509.RevocationList) *listContent {
	content := r.contents[list]
	if content != nil {
		return content
	}
	content = &listContent{damage: x509der.CheckCRLFields(list)}
	content.scope, content.unknown = x509der.ScopeOf(list)
	octets := make([]byte, r.longest)
	for i := range list.RevokedCertificateEntries {
		entry := &list.RevokedCertificateEntries[i]
		n := (entry.SerialNumber.BitLen() + 7) / 8
		if n > len(octets) || entry.SerialNumber.Sign() < 0 {
			continue
		}
		serial := entry.SerialNumber.FillBytes(octets[:n])
		if !r.serials[string(serial)] || content.scope.Delta && RevocationReason(entry.ReasonCode) == reasonRemoveFromCRL {
			continue
		}
		if content.revoked == nil {
			content.revoked = make(map[string]*x509.RevocationListEntry)
		}
		content.revoked[string(serial)] = entry
	}
	r.contents[list] = content
	return content
}

// checkScope reports why a CRL of the CA does not cover a certificate.
func (c *listContent) checkScope(cert, issuer *x509.Certificate) error {
	if c.unknown != nil {
		return fmt.Errorf("the CRL of %s cannot be used: %v", label(issuer), c.unknown)
	}
	if !c.scope.Covers(cert) {
		return fmt.Errorf("the CRL of %s is a partition that does not cover it (RFC 5280, section 5.2.5)", label(issuer))
	}
	return nil
}

// checkListSigner checks the signature of a CRL of cas[0], where cas is the rest
// of a chain. Any key of that CA may have signed it, if a certificate for the key
// is in the chain or leads to the same root (RFC 5280, section 6.3.3, step f).
func (s *search) checkListSigner(list *x509.RevocationList, cas []*x509.Certificate) error {
	failure := s.crls.checkSignature(list, cas[0])
	if failure == nil {
		return nil
	}
	isSigner := func(cert *x509.Certificate) bool { return s.crls.checkSignature(list, cert) == nil }
	if slices.ContainsFunc(cas[1:], isSigner) || slices.ContainsFunc(s.otherSigners(cas), isSigner) {
		return nil
	}
	return fmt.Errorf("the CRL is not signed by %s: %w; no other certificate of this CA in Roots or Intermediates has the signer's key", label(cas[0]), failure)
}

// checkSignature checks that the CA with a certificate signed a CRL.
func (r *crlCache) checkSignature(list *x509.RevocationList, signer *x509.Certificate) error {
	if err := x509der.CheckCRLIssuer(list, signer); err != nil {
		return err
	}
	key := listKey{list, string(signer.RawSubjectPublicKeyInfo)}
	err, known := r.checked[key]
	if known {
		return err
	}
	r.left--
	if r.left < 0 {
		return errTooManyLists
	}
	err = x509der.CheckCRLSignature(list, signer)
	r.checked[key] = err
	return err
}

var errTooManyLists = errors.New("too many CRLs")

// otherSigners returns the certificates in the pools that have the name of the CA
// cas[0], may sign CRLs, and lead to a root with the name of the chain's root.
// These chains must follow all rules of Verify, revocation included, except for
// extended key usages.
func (s *search) otherSigners(cas []*x509.Certificate) []*x509.Certificate {
	issuer, root := cas[0], cas[len(cas)-1]
	key := string(issuer.RawSubject) + string(root.RawSubject)
	signers, known := s.crls.signers[key]
	if known {
		return signers
	}
	// The search below can come here again. It then finds no signers, so that no
	// key vouches for itself and the search ends.
	s.crls.signers[key] = nil
	opts := *s.opts
	opts.Usage = x509.ExtKeyUsageAny
	same := x509der.SameAs(issuer.RawSubject)
	for _, p := range s.pools {
		for _, c := range p.list {
			cert := c.Certificate
			if !maySignLists(cert) || !same(cert.RawSubject) || slices.Contains(cas, cert) {
				continue
			}
			inner := *s
			inner.rootName, inner.opts = root.RawSubject, &opts
			if inner.build(newChain(c)) != nil {
				signers = append(signers, cert)
			}
			s.signatures, s.comparisons = inner.signatures, inner.comparisons
		}
	}
	s.crls.signers[key] = signers
	return signers
}

// maySignLists reports whether a certificate is for signing CRLs: its key usage
// has cRLSign, or it is a CA's without key usage. CAs do not have RSA_1024 keys.
func maySignLists(cert *x509.Certificate) bool {
	isCA := cert.BasicConstraintsValid && cert.IsCA
	return x509der.CheckCRLSign(cert) == nil && (isCA || cert.KeyUsage != 0) && !isRSA1024(cert)
}

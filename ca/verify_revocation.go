package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// checkRevoked looks a certificate up in the CRLs of its issuer.
func (v *verifier) checkRevoked(cert, issuer *x509.Certificate) error {
	var unusable error
	covered := false
	for _, list := range v.opts.RevocationLists {
		if !x509der.SameName(list.RawIssuer, issuer.RawSubject) {
			continue
		}
		if err := v.checkInForce(list, issuer); err != nil {
			unusable = err
			continue
		}
		// The caller may have read the CRL with crypto/x509, which overlooks
		// entries. No other CRL makes up for those.
		if err := x509der.CheckCRLFields(list); err != nil {
			return refused("RevocationLists", "for %s: the CRL of %s cannot be read: %v", label(cert), label(issuer), err)
		}
		if err := checkScope(list, cert, issuer); err != nil {
			unusable = err
			continue
		}
		covered = true
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
				return yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "%s was revoked at %s, reason %s",
					label(cert), stamp(entry.RevocationTime), RevocationReason(entry.ReasonCode))
			}
		}
	}
	if !covered && unusable != nil {
		return param.Wrap(unusable, yuncert.ErrInvalidParameter, "RevocationLists", "for %s", label(cert))
	}
	return nil
}

// checkInForce reports why a CRL is not one of the CA that is in force.
func (v *verifier) checkInForce(list *x509.RevocationList, issuer *x509.Certificate) error {
	if err := x509der.CheckCRLSignature(list, issuer); err != nil {
		return fmt.Errorf("the CRL is not one of %s: %w", label(issuer), err)
	}
	if v.now.Before(list.ThisUpdate) || v.now.After(list.NextUpdate) {
		return fmt.Errorf("the CRL is in force from %s to %s, and it is %s", stamp(list.ThisUpdate), stamp(list.NextUpdate), v.now.UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// checkScope reports why a CRL of the CA does not cover a certificate.
func checkScope(list *x509.RevocationList, cert, issuer *x509.Certificate) error {
	scope, err := x509der.ScopeOf(list)
	if err != nil {
		return fmt.Errorf("the CRL of %s cannot be used: %v", label(issuer), err)
	}
	if !scope.Covers(cert) {
		return errors.New("the CRL is a partition that does not cover it (RFC 5280, section 5.2.5)")
	}
	return nil
}

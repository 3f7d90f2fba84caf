package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// extPolicies is certificatePolicies (RFC 5280, section 4.2.1.4).
const extPolicies = "\x55\x1d\x20"

// The policy qualifiers of RFC 5280, section 4.2.1.4.
const (
	qualifierCPS        = "\x2b\x06\x01\x05\x05\x07\x02\x01"
	qualifierUserNotice = "\x2b\x06\x01\x05\x05\x07\x02\x02"
)

// CheckPolicyQualifiers refuses a critical certificatePolicies with a qualifier
// other than CPS and user notice, as RFC 5280, section 4.2.1.4, asks. Both are
// for people to read, and crypto/x509 reads no qualifier.
func CheckPolicyQualifiers(cert *x509.Certificate) error {
	for _, e := range cert.Extensions {
		if !e.Critical || !isExtension(e, extPolicies) {
			continue
		}
		if err := checkQualifiers(e.Value); err != nil {
			return err
		}
	}
	return nil
}

func checkQualifiers(value cryptobyte.String) error {
	malformed := errors.New("has malformed certificatePolicies (RFC 5280, section 4.2.1.4)")
	var policies, policy, oid, qualifiers, qualifier cryptobyte.String
	var present bool
	if !value.ReadASN1(&policies, asn1.SEQUENCE) || !value.Empty() {
		return malformed
	}
	for !policies.Empty() {
		if !policies.ReadASN1(&policy, asn1.SEQUENCE) || !readOID(&policy, &oid) ||
			!policy.ReadOptionalASN1(&qualifiers, &present, asn1.SEQUENCE) || !policy.Empty() {
			return malformed
		}
		for present && !qualifiers.Empty() {
			if !qualifiers.ReadASN1(&qualifier, asn1.SEQUENCE) || !readOID(&qualifier, &oid) {
				return malformed
			}
			if string(oid) != qualifierCPS && string(oid) != qualifierUserNotice {
				return fmt.Errorf("has critical certificatePolicies with the qualifier %.80v, which is not understood; want CPS or user notice (RFC 5280, section 4.2.1.4)", ObjectIdentifier(string(oid)))
			}
		}
	}
	return nil
}

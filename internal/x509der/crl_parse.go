package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var errCRL = errors.New("it is not a DER CertificateList (RFC 5280, section 5.1)")

// ParseCRL decodes a DER CRL and refuses trailing data. It refuses every list
// that CheckCRLFields, ScopeOf or CheckComplete refuses. crypto/x509 does the
// decoding; it does not look at keys, so it reads the CRLs of SM2 CAs too.
func ParseCRL(data []byte) (*x509.RevocationList, error) {
	// Before crypto/x509, which ignores data after the list and after the
	// signature.
	tbs, _, _, err := splitSigned(data)
	if err != nil {
		return nil, errCRL
	}
	entries, err := readCRLFields(tbs)
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, foreign(err)
	}
	if err := checkEntryCount(list, entries); err != nil {
		return nil, err
	}
	scope, err := ScopeOf(list)
	if err != nil {
		return nil, err
	}
	if err := scope.CheckComplete(); err != nil {
		return nil, err
	}
	return list, nil
}

// CheckCRLFields verifies that the list's DER is a TBSCertList to its end (RFC
// 5280, section 5.1), that no extension in it occurs twice, that the values
// which this module uses are well formed, and that crypto/x509 read all of it.
// crypto/x509 looks for entries and extensions only in their places and ignores
// what is left over. If an unexpected field comes before the entries, it
// reports a list without entries, and a revoked certificate would pass as good.
func CheckCRLFields(list *x509.RevocationList) error {
	tbs, _, _, err := splitSigned(list.Raw)
	if err != nil {
		return errCRL
	}
	entries, err := readCRLFields(tbs)
	if err != nil {
		return err
	}
	return checkEntryCount(list, entries)
}

// checkEntryCount checks that crypto/x509 read all entries of a list.
func checkEntryCount(list *x509.RevocationList, entries int) error {
	if entries != len(list.RevokedCertificateEntries) {
		return fmt.Errorf("%d of its %d entries were read", len(list.RevokedCertificateEntries), entries)
	}
	return nil
}

// readCRLFields reads a TBSCertList to its end and returns its number of entries.
// Lists can be long, so it allocates nothing per entry.
func readCRLFields(tbs []byte) (entries int, err error) {
	s := cryptobyte.String(tbs)
	var id, revoked, entry, extensions cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		return 0, errCRL
	}
	version := 0 // version 1, which has no such field
	if s.PeekASN1Tag(asn1.INTEGER) && !s.ReadASN1Integer(&version) {
		return 0, errCRL
	}
	switch version {
	case 0:
		return 0, errors.New("its version is 1; want 2 (RFC 5280, section 5.1.2.1): let the CA write CRL extensions, such as a CRL number")
	case 1:
	default:
		return 0, fmt.Errorf("its version is encoded as %d; want 1, which is version 2 (RFC 5280, section 5.1.2.1)", version)
	}
	var listed bool
	if !s.ReadASN1(&id, asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) || !skipTime(&s) || isTime(s) && !skipTime(&s) ||
		!s.ReadOptionalASN1(&revoked, &listed, asn1.SEQUENCE) {
		return 0, errCRL
	}
	if listed && revoked.Empty() {
		return 0, errors.New("its list of entries is empty; a CRL without entries leaves it out (RFC 5280, section 5.1.2.6)")
	}
	seen := make([]cryptobyte.String, 0, maxExtensions)
	for ; !revoked.Empty(); entries++ {
		if !revoked.ReadASN1(&entry, asn1.SEQUENCE) || !entry.SkipASN1(asn1.INTEGER) || !skipTime(&entry) {
			return 0, fmt.Errorf("its entry %d is malformed (RFC 5280, section 5.1)", entries+1)
		}
		if entry.Empty() {
			continue
		}
		if err := readExtensions(&entry, seen, checkEntryExtension); err != nil {
			return 0, fmt.Errorf("its entry %d is malformed: %v", entries+1, err)
		}
	}
	if s.PeekASN1Tag(contextTag(0)) {
		if !s.ReadASN1(&extensions, contextTag(0)) {
			return 0, errCRL
		}
		if err := readExtensions(&extensions, seen, checkCRLExtension); err != nil {
			return 0, fmt.Errorf("its extensions are malformed: %v", err)
		}
	}
	if !s.Empty() {
		return 0, errors.New("it has an unexpected field after its times; want its entries, then its extensions (RFC 5280, section 5.1)")
	}
	return entries, nil
}

// checkEntryExtension checks the reasonCode of an entry (RFC 5280, section
// 5.3.1).
func checkEntryExtension(e extension) error {
	if string(e.oid) != extReasonCode {
		return nil
	}
	// cryptobyte reads an ENUMERATED into an int that escapes, which would
	// allocate.
	if len(e.value) != 3 || e.value[0] != byte(asn1.ENUM) || e.value[1] != 1 {
		return errors.New("the reasonCode is not an ENUMERATED of one octet (RFC 5280, section 5.3.1)")
	}
	reason := e.value[2]
	if reason > 10 || reason == 7 {
		return fmt.Errorf("the reasonCode is %d; want 0 to 6 or 8 to 10 (RFC 5280, section 5.3.1)", reason)
	}
	return nil
}

// checkCRLExtension checks the numbers of a list (RFC 5280, sections 5.2.3 and
// 5.2.4).
func checkCRLExtension(e extension) error {
	if string(e.oid) != extCRLNumber && string(e.oid) != extDeltaCRL {
		return nil
	}
	number := new(big.Int)
	if !e.value.ReadASN1Integer(number) || !e.value.Empty() || number.Sign() < 0 {
		return fmt.Errorf("the extension %v is not a number from 0 on (RFC 5280, section 5.2.3)", ObjectIdentifier(string(e.oid)))
	}
	return nil
}

// isTime reports whether the next element is a Time (RFC 5280, section 4.1).
func isTime(s cryptobyte.String) bool {
	return s.PeekASN1Tag(asn1.UTCTime) || s.PeekASN1Tag(asn1.GeneralizedTime)
}

// skipTime skips a Time. It reports whether there was one.
func skipTime(s *cryptobyte.String) bool {
	return isTime(*s) && s.SkipASN1(asn1.Tag((*s)[0]))
}

// CheckCRLSignature verifies that the CA with the certificate issuer signed the
// list. It checks what CheckCRLIssuer does, and the signature (RFC 5280, section
// 6.3.3, step g). It does not check times.
func CheckCRLSignature(list *x509.RevocationList, issuer *x509.Certificate) error {
	if err := CheckCRLIssuer(list, issuer); err != nil {
		return err
	}
	tbs, id, signature, err := splitSigned(list.Raw)
	if err != nil {
		return errCRL
	}
	return Verify(issuer.PublicKey, id, tbs, signature)
}

// CheckCRLIssuer checks that a list has the CA's name and key identifier, and
// that the CA may sign CRLs (RFC 5280, section 6.3.3, steps b and f).
func CheckCRLIssuer(list *x509.RevocationList, issuer *x509.Certificate) error {
	switch {
	case !SameName(list.RawIssuer, issuer.RawSubject):
		return errors.New("another CA issued the CRL: its issuer is not the CA's subject")
	case len(list.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && string(list.AuthorityKeyId) != string(issuer.SubjectKeyId):
		return errors.New("another key signed the CRL: its authorityKeyIdentifier is not the CA's subjectKeyIdentifier")
	}
	return CheckCRLSign(issuer)
}

// CheckCRLSign checks that a CA may sign CRLs: a key usage, if there is one, has
// cRLSign (RFC 5280, section 4.2.1.3).
func CheckCRLSign(ca *x509.Certificate) error {
	if ca.KeyUsage != 0 && ca.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return errors.New("the CA may not sign CRLs: its keyUsage lacks cRLSign (RFC 5280, section 4.2.1.3)")
	}
	return nil
}

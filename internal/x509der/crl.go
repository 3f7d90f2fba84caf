package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/bits"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// The content octets of the object identifiers of CRL extensions and CRL entry
// extensions (RFC 5280, sections 5.2 and 5.3).
const (
	extCRLNumber      = "\x55\x1d\x14"
	extReasonCode     = "\x55\x1d\x15"
	extInvalidityDate = "\x55\x1d\x18"
	extDeltaCRL       = "\x55\x1d\x1b"
	extIssuingPoint   = "\x55\x1d\x1c"
)

// A CRL holds the fields of a revocation list, without its entries and its
// signature.
type CRL struct {
	Issuer         []byte // DER Name
	ThisUpdate     time.Time
	NextUpdate     time.Time
	Number         *big.Int
	AuthorityKeyID []byte // the extension that [AuthorityKeyID] returns
	Scope          CRLScope
}

// A CRLScope says which revocations a list has: its issuingDistributionPoint (RFC
// 5280, section 5.2.5), and whether it is a delta CRL (section 5.2.4). The zero
// value is a list of all revocations of the issuer's certificates. [CRLWriter]
// writes only the first three fields.
type CRLScope struct {
	Addresses []string // only certificates with a distribution point of one of these names
	UserCerts bool     // only certificates of non-CAs
	CACerts   bool     // only certificates of CAs

	DirectoryNames []ComparableName // which stand next to Addresses
	SomeReasons    ReasonFlags
	Delta          bool // only what changed since another list
}

// ReasonFlags are reasons of revocations: bit n stands for bit n of the BIT
// STRING (RFC 5280, section 4.2.1.13). Zero means that a list is not limited to
// some.
type ReasonFlags uint16

// AllReasons are all bits that have a meaning.
const AllReasons ReasonFlags = 0x1fe

// Reasons returns the reasons for which a certificate that the list covers, and
// does not name, is not revoked.
func (scope CRLScope) Reasons() ReasonFlags {
	switch {
	case scope.Delta:
		return 0
	case scope.SomeReasons != 0:
		return scope.SomeReasons
	}
	return AllReasons
}

// CheckComplete refuses lists in which a missing serial number does not mean "not
// revoked": delta CRLs and CRLs for some reasons only.
func (scope CRLScope) CheckComplete() error {
	switch {
	case scope.Delta:
		return errors.New("it is a delta CRL (RFC 5280, section 5.2.4)")
	case scope.SomeReasons != 0:
		return errors.New("it covers revocations for some reasons only (RFC 5280, section 5.2.5)")
	}
	return nil
}

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	SerialNumber   []byte // big endian, first octet not zero; empty for the number zero
	RevocationTime time.Time
	Reason         int       // 1 to 10; zero: extension absent
	InvalidityDate time.Time // zero: extension absent
}

// A CRLWriter writes a version 2 CRL (RFC 5280, section 5.1) with any number of
// entries into one buffer. DER puts the lengths before the entries, and they are
// known only after the last entry. So the buffer starts with free room, and Sign
// writes the headers at the end of that room. Entries are copied only when the
// buffer grows.
type CRLWriter struct {
	signer *Signer
	crl    *CRL
	fields []byte // the fields of TBSCertList before revokedCertificates
	room   int    // free octets at the start of list
	list   []byte
	err    error // the first error of Add
}

// NewCRLWriter starts a list. It refuses times beyond the year 9999.
func NewCRLWriter(signer *Signer, crl *CRL) (*CRLWriter, error) {
	if err := checkTimes(crl.ThisUpdate, crl.NextUpdate); err != nil {
		return nil, err
	}
	fields := append(make([]byte, 0, 256), 2, 1, 1) // version 2
	fields = append(fields, signer.id.der...)
	fields = append(fields, crl.Issuer...)
	fields = appendTime(appendTime(fields, crl.ThisUpdate), crl.NextUpdate)
	room := len(fields) + 3*der.MaxHeader
	return &CRLWriter{signer: signer, crl: crl, fields: fields, room: room, list: make([]byte, room, room+1024)}, nil
}

// Add writes one entry. If its times are beyond the year 9999, Sign returns the
// error.
func (w *CRLWriter) Add(e CRLEntry) {
	if err := checkTimes(e.RevocationTime, e.InvalidityDate); err != nil && w.err == nil {
		w.err = err
	}
	w.list = der.AppendFunc(w.list, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.AppendInteger(dst, e.SerialNumber)
		dst = appendTime(dst, e.RevocationTime)
		if e.Reason == 0 && e.InvalidityDate.IsZero() {
			return dst
		}
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			dst = append(dst, reasonCodes[e.Reason]...)
			if e.InvalidityDate.IsZero() {
				return dst
			}
			// Never a UTCTime: RFC 5280, section 5.3.2.
			return appendExtension(dst, extInvalidityDate, false, func(dst []byte) []byte { return appendGeneralizedTime(dst, e.InvalidityDate) })
		})
	})
}

// reasonCodes holds the reasonCode extension of each reason. Most entries have
// one, so each is encoded once.
var reasonCodes = func() (extensions [11][]byte) {
	for reason := 1; reason < len(extensions); reason++ {
		extensions[reason] = appendExtension(nil, extReasonCode, false, func(dst []byte) []byte { return appendEnum(dst, reason) })
	}
	return extensions
}()

// appendEnum appends an ENUMERATED from 0 to 127.
func appendEnum(dst []byte, value int) []byte { return append(dst, byte(asn1.ENUM), 1, byte(value)) }

// Sign completes and signs the list and returns it. Do not use the writer
// afterwards.
func (w *CRLWriter) Sign(rand io.Reader) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	entries := len(w.list) - w.room
	list := der.AppendFunc(w.list, contextTag(0), func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, w.crl.appendExtensions)
	})
	start := w.room
	if entries > 0 { // RFC 5280, section 5.1.2.6: revokedCertificates is absent, never empty
		start = putHeader(list, start, entries)
	}
	start -= len(w.fields)
	copy(list[start:], w.fields)
	start = putHeader(list, start, len(list)-start)

	signature, err := w.signer.sign(rand, list[start:])
	if err != nil {
		return nil, err
	}
	list = der.AppendBitString(append(list, w.signer.id.der...), signature)
	start = putHeader(list, start, len(list)-start)
	return list[start:], nil
}

// putHeader writes the header of a SEQUENCE of n octets so that it ends at
// buf[end], and returns the index of its first octet.
func putHeader(buf []byte, end, n int) int {
	header := der.AppendHeader(make([]byte, 0, der.MaxHeader), asn1.SEQUENCE, n)
	return end - copy(buf[end-len(header):], header)
}

func (crl *CRL) appendExtensions(dst []byte) []byte {
	dst = append(dst, crl.AuthorityKeyID...)
	dst = appendExtension(dst, extCRLNumber, false, func(dst []byte) []byte { return der.AppendInteger(dst, crl.Number.Bytes()) })
	scope := crl.Scope
	if len(scope.Addresses) == 0 && !scope.UserCerts && !scope.CACerts {
		return dst
	}
	return appendExtension(dst, extIssuingPoint, true, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			if len(scope.Addresses) > 0 {
				dst = appendPoint(dst, scope.Addresses...)
			}
			for tag, set := range []bool{1: scope.UserCerts, 2: scope.CACerts} {
				if set {
					dst = der.Append(dst, asn1.Tag(tag).ContextSpecific(), "\xff")
				}
			}
			return dst
		})
	})
}

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

// Covers reports whether a list with this scope names the certificate if it is
// revoked for one of the scope's reasons. It does not compare issuers or
// signatures; CheckCRLSignature does.
func (scope CRLScope) Covers(cert *x509.Certificate) bool {
	if scope.UserCerts && cert.IsCA || scope.CACerts && !cert.IsCA {
		return false
	}
	if len(scope.Addresses)+len(scope.DirectoryNames) == 0 {
		return true
	}
	points, err := pointsOf(cert)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(points.addresses, func(address string) bool { return slices.Contains(scope.Addresses, address) }) ||
		slices.ContainsFunc(points.directories, func(name ComparableName) bool { return slices.Contains(scope.DirectoryNames, name) })
}

// ScopeOf returns the scope of a CRL. It refuses indirect CRLs, CRLs of
// attribute certificates, and CRLs with an unknown critical extension (RFC
// 5280, sections 5.2 and 5.3).
func ScopeOf(list *x509.RevocationList) (scope CRLScope, err error) {
	scoped, delta := false, false
	for _, e := range list.Extensions {
		switch {
		case isExtension(e, extIssuingPoint) && scoped: // crypto/x509 accepts two
			return CRLScope{}, errors.New("it has two issuingDistributionPoints (RFC 5280, section 4.2)")
		case isExtension(e, extIssuingPoint):
			scoped = true
			scope, err = parseScope(e.Value, list.RawIssuer)
			if err != nil {
				return CRLScope{}, err
			}
		case isExtension(e, extDeltaCRL): // critical or not
			delta = true
		case e.Critical:
			return CRLScope{}, fmt.Errorf("it has the critical extension %.80v, which is not understood", e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return CRLScope{}, fmt.Errorf("the entry of %.20x has the critical extension %.80v, which is not understood", entry.SerialNumber.Bytes(), e.Id)
			}
		}
	}
	scope.Delta = delta
	return scope, nil
}

var errScope = errors.New("its issuingDistributionPoint is malformed (RFC 5280, section 5.2.5)")

// parseScope reads an issuingDistributionPoint of a list with this issuer.
func parseScope(value, issuer []byte) (scope CRLScope, err error) {
	input := cryptobyte.String(value)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return CRLScope{}, errScope
	}
	last := -1
	for !fields.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !fields.ReadAnyASN1(&value, &tag) || int(tag&0x1f) <= last {
			return CRLScope{}, errScope
		}
		last = int(tag & 0x1f)
		switch tag {
		case contextTag(0):
			var points pointNames
			if err := points.add(value, Comparable(issuer)); err != nil {
				return CRLScope{}, err
			}
			scope.Addresses, scope.DirectoryNames = points.addresses, points.directories
			if len(scope.Addresses)+len(scope.DirectoryNames) == 0 {
				return CRLScope{}, errors.New("its distribution point has neither a URI nor a directory name (RFC 5280, section 5.2.5)")
			}
			continue
		case asn1.Tag(3).ContextSpecific():
			scope.SomeReasons = parseReasonFlags(value)
			if scope.SomeReasons == 0 {
				return CRLScope{}, errScope
			}
			continue
		}
		if len(value) != 1 || value[0] != 0xff { // DER leaves out FALSE, the default
			return CRLScope{}, errScope
		}
		switch tag {
		case asn1.Tag(1).ContextSpecific():
			scope.UserCerts = true
		case asn1.Tag(2).ContextSpecific():
			scope.CACerts = true
		case asn1.Tag(4).ContextSpecific():
			return CRLScope{}, errors.New("it holds certificates of other issuers (RFC 5280, section 5.2.5)")
		case asn1.Tag(5).ContextSpecific():
			return CRLScope{}, errors.New("it covers attribute certificates only (RFC 5280, section 5.2.5)")
		default:
			return CRLScope{}, errScope
		}
	}
	return scope, nil
}

// parseReasonFlags reads the content octets of a ReasonFlags, a BIT STRING with
// nine bits at most. It returns zero for any other.
func parseReasonFlags(value []byte) ReasonFlags {
	if len(value) < 2 || len(value) > 3 || value[0] > 7 {
		return 0
	}
	unused := value[0]
	padding := value[len(value)-1] & (1<<unused - 1)
	if padding != 0 || len(value) == 3 && unused != 7 {
		return 0
	}
	flags := ReasonFlags(bits.Reverse8(value[1]))
	if len(value) == 3 {
		flags |= ReasonFlags(value[2]>>7) << 8
	}
	return flags
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

package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A RevocationReason says why a certificate was revoked: a CRLReason (RFC 5280,
// section 5.3.1). 8, removeFromCRL, has its place in delta CRLs, which this
// package does not make.
type RevocationReason int

// The reasons of RFC 5280, section 5.3.1. 7 is not used.
const (
	// ReasonUnspecified, the zero value, gives no reason: none is written.
	ReasonUnspecified RevocationReason = 0
	// ReasonKeyCompromise: somebody else has, or may have, the private key.
	ReasonKeyCompromise RevocationReason = 1
	// ReasonCACompromise is ReasonKeyCompromise for a CA's certificate.
	ReasonCACompromise RevocationReason = 2
	// ReasonAffiliationChanged: the subject's name or other data changed.
	ReasonAffiliationChanged RevocationReason = 3
	// ReasonSuperseded: another certificate took its place.
	ReasonSuperseded RevocationReason = 4
	// ReasonCessationOfOperation: the certificate is not needed any more.
	ReasonCessationOfOperation RevocationReason = 5
	// ReasonCertificateHold: the revocation may be taken back.
	ReasonCertificateHold RevocationReason = 6
	// ReasonPrivilegeWithdrawn: a right that the certificate states ended.
	ReasonPrivilegeWithdrawn RevocationReason = 9
	// ReasonAACompromise is ReasonKeyCompromise for attribute authorities.
	ReasonAACompromise RevocationReason = 10
)

var reasonNames = map[RevocationReason]string{
	ReasonUnspecified:          "unspecified",
	ReasonKeyCompromise:        "keyCompromise",
	ReasonCACompromise:         "cACompromise",
	ReasonAffiliationChanged:   "affiliationChanged",
	ReasonSuperseded:           "superseded",
	ReasonCessationOfOperation: "cessationOfOperation",
	ReasonCertificateHold:      "certificateHold",
	ReasonPrivilegeWithdrawn:   "privilegeWithdrawn",
	ReasonAACompromise:         "aACompromise",
}

// String returns the name in RFC 5280, such as "keyCompromise", and for a value
// that is none of the constants its number.
func (r RevocationReason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return strconv.Itoa(int(r))
}

// A RevokedCertificate is one entry of a CRL.
type RevokedCertificate struct {
	// SerialNumber is what CreateServerCertificateWithCsrResponse.SerialNumber
	// holds: hexadecimal digits, for certificates of other origin up to 40 of
	// them, not all zero. Required.
	SerialNumber string

	// RevocationTime is when the certificate was revoked, in whole seconds and
	// not after now. Required.
	RevocationTime time.Time

	// Reason is why. Zero, ReasonUnspecified, gives none.
	Reason RevocationReason

	// InvalidityDate is when the certificate became invalid as far as is known,
	// often before the CA heard of it, in whole seconds (RFC 5280, section
	// 5.3.2). Zero means that nothing is said about it.
	InvalidityDate time.Time
}

// Revoked is the sequence of these certificates, for
// [RevocationListRequest.Revoked] when they are in memory.
func Revoked(certificates ...RevokedCertificate) iter.Seq2[RevokedCertificate, error] {
	return func(yield func(RevokedCertificate, error) bool) {
		for _, c := range certificates {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// A RevocationListRequest describes the CRL to create.
type RevocationListRequest struct {
	// Number is the CRL's number: positive, up to 20 octets, and greater than
	// that of the CA's list before (RFC 5280, section 5.2.3), which the caller
	// remembers. A UNIX time serves, if a second never has two lists. Required.
	Number *big.Int

	// NextUpdate is when the next CRL will be there at the latest, after now.
	// Clients refuse the list from then on. Required.
	NextUpdate time.Time

	// DistributionPoint limits the list to the certificates that name this http
	// or https address as the place of their CRL, letter for letter: a CA with
	// many certificates spreads them over several lists in this way (RFC 5280,
	// section 5.2.5). The address that an Issuer writes is the CrlUrl of its
	// Describe; IssuerOptions.CRLBase says how a CA has several. Empty means that
	// the list is for all.
	DistributionPoint string

	// OnlyContainsUserCerts limits the list to certificates that are not a CA's,
	// and OnlyContainsCACerts to those that are. At most one is set.
	OnlyContainsUserCerts bool

	// OnlyContainsCACerts: see OnlyContainsUserCerts.
	OnlyContainsCACerts bool

	// Revoked yields the revoked certificates that have not expired, in any
	// order, each serial number once: a list that is written as it comes cannot
	// notice a repetition. Where a database read fails, it yields the error, and
	// there is no list rather than one that lacks entries. It is read once.
	// [Revoked] makes one of a slice's elements. Nil means that none is revoked.
	Revoked iter.Seq2[RevokedCertificate, error]
}

// Validate checks the request without issuer and instant, and without reading
// Revoked: [yuncert.ErrMissingParameter] for a required field that is empty, and
// [yuncert.ErrInvalidValueMalformed] for any other value that breaks the rule
// in the field's comment.
func (r *RevocationListRequest) Validate() error {
	if r == nil {
		r = new(RevocationListRequest)
	}
	switch {
	case r.Number == nil:
		return yuncert.Missing("Number")
	case r.Number.Sign() <= 0 || r.Number.BitLen() > 8*20-1: // a first octet from 0x80 takes another
		return malformed("Number", "the number is not positive and of up to 20 octets (RFC 5280, section 5.2.3)")
	case r.NextUpdate.IsZero():
		return yuncert.Missing("NextUpdate")
	case r.NextUpdate.After(maxTime):
		return malformed("NextUpdate", "%s is after %s", stamp(r.NextUpdate), stamp(maxTime))
	case r.OnlyContainsUserCerts && r.OnlyContainsCACerts:
		return malformed("OnlyContainsCACerts", "OnlyContainsUserCerts is set too: at most one is")
	}
	if r.DistributionPoint != "" {
		address, err := url.Parse(r.DistributionPoint)
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" ||
			address.Fragment != "" || strings.IndexFunc(r.DistributionPoint, func(c rune) bool { return c <= ' ' || c > '~' }) >= 0 {
			return malformed("DistributionPoint", "%.80q is no http or https address in ASCII", r.DistributionPoint)
		}
	}
	return nil
}

// CreateRevocationList makes a CA's certificate revocation list, DER to be
// served as application/pkix-crl: version 2 (RFC 5280, section 5), thisUpdate
// now, with cRLNumber, authorityKeyIdentifier and, if the request limits the
// list, a critical issuingDistributionPoint. It is a complete list of the
// issuer's own certificates, never a delta.
//
// Entries are written as they come, into the one buffer that becomes the list:
// a million make a list of about 50 MB, and making it takes up to five times that
// memory. They are checked as they come, too; a message about one has its place and
// serial number.
//
// Errors, after those of [RevocationListRequest.Validate]:
//
//   - [yuncert.ErrNotFound]: issuer is nil.
//   - [yuncert.ErrCertificateExpired]: the CA or one above it is not valid now.
//   - [yuncert.ErrInvalidParameter]: the CA's key usage, if it has one, lacks
//     cRLSign; NextUpdate is not after now; a RevocationTime is after now, as that
//     of a certificate can be which is revoked once now was taken.
//   - [yuncert.ErrMissingParameter], [yuncert.ErrInvalidValueMalformed]: an entry
//     breaks the rule in its field's comment.
//   - [yuncert.ErrInternalError]: Revoked yielded an error, which is wrapped, or
//     rand or the CA's key failed.
func CreateRevocationList(rand io.Reader, now time.Time, issuer *Issuer, req *RevocationListRequest) ([]byte, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if err := checkParent(issuer, ""); err != nil {
		return nil, err
	}
	now = second(now)
	if err := issuer.checkNow(now); err != nil {
		return nil, err
	}
	nextUpdate := second(req.NextUpdate)
	switch {
	case issuer.chain[0].KeyUsage != 0 && issuer.chain[0].KeyUsage&x509.KeyUsageCRLSign == 0:
		return nil, refused("ParentIdentifier", "the CA may not sign CRLs: its keyUsage lacks cRLSign (RFC 5280, section 4.2.1.3)")
	case !nextUpdate.After(now):
		return nil, refused("NextUpdate", "%s is not after this update, %s", stamp(nextUpdate), stamp(now))
	}
	scope := x509der.CRLScope{UserCerts: req.OnlyContainsUserCerts, CACerts: req.OnlyContainsCACerts}
	if req.DistributionPoint != "" {
		scope.Addresses = []string{req.DistributionPoint}
	}
	w, err := x509der.NewCRLWriter(issuer.signer, &x509der.CRL{
		Issuer:         issuer.chain[0].RawSubject,
		ThisUpdate:     now,
		NextUpdate:     nextUpdate,
		Number:         req.Number,
		AuthorityKeyID: issuer.authorityKeyID,
		Scope:          scope,
	})
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "the CRL cannot be encoded", Err: err}
	}
	if req.Revoked != nil {
		n := 0
		for revoked, err := range req.Revoked {
			n++
			if err != nil {
				return nil, &yuncert.Error{Code: yuncert.ErrInternalError, Parameter: "Revoked", Message: "the revoked certificates cannot be read", Err: err}
			}
			entry, err := revoked.check(now)
			if err != nil {
				if e, ok := errors.AsType[*yuncert.Error](err); ok {
					err = yuncert.Errorf(e.Code, e.Parameter, "%s (entry %d, serial number %.80q)", e.Message, n, revoked.SerialNumber)
				}
				return nil, err
			}
			w.Add(entry)
		}
	}
	der, err := w.Sign(rand)
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "the CA's key did not sign", Err: err}
	}
	return der, nil
}

// check checks one entry.
func (c *RevokedCertificate) check(now time.Time) (entry x509der.CRLEntry, err error) {
	if c.SerialNumber == "" {
		return entry, yuncert.Missing("SerialNumber")
	}
	serial, err := parseSerialNumber(c.SerialNumber)
	if err != nil {
		return entry, malformed("SerialNumber", "%.80q: %v", c.SerialNumber, err)
	}
	if err := checkRevocation(now, c.RevocationTime, c.Reason); err != nil {
		return entry, err
	}
	if date := c.InvalidityDate; !date.IsZero() && (date.UTC().Year() < 1 || date.After(maxTime)) {
		return entry, malformed("InvalidityDate", "the year %d is not from 1 to 9999", date.UTC().Year())
	}
	return x509der.CRLEntry{
		SerialNumber: serial, RevocationTime: c.RevocationTime, Reason: int(c.Reason), InvalidityDate: c.InvalidityDate,
	}, nil
}

// checkRevocation checks when and why a certificate was revoked.
func checkRevocation(now, at time.Time, reason RevocationReason) error {
	if at.IsZero() {
		return yuncert.Missing("RevocationTime")
	}
	// In whole seconds, as it is written: now was cut to them too.
	if second(at).After(now) {
		return refused("RevocationTime", "%s is after now, %s", stamp(at), stamp(now))
	}
	if at.UTC().Year() < 1950 { // certificates begin there: RFC 5280, section 4.1.2.5
		return malformed("RevocationTime", "the year %d is before 1950", at.UTC().Year())
	}
	if _, ok := reasonNames[reason]; !ok {
		return malformed("Reason", "%d is not a reason: 0 to 6, 9 and 10 are (RFC 5280, section 5.3.1)", reason)
	}
	return nil
}

var errSerialNumber = errors.New("it is not 1 to 40 hexadecimal digits above zero")

// parseSerialNumber reads a serial number as responses have it, big endian.
func parseSerialNumber(text string) ([]byte, error) {
	if len(text) > 40 {
		return nil, errSerialNumber
	}
	text = strings.TrimLeft(text, "0")
	if len(text)%2 != 0 {
		text = "0" + text
	}
	serial, err := hex.DecodeString(text)
	if err != nil || len(serial) == 0 {
		return nil, errSerialNumber
	}
	return serial, nil
}

// ParseRevocationList reads a CRL of any of this module's algorithms, DER or one
// PEM block X509 CRL, with nothing behind it. Its signature is not checked:
// [Verify] does so, where the list is one of VerifyOptions.RevocationLists; for
// RSA and ECC the list's CheckSignatureFrom does so as well.
//
// Input that is no CRL is [yuncert.ErrInvalidValueMalformed], and so is one in
// which the absence of a serial number says nothing: a delta CRL, an indirect
// one, one for some reasons only, or one with a critical extension that is not
// understood (RFC 5280, sections 5.2 and 5.3). A list with an
// issuingDistributionPoint is accepted; it speaks for the certificates that this
// names. There is no limit to the size, as lists are large: bound the reader.
func ParseRevocationList(data []byte) (*x509.RevocationList, error) {
	der, err := decodeCRL(data)
	if err != nil {
		return nil, malformed("", "the CRL cannot be read: %v", err)
	}
	list, err := x509der.ParseCRL(der)
	if err != nil {
		return nil, malformed("", "the CRL cannot be read: %s", x509der.Reason(err))
	}
	return list, nil
}

// decodeCRL returns the DER in data.
func decodeCRL(data []byte) ([]byte, error) {
	if len(data) > 0 && data[0] == 0x30 { // a SEQUENCE; no PEM begins with a zero
		return data, nil
	}
	block, rest := pem.Decode(bytes.TrimPrefix(data, []byte("\ufeff")))
	switch {
	case block == nil:
		return nil, errors.New("it is neither DER nor PEM")
	case block.Type != "X509 CRL":
		return nil, fmt.Errorf("its PEM label is %.40q and not X509 CRL", block.Type)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("its PEM block is followed by other text")
	}
	return block.Bytes, nil
}

package ca

import (
	"bytes"
	"crypto/x509"
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
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A RevocationReason is a CRLReason (RFC 5280, section 5.3.1). 7 is not used.
// removeFromCRL (8) is only for delta CRLs, which this package does not create.
type RevocationReason int

const (
	ReasonUnspecified          RevocationReason = 0  // no reason is given
	ReasonKeyCompromise        RevocationReason = 1  // the private key is, or may be, known to others
	ReasonCACompromise         RevocationReason = 2  // ReasonKeyCompromise of a CA
	ReasonAffiliationChanged   RevocationReason = 3  // the subject's name or other data changed
	ReasonSuperseded           RevocationReason = 4  // another certificate replaces it
	ReasonCessationOfOperation RevocationReason = 5  // the certificate is no longer needed
	ReasonCertificateHold      RevocationReason = 6  // the revocation may be undone
	ReasonPrivilegeWithdrawn   RevocationReason = 9  // a right that the certificate states has ended
	ReasonAACompromise         RevocationReason = 10 // ReasonKeyCompromise of an attribute authority
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

// reasonRemoveFromCRL takes a certificate off a list. Only delta CRLs have it.
const reasonRemoveFromCRL RevocationReason = 8

// String returns RFC 5280's name, such as "keyCompromise", or else the number.
func (r RevocationReason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return strconv.Itoa(int(r))
}

// A RevokedCertificate is a CRL entry. Its times are written in whole seconds.
type RevokedCertificate struct {
	// SerialNumber is 1 to 40 hexadecimal digits, as in the responses of the
	// issuing functions. Other tools' certificates can have "00". Required.
	SerialNumber string `json:"SerialNumber,omitempty"`
	// RevocationTime is from 1950 to now. Required.
	RevocationTime time.Time `json:"RevocationTime,omitzero"`
	// Reason is one of the constants.
	Reason RevocationReason `json:"Reason,omitempty"`
	// InvalidityDate is when the certificate became invalid as far as is known,
	// often before RevocationTime (RFC 5280, section 5.3.2). Zero means absent.
	InvalidityDate time.Time `json:"InvalidityDate,omitzero"`
}

// Revoked makes a sequence for [CreateRevocationListRequest.Revoked].
func Revoked(certificates ...RevokedCertificate) iter.Seq2[RevokedCertificate, error] {
	return func(yield func(RevokedCertificate, error) bool) {
		for _, c := range certificates {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// A CreateRevocationListRequest describes the CRL to create.
type CreateRevocationListRequest struct {
	// Number is the CRL number: positive, up to 20 octets, and greater than the
	// number of the CA's previous CRL (RFC 5280, section 5.2.3). A UNIX time
	// will do if no two CRLs have the same second. Required.
	Number *big.Int `json:"Number,omitempty"`
	// NextUpdate is after now. Clients refuse this CRL from then on. Required.
	NextUpdate time.Time `json:"NextUpdate,omitzero"`
	// DistributionPoint limits the CRL to certificates with this http or https
	// address, letter for letter, as their CRL distribution point (RFC 5280,
	// section 5.2.5), so that a CA can use several CRLs. Certificates of this
	// package have the CrlUrl of Issuer.Describe: see IssuerOptions.CRLBase.
	// Empty means no limit.
	DistributionPoint string `json:"DistributionPoint,omitempty"`
	// OnlyContainsUserCerts limits the CRL to certificates of non-CAs,
	// OnlyContainsCACerts to certificates of CAs. At most one may be set.
	OnlyContainsUserCerts bool `json:"OnlyContainsUserCerts,omitempty"`
	OnlyContainsCACerts   bool `json:"OnlyContainsCACerts,omitempty"`
	// Revoked yields the revoked certificates that have not expired, in any
	// order. It is read once and must not repeat a serial number; this is not
	// checked. If it yields an error, no CRL is created. Nil means none. See
	// [Revoked].
	Revoked iter.Seq2[RevokedCertificate, error] `json:"-"`
}

// Validate checks the fields, but does not read Revoked.
func (r *CreateRevocationListRequest) Validate() error {
	if r == nil {
		r = new(CreateRevocationListRequest)
	}
	switch {
	case r.Number == nil:
		return yuncert.Missing("Number")
	case r.Number.Sign() <= 0 || r.Number.BitLen() > 8*20-1: // the top bit is the sign
		return param.Malformed("Number", "want a positive number of up to 20 octets (RFC 5280, section 5.2.3)")
	case r.NextUpdate.IsZero():
		return yuncert.Missing("NextUpdate")
	case r.NextUpdate.After(maxTime):
		return param.Malformed("NextUpdate", "%s is after %s", stamp(r.NextUpdate), stamp(maxTime))
	case r.OnlyContainsUserCerts && r.OnlyContainsCACerts:
		return param.Malformed("OnlyContainsCACerts", "OnlyContainsUserCerts is set too; set at most one of them")
	}
	if r.DistributionPoint != "" {
		address, err := url.Parse(r.DistributionPoint)
		ascii := !strings.ContainsFunc(r.DistributionPoint, func(c rune) bool { return c <= ' ' || c > '~' })
		if err != nil || !ascii || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" || address.Fragment != "" {
			return param.Malformed("DistributionPoint", "%.80q is not an http or https address in ASCII without fragment", r.DistributionPoint)
		}
	}
	return nil
}

// CreateRevocationList creates a complete, DER-encoded version 2 CRL of the
// issuer's own certificates (RFC 5280, section 5). Serve it as
// application/pkix-crl. thisUpdate is now. The extensions are cRLNumber,
// authorityKeyIdentifier and, for a limited CRL, a critical
// issuingDistributionPoint. A CRL of a million entries has about 50 MB, and
// creating it takes up to four times that memory.
//
// Its own errors are [yuncert.ErrInvalidParameter] for a CA whose key usage
// lacks cRLSign, for a NextUpdate that is not after now, and for a
// RevocationTime after now (as if a certificate is revoked while Revoked is
// read); an entry's own errors, with its position and serial number; and
// [yuncert.ErrInternalError], which wraps an error that Revoked yielded.
func CreateRevocationList(rand io.Reader, now time.Time, issuer *Issuer, req *CreateRevocationListRequest) ([]byte, error) {
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
	if err := x509der.CheckCRLSign(issuer.chain[0]); err != nil {
		return nil, param.Refused("ParentIdentifier", "%v", err)
	}
	nextUpdate := second(req.NextUpdate)
	if !nextUpdate.After(now) {
		return nil, param.Refused("NextUpdate", "%s is not after this update, %s", stamp(nextUpdate), stamp(now))
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

// Validate checks the entry as [CreateRevocationList] does at that time.
func (c *RevokedCertificate) Validate(now time.Time) error {
	_, err := c.check(second(now))
	return err
}

// check returns the entry as it is written, or what is wrong with it.
func (c *RevokedCertificate) check(now time.Time) (entry x509der.CRLEntry, err error) {
	if c.SerialNumber == "" {
		return entry, yuncert.Missing("SerialNumber")
	}
	serial, err := x509der.ParseSerialNumber(c.SerialNumber)
	if err != nil {
		return entry, param.Malformed("SerialNumber", "%.80q: %v", c.SerialNumber, err)
	}
	if err := checkRevocation(now, c.RevocationTime, c.Reason); err != nil {
		return entry, err
	}
	date := c.InvalidityDate
	if !date.IsZero() && (date.UTC().Year() < 1 || date.After(maxTime)) {
		return entry, param.Malformed("InvalidityDate", "the year %d is not from 1 to 9999", date.UTC().Year())
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
	// Compare whole seconds, as written; now has whole seconds already.
	if second(at).After(now) {
		return param.Refused("RevocationTime", "%s is after now, %s", stamp(at), stamp(now))
	}
	if at.UTC().Year() < 1950 { // no certificate starts earlier: RFC 5280, section 4.1.2.5
		return param.Malformed("RevocationTime", "the year %d is before 1950, the first that a certificate can hold", at.UTC().Year())
	}
	if _, ok := reasonNames[reason]; !ok {
		return param.Malformed("Reason", "%d is not a reason; want 0 to 6, 9 or 10 (RFC 5280, section 5.3.1)", reason)
	}
	return nil
}

// ParseRevocationList parses a CRL of an RSA, ECC or SM2 CA: DER or one PEM
// block "X509 CRL", without trailing data. It does not verify the signature;
// [Verify] does, and for RSA and ECC CheckSignatureFrom. There is no size
// limit: limit your reader.
//
// [yuncert.ErrInvalidValueMalformed] is for anything else, for a CRL that
// breaks the form of RFC 5280, section 5.1, or has an extension twice, and for
// a CRL in which a missing serial number does not mean "not revoked" (sections
// 5.2 and 5.3): a delta CRL, an indirect CRL, one for some reasons only, and
// one with an unknown critical extension. A CRL with an
// issuingDistributionPoint covers only the certificates that this extension
// describes.
//
// If a CRL is refused, do not call Verify without it, or set
// RequireRevocationLists. For Verify, read delta CRLs and CRLs for some reasons
// with [x509.ParseRevocationList].
func ParseRevocationList(data []byte) (*x509.RevocationList, error) {
	der, err := decodeCRL(data)
	if err != nil {
		return nil, param.Malformed("", "the CRL cannot be read: %v", err)
	}
	list, err := x509der.ParseCRL(der)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "", "the CRL cannot be read")
	}
	return list, nil
}

// decodeCRL returns the DER in data, which is DER or PEM.
func decodeCRL(data []byte) ([]byte, error) {
	if len(data) > 0 && data[0] == 0x30 { // SEQUENCE; as text a "0", which no PEM begins with
		return data, nil
	}
	blocks := der.NewPEMReader(data)
	block, damaged := blocks.Next()
	switch {
	case damaged:
		return nil, errors.New("its PEM block is damaged; want -----BEGIN X509 CRL-----, base64 and -----END X509 CRL-----, each on lines of its own")
	case block == nil:
		return nil, fmt.Errorf("it is neither DER nor PEM: %v", der.NoPEM(data))
	case block.Type != "X509 CRL":
		return nil, fmt.Errorf("it is %s; want a PEM block X509 CRL", der.Label(block.Type))
	case len(bytes.TrimSpace(blocks.Rest())) > 0:
		return nil, errors.New("other text follows its PEM block")
	}
	return block.Bytes, nil
}

package x509der

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions of CRLs and their entries (RFC 5280, sections 5.2 and 5.3), as the
// content octets of their object identifiers.
const (
	extCRLNumber      = "\x55\x1d\x14"
	extReasonCode     = "\x55\x1d\x15"
	extInvalidityDate = "\x55\x1d\x18"
	extDeltaCRL       = "\x55\x1d\x1b"
	extIssuingPoint   = "\x55\x1d\x1c"
)

// A CRL is what a revocation list says beside its entries and its signature.
type CRL struct {
	Issuer         []byte // DER Name
	ThisUpdate     time.Time
	NextUpdate     time.Time
	Number         *big.Int
	AuthorityKeyID []byte
	Scope          CRLScope
}

// A CRLScope is which of the issuer's certificates a list covers, as its
// issuingDistributionPoint says (RFC 5280, section 5.2.5). The zero value is all
// of them.
type CRLScope struct {
	Addresses []string // only those whose CRLDistributionPoints name one of these
	UserCerts bool     // only those that are not a CA's
	CACerts   bool     // only those of CAs
}

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	SerialNumber   []byte // big endian, first octet not zero
	RevocationTime time.Time
	Reason         int       // 1 to 10; zero: extension absent
	InvalidityDate time.Time // zero: extension absent
}

// A CRLWriter makes a version 2 CRL (RFC 5280, section 5.1) of any number of
// entries in one buffer. The lengths stand in front of the entries and are
// known behind them, so that room is left there and the list begins somewhere
// within it: no octet of an entry is copied to make the list.
type CRLWriter struct {
	signer *Signer
	crl    *CRL
	fields []byte // of TBSCertList, what stands before revokedCertificates
	room   int
	b      *cryptobyte.Builder
}

// maxHeader is a tag and a length of up to eight octets.
const maxHeader = 10

// NewCRLWriter begins a list. The years of its times are up to 9999.
func NewCRLWriter(signer *Signer, crl *CRL) (*CRLWriter, error) {
	b := cryptobyte.NewBuilder(make([]byte, 0, 256))
	b.AddASN1Int64(1)
	b.AddBytes(signer.id.der)
	b.AddBytes(crl.Issuer)
	addTime(b, crl.ThisUpdate)
	addTime(b, crl.NextUpdate)
	fields, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	room := len(fields) + 3*maxHeader
	return &CRLWriter{signer, crl, fields, room, cryptobyte.NewBuilder(make([]byte, room, room+1024))}, nil
}

// Add writes one entry.
func (w *CRLWriter) Add(e CRLEntry) {
	w.b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addSerialNumber(b, e.SerialNumber)
		addTime(b, e.RevocationTime)
		if e.Reason == 0 && e.InvalidityDate.IsZero() {
			return
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(reasonCodes[e.Reason])
			if !e.InvalidityDate.IsZero() { // never a UTCTime: RFC 5280, section 5.3.2
				addExtension(b, extInvalidityDate, false, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(e.InvalidityDate.UTC()) })
			}
		})
	})
}

// reasonCodes are the extensions reasonCode, made once: most entries have one of
// these few.
var reasonCodes = func() (extensions [11][]byte) {
	for reason := 1; reason < len(extensions); reason++ {
		var b cryptobyte.Builder
		addExtension(&b, extReasonCode, false, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(reason)) })
		extensions[reason] = b.BytesOrPanic()
	}
	return extensions
}()

// addSerialNumber writes a positive INTEGER from its octets without leading
// zeros.
func addSerialNumber(b *cryptobyte.Builder, serial []byte) {
	b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) {
		if serial[0]&0x80 != 0 {
			b.AddUint8(0)
		}
		b.AddBytes(serial)
	})
}

// Sign ends the list and returns it. The writer is of no use afterwards.
func (w *CRLWriter) Sign(rand io.Reader) ([]byte, error) {
	list, err := w.b.Bytes()
	if err != nil {
		return nil, err
	}
	entries := len(list) - w.room
	w.b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addCRLExtensions(b, w.crl) })
	})
	if list, err = w.b.Bytes(); err != nil {
		return nil, err
	}
	start := w.room
	if entries > 0 { // RFC 5280, section 5.1.2.6: absent rather than empty
		start = putHeader(list, start, entries)
	}
	start -= len(w.fields)
	copy(list[start:], w.fields)
	start = putHeader(list, start, len(list)-start)

	signature, err := w.signer.sign(rand, list[start:])
	if err != nil {
		return nil, err
	}
	w.b.AddBytes(w.signer.id.der)
	w.b.AddASN1BitString(signature)
	if list, err = w.b.Bytes(); err != nil {
		return nil, err
	}
	start = putHeader(list, start, len(list)-start)
	return list[start:], nil
}

// putHeader writes the tag and length of a SEQUENCE of n octets right before
// buf[end:] and returns where they begin.
func putHeader(buf []byte, end, n int) int {
	if n < 0x80 {
		end--
		buf[end] = byte(n)
	} else {
		octets := 0
		for ; n > 0; n >>= 8 {
			end--
			buf[end] = byte(n)
			octets++
		}
		end--
		buf[end] = 0x80 | byte(octets)
	}
	end--
	buf[end] = byte(asn1.SEQUENCE)
	return end
}

func addCRLExtensions(b *cryptobyte.Builder, crl *CRL) {
	addExtension(b, extAuthorityKeyID, false, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(crl.AuthorityKeyID) })
		})
	})
	addExtension(b, extCRLNumber, false, func(b *cryptobyte.Builder) { b.AddASN1BigInt(crl.Number) })
	scope := crl.Scope
	if len(scope.Addresses) == 0 && !scope.UserCerts && !scope.CACerts {
		return
	}
	addExtension(b, extIssuingPoint, true, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if len(scope.Addresses) > 0 {
				context := asn1.Tag(0).ContextSpecific().Constructed()
				b.AddASN1(context, func(b *cryptobyte.Builder) {
					b.AddASN1(context, func(b *cryptobyte.Builder) {
						for _, address := range scope.Addresses {
							b.AddASN1(tagURI, func(b *cryptobyte.Builder) { b.AddBytes([]byte(address)) })
						}
					})
				})
			}
			for tag, set := range []bool{1: scope.UserCerts, 2: scope.CACerts} {
				if set {
					b.AddASN1(asn1.Tag(tag).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddUint8(0xff) })
				}
			}
		})
	})
}

var errCRL = errors.New("it is not a DER CertificateList (RFC 5280, section 5.1)")

// ParseCRL decodes a DER CRL with nothing behind it. crypto/x509 does it, which
// looks at no key and so reads those of SM2 too. A list that ScopeOf refuses is
// refused.
func ParseCRL(der []byte) (*x509.RevocationList, error) {
	// crypto/x509 reads over what stands behind the list and behind the signature.
	if _, _, _, err := splitSigned(der); err != nil {
		return nil, errCRL
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	if _, err := ScopeOf(list); err != nil {
		return nil, err
	}
	return list, nil
}

// CRLCovers reports whether a list that does not hold the certificate says that
// it is not revoked. It compares neither issuers nor signatures:
// CheckCRLSignature does.
func CRLCovers(list *x509.RevocationList, cert *x509.Certificate) bool {
	scope, err := ScopeOf(list)
	return err == nil && !(scope.UserCerts && cert.IsCA) && !(scope.CACerts && !cert.IsCA) &&
		(len(scope.Addresses) == 0 || slices.ContainsFunc(cert.CRLDistributionPoints, func(address string) bool {
			return slices.Contains(scope.Addresses, address)
		}))
}

func isExtension(e pkix.Extension, content string) bool { return e.Id.Equal(ObjectIdentifier(content)) }

// ScopeOf returns what a CRL covers. A list of another kind than CRLWriter makes
// is an error, since who looks up a serial number in it gets a wrong answer: a
// delta, one with other issuers' certificates, one for some reasons only, and
// any with a critical extension that is not understood (RFC 5280, sections 5.2
// and 5.3).
func ScopeOf(list *x509.RevocationList) (scope CRLScope, err error) {
	for _, e := range list.Extensions {
		switch {
		case isExtension(e, extIssuingPoint):
			if scope, err = parseScope(e.Value); err != nil {
				return CRLScope{}, err
			}
		case isExtension(e, extDeltaCRL): // critical or not
			return CRLScope{}, errors.New("it is a delta CRL (RFC 5280, section 5.2.4)")
		case e.Critical:
			return CRLScope{}, fmt.Errorf("it has the critical extension %v, which is not understood", e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return CRLScope{}, fmt.Errorf("the entry of %x has the critical extension %v, which is not understood", entry.SerialNumber, e.Id)
			}
		}
	}
	return scope, nil
}

var errScope = errors.New("its issuingDistributionPoint is malformed (RFC 5280, section 5.2.5)")

func parseScope(der []byte) (scope CRLScope, err error) {
	input := cryptobyte.String(der)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return CRLScope{}, errScope
	}
	for last := -1; !fields.Empty(); {
		var value cryptobyte.String
		var tag asn1.Tag
		if !fields.ReadAnyASN1(&value, &tag) || int(tag&0x1f) <= last {
			return CRLScope{}, errScope
		}
		last = int(tag & 0x1f)
		switch tag {
		case asn1.Tag(0).ContextSpecific().Constructed():
			if scope.Addresses, err = parseFullName(value); err != nil {
				return CRLScope{}, err
			}
			continue
		case asn1.Tag(3).ContextSpecific():
			return CRLScope{}, errors.New("it covers revocations for some reasons only (RFC 5280, section 5.2.5)")
		}
		if len(value) != 1 || value[0] != 0xff { // FALSE is the default
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

// parseFullName reads the addresses in a DistributionPointName. Names of other
// forms, such as a directory's, do not count.
func parseFullName(name cryptobyte.String) ([]string, error) {
	var names cryptobyte.String
	if !name.ReadASN1(&names, asn1.Tag(0).ContextSpecific().Constructed()) || !name.Empty() {
		return nil, errors.New("its distribution point is no full name (RFC 5280, section 5.2.5)")
	}
	var addresses []string
	for !names.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&value, &tag) {
			return nil, errScope
		}
		if tag == tagURI {
			addresses = append(addresses, string(value))
		}
	}
	if addresses == nil {
		return nil, errors.New("its distribution point has no address (RFC 5280, section 5.2.5)")
	}
	return addresses, nil
}

// CheckCRLSignature verifies that the CA with this certificate signed the list:
// name, key identifier, key usage and signature (RFC 5280, section 6.3.3, steps
// b, f and g). It does not look at times.
func CheckCRLSignature(list *x509.RevocationList, issuer *x509.Certificate) error {
	switch {
	case string(list.RawIssuer) != string(issuer.RawSubject):
		return errors.New("the CRL is another CA's: its issuer is not the CA's subject")
	case len(list.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && string(list.AuthorityKeyId) != string(issuer.SubjectKeyId):
		return errors.New("the CRL is signed with another key: its authorityKeyIdentifier is not that of the CA")
	case issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return errors.New("the CA may not sign CRLs: its keyUsage lacks cRLSign (RFC 5280, section 4.2.1.3)")
	}
	tbs, id, signature, err := splitSigned(list.Raw)
	if err != nil {
		return errCRL
	}
	return Verify(issuer.PublicKey, id, tbs, signature)
}

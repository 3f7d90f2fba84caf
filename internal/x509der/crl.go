package x509der

import (
	"io"
	"math/big"
	"time"

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

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	SerialNumber   []byte // big endian, first octet not zero; empty for the number zero
	RevocationTime time.Time
	Reason         int       // 1 to 10; zero: extension absent
	InvalidityDate time.Time // zero: extension absent
}

// A CRLWriter writes a version 2 CRL (RFC 5280, section 5.1) with any number of
// entries. DER puts the lengths before the entries, and they are known only after
// the last entry. So the entries are kept in parts, and Sign copies each of them
// once into a buffer of the right size.
type CRLWriter struct {
	signer *Signer
	crl    *CRL
	fields []byte   // the fields of TBSCertList before revokedCertificates
	full   [][]byte // entries, in parts of about partSize octets
	part   []byte   // the entries after them
	err    error    // the first error of Add
}

const partSize = 1 << 20

// NewCRLWriter starts a list. It refuses times beyond the year 9999.
func NewCRLWriter(signer *Signer, crl *CRL) (*CRLWriter, error) {
	if err := checkTimes(crl.ThisUpdate, crl.NextUpdate); err != nil {
		return nil, err
	}
	fields := append(make([]byte, 0, 256), 2, 1, 1) // version 2
	fields = append(fields, signer.id.der...)
	fields = append(fields, crl.Issuer...)
	fields = appendTime(appendTime(fields, crl.ThisUpdate), crl.NextUpdate)
	return &CRLWriter{signer: signer, crl: crl, fields: fields, part: make([]byte, 0, 1024)}, nil
}

// Add writes one entry. If its times are beyond the year 9999, Sign returns the
// error.
func (w *CRLWriter) Add(e CRLEntry) {
	if err := checkTimes(e.RevocationTime, e.InvalidityDate); err != nil && w.err == nil {
		w.err = err
	}
	w.part = der.AppendFunc(w.part, asn1.SEQUENCE, func(dst []byte) []byte {
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
	if len(w.part) > partSize-maxEntry {
		w.full = append(w.full, w.part)
		w.part = make([]byte, 0, partSize)
	}
}

// maxEntry is more than an entry has octets.
const maxEntry = 256

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
	entries := 0
	w.full = append(w.full, w.part)
	for _, part := range w.full {
		entries += len(part)
	}
	var revoked []byte // RFC 5280, section 5.1.2.6: absent if there is no entry, never empty
	if entries > 0 {
		revoked = der.AppendHeader(nil, asn1.SEQUENCE, entries)
	}
	extensions := der.AppendFunc(nil, contextTag(0), func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, w.crl.appendExtensions)
	})
	size := len(w.fields) + len(revoked) + entries + len(extensions)

	// The outer header goes before the list when the length of the signature is
	// known. 1024 octets are enough for that signature.
	const start = der.MaxHeader
	list := make([]byte, start, 2*der.MaxHeader+size+len(w.signer.id.der)+1024)
	list = der.AppendHeader(list, asn1.SEQUENCE, size)
	list = append(append(list, w.fields...), revoked...)
	for n, part := range w.full {
		list = append(list, part...)
		w.full[n] = nil
	}
	list = append(list, extensions...)
	signature, err := w.signer.sign(rand, list[start:])
	if err != nil {
		return nil, err
	}
	list = der.AppendBitString(append(list, w.signer.id.der...), signature)
	header := der.AppendHeader(make([]byte, 0, der.MaxHeader), asn1.SEQUENCE, len(list)-start)
	first := start - len(header)
	copy(list[first:], header)
	return list[first:], nil
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

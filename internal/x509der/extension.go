package x509der

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// Extensions of RFC 5280, section 4.2, as the content octets of their object
// identifiers.
const (
	extSubjectKeyID    = "\x55\x1d\x0e"
	extKeyUsage        = "\x55\x1d\x0f"
	extAltName         = "\x55\x1d\x11"
	extIssuerAltName   = "\x55\x1d\x12"
	extConstraints     = "\x55\x1d\x13" // basicConstraints
	extCRLPoints       = "\x55\x1d\x1f"
	extAuthorityKeyID  = "\x55\x1d\x23"
	extExtendedKeyUsed = "\x55\x1d\x25"
	extFreshestCRL     = "\x55\x1d\x2e"
	extInfoAccess      = "\x2b\x06\x01\x05\x05\x07\x01\x01"
)

// appendExtension appends one Extension (RFC 5280, section 4.1). add appends
// its value.
func appendExtension(dst []byte, oid string, critical bool, add func(dst []byte) []byte) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, oid)
		if critical {
			dst = append(dst, derTrue...)
		}
		return der.AppendFunc(dst, asn1.OCTET_STRING, add)
	})
}

// An extension is one Extension that was read.
type extension struct {
	oid, value cryptobyte.String
	critical   bool
}

// parseExtensions reads a DER Extensions and appends the extensions to list. It
// refuses an extension that list has already (RFC 5280, section 4.2).
func parseExtensions(list []extension, value []byte) ([]extension, error) {
	input := cryptobyte.String(value)
	var extensions cryptobyte.String
	if !input.ReadASN1(&extensions, asn1.SEQUENCE) || !input.Empty() {
		return nil, errors.New("the requested extensions are not a SEQUENCE (RFC 5280, section 4.1)")
	}
	for !extensions.Empty() {
		e, ok := readExtension(&extensions)
		if !ok {
			return nil, errors.New("a requested extension is malformed (RFC 5280, section 4.1)")
		}
		for _, other := range list {
			if bytes.Equal(other.oid, e.oid) {
				return nil, fmt.Errorf("the extension %s is requested twice", ObjectIdentifier(string(e.oid)))
			}
		}
		list = append(list, e)
		if len(list) > maxExtensions {
			return nil, fmt.Errorf("more than %d extensions are requested", maxExtensions)
		}
	}
	return list, nil
}

// maxExtensions keeps the search for repeated extensions short. No tool
// requests nearly as many.
const maxExtensions = 64

// readExtension reads one whole Extension (RFC 5280, section 4.1). The field
// critical may be written as FALSE, the default, which DER leaves out but tools
// write.
func readExtension(s *cryptobyte.String) (e extension, ok bool) {
	var fields cryptobyte.String
	ok = s.ReadASN1(&fields, asn1.SEQUENCE) && readOID(&fields, &e.oid) &&
		(!fields.PeekASN1Tag(asn1.BOOLEAN) || fields.ReadASN1Boolean(&e.critical)) &&
		fields.ReadASN1(&e.value, asn1.OCTET_STRING) && fields.Empty()
	return e, ok
}

// readExtensions reads an Extensions of a CRL, a CRL entry or an OCSP request,
// which must be all that s holds, and calls check for each extension. It
// refuses an extension that occurs twice. seen is room for object identifiers,
// so that a CRL with many entries needs no more memory.
func readExtensions(s *cryptobyte.String, seen []cryptobyte.String, check func(extension) error) error {
	var list cryptobyte.String
	if !s.ReadASN1(&list, asn1.SEQUENCE) || !s.Empty() || list.Empty() {
		return errors.New("want a SEQUENCE of extensions (RFC 5280, section 4.1)")
	}
	seen = seen[:0]
	for !list.Empty() {
		e, ok := readExtension(&list)
		if !ok {
			return errors.New("an extension has other fields than its identifier, critical and its value (RFC 5280, section 4.1)")
		}
		for _, other := range seen {
			if string(other) == string(e.oid) {
				return fmt.Errorf("the extension %.80v occurs twice (RFC 5280, section 4.2)", ObjectIdentifier(string(e.oid)))
			}
		}
		if len(seen) == maxExtensions {
			return fmt.Errorf("there are more than %d extensions", maxExtensions)
		}
		seen = append(seen, e.oid)
		if err := check(e); err != nil {
			return err
		}
	}
	return nil
}

// skipExtensions reads and checks an Extensions that crypto/x509 then
// interprets. crypto/x509 does not check that an Extension ends after its
// value: another value or a critical TRUE could follow.
func skipExtensions(s *cryptobyte.String) bool {
	var list cryptobyte.String
	if !s.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		if _, ok := readExtension(&list); !ok {
			return false
		}
	}
	return true
}

// isExtension reports whether an extension has the object identifier of one of
// RFC 5280's, which are all 2.5.29.n.
func isExtension(e pkix.Extension, content string) bool {
	return len(e.Id) == 4 && e.Id[0] == 2 && e.Id[1] == 5 && e.Id[2] == 29 && e.Id[3] == int(content[2])
}

// extensionOf returns the value of an extension, nil if there is none.
func extensionOf(cert *x509.Certificate, content string) []byte {
	for _, e := range cert.Extensions {
		if isExtension(e, content) {
			return e.Value
		}
	}
	return nil
}

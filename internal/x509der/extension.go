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
	extConstraints     = "\x55\x1d\x13" // basicConstraints
	extCRLPoints       = "\x55\x1d\x1f"
	extAuthorityKeyID  = "\x55\x1d\x23"
	extExtendedKeyUsed = "\x55\x1d\x25"
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
type extension struct{ oid, value []byte }

// parseExtensions reads a DER Extensions and appends the extensions to list. It
// refuses an extension that list has already (RFC 5280, section 4.2).
func parseExtensions(list []extension, value []byte) ([]extension, error) {
	input := cryptobyte.String(value)
	var extensions cryptobyte.String
	if !input.ReadASN1(&extensions, asn1.SEQUENCE) || !input.Empty() {
		return nil, errors.New("the requested extensions are not a SEQUENCE (RFC 5280, section 4.1)")
	}
	for !extensions.Empty() {
		var oid, value cryptobyte.String
		if !readExtension(&extensions, &oid, &value) {
			return nil, errors.New("a requested extension is malformed (RFC 5280, section 4.1)")
		}
		for _, other := range list {
			if bytes.Equal(other.oid, oid) {
				return nil, fmt.Errorf("the extension %s is requested twice", ObjectIdentifier(string(oid)))
			}
		}
		list = append(list, extension{oid, value})
		if len(list) > maxExtensions {
			return nil, fmt.Errorf("more than %d extensions are requested", maxExtensions)
		}
	}
	return list, nil
}

// maxExtensions keeps the search for repeated extensions short. No tool
// requests nearly as many.
const maxExtensions = 64

// readExtension reads one whole Extension (RFC 5280, section 4.1).
func readExtension(s, oid, value *cryptobyte.String) bool {
	var one cryptobyte.String
	return s.ReadASN1(&one, asn1.SEQUENCE) && readOID(&one, oid) && readCritical(&one) &&
		one.ReadASN1(value, asn1.OCTET_STRING) && one.Empty()
}

// skipExtensions reads and checks an Extensions that crypto/x509 then
// interprets. crypto/x509 does not check that an Extension ends after its
// value: another value or a critical TRUE could follow.
func skipExtensions(s *cryptobyte.String) bool {
	var list, oid, value cryptobyte.String
	if !s.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		if !readExtension(&list, &oid, &value) {
			return false
		}
	}
	return true
}

// readCritical skips the field critical. It accepts FALSE, the default, which
// DER leaves out but tools write.
func readCritical(one *cryptobyte.String) bool {
	var critical bool
	return !one.PeekASN1Tag(asn1.BOOLEAN) || one.ReadASN1Boolean(&critical)
}

// isExtension reports whether an extension has the object identifier of one of RFC
// 5280's, which are all 2.5.29.n.
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

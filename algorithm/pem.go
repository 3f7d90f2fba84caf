package algorithm

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// PEM returns the key as an unencrypted PKCS #8 PEM block, "PRIVATE KEY" (RFC
// 5958), which openssl, Java and Go read. An SM2 key has the form of GM/T 0010:
// id-ecPublicKey with the SM2 curve, and an ECPrivateKey with the curve and the
// public key. The result is secret: do not log it, and give its file mode 0600.
// A zero PrivateKey is [yuncert.ErrInternalEncodeKeyError].
func (k *PrivateKey) PEM() ([]byte, error) {
	var content []byte
	var err error
	switch signer := k.signer().(type) {
	case nil:
		err = errors.New("the private key is empty")
	case sm2Signer:
		content, err = marshalSM2(signer.PrivateKey)
	default:
		content, err = x509.MarshalPKCS8PrivateKey(signer)
	}
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalEncodeKeyError, Message: "Failed to encode private key.", Err: err}
	}
	return []byte(der.PEM("PRIVATE KEY", content)), nil
}

// The tags of the optional fields in an ECPrivateKey.
var (
	parametersTag = asn1.Tag(0).ContextSpecific().Constructed()
	publicTag     = asn1.Tag(1).ContextSpecific().Constructed()
)

// marshalSM2 writes a PKCS #8 key that holds an ECPrivateKey (RFC 5915, section
// 3).
func marshalSM2(key *sm2.PrivateKey) ([]byte, error) {
	point, err := sm2.PublicKeyBytes(key.Public())
	if err != nil {
		return nil, err
	}
	// The buffer never grows: no copy of the scalar stays behind.
	return der.AppendFunc(make([]byte, 0, 256), asn1.SEQUENCE, func(dst []byte) []byte {
		dst = append(der.AppendInt(dst, 0), sm2KeyID...)
		return der.AppendFunc(dst, asn1.OCTET_STRING, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				dst = der.AppendInt(dst, 1)
				dst = der.Append(dst, asn1.OCTET_STRING, key.Bytes())
				dst = der.Append(dst, parametersTag, sm2Curve)
				return der.AppendFunc(dst, publicTag, func(dst []byte) []byte { return der.AppendBitString(dst, point) })
			})
		})
	}), nil
}

// ParsePrivateKey reads the one private key in a PEM text and ignores all other
// text. RSA, ECC and SM2 keys may be PKCS #8 ("PRIVATE KEY"), RSA keys also PKCS
// #1 ("RSA PRIVATE KEY"), ECC and SM2 keys also SEC 1 ("EC PRIVATE KEY", for SM2
// also "SM2 PRIVATE KEY"). A public key stored with an SM2 key must belong to it;
// one stored with an ECC key is ignored and computed again.
//
// ParsePrivateKey refuses a text with no key or several, and a key that is
// encrypted, broken, not supported or refused by [Check]. The message never quotes
// the text.
func ParsePrivateKey(text []byte) (*PrivateKey, error) {
	blocks := der.NewPEMReader(text)
	var key *PrivateKey
	for {
		block, _ := blocks.Next()
		if block == nil {
			break
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // certificates, and the EC PARAMETERS that openssl ecparam writes
		}
		if key != nil {
			return nil, malformed("the text holds more than one private key")
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, malformed("the private key is encrypted; decrypt it first, for example with openssl pkey")
		}
		var err error
		key, err = parsePrivateKey(block.Type, block.Bytes)
		if err != nil {
			return nil, err
		}
	}
	if key == nil {
		return nil, malformed("the text holds no private key in PEM with line breaks; want PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")
	}
	return key, nil
}

// errBrokenKey replaces a parser's error, which may quote the key.
func errBrokenKey(form string) error {
	return malformed("the private key is not the %s that its PEM label says, or is not supported; want an RSA, P-256, P-384, P-521 or SM2 key", form)
}

// keyForms maps PEM labels to the forms that they stand for.
var keyForms = map[string]string{
	"PRIVATE KEY": "PKCS #8 key", "RSA PRIVATE KEY": "PKCS #1 key", "EC PRIVATE KEY": "SEC 1 key", "SM2 PRIVATE KEY": "SEC 1 key",
}

func parsePrivateKey(label string, data []byte) (*PrivateKey, error) {
	form, known := keyForms[label]
	if !known {
		return nil, malformed("the PEM label of the private key is not supported; want PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY (ssh-keygen -p -m PKCS8 converts OpenSSH keys)")
	}
	var outer cryptobyte.String
	input := cryptobyte.String(data)
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("the private key is not one DER SEQUENCE")
	}
	var key crypto.PrivateKey
	var err error
	switch label {
	case "PRIVATE KEY":
		if namesSM2InPKCS8(outer) {
			return parseSM2InPKCS8(outer)
		}
		key, err = x509.ParsePKCS8PrivateKey(data)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(data)
	default:
		if label == "SM2 PRIVATE KEY" || namesSM2(outer) {
			return parseSM2(data)
		}
		key, err = x509.ParseECPrivateKey(data)
	}
	if err != nil {
		return nil, errBrokenKey(form)
	}
	return NewPrivateKey(key)
}

// namesSM2InPKCS8 reports whether the algorithm of a PKCS #8 key is SM2.
func namesSM2InPKCS8(key cryptobyte.String) bool {
	var id cryptobyte.String
	return key.SkipASN1(asn1.INTEGER) && key.ReadASN1Element(&id, asn1.SEQUENCE) && isSM2KeyID(id)
}

// parseSM2InPKCS8 reads what follows the header of a PKCS #8 key. Attributes and
// a second copy of the public key may follow the key (RFC 5958, section 2).
func parseSM2InPKCS8(key cryptobyte.String) (*PrivateKey, error) {
	var version int
	var inner cryptobyte.String
	if !key.ReadASN1Integer(&version) || version < 0 || version > 1 ||
		!key.SkipASN1(asn1.SEQUENCE) || !key.ReadASN1(&inner, asn1.OCTET_STRING) ||
		!key.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) ||
		!key.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) || !key.Empty() {
		return nil, errBrokenKey(keyForms["PRIVATE KEY"])
	}
	return parseSM2(inner)
}

// namesSM2 reports whether the parameters of an ECPrivateKey are the SM2 curve.
func namesSM2(key cryptobyte.String) bool {
	var parameters cryptobyte.String
	return key.SkipASN1(asn1.INTEGER) && key.SkipASN1(asn1.OCTET_STRING) &&
		key.ReadASN1(&parameters, parametersTag) && bytes.Equal(parameters, sm2Curve)
}

// parseSM2 reads an ECPrivateKey (RFC 5915, section 3) on the SM2 curve. If it
// holds a public key, the key must belong to the scalar.
func parseSM2(input cryptobyte.String) (*PrivateKey, error) {
	var key, d, parameters, public cryptobyte.String
	var version int
	var hasParameters, hasPublic bool
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !input.Empty() ||
		!key.ReadASN1Integer(&version) || version != 1 || !key.ReadASN1(&d, asn1.OCTET_STRING) ||
		!key.ReadOptionalASN1(&parameters, &hasParameters, parametersTag) ||
		!key.ReadOptionalASN1(&public, &hasPublic, publicTag) || !key.Empty() ||
		hasParameters && !bytes.Equal(parameters, sm2Curve) {
		return nil, errBrokenKey("ECPrivateKey (RFC 5915)")
	}
	if len(d) < 32 { // RFC 5915 wants 32 octets; tjfoc/gmsm leaves out leading zeros
		d = append(make([]byte, 32-len(d), 32), d...)
	}
	own, err := sm2.NewPrivateKey(d)
	if err != nil {
		return nil, malformedBy(err, "the SM2 private key is not a number from 1 to n-2 (GM/T 0003.1)")
	}
	if hasPublic {
		var point []byte
		if !public.ReadASN1BitStringAsBytes(&point) || !public.Empty() {
			return nil, errForeignPublic()
		}
		pub, err := sm2.ParsePublicKey(point)
		if err != nil || !pub.Equal(own.Public()) {
			return nil, errForeignPublic()
		}
	}
	return &PrivateKey{SM2_256, &secret{sm2Signer{own}}}, nil
}

func errForeignPublic() error {
	return malformed("the SM2 private key holds a public key that does not belong to it")
}

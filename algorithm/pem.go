package algorithm

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/sm2"
)

// PEM returns the key as an unencrypted PKCS #8 PEM block, "PRIVATE KEY" (RFC
// 5958), which openssl, Java and Go read. An SM2 key is encoded as in GM/T 0010:
// id-ecPublicKey with the SM2 curve around an ECPrivateKey that names curve and
// public key as well. The result is key material: keep it off logs, and its
// file at mode 0600. A zero PrivateKey is [yuncert.ErrInternalEncodeKeyError].
func (k *PrivateKey) PEM() ([]byte, error) {
	var der []byte
	var err error
	switch signer := k.signer().(type) {
	case nil:
		err = malformed("the private key is empty")
	case sm2Signer:
		der, err = marshalSM2(signer.PrivateKey)
	default:
		der, err = x509.MarshalPKCS8PrivateKey(signer)
	}
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalEncodeKeyError, Message: "Failed to encode private key.", Err: err}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// marshalSM2 writes PKCS #8 around an ECPrivateKey (RFC 5915, section 3).
func marshalSM2(key *sm2.PrivateKey) ([]byte, error) {
	point, err := sm2.PublicKeyBytes(key.Public())
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(sm2KeyID)
		b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1OctetString(key.Bytes())
				b.AddASN1(parametersTag, func(b *cryptobyte.Builder) { b.AddBytes(sm2Curve) })
				b.AddASN1(publicTag, func(b *cryptobyte.Builder) { b.AddASN1BitString(point) })
			})
		})
	})
	return b.Bytes()
}

// ParsePrivateKey reads the one private key in a PEM text, whatever stands
// around it: PKCS #8 ("PRIVATE KEY"), PKCS #1 ("RSA PRIVATE KEY") or SEC 1
// ("EC PRIVATE KEY", for SM2 also "SM2 PRIVATE KEY"), each for RSA, ECC and SM2
// as far as the form holds them. A public half in the text is held against SM2
// keys alone: that of others is not looked at but made anew. The key passes [Check]. No key, two keys, an
// encrypted one, a broken, weak or unsupported one is
// [yuncert.ErrInvalidValueMalformed]; the message never quotes the text.
func ParsePrivateKey(text []byte) (*PrivateKey, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // pem.Decode wants its dashes first on a line
	var key *PrivateKey
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if !bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
			continue // certificates, and the EC PARAMETERS that openssl ecparam writes
		}
		if key != nil {
			return nil, malformed("the text holds more than one private key")
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, malformed("the private key is encrypted: decrypt it first, with openssl pkey for example")
		}
		var err error
		if key, err = parsePrivateKey(block.Type, block.Bytes); err != nil {
			return nil, err
		}
	}
	if key == nil {
		return nil, malformed("the text holds no private key in PEM with its line breaks: PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")
	}
	return key, nil
}

// errBrokenKey stands for whatever a parser says, since that may quote the key.
func errBrokenKey(form string) error {
	return malformed("the private key is not the %s that its PEM label says, or its kind is not supported: RSA, P-256, P-384, P-521 and SM2 keys are", form)
}

// keyForms are what the PEM labels of private keys say.
var keyForms = map[string]string{
	"PRIVATE KEY": "PKCS #8 key", "RSA PRIVATE KEY": "PKCS #1 key", "EC PRIVATE KEY": "SEC 1 key", "SM2 PRIVATE KEY": "SEC 1 key",
}

func parsePrivateKey(label string, der []byte) (*PrivateKey, error) {
	form, known := keyForms[label]
	if !known {
		return nil, malformed("a private key of this PEM label is not supported: PRIVATE KEY, RSA PRIVATE KEY and EC PRIVATE KEY are, which ssh-keygen -p -m PKCS8 makes of OpenSSH's")
	}
	var outer cryptobyte.String
	if input := cryptobyte.String(der); !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("the private key is not one DER SEQUENCE")
	}
	var key crypto.PrivateKey
	var err error
	switch label {
	case "PRIVATE KEY":
		var version int
		var id, inner cryptobyte.String
		if outer.ReadASN1Integer(&version) && outer.ReadASN1Element(&id, asn1.SEQUENCE) && isSM2KeyID(id) {
			// Attributes and a second copy of the public key may follow (RFC 5958, section 2).
			if version < 0 || version > 1 || !outer.ReadASN1(&inner, asn1.OCTET_STRING) ||
				!outer.SkipOptionalASN1(parametersTag) || !outer.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) || !outer.Empty() {
				return nil, errBrokenKey(form)
			}
			return parseSM2(inner)
		}
		key, err = x509.ParsePKCS8PrivateKey(der)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(der)
	default:
		if label == "SM2 PRIVATE KEY" || namesSM2(outer) {
			return parseSM2(der)
		}
		key, err = x509.ParseECPrivateKey(der)
	}
	if err != nil {
		return nil, errBrokenKey(form)
	}
	return NewPrivateKey(key)
}

var (
	parametersTag = asn1.Tag(0).ContextSpecific().Constructed()
	publicTag     = asn1.Tag(1).ContextSpecific().Constructed()
)

// namesSM2 looks whether the parameters of an ECPrivateKey are the SM2 curve.
func namesSM2(key cryptobyte.String) bool {
	var version int
	var d, parameters cryptobyte.String
	return key.ReadASN1Integer(&version) && key.ReadASN1(&d, asn1.OCTET_STRING) &&
		key.ReadASN1(&parameters, parametersTag) && bytes.Equal(parameters, sm2Curve)
}

// parseSM2 reads an ECPrivateKey (RFC 5915, section 3) on the SM2 curve. Its
// public key, where there is one, must be the scalar's.
func parseSM2(der cryptobyte.String) (*PrivateKey, error) {
	broken := errBrokenKey("ECPrivateKey (RFC 5915)")
	var key, d, parameters, public cryptobyte.String
	var version int
	var hasParameters, hasPublic bool
	if !der.ReadASN1(&key, asn1.SEQUENCE) || !der.Empty() ||
		!key.ReadASN1Integer(&version) || version != 1 || !key.ReadASN1(&d, asn1.OCTET_STRING) ||
		!key.ReadOptionalASN1(&parameters, &hasParameters, parametersTag) ||
		!key.ReadOptionalASN1(&public, &hasPublic, publicTag) || !key.Empty() ||
		hasParameters && !bytes.Equal(parameters, sm2Curve) {
		return nil, broken
	}
	if len(d) < 32 { // RFC 5915 wants 32 octets; tjfoc/gmsm leaves out leading zeros
		d = append(make([]byte, 32-len(d), 32), d...)
	}
	k, err := newSM2(d)
	if err != nil || !hasPublic {
		return k, err
	}
	point, err := sm2.PublicKeyBytes(k.signer().(sm2Signer).PrivateKey.Public())
	if err != nil {
		return nil, err
	}
	var embedded []byte
	if !public.ReadASN1BitStringAsBytes(&embedded) || !public.Empty() || !bytes.Equal(embedded, point) {
		return nil, malformed("the SM2 private key holds a public key that is not its own")
	}
	return k, nil
}

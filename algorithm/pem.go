package algorithm

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
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
// [PrivateKey.EncryptedPEM] protects it with a password. A zero PrivateKey is
// [yuncert.ErrInternalEncodeKeyError].
func (k *PrivateKey) PEM() ([]byte, error) {
	content, err := k.pkcs8()
	if err != nil {
		return nil, err
	}
	return []byte(der.PEM("PRIVATE KEY", content)), nil
}

// pkcs8 returns the key as PKCS #8 (RFC 5958, section 2).
func (k *PrivateKey) pkcs8() (content []byte, err error) {
	switch signer := k.signer().(type) {
	case nil:
		err = errors.New("the private key is empty")
	case sm2Signer:
		content = marshalSM2(signer.PrivateKey)
	default:
		content, err = x509.MarshalPKCS8PrivateKey(signer)
	}
	if err != nil {
		return nil, errEncode(err)
	}
	return content, nil
}

func errEncode(cause error) error {
	return &yuncert.Error{Code: yuncert.ErrInternalEncodeKeyError, Message: "Failed to encode private key.", Err: cause}
}

// The tags of the optional fields in an ECPrivateKey.
var (
	parametersTag = asn1.Tag(0).ContextSpecific().Constructed()
	publicTag     = asn1.Tag(1).ContextSpecific().Constructed()
)

// marshalSM2 writes a PKCS #8 key that holds an ECPrivateKey (RFC 5915, section
// 3).
func marshalSM2(key *sm2.PrivateKey) []byte {
	// The buffer never grows, which would leave a copy of the scalar in memory.
	return der.AppendFunc(make([]byte, 0, 256), asn1.SEQUENCE, func(dst []byte) []byte {
		dst = append(der.AppendInt(dst, 0), sm2KeyID...)
		return der.AppendFunc(dst, asn1.OCTET_STRING, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				dst = der.AppendInt(dst, 1)
				dst = der.Append(dst, asn1.OCTET_STRING, key.Bytes())
				dst = der.Append(dst, parametersTag, sm2Curve)
				return der.AppendFunc(dst, publicTag, func(dst []byte) []byte { return der.AppendBitString(dst, key.PublicBytes()) })
			})
		})
	})
}

// The limits of ParsePrivateKey.
const (
	maxKeyText = 1 << 20  // octets of a text, which may hold certificates too
	maxKeyDER  = 16 << 10 // octets of a key; RSA_4096 takes 2.4 KiB
)

// ParsePrivateKey reads the one private key in a PEM text and ignores all other
// text. RSA, ECC and SM2 keys may be PKCS #8 ("PRIVATE KEY"), RSA keys also PKCS
// #1 ("RSA PRIVATE KEY"), ECC and SM2 keys also SEC 1 ("EC PRIVATE KEY", for SM2
// also "SM2 PRIVATE KEY"). A public key stored with an SM2 key must belong to it;
// one stored with an ECC key is ignored and computed again.
//
// A curve given by explicit parameters is accepted if it is exactly P-256, P-384,
// P-521 or SM2. [PrivateKey.PEM] then names the curve.
//
// ParsePrivateKey refuses a text with no key or several, and a key that is
// encrypted (see [ParseEncryptedPrivateKey]), broken, not supported or refused by
// [Check]. It reads up to 1 MiB of text and 16 KiB of key, and looks at the length of
// an RSA key before it computes anything. The message quotes nothing of the text but
// the label of a block.
func ParsePrivateKey(text []byte) (*PrivateKey, error) {
	block, err := findPrivateKey(text)
	if err != nil {
		return nil, err
	}
	if block.Type == encryptedLabel {
		return nil, malformed("the private key is encrypted; read it with ParseEncryptedPrivateKey and its password")
	}
	return parsePrivateKey(block.Type, block.Bytes)
}

const encryptedLabel = "ENCRYPTED PRIVATE KEY"

// findPrivateKey returns the block of the one private key in a text.
func findPrivateKey(text []byte) (*pem.Block, error) {
	if len(text) > maxKeyText {
		return nil, malformed("the text has %d octets; want at most %d", len(text), maxKeyText)
	}
	blocks := der.NewPEMReader(text)
	var key *pem.Block
	damaged, other := false, "" // other is the label of a block that holds no private key
	for {
		block, bad := blocks.Next()
		damaged = damaged || bad
		if block == nil {
			break
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			// Certificates, and the EC PARAMETERS that openssl ecparam writes.
			other = block.Type
			continue
		}
		if key != nil {
			return nil, malformed("the text holds more than one private key")
		}
		key = block
	}
	if key == nil && other != "" && !damaged {
		return nil, malformed("the text holds no private key, only %s; want %s", der.Label(other), wantLabel)
	}
	if key == nil && isPKCS12(text) {
		return nil, malformed("the text is PKCS #12 and not PEM; take the key out with openssl pkcs12 -nocerts")
	}
	if key == nil {
		return nil, malformed("the text holds no private key in PEM (%s): %v", wantLabel, der.NoPEM(text))
	}
	if key.Headers["Proc-Type"] != "" || key.Headers["DEK-Info"] != "" {
		return nil, malformed("the private key is encrypted in the old form with Proc-Type and DEK-Info (RFC 1421); convert it with openssl pkcs8 -topk8")
	}
	return key, nil
}

// isPKCS12 reports whether a text begins like a PFX (RFC 7292, section 4): it has
// version 3, and PKCS #8 keys have 0 or 1. Windows writes an indefinite length.
func isPKCS12(text []byte) bool {
	version3 := []byte{2, 1, 3, 0x30}
	return der.IsDER(text) && bytes.Contains(text[:min(len(text), 9)], version3)
}

const wantLabel = "PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"

// errBrokenKey replaces a parser's error, which may quote the key.
func errBrokenKey(form string) error {
	return malformed("the private key is not the %s that its PEM label says, or is not supported; want an RSA, P-256, P-384, P-521 or SM2 key", form)
}

// The forms that PEM labels stand for, for errBrokenKey.
const (
	formPKCS8 = "PKCS #8 key"
	formPKCS1 = "PKCS #1 key"
	formSEC1  = "SEC 1 key"
)

func parsePrivateKey(label string, data []byte) (*PrivateKey, error) {
	if len(data) > maxKeyDER {
		return nil, malformed("the private key has %d octets; want at most %d", len(data), maxKeyDER)
	}
	switch label {
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "SM2 PRIVATE KEY":
	case "OPENSSH PRIVATE KEY":
		return nil, malformed("the PEM label of the private key is not supported: it is in the format of OpenSSH; convert it with ssh-keygen -p -m PKCS8")
	case "DSA PRIVATE KEY":
		return nil, malformed("the PEM label of the private key is not supported: a DSA key cannot be used; want an RSA, ECC or SM2 key")
	default:
		return nil, malformed("the PEM label of the private key is not supported: %s; want %s", der.Label(label), wantLabel)
	}
	var outer cryptobyte.String
	input := cryptobyte.String(data)
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("the private key is not one DER SEQUENCE")
	}
	switch label {
	case "PRIVATE KEY":
		return parsePKCS8(data, outer)
	case "RSA PRIVATE KEY":
		if err := checkRSALengths(data, formPKCS1); err != nil {
			return nil, err
		}
		key, err := x509.ParsePKCS1PrivateKey(data)
		return checked(key, err, formPKCS1)
	}
	data, err := nameCurve(data)
	if err != nil {
		return nil, err
	}
	parameters := curveOf(data)
	if label == "SM2 PRIVATE KEY" || bytes.Equal(parameters, sm2Curve) {
		return parseSM2(data)
	}
	if parameters != nil && !isCurve(parameters) {
		return nil, errCurve(parameters)
	}
	key, err := x509.ParseECPrivateKey(data)
	return checked(key, err, formSEC1)
}

// checked returns what a parser of crypto/x509 read.
func checked(key crypto.PrivateKey, err error, form string) (*PrivateKey, error) {
	if err != nil {
		return nil, errBrokenKey(form)
	}
	return NewPrivateKey(key)
}

// parsePKCS8 reads a PKCS #8 key (RFC 5958, section 2), of which outer is the
// content.
func parsePKCS8(data []byte, outer cryptobyte.String) (*PrivateKey, error) {
	fields := outer
	var version, id, parts, oid, inner cryptobyte.String
	if !fields.ReadASN1Element(&version, asn1.INTEGER) || !fields.ReadASN1Element(&id, asn1.SEQUENCE) ||
		!fields.ReadASN1(&inner, asn1.OCTET_STRING) {
		return nil, errBrokenKey(formPKCS8)
	}
	if isSM2KeyID(id) {
		return parseSM2InPKCS8(outer)
	}
	element := id
	if !element.ReadASN1(&parts, asn1.SEQUENCE) || !parts.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) {
		return nil, errKeyID(id)
	}
	switch {
	case bytes.Equal(oid, rsaEncryption):
		if err := checkRSALengths(inner, formPKCS8); err != nil {
			return nil, err
		}
	case bytes.Equal(oid, ecPublicKey) && parts.PeekASN1Tag(asn1.SEQUENCE):
		curve := explicitCurve(parts)
		if curve == nil {
			return nil, errExplicit()
		}
		key, err := nameCurve(inner)
		if err != nil {
			return nil, err
		}
		named := append([]byte(nil), version...)
		named = der.AppendFunc(named, asn1.SEQUENCE, func(dst []byte) []byte { return append(append(dst, oid...), curve...) })
		named = der.Append(named, asn1.OCTET_STRING, key)
		return parsePKCS8(der.Append(nil, asn1.SEQUENCE, named), named)
	case bytes.Equal(oid, ecPublicKey) && (isCurve(parts) || !parts.PeekASN1Tag(asn1.OBJECT_IDENTIFIER)):
		// crypto/x509 takes the curve of the ECPrivateKey if there is none here.
	default:
		return nil, errKeyID(id)
	}
	key, err := x509.ParsePKCS8PrivateKey(data)
	return checked(key, err, formPKCS8)
}

// checkRSALengths refuses an RSAPrivateKey (RFC 8017, appendix A.1.2) with a
// modulus of a length that is not supported, or with longer numbers than its
// modulus. crypto/x509 would compute with them first, in a time that grows with
// the cube of their length.
func checkRSALengths(input cryptobyte.String, form string) error {
	var key cryptobyte.String
	modulus := new(big.Int)
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !key.SkipASN1(asn1.INTEGER) ||
		!key.ReadASN1Integer(modulus) || modulus.Sign() <= 0 {
		return errBrokenKey(form)
	}
	if _, err := Of(&rsa.PublicKey{N: modulus}); err != nil {
		return err
	}
	for key.PeekASN1Tag(asn1.INTEGER) {
		var number cryptobyte.String
		if !key.ReadASN1(&number, asn1.INTEGER) || len(number) > 1+modulus.BitLen()/8 {
			return errBrokenKey(form)
		}
	}
	if !key.Empty() { // otherPrimeInfos
		return malformed("the RSA private key has more than 2 primes; want 2")
	}
	return nil
}

func errExplicit() error {
	return malformed("the key's curve is given by explicit parameters, which are not exactly the parameters of P-256, P-384, P-521 or SM2; convert the key with openssl ec -param_enc named_curve")
}

// nameCurve returns an ECPrivateKey (RFC 5915, section 3). If the curve is given
// by explicit parameters, the result names it instead.
func nameCurve(data []byte) ([]byte, error) {
	input := cryptobyte.String(data)
	var key, version, d, parameters cryptobyte.String
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1Element(&version, asn1.INTEGER) ||
		!key.ReadASN1Element(&d, asn1.OCTET_STRING) || !key.ReadASN1(&parameters, parametersTag) ||
		!parameters.PeekASN1Tag(asn1.SEQUENCE) {
		return data, nil
	}
	curve := explicitCurve(parameters)
	if curve == nil {
		return nil, errExplicit()
	}
	named := append(append([]byte(nil), version...), d...)
	named = der.Append(named, parametersTag, curve)
	return append(der.Append(nil, asn1.SEQUENCE, append(named, key...)), input...), nil
}

// curveOf returns the parameters of an ECPrivateKey, or nil if it has none.
func curveOf(input cryptobyte.String) cryptobyte.String {
	var key, parameters cryptobyte.String
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !key.SkipASN1(asn1.INTEGER) ||
		!key.SkipASN1(asn1.OCTET_STRING) || !key.ReadASN1(&parameters, parametersTag) {
		return nil
	}
	return parameters
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
		return nil, errBrokenKey(formPKCS8)
	}
	return parseSM2(inner)
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
		pub, err := parsePoint(sm2.P256(), point)
		if err != nil {
			return nil, err
		}
		if !own.Public().Equal(pub) {
			return nil, errForeignPublic()
		}
	}
	return &PrivateKey{SM2_256, &secret{sm2Signer{own}}}, nil
}

func errForeignPublic() error {
	return malformed("the SM2 private key holds a public key that does not belong to it")
}

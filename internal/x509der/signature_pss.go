package x509der

import (
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The content octets of object identifiers of RSASSA-PSS (RFC 4055, sections 2.2
// and 3.1).
const (
	oidPSS  = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	oidMGF1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
)

// pssHashes maps the content octets of an object identifier to the hash (RFC
// 4055, section 2.1).
var pssHashes = map[string]crypto.Hash{
	"\x60\x86\x48\x01\x65\x03\x04\x02\x01": crypto.SHA256,
	"\x60\x86\x48\x01\x65\x03\x04\x02\x02": crypto.SHA384,
	"\x60\x86\x48\x01\x65\x03\x04\x02\x03": crypto.SHA512,
}

// maxSalt is more than the largest modulus, 4096 bits, has room for.
const maxSalt = 512

// parsePSS reads the parameters of an AlgorithmIdentifier of RSASSA-PSS, which
// are all that follows its object identifier (RFC 4055, section 3.1):
//
//	RSASSA-PSS-params ::= SEQUENCE {
//	    hashAlgorithm    [0] HashAlgorithm    DEFAULT sha1,
//	    maskGenAlgorithm [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
//	    saltLength       [2] INTEGER          DEFAULT 20,
//	    trailerField     [3] INTEGER          DEFAULT 1 }
//
// The section recommends a salt as long as the hash; a shorter one is refused. A
// trailerField of 1 may be written, although DER leaves out defaults: old tools
// write it.
func parsePSS(parameters cryptobyte.String) (signatureID, error) {
	refuse := func(format string, args ...any) (signatureID, error) {
		return signatureID{}, unsupported(cryptobyte.String(oidPSS), fmt.Sprintf(format, args...))
	}
	const malformed = " with malformed parameters (RFC 4055, section 3.1)"
	if parameters.Empty() {
		return refuse(" without parameters")
	}
	var fields, hash, mask cryptobyte.String
	var hasHash, hasMask bool
	var salt, trailer int
	if !parameters.ReadASN1(&fields, asn1.SEQUENCE) || !parameters.Empty() ||
		!fields.ReadOptionalASN1(&hash, &hasHash, contextTag(0)) ||
		!fields.ReadOptionalASN1(&mask, &hasMask, contextTag(1)) ||
		!fields.ReadOptionalASN1Integer(&salt, contextTag(2), 20) ||
		!fields.ReadOptionalASN1Integer(&trailer, contextTag(3), 1) || !fields.Empty() {
		return refuse(malformed)
	}

	if !hasHash {
		return refuse(" with SHA-1")
	}
	var oid, maskOID, maskHash, maskHashOID cryptobyte.String
	if !readHash(&hash, &oid) || !hash.Empty() {
		return refuse(malformed)
	}
	s := signatureID{family: "RSA", hash: pssHashes[string(oid)], salt: salt}
	if s.hash == 0 {
		return refuse(" with %s", nameOf(oid))
	}

	if !hasMask {
		return refuse(" with %s and MGF1 with SHA-1", s.hash)
	}
	if !mask.ReadASN1(&maskHash, asn1.SEQUENCE) || !mask.Empty() || !readOID(&maskHash, &maskOID) {
		return refuse(malformed)
	}
	if string(maskOID) != oidMGF1 {
		return refuse(" with the mask generation function %s", nameOf(maskOID))
	}
	if !readHash(&maskHash, &maskHashOID) || !maskHash.Empty() {
		return refuse(malformed)
	}
	if pssHashes[string(maskHashOID)] != s.hash {
		return refuse(" with %s and MGF1 with %s", s.hash, nameOf(maskHashOID))
	}

	if salt < s.hash.Size() || salt > maxSalt {
		return refuse(" with %s and a salt of %d octets", s.hash, salt)
	}
	if trailer != 1 {
		return refuse(" with the trailer field %d", trailer)
	}
	return s, nil
}

// readHash reads the AlgorithmIdentifier of a hash. Its parameters are NULL or
// absent (RFC 4055, section 2.1).
func readHash(s, oid *cryptobyte.String) bool {
	var id, null cryptobyte.String
	return s.ReadASN1(&id, asn1.SEQUENCE) && readOID(&id, oid) &&
		(id.Empty() || id.ReadASN1(&null, asn1.NULL) && null.Empty()) && id.Empty()
}

package x509der

import "fmt"

// nameOf returns the name and the dotted form of an object identifier, and only
// the dotted form of one without a name here. oid is the content octets.
func nameOf(oid []byte) string {
	dotted := ObjectIdentifier(string(oid)).String()
	if name, ok := algorithmNames[dotted]; ok {
		return fmt.Sprintf("%s (%s)", name, dotted)
	}
	return fmt.Sprintf("%.80s", dotted)
}

// algorithmNames has signature algorithms, and hashes that signatures have as
// parameters, under the names that their specifications give them.
var algorithmNames = map[string]string{
	// RFC 8017, appendix C; RFC 4055; RFC 8692.
	"1.2.840.113549.1.1.1":  "rsaEncryption",
	"1.2.840.113549.1.1.2":  "md2WithRSAEncryption",
	"1.2.840.113549.1.1.3":  "md4WithRSAEncryption",
	"1.2.840.113549.1.1.4":  "md5WithRSAEncryption",
	"1.2.840.113549.1.1.5":  "sha1WithRSAEncryption",
	"1.2.840.113549.1.1.10": "id-RSASSA-PSS",
	"1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
	"1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
	"1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
	"1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
	"1.2.840.113549.1.1.15": "sha512-224WithRSAEncryption",
	"1.2.840.113549.1.1.16": "sha512-256WithRSAEncryption",
	"1.3.6.1.5.5.7.6.30":    "id-RSASSA-PSS-SHAKE128",
	"1.3.6.1.5.5.7.6.31":    "id-RSASSA-PSS-SHAKE256",
	"1.3.6.1.5.5.7.6.32":    "id-ecdsa-with-shake128",
	"1.3.6.1.5.5.7.6.33":    "id-ecdsa-with-shake256",

	// The OIW's older identifiers, which Windows still writes.
	"1.3.14.3.2.3":  "md5WithRSA",
	"1.3.14.3.2.13": "dsaWithSHA",
	"1.3.14.3.2.27": "dsaWithSHA1",
	"1.3.14.3.2.29": "sha1WithRSASignature",

	// RFC 3279; RFC 5758; NIST's register of algorithms.
	"1.2.840.10040.4.3":       "dsa-with-sha1",
	"1.2.840.10045.4.1":       "ecdsa-with-SHA1",
	"1.2.840.10045.4.3.1":     "ecdsa-with-SHA224",
	"1.2.840.10045.4.3.2":     "ecdsa-with-SHA256",
	"1.2.840.10045.4.3.3":     "ecdsa-with-SHA384",
	"1.2.840.10045.4.3.4":     "ecdsa-with-SHA512",
	"2.16.840.1.101.3.4.3.1":  "dsa-with-sha224",
	"2.16.840.1.101.3.4.3.2":  "dsa-with-sha256",
	"2.16.840.1.101.3.4.3.3":  "dsa-with-sha384",
	"2.16.840.1.101.3.4.3.4":  "dsa-with-sha512",
	"2.16.840.1.101.3.4.3.9":  "ecdsa-with-sha3-224",
	"2.16.840.1.101.3.4.3.10": "ecdsa-with-sha3-256",
	"2.16.840.1.101.3.4.3.11": "ecdsa-with-sha3-384",
	"2.16.840.1.101.3.4.3.12": "ecdsa-with-sha3-512",
	"2.16.840.1.101.3.4.3.13": "rsassa-pkcs1-v1_5-with-sha3-224",
	"2.16.840.1.101.3.4.3.14": "rsassa-pkcs1-v1_5-with-sha3-256",
	"2.16.840.1.101.3.4.3.15": "rsassa-pkcs1-v1_5-with-sha3-384",
	"2.16.840.1.101.3.4.3.16": "rsassa-pkcs1-v1_5-with-sha3-512",
	"2.16.840.1.101.3.4.3.17": "id-ml-dsa-44",
	"2.16.840.1.101.3.4.3.18": "id-ml-dsa-65",
	"2.16.840.1.101.3.4.3.19": "id-ml-dsa-87",

	// RFC 8410.
	"1.3.101.112": "Ed25519",
	"1.3.101.113": "Ed448",

	// GM/T 0006.
	"1.2.156.10197.1.501": "SM2 with SM3",
	"1.2.156.10197.1.502": "SM2 with SHA-1",
	"1.2.156.10197.1.503": "SM2 with SHA-256",
	"1.2.156.10197.1.504": "RSA with SM3",

	// Hashes.
	"1.2.840.113549.2.5":      "MD5",
	"1.3.14.3.2.26":           "SHA-1",
	"1.2.156.10197.1.401":     "SM3",
	"2.16.840.1.101.3.4.2.1":  "SHA-256",
	"2.16.840.1.101.3.4.2.2":  "SHA-384",
	"2.16.840.1.101.3.4.2.3":  "SHA-512",
	"2.16.840.1.101.3.4.2.4":  "SHA-224",
	"2.16.840.1.101.3.4.2.5":  "SHA-512/224",
	"2.16.840.1.101.3.4.2.6":  "SHA-512/256",
	"2.16.840.1.101.3.4.2.7":  "SHA3-224",
	"2.16.840.1.101.3.4.2.8":  "SHA3-256",
	"2.16.840.1.101.3.4.2.9":  "SHA3-384",
	"2.16.840.1.101.3.4.2.10": "SHA3-512",
}

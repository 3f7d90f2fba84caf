package inventory

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Kinds of certificates.
const (
	KindCA     = "CA"     // basicConstraints has cA
	KindServer = "SERVER" // the extended key usages have serverAuth
	KindClient = "CLIENT" // the extended key usages have clientAuth and not serverAuth
	KindOther  = "OTHER"  // such as an OCSP responder; the documented operations call it CLIENT
)

// StatusDelete is the Status of a revoked certificate that DeleteClientCertificate
// deleted. Only a [Store] sees it. The other two are [ca.StatusIssue] and
// [ca.StatusRevoke].
const StatusDelete = "DELETE"

// A Certificate is a certificate in the inventory.
type Certificate struct {
	Id           int64  // 1 or more; certificates that are added later have a greater one
	Identifier   string // the MD5 digest of the DER, as in package ca
	Authority    string // names the CA that issued it: see [AuthorityOf]
	SerialNumber string // lower-case hexadecimal, two digits for each octet, no leading zero octet; "00" is zero
	Kind         string // KindCA, KindServer, KindClient or KindOther
	NotBefore    time.Time
	NotAfter     time.Time // the last second of its validity
	CrlUrl       string    // its first http or https CRL distribution point of up to 1024 octets; empty means none
	DER          []byte
	Labels       Labels
	Status       string     // ca.StatusIssue or ca.StatusRevoke, also for a hold
	Revocation   Revocation // zero unless it is revoked
	Added        time.Time
	Updated      time.Time // when it was added or its Status changed last
}

// Labels are what the caller wants to store with a certificate. All are optional.
// Texts have up to 255 characters and no control characters.
type Labels struct {
	Tags             []ca.Tag // up to 100
	ResourceGroupId  string
	CustomIdentifier string // unique in the inventory, free again after DeleteClientCertificate
	AliasName        string
}

// A Revocation says when and why a certificate was revoked.
type Revocation struct {
	// RevocationTime is from 1950 to now. [Inventory.Revoke] replaces zero by now.
	RevocationTime time.Time
	Reason         ca.RevocationReason
	// InvalidityDate is when the certificate became invalid as far as is known (RFC
	// 5280, section 5.3.2). Zero means absent.
	InvalidityDate time.Time
}

// Parse returns the certificate with its names, usages and extensions. Unlike
// crypto/x509 it reads SM2 keys.
func (c Certificate) Parse() (*x509.Certificate, error) {
	cert, err := parseCertificate(c.DER)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "Certificate", "the certificate cannot be read")
	}
	return cert, nil
}

// parseCertificate also reads certificates with keys that this module does not use,
// such as Ed25519 keys in the certificates of other tools.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509der.ParseCertificate(der)
	if err == nil {
		return cert, nil
	}
	foreign, foreignErr := x509.ParseCertificate(der)
	if foreignErr != nil {
		return nil, err
	}
	return foreign, nil
}

// AuthorityOf returns the Authority of the certificates that an issuer issues. It is
// the left-most 160 bits of the SHA-256 of the issuer's subject and its subject key
// identifier (RFC 5280, section 4.2.1.2), in hexadecimal. A certificate contains both,
// as issuer and authority key identifier (sections 4.1.2.4 and 4.2.1.1). A CA keeps its
// Authority when its certificate is renewed with the same key and subject key
// identifier, and gets another one with a new key. If another tool created the CA, renew
// it with [ca.Renew]. The other functions of package ca encode the subject and compute
// the identifier in their own way. The CA would then have another Authority, and its new
// CRL would lack the certificates that it issued before. AuthorityOf parses the
// certificate, which takes as long as an ECC signature: an OCSP service calls it once and
// keeps the result.
func AuthorityOf(issuer *ca.Issuer) string {
	chain, err := param.ParseCertificates("CertificateChain", issuer.Describe().X509Certificate, 1)
	if err != nil {
		return "" // an Issuer has a certificate
	}
	return authorityOfCA(chain[0])
}

// authorityOfCA is AuthorityOf for a CA's certificate.
func authorityOfCA(cert *x509.Certificate) string {
	keyID := cert.SubjectKeyId
	if len(keyID) == 0 { // as NewIssuer does
		keyID = x509der.SubjectKeyID(cert.RawSubjectPublicKeyInfo)
	}
	return authority(cert.RawSubject, keyID)
}

// authority returns the Authority for a DER name and a key identifier. keyID is nil for
// certificates that have no key identifier.
func authority(name, keyID []byte) string {
	digest := sha256.New()
	digest.Write(name) // DER says where it ends
	digest.Write(keyID)
	return hex.EncodeToString(digest.Sum(nil)[:20])
}

// checkAuthority refuses a text that no CA has as its Authority. Without it an
// Identifier, which is similar, would be the name of a CA without certificates.
func checkAuthority(authority string) error {
	if authority == "" {
		return yuncert.Missing("Authority")
	}
	if len(authority) != 40 || !isHex(authority) {
		return param.Malformed("Authority", "%.80q is not 40 lower-case hexadecimal digits; want the result of AuthorityOf, or the Authority of a CA", authority)
	}
	return nil
}

// maxCertificate is the largest number of octets in a certificate. 250 names have 16
// KiB at most.
const maxCertificate = 64 << 10

// read returns what the inventory keeps of a certificate, its terms, and the parsed
// certificate.
func read(der []byte) (c Certificate, terms []string, cert *x509.Certificate, err error) {
	if len(der) > maxCertificate {
		return c, nil, nil, param.Malformed("Certificate", "the certificate has %d octets; up to %d are read", len(der), maxCertificate)
	}
	cert, err = parseCertificate(der)
	if err != nil && bytes.HasPrefix(bytes.TrimSpace(der), []byte("-----BEGIN")) {
		return c, nil, nil, param.Malformed("Certificate", "the certificate is in PEM; want DER, as the functions of package ca return it")
	}
	if err != nil {
		return c, nil, nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "Certificate", "the certificate cannot be read")
	}
	serial := x509der.SerialOctets(cert)
	if len(serial) > 20 { // RFC 5280, section 4.1.2.2
		return c, nil, nil, param.Malformed("Certificate", "its serial number has %d octets; up to 20 are accepted", len(serial))
	}
	terms, err = termsOf(cert)
	if err != nil {
		return c, nil, nil, err
	}
	return Certificate{
		Identifier:   x509der.Identifier(der),
		Authority:    authority(cert.RawIssuer, cert.AuthorityKeyId),
		SerialNumber: hex.EncodeToString(serial),
		Kind:         kindOf(cert),
		NotBefore:    cert.NotBefore.UTC(),
		NotAfter:     cert.NotAfter.UTC(),
		CrlUrl:       crlURLOf(cert),
		DER:          slices.Clone(der),
		Status:       ca.StatusIssue,
	}, terms, cert, nil
}

func kindOf(cert *x509.Certificate) string {
	switch {
	case cert.BasicConstraintsValid && cert.IsCA:
		return KindCA
	case slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return KindServer
	case slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return KindClient
	}
	return KindOther
}

// maxURL is how long an address may be: an index of a database has a limit.
const maxURL = 1024

func crlURLOf(cert *x509.Certificate) string {
	for _, address := range cert.CRLDistributionPoints {
		isHTTP := strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
		hasOther := strings.ContainsFunc(address, func(c rune) bool { return c <= ' ' || c > '~' })
		if isHTTP && len(address) <= maxURL && !hasOther {
			return address
		}
	}
	return ""
}

// clone returns a copy that shares no memory.
func (c Certificate) clone() Certificate {
	c.DER = slices.Clone(c.DER)
	c.Labels.Tags = slices.Clone(c.Labels.Tags)
	return c
}

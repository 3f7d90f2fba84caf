package inventory

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A description has the members that the documented operations share. Each operation
// returns some of them.
type description struct {
	parent                         CA // zero if the issuing CA was not added
	certificateType                string
	algorithm, full, signAlgorithm string
	keySize                        int32
	subjectDN                      string
	subject                        x509der.Name
	sans                           string
	days                           int32
	sha2                           string
	pem                            string
}

// A describer describes the certificates of one answer. It reads each CA once.
type describer struct {
	reader  Reader
	parents map[string]CA // by Authority
}

func newDescriber(r Reader) *describer { return &describer{r, make(map[string]CA)} }

// describe reads a certificate and its CA.
func (d *describer) describe(c Certificate) (description, error) {
	cert, err := parseCertificate(c.DER)
	if err != nil {
		// The store is damaged. That is not a refusal, so the error has no code.
		return description{}, fmt.Errorf("the certificate %.80q in the store: %s", c.Identifier, param.Text(err))
	}
	parent, known := d.parents[c.Authority]
	if !known {
		all, err := d.reader.CAs(c.Authority)
		if err != nil {
			return description{}, err
		}
		// A CA that only has the name of the issuer may not be the signer.
		at := slices.IndexFunc(all, func(issuer CA) bool { return issuer.Authority == c.Authority })
		if at >= 0 {
			parent = all[at]
		}
		d.parents[c.Authority] = parent
	}
	sha2 := sha256.Sum256(c.DER)
	described := description{
		parent:          parent,
		certificateType: KindClient, // the documents have only this and KindServer
		signAlgorithm:   x509der.SignAlgorithm(cert),
		subject:         subjectOf(cert),
		days:            int32(math.Round(float64(c.NotAfter.Unix()-c.NotBefore.Unix()) / (24 * 60 * 60))),
		sha2:            hex.EncodeToString(sha2[:]),
		pem:             der.PEM("CERTIFICATE", c.DER),
		sans:            x509der.Sans(cert),
	}
	if c.Kind == KindServer {
		described.certificateType = KindServer
	}
	described.subjectDN = x509der.DistinguishedName(described.subject)
	a, err := algorithm.Of(cert.PublicKey)
	if err == nil {
		described.algorithm, described.full, described.keySize = a.Family(), string(a), int32(a.KeySize())
	} else {
		described.algorithm = cert.PublicKeyAlgorithm.String() // such as Ed25519
	}
	return described, nil
}

// describeAll describes certificates with the members that an operation documents.
func describeAll[T any](r Reader, certificates []Certificate, as func(*description, Certificate) T) ([]T, error) {
	describer := newDescriber(r)
	all := make([]T, 0, len(certificates))
	for _, c := range certificates {
		d, err := describer.describe(c)
		if err != nil {
			return nil, err
		}
		all = append(all, as(&d, c))
	}
	return all, nil
}

// subjectOf returns the subject of a certificate. If it breaks the rules for a CA's
// name, the subject has what crypto/x509 reads.
func subjectOf(cert *x509.Certificate) x509der.Name {
	subject, err := x509der.ParseCAName(cert.RawSubject)
	if err == nil {
		return subject
	}
	for _, part := range []struct {
		attributeType string
		values        []string
	}{
		{x509der.Country, cert.Subject.Country}, {x509der.Organization, cert.Subject.Organization},
		{x509der.OrganizationalUnit, cert.Subject.OrganizationalUnit}, {x509der.Locality, cert.Subject.Locality},
		{x509der.State, cert.Subject.Province}, {x509der.CommonName, []string{cert.Subject.CommonName}},
	} {
		for _, value := range part.values {
			if value != "" {
				subject = append(subject, x509der.Text(part.attributeType, value))
			}
		}
	}
	return subject
}

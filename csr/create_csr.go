package csr

import (
	"crypto"
	"io"
	"slices"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCsrRequest describes the CSR to create, with the parameters of
// CreateCsr (Certificate Management Service, 2020-04-07).
type CreateCsrRequest struct {
	// KeySize is the length of the key in bits: 2048, 3072 or 4096 for RSA, 256
	// for ECC and SM2. [CreateCsrWithKey] also takes 384 for an ECC key on P-384,
	// and 521 for one on P-521, or 512, the number in its name ECC_512. Required.
	KeySize int32 `json:"KeySize,omitempty"`

	// Algorithm is the family of the key: "RSA", "ECC" or "SM2". Required.
	Algorithm string `json:"Algorithm,omitempty"`

	// CommonName is the primary domain name or another name of the subject, up to
	// 64 characters. A text that is not a DNS name or an IP address, such as
	// "https://example.com", does not become an alternative name, and clients
	// accept no server by it. Required.
	CommonName string `json:"CommonName,omitempty"`

	// Sans lists more DNS names and IP addresses, separated by commas: up to 250
	// names besides CommonName. Empty means none.
	Sans string `json:"Sans,omitempty"`

	// CountryCode is the subject's country, two letters such as "CN". Required.
	CountryCode string `json:"CountryCode,omitempty"`

	// Province is the subject's province or state, up to 128 characters.
	// Required.
	Province string `json:"Province,omitempty"`

	// Locality is the subject's city, up to 128 characters. Required.
	Locality string `json:"Locality,omitempty"`

	// CorpName is the subject's organization, up to 64 characters. Empty means
	// none.
	CorpName string `json:"CorpName,omitempty"`

	// Name is the caller's label for the CSR and does not become part of it: up
	// to 50 letters (a to z, A to Z), digits, underscores, hyphens and periods.
	// Empty means none.
	Name string `json:"Name,omitempty"`

	// Department is the subject's organizational unit, up to 64 characters. Empty
	// means none.
	Department string `json:"Department,omitempty"`
}

// A CreateCsrResponse is the response of [CreateCsr].
type CreateCsrResponse struct {
	// Csr is the CSR as a PEM block "CERTIFICATE REQUEST".
	Csr string `json:"Csr,omitempty"`

	// RequestId identifies the request: an upper-case UUID from rand.
	RequestId string `json:"RequestId,omitempty"`

	// CsrId identifies the CSR: a number from 1 to 2^53-1, derived from the CSR, so
	// it is the same for the same CSR. Package csr/archive keeps the CSR under it.
	CsrId int64 `json:"CsrId,omitempty"`
}

// Validate checks everything that can be checked without a key. It accepts every
// KeySize that [CreateCsrWithKey] takes.
func (r *CreateCsrRequest) Validate() error {
	_, _, err := r.check()
	return err
}

// sizes are the key lengths of each family. For ECC the document has only 256.
// The other lengths are for CreateCsrWithKey. 512 is the number in the name
// ECC_512, whose curve P-521 has 521 bits.
var sizes = map[string]map[int32]algorithm.Algorithm{
	"RSA": {2048: algorithm.RSA_2048, 3072: algorithm.RSA_3072, 4096: algorithm.RSA_4096},
	"ECC": {256: algorithm.ECC_256, 384: algorithm.ECC_384, 512: algorithm.ECC_512, 521: algorithm.ECC_512},
	"SM2": {256: algorithm.SM2_256},
}

// documentedSizes are the key lengths that the document has.
var documentedSizes = []int32{256, 2048, 3072, 4096}

// check is Validate and returns the content of the CSR and the key's algorithm.
func (r *CreateCsrRequest) check() (c content, a algorithm.Algorithm, err error) {
	if r == nil {
		r = new(CreateCsrRequest)
	}
	a, err = r.algorithm()
	if err != nil {
		return content{}, "", err
	}
	c.subject = make(x509der.Name, 0, 7)
	commonName := param.Attribute{Name: "CommonName", Type: x509der.CommonName, Text: r.CommonName, Required: true}
	if err := commonName.AddTo(&c.subject); err != nil {
		return content{}, "", err
	}
	c.names, err = param.Names("Sans", r.Sans, r.CommonName)
	if err != nil {
		return content{}, "", err
	}
	for _, p := range []param.Attribute{
		{Name: "CountryCode", Type: x509der.Country, Text: r.CountryCode, Required: true},
		{Name: "Province", Type: x509der.State, Text: r.Province, Required: true},
		{Name: "Locality", Type: x509der.Locality, Text: r.Locality, Required: true},
		{Name: "CorpName", Type: x509der.Organization, Text: r.CorpName},
	} {
		if err := p.AddTo(&c.subject); err != nil {
			return content{}, "", err
		}
	}
	if err := param.CreatedCSRName(r.Name); err != nil {
		return content{}, "", err
	}
	department := param.Attribute{Name: "Department", Type: x509der.OrganizationalUnit, Text: r.Department}
	if err := department.AddTo(&c.subject); err != nil {
		return content{}, "", err
	}
	c.subject = append(c.subject[1:], c.subject[0]) // the common name comes last, as in Name.InOrder
	return c, a, nil
}

// algorithm reads KeySize and Algorithm, which make sense only together.
func (r *CreateCsrRequest) algorithm() (algorithm.Algorithm, error) {
	_, ofECC := sizes["ECC"][r.KeySize]
	switch {
	case r.KeySize == 0:
		return "", yuncert.Missing("KeySize")
	case !ofECC && !slices.Contains(documentedSizes, r.KeySize):
		return "", r.undocumentedSize()
	}
	if r.Algorithm == "" {
		return "", yuncert.Missing("Algorithm")
	}
	bySize, ok := sizes[r.Algorithm]
	if !ok {
		return "", param.Malformed("Algorithm", "%.40q is not RSA, ECC or SM2; the length of the key is separate, in KeySize", r.Algorithm)
	}
	a, ok := bySize[r.KeySize]
	if ok {
		return a, nil
	}
	switch r.Algorithm {
	case "RSA":
		return "", r.malformedSize("2048, 3072 or 4096, the lengths for RSA")
	case "ECC":
		return "", r.malformedSize("256, the length for ECC; CreateCsrWithKey also takes 384 and 521")
	}
	return "", r.malformedSize("256, the length for SM2")
}

func (r *CreateCsrRequest) malformedSize(accepted string) error {
	return param.Malformed("KeySize", "%d is not %s", r.KeySize, accepted)
}

// undocumentedSize is the error for a KeySize that the document does not have.
func (r *CreateCsrRequest) undocumentedSize() error {
	return r.malformedSize("2048, 3072 or 4096 for RSA, or 256 for ECC and SM2; CreateCsrWithKey also takes 384 and 521 for ECC")
}

// CreateCsr makes a key and a CSR for it, signed with SHA-256 or, for SM2, with
// SM3. Making an RSA key takes the time that [algorithm.GenerateKey] documents:
// an [algorithm.KeyPool] makes keys in advance, for [CreateCsrWithKey].
//
// It takes only the documented lengths. A KeySize of 384, 512 or 521 is
// [yuncert.ErrInvalidValueMalformed], although Validate accepts it: make the key
// with [algorithm.GenerateKey] and call CreateCsrWithKey.
func CreateCsr(rand io.Reader, req *CreateCsrRequest) (*CreateCsrResponse, *algorithm.PrivateKey, error) {
	// KeySize is the first parameter, so its error comes first.
	if req != nil && req.KeySize != 0 && !slices.Contains(documentedSizes, req.KeySize) {
		return nil, nil, req.undocumentedSize()
	}
	c, a, err := req.check()
	if err != nil {
		return nil, nil, err
	}
	key, err := generate(a)
	if err != nil {
		return nil, nil, err
	}
	resp, err := createCsr(rand, key, c, a)
	if err != nil {
		return nil, nil, err
	}
	return resp, key, nil
}

// CreateCsrWithKey makes a CSR for a key that the caller has: an
// [algorithm.PrivateKey], a key of the standard library or any other signer
// that package algorithm describes. Algorithm and KeySize of the request must
// match the key. For a key of algorithm a they are a.Family() and
// int32(a.KeySize()). The key may also be on P-384 or P-521, for which the
// document has no KeySize: a certificate for such a key must be renewable.
func CreateCsrWithKey(rand io.Reader, key crypto.Signer, req *CreateCsrRequest) (*CreateCsrResponse, error) {
	c, a, err := req.check()
	if err != nil {
		return nil, err
	}
	return createCsr(rand, key, c, a)
}

func createCsr(rand io.Reader, key crypto.Signer, c content, a algorithm.Algorithm) (*CreateCsrResponse, error) {
	signer, err := recognise(key, a)
	if err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	der, text, err := c.sign(rand, signer)
	if err != nil {
		return nil, err
	}
	return &CreateCsrResponse{Csr: text, RequestId: requestID, CsrId: csrID(der)}, nil
}

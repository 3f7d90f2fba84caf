package order

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// rsaAlgorithms has the RSA algorithms of orders, the smallest first.
var rsaAlgorithms = []algorithm.Algorithm{algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096}

// submitMakingKey is submit for an order that may have no CSR yet. Then it makes the key
// and the CSR, and returns the key.
func (b *Book) submitMakingKey(ctx context.Context, random io.Reader, now time.Time, o *Order) (requestID string, key *algorithm.PrivateKey, err error) {
	if o.Csr == "" {
		// A key takes long to make, so a missing package is found first.
		if err := b.checkUnit(ctx, o.ProductCode); err != nil {
			return "", nil, err
		}
		key, o.Csr, err = makeCSR(b.keyPolicy, o.names())
		if err != nil {
			return "", nil, err
		}
	}
	requestID, err = b.submit(ctx, random, now, o)
	if err != nil {
		return "", nil, err
	}
	return requestID, key, nil
}

// smallestRSA returns the smallest RSA algorithm that a policy accepts.
func smallestRSA(policy algorithm.KeyPolicy) (algorithm.Algorithm, error) {
	for _, a := range rsaAlgorithms {
		if a.KeySize() >= policy.MinRSABits {
			return a, nil
		}
	}
	return "", failed("", "the KeyPolicy demands RSA keys of %d bits, and keys of up to 4096 are made here; send a CSR", policy.MinRSABits)
}

// makeCSR makes a key that a policy accepts, and a CSR for names.
func makeCSR(policy algorithm.KeyPolicy, names []string) (key *algorithm.PrivateKey, csr string, err error) {
	a, err := smallestRSA(policy)
	if err != nil {
		return nil, "", err
	}
	key, err = algorithm.GenerateKey(a)
	if err != nil {
		return nil, "", keyError(err)
	}
	if err := policy.Check(key.Public()); err != nil {
		return nil, "", keyError(err)
	}
	signer, err := x509der.NewSigner(key)
	if err != nil {
		return nil, "", keyError(err)
	}
	var subject x509der.Name
	if x509der.CheckText(x509der.CommonName, names[0]) == nil { // X.520: up to 64 characters
		subject = x509der.Name{x509der.Text(x509der.CommonName, names[0])}
	}
	request, err := x509der.MarshalRequest(rand.Reader, signer, subject, names)
	if err != nil {
		return nil, "", keyError(err)
	}
	return key, der.PEM("CERTIFICATE REQUEST", request), nil
}

func keyError(err error) error {
	return &yuncert.Error{Code: yuncert.ErrError, Message: "no key for the order could be made", Err: param.Cause(err)}
}

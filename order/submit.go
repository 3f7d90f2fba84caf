package order

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// terms are the parts of BookOptions that decide what a Book accepts.
type terms struct {
	products  []Product
	policy    algorithm.KeyPolicy // for the CSR's key
	authority bool                // whether an Authority certifies the CSR
}

// documentedTerms are the terms of the Validate methods, which do not know a Book.
var documentedTerms = terms{products: products}

// terms returns the terms of the Book.
func (b *Book) terms() terms { return terms{b.products, b.keyPolicy, b.authority != nil} }

// newOrder returns an order for [Book.submit], or without a CSR for
// [Book.submitMakingKey]. It has no contacts yet.
func newOrder(request *x509der.Request, product Product, names []string, validateType string) *Order {
	o := &Order{
		ProductCode: product.Code, State: StateDomainVerify, Domain: names[0], Names: strings.Join(names, ","),
		ValidateType: validateType, Due: withoutWildcard(names[0]),
	}
	if request != nil {
		o.Csr = der.PEM("CERTIFICATE REQUEST", request.Raw)
	}
	return o
}

// minRSABits is the shortest RSA key of an order. A KeyPolicy can ask for more.
const minRSABits = 2048

// parseCSR reads a CSR and checks that its key suits a DV certificate.
func parseCSR(text string, t terms) (*x509der.Request, error) {
	if text == "" {
		return nil, yuncert.Missing("Csr")
	}
	policy := t.policy
	policy.MinRSABits = max(policy.MinRSABits, minRSABits)
	request, err := param.ReadCSR(text, policy)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrCreateCertificateRequestFailed, "Csr", "")
	}
	curves := "ECC_256, ECC_384 or ECC_512"
	if t.authority { // Baseline Requirements, 6.1.5, allow P-521, but the public CAs refuse it
		curves = "ECC_256 or ECC_384"
	}
	if request.Algorithm.Family() == "SM2" || t.authority && request.Algorithm == algorithm.ECC_512 {
		return nil, failed("Csr", "the CSR's key is %s; want %s%s", request.Algorithm, acceptedRSA(policy), curves)
	}
	return request, nil
}

// acceptedRSA lists the RSA algorithms that a policy accepts, each with a comma.
func acceptedRSA(policy algorithm.KeyPolicy) string {
	list := ""
	for _, a := range rsaAlgorithms {
		if a.KeySize() >= policy.MinRSABits {
			list += string(a) + ", "
		}
	}
	return list
}

// checkContacts checks contacts that are all required.
func checkContacts(username, phone, email string) error {
	for _, contact := range []struct{ parameter, text string }{{"Username", username}, {"Phone", phone}, {"Email", email}} {
		if contact.text == "" {
			return yuncert.Missing(contact.parameter)
		}
		if err := param.CheckText(contact.parameter, contact.text, 255); err != nil {
			return err
		}
	}
	return nil
}

// checkValidateType checks how the names of an order are to be proved.
func checkValidateType(validateType string, names []string, authority bool) error {
	switch {
	case validateType == "":
		return yuncert.Missing("ValidateType")
	case validateType != validateDNS && validateType != validateFile:
		return param.Refused("ValidateType", "%.40q is not DNS or FILE", validateType)
	}
	longest := 253 - len(recordLabel(authority)+".") // RFC 1035, 2.3.4
	for _, name := range names {
		proved := withoutWildcard(name)
		switch {
		case validateType == validateFile && isWildcard(name):
			return failed("ValidateType", "FILE does not prove ownership of the wildcard name %.80q; use DNS", name)
		case validateType == validateDNS && len(proved) > longest:
			return failed("ValidateType", "%.80q has %d octets; DNS proves names of up to %d, and FILE longer ones that are not wildcard names", proved, len(proved), longest)
		}
	}
	return nil
}

// checkTags applies the rules in the API's metadata.
func checkTags(tags []ca.Tag) error {
	if len(tags) > 20 {
		return param.Malformed("Tags", "there are %d tags; want at most 20", len(tags))
	}
	for _, tag := range tags {
		if tag.Key == "" {
			return param.Malformed("Tags", "a tag has no Key; want 1 to 128 characters")
		}
		if err := param.CheckText("Tags", tag.Key, 128); err != nil {
			return err
		}
		if err := checkReserved("Key", tag.Key); err != nil {
			return err
		}
		if err := param.CheckText("Tags", tag.Value, 128); err != nil {
			return err
		}
	}
	return nil
}

// checkTagValues applies the rule that only some documents have for values.
func checkTagValues(tags []ca.Tag) error {
	for _, tag := range tags {
		if err := checkReserved("Value", tag.Value); err != nil {
			return err
		}
	}
	return nil
}

// checkReserved checks the Key or the Value of a tag.
func checkReserved(part, text string) error {
	for _, reserved := range []string{"aliyun", "acs:"} {
		if strings.HasPrefix(text, reserved) {
			return param.Malformed("Tags", "the %s %.80q begins with %q, which is reserved", part, text, reserved)
		}
	}
	if strings.Contains(text, "http://") || strings.Contains(text, "https://") {
		return param.Malformed("Tags", "the %s %.80q contains http:// or https://", part, text)
	}
	return nil
}

// failed returns the error for an application that is refused.
func failed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrCreateCertificateRequestFailed, parameter, format, args...)
}

// submit stores a new order, whose OrderId it sets, and takes a unit for it. It returns
// a RequestId. If the process dies after begin, the CA's own order expires unused.
func (b *Book) submit(ctx context.Context, rand io.Reader, now time.Time, o *Order) (requestID string, err error) {
	o.Created = instant(now)
	o.Updated = o.Created
	o.Token, err = newToken(rand, now)
	if err != nil {
		return "", err
	}
	requestID, err = newRequestID(rand)
	if err != nil {
		return "", err
	}
	if b.authority != nil {
		if err := b.begin(ctx, o); err != nil {
			return "", err
		}
	}
	// One collision among 2^53 OrderIds is rare. Ten in a row mean that rand repeats
	// itself.
	for range 10 {
		o.OrderId, err = newOrderID(rand)
		if err != nil {
			return "", err
		}
		err = b.create(ctx, *o)
		if err == nil {
			return requestID, nil
		}
		if !errors.Is(err, ErrOrderExists) {
			return "", err
		}
	}
	return "", yuncert.Errorf(yuncert.ErrError, "", "rand repeats itself: ten OrderIds in a row are taken")
}

// create stores an order and takes a unit for it.
func (b *Book) create(ctx context.Context, o Order) error {
	return b.update(ctx, func(tx Tx) error {
		p, err := unusedPackage(tx, o.ProductCode)
		if err != nil {
			return err
		}
		p.UsedCount++
		if err := tx.PutPackage(p); err != nil {
			return err
		}
		return tx.CreateOrder(o)
	})
}

// checkUnit checks that a package has a unit left now.
func (b *Book) checkUnit(ctx context.Context, productCode string) error {
	return b.view(ctx, func(tx Snapshot) error {
		_, err := unusedPackage(tx, productCode)
		return err
	})
}

// unusedPackage returns a package that must have a unit left.
func unusedPackage(tx Reader, productCode string) (Package, error) {
	p, err := readPackage(tx, productCode)
	if err == nil && p.UsedCount >= p.TotalCount {
		err = yuncert.Errorf(yuncert.ErrNotRemainCount, "ProductCode", "all %d certificates of %.80s are used; buy more, or delete orders that are cancelled or refused", p.TotalCount, p.ProductCode)
	}
	return p, err
}

package order

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
)

// A Product is a kind of certificate that can be ordered. The documents have seven,
// and a term for the free ones alone: a year is what the others were sold for.
//
//	digicert-free-1-free       DigiCert     single name             3 months
//	symantec-free-1-free       DigiCert     single name            12 months
//	symantec-dv-1-starter      DigiCert     single name, wildcard  12 months
//	geotrust-dv-1-starter      GeoTrust     single name            12 months
//	geotrust-dv-w-starter      GeoTrust     wildcard               12 months
//	globalsign-dv-1-personal   GlobalSign   single name            12 months
//	globalsign-dv-w-advanced   GlobalSign   wildcard               12 months
//
// symantec-dv-1-starter takes either kind of name, since the sources disagree: the
// document calls it a wildcard product, its code and an older edition one for a
// single name.
type Product struct {
	// Code is the ProductCode, such as "digicert-free-1-free".
	Code string

	// Brand is the name under which the documents list the product. The signature
	// is that of the CA that the caller brings.
	Brand string

	// Single is whether the product takes a plain name, such as www.example.com.
	Single bool

	// Wildcard is whether the product takes a wildcard name, such as
	// *.example.com.
	Wildcard bool

	// Months is how long the certificate is valid, in calendar months.
	Months int32
}

// DefaultProductCode is the ProductCode of a request that has none.
const DefaultProductCode = "digicert-free-1-free"

// products are the seven that CreateCertificateWithCsrRequest documents.
var products = []Product{
	{Code: DefaultProductCode, Brand: "DigiCert", Single: true, Months: 3},
	{Code: "symantec-free-1-free", Brand: "DigiCert", Single: true, Months: 12},
	{Code: "symantec-dv-1-starter", Brand: "DigiCert", Single: true, Wildcard: true, Months: 12},
	{Code: "geotrust-dv-1-starter", Brand: "GeoTrust", Single: true, Months: 12},
	{Code: "geotrust-dv-w-starter", Brand: "GeoTrust", Wildcard: true, Months: 12},
	{Code: "globalsign-dv-1-personal", Brand: "GlobalSign", Single: true, Months: 12},
	{Code: "globalsign-dv-w-advanced", Brand: "GlobalSign", Wildcard: true, Months: 12},
}

// Products returns all products, in the order of the document.
func Products() []Product { return slices.Clone(products) }

// productOf returns the product of a ProductCode, empty for the default, or
// refuses it with the code given.
func productOf(productCode string, code yuncert.Code) (Product, error) {
	if productCode == "" {
		productCode = DefaultProductCode
	}
	for _, p := range products {
		if p.Code == productCode {
			return p, nil
		}
	}
	codes := make([]string, len(products))
	for n, p := range products {
		codes[n] = p.Code
	}
	return Product{}, yuncert.Errorf(code, "ProductCode", "%.80q is not one of %s", productCode, strings.Join(codes, ", "))
}

// takes refuses a domain that is not of the kind that the product is for.
func (p Product) takes(domain string) error {
	wildcard := strings.HasPrefix(domain, "*.")
	switch {
	case wildcard && !p.Wildcard:
		return failed("Csr", "%s is for a single name, and the CSR's common name %q is a wildcard", p.Code, domain)
	case !wildcard && !p.Single:
		return failed("Csr", "%s is for a wildcard name such as %q, and the CSR's common name is %q", p.Code, "*."+domain, domain)
	}
	return nil
}

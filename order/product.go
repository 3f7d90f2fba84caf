package order

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
)

// A Product is a kind of certificate that can be ordered. The documents list seven,
// with a term for the free ones only. The others were sold for a year.
//
//	digicert-free-1-free       DigiCert     single name             3 months
//	symantec-free-1-free       DigiCert     single name            12 months
//	symantec-dv-1-starter      DigiCert     single name, wildcard  12 months
//	geotrust-dv-1-starter      GeoTrust     single name            12 months
//	geotrust-dv-w-starter      GeoTrust     wildcard               12 months
//	globalsign-dv-1-personal   GlobalSign   single name            12 months
//	globalsign-dv-w-advanced   GlobalSign   wildcard               12 months
type Product struct {
	Code     string // the ProductCode
	Brand    string // the name in the documents; your CA signs, whatever the Brand
	Single   bool   // whether it takes single names, such as www.example.com
	Wildcard bool   // whether it takes wildcard names, such as *.example.com
	Months   int32  // the term of a certificate from [Book.Issue], in calendar months

	// MaxNames is how many names an order may have, up to 250. Zero means 1. The parent
	// of a wildcard, such as example.com beside *.example.com, does not count.
	MaxNames int32
}

// maxNames returns MaxNames, or 1 if it is zero.
func (p Product) maxNames() int { return int(max(p.MaxNames, 1)) }

// DefaultProductCode is the product of a request with an empty ProductCode.
const DefaultProductCode = "digicert-free-1-free"

// products has the order of the document of CreateCertificateWithCsrRequest. The
// document calls symantec-dv-1-starter a wildcard product. Its code and an older
// edition say that it is for a single name. Here it takes both.
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

// productOf returns the product with a ProductCode; empty means the default. An
// unknown ProductCode is an error with the given code.
func productOf(products []Product, productCode string, code yuncert.Code) (Product, error) {
	if productCode == "" {
		productCode = DefaultProductCode
	}
	codes := make([]string, len(products))
	for n, p := range products {
		if p.Code == productCode {
			return p, nil
		}
		codes[n] = p.Code
	}
	return Product{}, yuncert.Errorf(code, "ProductCode", "%.80q is not a DV product; want one of %s", productCode, strings.Join(codes, ", "))
}

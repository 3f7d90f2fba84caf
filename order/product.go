package order

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A Product is a kind of DV certificate that can be ordered. The documents list seven,
// with a term for the free ones only. The others were sold for a year. Add your own
// with Products of [BookOptions]. The documents' OV and EV products are refused.
//
//	digicert-free-1-free       DigiCert     single name             3 months
//	symantec-free-1-free       DigiCert     single name            12 months
//	symantec-dv-1-starter      DigiCert     single name, wildcard  12 months
//	geotrust-dv-1-starter      GeoTrust     single name            12 months
//	geotrust-dv-w-starter      GeoTrust     wildcard               12 months
//	globalsign-dv-1-personal   GlobalSign   single name            12 months
//	globalsign-dv-w-advanced   GlobalSign   wildcard               12 months
type Product struct {
	Code     string // the ProductCode: up to 255 characters
	Brand    string // the name in the documents; your CA signs, whatever the Brand
	Single   bool   // whether it takes single names, such as www.example.com
	Wildcard bool   // whether it takes wildcard names, such as *.example.com
	Months   int32  // the term of a certificate from [Book.Issue], in calendar months; zero if you never call it

	// MaxNames is how many names an order may have, up to 250. Zero means 1. The parent
	// of a wildcard in the order, such as example.com of *.example.com, does not count.
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

// Products returns the documented products, in the order of the document.
func Products() []Product { return slices.Clone(products) }

// withProducts returns the documented products and further ones. It panics if one of
// them cannot be ordered.
func withProducts(own []Product) []Product {
	all := Products()
	for n, p := range own {
		fault := ""
		switch {
		case p.Code == "":
			fault = "has no Code"
		case param.CheckText("Code", p.Code, 255) != nil:
			fault = "has a Code that is not UTF-8 text of up to 255 characters without control characters"
		case slices.ContainsFunc(all, func(other Product) bool { return other.Code == p.Code }):
			fault = "has the Code of another product"
		case !p.Single && !p.Wildcard:
			fault = "takes neither single names nor wildcard names; set Single or Wildcard"
		case p.Months < 0 || p.Months > maxMonths:
			fault = fmt.Sprintf("has a term of %d months; want 0 to %d", p.Months, maxMonths)
		case p.MaxNames < 0 || p.MaxNames > x509der.MaxNames:
			fault = fmt.Sprintf("has MaxNames %d; want 0 to %d", p.MaxNames, x509der.MaxNames)
		}
		if fault != "" {
			panic(fmt.Sprintf("order.NewBook: Products[%d], %.80q, %s", n, p.Code, fault))
		}
		all = append(all, p)
	}
	return all
}

// maxMonths is the longest term of ca.CreateDomainCertificate.
const maxMonths = 120_000

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

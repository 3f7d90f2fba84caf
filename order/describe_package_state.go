package order

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
)

// A DescribePackageStateRequest names the product whose package to describe.
type DescribePackageStateRequest struct {
	ProductCode string `json:"ProductCode,omitempty"` // Code of a [Product]; empty means [DefaultProductCode]
}

// A DescribePackageStateResponse has the counts of a [Package], zeros too.
type DescribePackageStateResponse struct {
	ProductCode string `json:"ProductCode,omitempty"`
	TotalCount  int64  `json:"TotalCount"`
	UsedCount   int64  `json:"UsedCount"`
	IssuedCount int64  `json:"IssuedCount"`
	RequestId   string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrNotFoundPackage] if ProductCode is not the Code of a
// documented [Product]. The document also lists OV and EV products, which are not sold
// here. The operation knows the Book's own products too.
func (r *DescribePackageStateRequest) Validate() error {
	_, err := r.product(products)
	return err
}

func (r *DescribePackageStateRequest) product(products []Product) (Product, error) {
	if r == nil {
		r = new(DescribePackageStateRequest)
	}
	return productOf(products, r.ProductCode, yuncert.ErrNotFoundPackage)
}

// DescribePackageState returns how many units of a product were bought, used and
// issued, or [yuncert.ErrNotFoundPackage] if none was bought.
func (b *Book) DescribePackageState(ctx context.Context, rand io.Reader, req *DescribePackageStateRequest) (*DescribePackageStateResponse, error) {
	product, err := req.product(b.products)
	if err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	var p Package
	err = b.view(ctx, func(tx Snapshot) (err error) {
		p, err = readPackage(tx, product.Code)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &DescribePackageStateResponse{
		ProductCode: p.ProductCode, TotalCount: p.TotalCount, UsedCount: p.UsedCount, IssuedCount: p.IssuedCount,
		RequestId: requestID,
	}, nil
}

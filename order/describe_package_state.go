package order

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
)

// A DescribePackageStateRequest asks how far a package is used up, with the
// parameter of DescribePackageState (Certificate Management Service,
// 2020-04-07).
type DescribePackageStateRequest struct {
	// ProductCode is the Code of the [Product]. Empty means [DefaultProductCode].
	ProductCode string `json:"ProductCode,omitempty"`
}

// A DescribePackageStateResponse counts the units of a package.
type DescribePackageStateResponse struct {
	// ProductCode is the Code of the [Product].
	ProductCode string `json:"ProductCode,omitempty"`

	// TotalCount is how many certificates were bought.
	TotalCount int64 `json:"TotalCount"`

	// UsedCount is how many orders were submitted, issued or not, and not deleted
	// since.
	UsedCount int64 `json:"UsedCount"`

	// IssuedCount is how many certificates were issued.
	IssuedCount int64 `json:"IssuedCount"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrNotFoundPackage] for a ProductCode that is no
// DV product's: of such a product no package can have been bought here. The
// document lists OV and EV products as well.
func (r *DescribePackageStateRequest) Validate() error {
	_, err := r.product()
	return err
}

func (r *DescribePackageStateRequest) product() (Product, error) {
	if r == nil {
		r = new(DescribePackageStateRequest)
	}
	return productOf(r.ProductCode, yuncert.ErrNotFoundPackage)
}

// DescribePackageState returns how many units of a product were bought, used and
// issued.
//
// Errors, after those of [DescribePackageStateRequest.Validate]:
// [yuncert.ErrNotFoundPackage] when none was bought, and [yuncert.ErrError] when
// rand or the store failed.
func (b *Book) DescribePackageState(ctx context.Context, rand io.Reader, req *DescribePackageStateRequest) (*DescribePackageStateResponse, error) {
	product, err := req.product()
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

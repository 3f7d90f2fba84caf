package archive

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
)

// A DeleteCsrRequest names the CSR to delete.
type DeleteCsrRequest struct {
	CsrId int64 `json:"CsrId,omitempty"` // Required.
}

// A DeleteCsrResponse says that the CSR is deleted.
type DeleteCsrResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if CsrId is zero.
func (r *DeleteCsrRequest) Validate() error {
	if r == nil || r.CsrId == 0 {
		return yuncert.Missing("CsrId")
	}
	return nil
}

// DeleteCsr deletes a CSR and its private key.
func (a *Archive) DeleteCsr(ctx context.Context, rand io.Reader, req *DeleteCsrRequest) (*DeleteCsrResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	err = a.update(ctx, func(tx Tx) error {
		if _, err := readRecord(tx, req.CsrId); err != nil {
			return err
		}
		return tx.Delete(req.CsrId)
	})
	if err != nil {
		return nil, err
	}
	return &DeleteCsrResponse{RequestId: requestID}, nil
}

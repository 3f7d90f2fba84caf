package archive

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// An UpdateCsrRequest has the private key of a CSR that was stored without one. fmt and
// log/slog do not print the Key.
type UpdateCsrRequest struct {
	CsrId int64 `json:"CsrId,omitempty"` // Required.

	// Key is the CSR's private key in PEM, as in an [UploadCsrRequest]. Required.
	Key string `json:"Key,omitempty"`
}

// An UpdateCsrResponse says that the private key is stored.
type UpdateCsrResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Format prints the request with the words "private key" for the Key.
func (r UpdateCsrRequest) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), r.printed())
}

// LogValue returns the request with the words "private key" for the Key.
func (r UpdateCsrRequest) LogValue() slog.Value { return slog.AnyValue(r.printed()) }

func (r UpdateCsrRequest) printed() any {
	type withoutMethods UpdateCsrRequest
	r.Key = hidden(r.Key)
	return withoutMethods(r)
}

// Validate checks the fields. Only the operation knows whether the Key belongs to the
// CSR.
func (r *UpdateCsrRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate and returns the private key.
func (r *UpdateCsrRequest) check() (*algorithm.PrivateKey, error) {
	if r == nil || r.CsrId == 0 {
		return nil, yuncert.Missing("CsrId")
	}
	if r.Key == "" {
		return nil, yuncert.Missing("Key")
	}
	return parseKey(r.Key)
}

// UpdateCsr stores the private key of a CSR. It returns
// [yuncert.ErrCertificatePrivateKeyExisted] if the CSR has one, and
// [yuncert.ErrInvalidParameter] if the Key does not belong to the CSR or if there is no
// Sealer. If the stored key can no longer be decrypted, delete the CSR and upload it
// again with its key.
func (a *Archive) UpdateCsr(ctx context.Context, rand io.Reader, req *UpdateCsrRequest) (*UpdateCsrResponse, error) {
	key, err := req.check()
	if err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	// A store may run the function below several times, so the key is sealed before.
	sealed, err := a.seal(rand, req.CsrId, key)
	if err != nil {
		return nil, err
	}
	err = a.update(ctx, func(tx Tx) error {
		r, err := readRecord(tx, req.CsrId)
		if err != nil {
			return err
		}
		if len(r.SealedKey) > 0 {
			return yuncert.Errorf(yuncert.ErrCertificatePrivateKeyExisted, "CsrId", "the archive has the private key of CSR %d", req.CsrId)
		}
		if err := r.checkKey(key); err != nil {
			return err
		}
		r.SealedKey = sealed
		return tx.Put(r)
	})
	if err != nil {
		return nil, err
	}
	return &UpdateCsrResponse{RequestId: requestID}, nil
}

package archive

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/yuncert/yuncert"
)

// A GetCsrDetailRequest names the CSR to return.
type GetCsrDetailRequest struct {
	CsrId int64 `json:"CsrId,omitempty"` // Required.
}

// A GetCsrDetailResponse has a CSR and its private key. fmt and log/slog do not print
// the PrivateKey.
type GetCsrDetailResponse struct {
	Csr string `json:"Csr,omitempty"` // as a PEM block "CERTIFICATE REQUEST"

	// PrivateKey is a PEM block, not encrypted: "RSA PRIVATE KEY" (PKCS #1), or "EC
	// PRIVATE KEY" (SEC 1) for ECC and SM2. [algorithm.ParsePrivateKey] reads both. It
	// is empty if no private key is kept, or if the archive has no Sealer.
	PrivateKey string `json:"PrivateKey,omitempty"`

	RequestId string `json:"RequestId,omitempty"`
}

// Format prints the response with the words "private key" for the PrivateKey.
func (r GetCsrDetailResponse) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), r.printed())
}

// LogValue returns the response with the words "private key" for the PrivateKey.
func (r GetCsrDetailResponse) LogValue() slog.Value { return slog.AnyValue(r.printed()) }

func (r GetCsrDetailResponse) printed() any {
	type withoutMethods GetCsrDetailResponse
	r.PrivateKey = hidden(r.PrivateKey)
	return withoutMethods(r)
}

// Validate returns [yuncert.ErrMissingParameter] if CsrId is zero.
func (r *GetCsrDetailRequest) Validate() error {
	if r == nil || r.CsrId == 0 {
		return yuncert.Missing("CsrId")
	}
	return nil
}

// GetCsrDetail returns a CSR, and its private key if there is one. If the Sealer does
// not decrypt the key, because the key was changed or belongs to another CSR or Sealer,
// GetCsrDetail returns [yuncert.ErrInternalError] and nothing else. An Archive without
// a Sealer still returns the CSR.
func (a *Archive) GetCsrDetail(ctx context.Context, rand io.Reader, req *GetCsrDetailRequest) (*GetCsrDetailResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	var r Record
	err = a.view(ctx, func(tx Snapshot) (err error) {
		r, err = readRecord(tx, req.CsrId)
		return err
	})
	if err != nil {
		return nil, err
	}
	resp := &GetCsrDetailResponse{Csr: r.Csr, RequestId: requestID}
	if a.hasKey(&r) {
		resp.PrivateKey, err = a.open(&r)
		if err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// hasKey reports whether the archive can return a private key.
func (a *Archive) hasKey(r *Record) bool { return a.sealer != nil && len(r.SealedKey) > 0 }

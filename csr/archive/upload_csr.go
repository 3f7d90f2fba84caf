package archive

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// An UploadCsrRequest has the CSR to store. fmt and log/slog do not print the Key.
type UploadCsrRequest struct {
	// Csr is a CSR in PEM, as [csr.Parse] reads it. Required.
	Csr string `json:"Csr,omitempty"`

	// Key is the CSR's private key in PEM, as [algorithm.ParsePrivateKey] reads it, up
	// to 64 KiB. Its line breaks may be spaces or the two characters \n. Empty means
	// that no key is stored.
	Key string `json:"Key,omitempty"`

	// Name is a label for the CSR: up to 50 letters (a to z, A to Z), digits,
	// underscores and hyphens. Empty means none.
	Name string `json:"Name,omitempty"`
}

// An UploadCsrResponse has the CsrId of the CSR.
type UploadCsrResponse struct {
	CsrId     int64  `json:"CsrId,omitempty"` // from 1 to 2^53-1, so that JSON readers with floating point keep all digits
	RequestId string `json:"RequestId,omitempty"`
}

// Format prints the request with the words "private key" for the Key.
func (r UploadCsrRequest) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), r.printed())
}

// LogValue returns the request with the words "private key" for the Key.
func (r UploadCsrRequest) LogValue() slog.Value { return slog.AnyValue(r.printed()) }

func (r UploadCsrRequest) printed() any {
	type withoutMethods UploadCsrRequest
	r.Key = hidden(r.Key)
	return withoutMethods(r)
}

// Validate checks the request, including the CSR's signature. It returns
// [yuncert.ErrInvalidParameter] if the Key does not belong to the Csr.
func (r *UploadCsrRequest) Validate() error {
	_, _, err := r.check()
	return err
}

// check is Validate and returns the record to store and the private key, if any.
func (r *UploadCsrRequest) check() (*Record, *algorithm.PrivateKey, error) {
	if r == nil {
		r = new(UploadCsrRequest)
	}
	record, err := newRecord(r.Csr)
	if err != nil {
		return nil, nil, err
	}
	var key *algorithm.PrivateKey
	if r.Key != "" {
		key, err = parseKey(r.Key)
		if err != nil {
			return nil, nil, err
		}
		if err := record.checkKey(key); err != nil {
			return nil, nil, err
		}
	}
	if err := param.UploadedCSRName(r.Name); err != nil {
		return nil, nil, err
	}
	return record, key, nil
}

// UploadCsr stores a CSR that any tool made, and its private key if the request has it.
// The package comment says what happens if the archive has this CSR. UploadCsr returns
// [yuncert.ErrInvalidParameter] for a Key if there is no Sealer.
func (a *Archive) UploadCsr(ctx context.Context, rand io.Reader, now time.Time, req *UploadCsrRequest) (*UploadCsrResponse, error) {
	record, key, err := req.check()
	if err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	if err := a.keep(ctx, rand, now, record, req.Name, key); err != nil {
		return nil, err
	}
	return &UploadCsrResponse{CsrId: record.CsrId, RequestId: requestID}, nil
}

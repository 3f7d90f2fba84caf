package inventory

import (
	"context"
	"io"
	"strconv"

	"github.com/yuncert/yuncert"
)

// A GetCaInstanceCrlAddressRequest names a CA.
type GetCaInstanceCrlAddressRequest struct {
	CaIdentifier string `json:"CaIdentifier,omitempty"` // the CA's Identifier; required, though not documented so
	Uuid         string `json:"Uuid,omitempty"`         // the cloud's name of the CA's instance; ignored
}

// A GetCaInstanceCrlAddressResponse says where the CA's CRL is and when the next one is
// due. HashCode and NextUpdateTime are empty before the first CRL.
type GetCaInstanceCrlAddressResponse struct {
	CrlUrl           string `json:"CrlUrl,omitempty"`           // address of the CRL; empty without IssuerOptions.CRLBase
	HashCode         string `json:"HashCode,omitempty"`         // SHA-256 of the CRL in lower-case hexadecimal
	NextUpdateTime   string `json:"NextUpdateTime,omitempty"`   // in UNIX milliseconds
	CaInstanceStatus string `json:"CaInstanceStatus,omitempty"` // "normal", or "revoke" if the CA or one above it is revoked
	CaType           string `json:"CaType,omitempty"`           // values are not documented; the caller fills it in
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if CaIdentifier is empty.
func (r *GetCaInstanceCrlAddressRequest) Validate() error {
	if r == nil || r.CaIdentifier == "" {
		return yuncert.Missing("CaIdentifier")
	}
	return nil
}

// GetCaInstanceCrlAddress describes the newest CRL of a CA that was added with
// [Inventory.AddCA]: the complete one or the partition of the CrlUrl. The CrlUrl comes
// from the Issuer that was added last.
func (v *Inventory) GetCaInstanceCrlAddress(ctx context.Context, rand io.Reader, req *GetCaInstanceCrlAddressRequest) (*GetCaInstanceCrlAddressResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	var resp *GetCaInstanceCrlAddressResponse
	err = v.view(ctx, func(s Snapshot) error {
		resp = &GetCaInstanceCrlAddressResponse{RequestId: requestID, CaInstanceStatus: "normal"}
		issuer, err := readCA(s, "CaIdentifier", req.CaIdentifier)
		if err != nil {
			return err
		}
		resp.CrlUrl = issuer.CrlUrl
		revoked, err := revokedAlong(s, issuer, 0)
		if err != nil {
			return err
		}
		if revoked != "" {
			resp.CaInstanceStatus = "revoke"
		}
		l, _, err := s.List(issuer.Authority, "")
		if err != nil {
			return err
		}
		partition, _, err := s.List(issuer.Authority, issuer.CrlUrl)
		if err == nil && partition.Number > l.Number {
			l = partition
		}
		if l.Number != 0 {
			resp.HashCode, resp.NextUpdateTime = l.HashCode, strconv.FormatInt(l.NextUpdate.UnixMilli(), 10)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

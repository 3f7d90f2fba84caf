package inventory

import (
	"context"
	"io"
	"time"

	"github.com/yuncert/yuncert"
)

// A DeleteClientCertificateRequest names the certificate to delete.
type DeleteClientCertificateRequest struct {
	// Identifier is the Identifier of the certificate. Required.
	Identifier string `json:"Identifier,omitempty"`
}

// A DeleteClientCertificateResponse confirms that the certificate is deleted.
type DeleteClientCertificateResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if Identifier is empty.
func (r *DeleteClientCertificateRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	return nil
}

// DeleteClientCertificate deletes the revoked certificate of a client or server, with
// its labels. No operation finds it afterwards, and its CustomIdentifier and its
// ClientToken are free. Its serial number stays: on the CRLs until the certificate has
// expired, and revoked in [Inventory.Status]. A certificate that is not revoked, even if
// it has expired, and a certificate on hold are
// [yuncert.ErrInvalidStatusDeleteProtection].
func (v *Inventory) DeleteClientCertificate(ctx context.Context, rand io.Reader, now time.Time, req *DeleteClientCertificateRequest) (*DeleteClientCertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	err = v.update(ctx, func(tx Tx) error {
		c, err := readLeaf(tx, req.Identifier)
		if err != nil {
			return err
		}
		if c.Status == statusIssue {
			return yuncert.Errorf(yuncert.ErrInvalidStatusDeleteProtection, "Identifier", "the certificate %s is not revoked; revoke it first", req.Identifier)
		}
		if c.onHold() {
			return yuncert.Errorf(yuncert.ErrInvalidStatusDeleteProtection, "Identifier", "the certificate %s is on hold; revoke it permanently first", req.Identifier)
		}
		c.Status, c.Updated, c.DER, c.Labels = StatusDelete, instant(now), nil, Labels{}
		return tx.PutCertificate(c)
	})
	if err != nil {
		return nil, err
	}
	return &DeleteClientCertificateResponse{RequestId: requestID}, nil
}

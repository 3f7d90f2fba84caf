package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
)

// An Issued is what a call issued: a certificate or a CA.
type Issued struct {
	DER    []byte     // the certificate, for [Inventory.Add]
	Issuer *ca.Issuer // the CA, for [Inventory.AddCA]; DER is then ignored
	Labels Labels
}

// Once answers a request. It calls issue, records the result as [Inventory.Add] or
// [Inventory.AddCA] does, and returns the response. If the request has a ClientToken,
// Once records the token and the response in the same transaction. The same request
// with the same ClientToken then gets the response of the first call, with a new
// RequestId, and issue does not run. A call that failed is not recorded.
//
// Three requests have a ClientToken: ca.CreateRootCACertificateRequest,
// ca.CreateSubCACertificateRequest and ca.CreateClientCertificateRequest. Each
// operation has its own tokens; the type of the request names the operation. A
// ClientToken that the operation got before with another request is
// [yuncert.ErrInvalidParameter]. Without a ClientToken each call issues.
//
// If issue generates a private key, it must store the key, under the Identifier of the
// certificate, before it returns: neither the inventory nor a later response has the key.
// When two equal calls run at the same time, both can run issue. One is recorded, and
// both get its response. Discard what issue made if Once returns another Identifier or an
// error other than [ErrOutcomeUnknown].
//
// The response is stored as JSON until [Inventory.DeleteClientCertificate] deletes the
// certificate. The ClientToken is then free again. All callers share the tokens of an
// Inventory. If yours must not see each other's certificates, first replace the token in
// the request by a hexadecimal SHA-256 of the caller's name and the token.
//
// The other errors come from Validate, issue, Add and AddCA.
func Once[Resp any](ctx context.Context, v *Inventory, rand io.Reader, now time.Time, req interface{ Validate() error }, issue func() (*Resp, Issued, error)) (*Resp, error) {
	call, err := callOf(now, req)
	if err != nil {
		return nil, err
	}
	if call.ClientToken != "" {
		if err := req.Validate(); err != nil {
			return nil, err
		}
		var first Call
		var found bool
		err := v.view(ctx, func(s Snapshot) (err error) {
			first, found, err = call.first(s)
			return err
		})
		if err != nil {
			return nil, err
		}
		if found {
			return responseAgain[Resp](rand, first)
		}
	}
	resp, issued, err := issue()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(resp)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInternalError, "", "the response cannot be written as JSON")
	}
	call.Response = string(text)
	add, err := issued.addition(now)
	if err != nil {
		return nil, err
	}
	var first Call
	var found bool
	err = v.update(ctx, func(tx Tx) (err error) {
		first, found, err = call.first(tx)
		if err != nil || found { // an equal call was faster
			return err
		}
		identifier, err := add(tx)
		if err != nil { // perhaps because an equal call has the CustomIdentifier now
			first, found, _ = call.first(tx)
			return err
		}
		return call.create(tx, identifier)
	})
	switch {
	case found:
		return responseAgain[Resp](rand, first)
	case err != nil:
		return nil, err
	}
	return resp, nil
}

// addition checks what was issued, and returns the function that stores it and returns
// its Identifier.
func (i *Issued) addition(now time.Time) (func(Tx) (string, error), error) {
	if i.Issuer != nil {
		add, err := additionOfCA(now, i.Issuer, i.Labels)
		return func(tx Tx) (string, error) {
			c, err := add(tx)
			return c.Identifier, err
		}, err
	}
	add, err := addition(now, i.DER, i.Labels)
	return func(tx Tx) (string, error) {
		c, err := add(tx)
		return c.Identifier, err
	}, err
}

// callOf returns the call with a request. It is zero if the request has no ClientToken.
func callOf(now time.Time, req any) (Call, error) {
	text, err := json.Marshal(req)
	var token struct{ ClientToken string }
	if err == nil {
		err = json.Unmarshal(text, &token)
	}
	if err != nil {
		return Call{}, param.Wrap(err, yuncert.ErrInternalError, "", "the request cannot be written as a JSON object")
	}
	if token.ClientToken == "" {
		return Call{}, nil
	}
	digest := sha256.Sum256(text)
	return Call{
		Operation:   strings.TrimSuffix(reflect.Indirect(reflect.ValueOf(req)).Type().Name(), "Request"),
		ClientToken: token.ClientToken,
		Digest:      hex.EncodeToString(digest[:]),
		Added:       instant(now),
	}, nil
}

// first returns the call that was recorded with the ClientToken. It refuses one with
// another request.
func (c *Call) first(r Reader) (first Call, found bool, err error) {
	if c.ClientToken == "" {
		return Call{}, false, nil
	}
	first, found, err = r.Call(c.Operation, c.ClientToken)
	if err == nil && found && first.Digest != c.Digest {
		return Call{}, false, param.Refused("ClientToken", "%s had the token %q before, with other parameters; use a new token for each request", c.Operation, c.ClientToken)
	}
	return first, found, err
}

// create records the call if it has a ClientToken. Call it after first has found nothing.
func (c Call) create(tx Tx, identifier string) error {
	if c.ClientToken == "" {
		return nil
	}
	c.Identifier = identifier
	return tx.CreateCall(c)
}

// responseAgain returns the response of the first call with a new RequestId.
func responseAgain[Resp any](rand io.Reader, first Call) (*Resp, error) {
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	resp := new(Resp)
	err = errors.Join(json.Unmarshal([]byte(first.Response), resp), json.Unmarshal(fmt.Appendf(nil, `{"RequestId":%q}`, requestID), resp))
	if err != nil { // the store is damaged, or Resp is another type
		return nil, param.Wrap(err, yuncert.ErrInternalError, "", "the response in the store cannot be read")
	}
	return resp, nil
}

package inventory_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func clientRequest(au *authority) *ca.CreateClientCertificateRequest {
	return &ca.CreateClientCertificateRequest{
		CommonName: "张三 & <Co>", Algorithm: "ECC_256", ParentIdentifier: au.issuer.Identifier(), Days: 90, Immediately: 2,
		CustomIdentifier: "mine", ClientToken: "once",
	}
}

// createClient issues for a request and counts how often.
func createClient(au *authority, req *ca.CreateClientCertificateRequest, issued *int) func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
	return func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		*issued++
		resp, _, der, err := ca.CreateClientCertificate(nil, instant, au.issuer, req)
		return resp, inventory.Issued{DER: der, Labels: inventory.Labels{CustomIdentifier: req.CustomIdentifier}}, err
	}
}

// sameAnswer compares responses of two calls. Only their RequestIds differ.
func sameAnswer[Resp any](t *testing.T, first, second *Resp, firstID, secondID string) {
	t.Helper()
	if diff := cmp.Diff(first, second, cmpopts.IgnoreFields(*first, "RequestId")); diff != "" {
		t.Errorf("response mismatch (-first +second):\n%s", diff)
	}
	if !testutil.RequestIDForm.MatchString(firstID) || !testutil.RequestIDForm.MatchString(secondID) || firstID == secondID {
		t.Errorf("the RequestIds are %q and %q", firstID, secondID)
	}
}

// The second equal call gets the response of the first one, also in another process,
// and issues nothing.
func TestOnceClientCertificate(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	issued := 0
	var answers []*ca.CreateClientCertificateResponse
	for range 2 {
		req := clientRequest(au)
		answers = append(answers, must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, req, createClient(au, req, &issued))))
		v = inventory.New(store)
	}
	sameAnswer(t, answers[0], answers[1], answers[0].RequestId, answers[1].RequestId)
	if answers[1].CertificateChain != au.subPEM || !strings.Contains(answers[1].X509Certificate, "BEGIN CERTIFICATE") {
		t.Errorf("the second response is %+v", answers[1])
	}
	if all := everything(t, v); issued != 1 || len(all) != 1 || all[0].Identifier != answers[1].Identifier || all[0].Labels.CustomIdentifier != "mine" {
		t.Errorf("%d were issued, and the inventory has %+v", issued, all)
	}
}

// CAs are recorded as AddCA does.
func TestOnceCA(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.root, inventory.Labels{}))
	issued := 0
	issuerOf := func(chain string, key *algorithm.PrivateKey, err error) (inventory.Issued, error) {
		issued++
		if err != nil {
			return inventory.Issued{}, err
		}
		issuer, err := ca.NewIssuer(chain, key, ca.IssuerOptions{CRLBase: "http://crl.example.com"})
		return inventory.Issued{Issuer: issuer, Labels: inventory.Labels{ResourceGroupId: "rg"}}, err
	}
	key := testkeys.Key(algorithm.ECC_256, 2)
	createRoot := func() (*ca.CreateRootCACertificateResponse, error) {
		req := &ca.CreateRootCACertificateRequest{
			CommonName: "Second Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", Years: 10, ClientToken: "once",
		}
		return inventory.Once(ctx, v, nil, instant, req, func() (*ca.CreateRootCACertificateResponse, inventory.Issued, error) {
			resp, err := ca.CreateRootCACertificate(nil, instant, key, req)
			made, err := issuerOf(resp.CertificateChain, key, err)
			return resp, made, err
		})
	}
	createSub := func() (*ca.CreateSubCACertificateResponse, error) {
		req := &ca.CreateSubCACertificateRequest{
			CommonName: "Second Sub", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", Years: 5,
			Algorithm: "ECC_256", ClientToken: "once", // each operation has its own tokens
		}
		return inventory.Once(ctx, v, nil, instant, req, func() (*ca.CreateSubCACertificateResponse, inventory.Issued, error) {
			resp, err := ca.CreateSubCACertificate(nil, instant, au.root, key.Public(), req)
			made, err := issuerOf(resp.CertificateChain, key, err)
			return resp, made, err
		})
	}
	rootA, rootB := must[*ca.CreateRootCACertificateResponse](t)(createRoot()), must[*ca.CreateRootCACertificateResponse](t)(createRoot())
	sameAnswer(t, rootA, rootB, rootA.RequestId, rootB.RequestId)
	subA, subB := must[*ca.CreateSubCACertificateResponse](t)(createSub()), must[*ca.CreateSubCACertificateResponse](t)(createSub())
	sameAnswer(t, subA, subB, subA.RequestId, subB.RequestId)
	if n := len(everything(t, v)); issued != 2 || n != 3 {
		t.Errorf("%d were issued, and the inventory has %d certificates, want 2 and 3", issued, n)
	}
	for _, id := range []string{rootA.Identifier, subA.Identifier} {
		c := must[inventory.CA](t)(v.CA(ctx, id))
		labels := must[inventory.Certificate](t)(v.Certificate(ctx, id)).Labels
		if c.CrlUrl != "http://crl.example.com/"+id+".crl" || labels.ResourceGroupId != "rg" {
			t.Errorf("the CA is %+v with the labels %+v", c, labels)
		}
	}
}

// Each row changes the second of two calls. Without a change it gets the first response.
func TestOnceOtherCall(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		name      string
		change    func(*ca.CreateClientCertificateRequest)
		code      yuncert.Code // empty if the call succeeds
		parameter string
		issued    int // in both calls
	}{
		{"the same call", func(*ca.CreateClientCertificateRequest) {}, "", "", 1},
		{"another token", func(r *ca.CreateClientCertificateRequest) { r.ClientToken = "Once" }, "", "", 2},
		{"no token", func(r *ca.CreateClientCertificateRequest) { r.ClientToken = "" }, "", "", 2},
		{"another name", func(r *ca.CreateClientCertificateRequest) { r.CommonName = "李四" }, refused, "ClientToken", 1},
		{"another Immediately", func(r *ca.CreateClientCertificateRequest) { r.Immediately = 0 }, refused, "ClientToken", 1},
		{"a label", func(r *ca.CreateClientCertificateRequest) { r.Tags = []ca.Tag{{Key: "a"}} }, refused, "ClientToken", 1},
		{"a request that Validate refuses", func(r *ca.CreateClientCertificateRequest) { r.CommonName = "" }, missing, "CommonName", 1},
		{"a token of 65 characters", func(r *ca.CreateClientCertificateRequest) { r.ClientToken = strings.Repeat("t", 65) }, malformed, "ClientToken", 1},
		{"a token in Chinese", func(r *ca.CreateClientCertificateRequest) { r.ClientToken = "令牌" }, malformed, "ClientToken", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			v, _ := newInventory()
			issued := 0
			first := clientRequest(au)
			first.CustomIdentifier = ""
			must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, first, createClient(au, first, &issued)))
			second := clientRequest(au)
			second.CustomIdentifier = ""
			tt.change(second)
			_, err := inventory.Once(ctx, v, nil, later, second, createClient(au, second, &issued))
			if tt.code != "" {
				testutil.CheckError(t, err, tt.code, tt.parameter)
			} else if err != nil {
				t.Error(err)
			}
			if n := len(everything(t, v)); issued != tt.issued || n != tt.issued {
				t.Errorf("%d were issued and %d recorded, want %d", issued, n, tt.issued)
			}
		})
	}
}

// Calls without a token are never equal.
func TestOnceWithoutToken(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	issued := 0
	for range 2 {
		req := clientRequest(au)
		req.CustomIdentifier, req.ClientToken = "", ""
		must[*ca.CreateClientCertificateResponse](t)(inventory.Once(t.Context(), v, nil, instant, req, createClient(au, req, &issued)))
	}
	if n := len(everything(t, v)); issued != 2 || n != 2 {
		t.Errorf("%d were issued and %d recorded, want 2", issued, n)
	}
}

// A call that failed is not recorded, wherever it failed.
func TestOnceFailedCall(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	add(t, v, issue(t, au.issuer, 90), inventory.Labels{CustomIdentifier: "taken"})
	req, issued := clientRequest(au), 0
	create := createClient(au, req, &issued)
	errIssue := errors.New("the HSM does not answer")
	for _, issue := range []func() (*ca.CreateClientCertificateResponse, inventory.Issued, error){
		func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
			return nil, inventory.Issued{}, errIssue
		},
		func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
			resp, made, err := create()
			made.DER = made.DER[1:]
			return resp, made, err
		},
		func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
			resp, made, err := create()
			made.Labels.CustomIdentifier = "taken"
			return resp, made, err
		},
	} {
		if resp, err := inventory.Once(ctx, v, nil, instant, req, issue); err == nil {
			t.Errorf("Once returns %+v", resp)
		}
	}
	before := issued
	resp := must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, req, create))
	if issued != before+1 {
		t.Error("the call after failed ones did not issue")
	}
	must[inventory.Certificate](t)(v.Certificate(ctx, resp.Identifier))
	_, err := inventory.Once(ctx, v, nil, instant, &ca.CreateClientCertificateRequest{}, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		return nil, inventory.Issued{}, errIssue
	})
	if err != errIssue {
		t.Errorf("Once is %v, want the error of issue itself", err)
	}
}

// A call that is recorded while an equal one issues is the first. It has the
// CustomIdentifier too.
func TestOnceOvertaken(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	req, issued := clientRequest(au), 0
	create := createClient(au, req, &issued)
	var faster *ca.CreateClientCertificateResponse
	resp := must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		resp, made, err := create()
		faster = must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, req, create))
		return resp, made, err
	}))
	sameAnswer(t, faster, resp, faster.RequestId, resp.RequestId)
	if all := everything(t, v); issued != 2 || len(all) != 1 || all[0].Identifier != resp.Identifier {
		t.Errorf("%d were issued, and the inventory has %+v", issued, all)
	}
	_, err := inventory.Once(ctx, v, nil, instant, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		return nil, inventory.Issued{}, errors.New("issue runs again")
	})
	if err != nil {
		t.Error(err)
	}
}

// A token is free again when its certificate is deleted.
func TestOnceAfterDelete(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	req, issued := clientRequest(au), 0
	once := func() *ca.CreateClientCertificateResponse {
		return must[*ca.CreateClientCertificateResponse](t)(inventory.Once(ctx, v, nil, instant, req, createClient(au, req, &issued)))
	}
	first := once()
	must[inventory.Certificate](t)(v.Revoke(ctx, later, first.Identifier, inventory.Revocation{}))
	if again := once(); again.Identifier != first.Identifier {
		t.Error("a revocation made the call another one")
	}
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, nil, later, &inventory.DeleteClientCertificateRequest{Identifier: first.Identifier}))
	if second := once(); second.Identifier == first.Identifier || issued != 2 {
		t.Errorf("the deleted certificate was returned, and %d were issued", issued)
	}
}

// A second response without a RequestId, and responses that JSON does not hold.
func TestOnceResponseAgain(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	req, issued := clientRequest(au), 0
	once := func(rand io.Reader) error {
		_, err := inventory.Once(ctx, v, rand, instant, req, createClient(au, req, &issued))
		return err
	}
	if err := once(nil); err != nil {
		t.Fatal(err)
	}
	testutil.CheckCause(t, once(iotest.ErrReader(errors.New("no entropy"))), broke, "", "no entropy")
	err := store.Update(ctx, func(tx inventory.Tx) error {
		c, _, err := tx.Call("CreateClientCertificate", "once")
		if err != nil {
			return err
		}
		c.Response = c.Response[1:]
		return tx.CreateCall(c) // a MemoryStore replaces it
	})
	if err != nil {
		t.Fatal(err)
	}
	testutil.CheckError(t, once(nil), broke, "", "in the store")
	req.ClientToken = "other"
	_, err = inventory.Once(ctx, v, nil, instant, req, func() (*chan int, inventory.Issued, error) {
		return new(chan int), inventory.Issued{DER: issue(t, au.issuer, 90)}, nil
	})
	testutil.CheckError(t, err, broke, "", "JSON")
	if n := len(everything(t, v)); n != 1 {
		t.Errorf("the inventory has %d certificates, want 1", n)
	}
}

// A panic in issue and a ctx that ends there leave no record, and the next call issues.
func TestOnceInterrupted(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		name      string
		interrupt func(cancel func())
	}{
		{"a panic", func(func()) { panic("the HSM is on fire") }},
		{"the end of ctx", func(cancel func()) { cancel() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newInventory()
			req, issued := clientRequest(au), 0
			create := createClient(au, req, &issued)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var err error
			panicked := func() (value any) {
				defer func() { value = recover() }()
				_, err = inventory.Once(ctx, v, nil, instant, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
					resp, made, err := create()
					tt.interrupt(cancel)
					return resp, made, err
				})
				return nil
			}()
			if panicked == nil && !errors.Is(err, context.Canceled) || panicked != nil && panicked != "the HSM is on fire" {
				t.Errorf("Once panics with %v and returns %v", panicked, err)
			}
			if all := everything(t, v); len(all) != 0 {
				t.Errorf("the inventory has %+v", all)
			}
			must[*ca.CreateClientCertificateResponse](t)(inventory.Once(t.Context(), v, nil, instant, req, create))
			if n := len(everything(t, v)); issued != 2 || n != 1 {
				t.Errorf("%d were issued and %d recorded, want 2 and 1", issued, n)
			}
		})
	}
}

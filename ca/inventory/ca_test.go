package inventory_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestAddCA(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	labels := inventory.Labels{AliasName: "issuing"}
	got := must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, labels))
	want := inventory.CA{
		Identifier: au.issuer.Identifier(), Authority: inventory.AuthorityOf(au.issuer), NameAuthority: got.NameAuthority, CertificateChain: au.subPEM, Added: stored,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CA mismatch (-want +got):\n%s", diff)
	}
	root := must[inventory.CA](t)(v.CA(ctx, au.root.Identifier()))
	if root.CertificateChain != au.rootPEM || root.Authority != inventory.AuthorityOf(au.root) || root.Authority == got.Authority {
		t.Errorf("the root is %+v", root)
	}
	// Their certificates are there, with the labels on the CA's own.
	certificates := everything(t, v)
	if len(certificates) != 2 || certificates[0].Identifier != root.Identifier || certificates[1].Identifier != got.Identifier {
		t.Fatalf("the certificates are %+v", certificates)
	}
	for n, c := range certificates {
		if c.Kind != inventory.KindCA || c.Authority != root.Authority || c.Labels.AliasName != []string{"", "issuing"}[n] {
			t.Errorf("certificate %d is %+v", n, c)
		}
	}
	// Again changes only the address.
	moved := au.issuerAt(t, "http://pki.example.com")
	want.CrlUrl = moved.Describe().CrlUrl
	for range 2 {
		got = must[inventory.CA](t)(v.AddCA(ctx, later, moved, inventory.Labels{AliasName: "another"}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("CA mismatch after the second call (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(certificates, everything(t, v)); diff != "" {
		t.Errorf("the second call changed the certificates (-before +after):\n%s", diff)
	}
	must[inventory.CA](t)(v.AddCA(ctx, later, must[*ca.Issuer](t)(ca.NewIssuer(au.rootPEM, au.rootKey, ca.IssuerOptions{CRLBase: "http://a"})), inventory.Labels{}))
	must[inventory.CA](t)(v.AddCA(ctx, later, moved, inventory.Labels{}))
	if root := must[inventory.CA](t)(v.CA(ctx, au.root.Identifier())); root.CrlUrl == "" {
		t.Error("adding the CA below removed the address of the root")
	}
}

func TestAddCARefuses(t *testing.T) {
	t.Parallel()
	v, _ := newInventory()
	_, err := v.AddCA(t.Context(), instant, nil, inventory.Labels{})
	testutil.CheckError(t, err, unknown, "ParentIdentifier")
	_, err = v.AddCA(t.Context(), instant, authorityOf(algorithm.ECC_256).issuer, inventory.Labels{AliasName: "\n"})
	testutil.CheckError(t, err, malformed, "AliasName")
	if all := everything(t, v); len(all) != 0 {
		t.Errorf("%d certificates are stored", len(all))
	}
}

// chainBelow returns an issuer below the root of an authority, as another tool makes it.
func (au *authority) chainBelow(t *testing.T, key *algorithm.PrivateKey, change func(template, parent *x509.Certificate)) *ca.Issuer {
	t.Helper()
	root := must[*x509.Certificate](t)(inventory.Certificate{DER: testutil.FirstPEM(t, au.rootPEM)}.Parse())
	sub := must[*x509.Certificate](t)(inventory.Certificate{DER: testutil.FirstPEM(t, au.subPEM)}.Parse())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), RawSubject: sub.RawSubject, SubjectKeyId: sub.SubjectKeyId, NotBefore: instant, NotAfter: instant.AddDate(1, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	parent := &x509.Certificate{RawSubject: root.RawSubject, SubjectKeyId: root.SubjectKeyId}
	change(template, parent)
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), au.rootKey))
	return must[*ca.Issuer](t)(ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", der)+au.rootPEM, key, ca.IssuerOptions{}))
}

// One name and one key identifier stand for one key. Otherwise two CAs would share a CRL
// and their serial numbers, or a CA would have two CRLs that each lack entries.
func TestAddCAKeyIdentifier(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	anotherID := func(template, _ *x509.Certificate) { template.SubjectKeyId = []byte{1, 2, 3} }
	for _, tt := range []struct {
		name   string
		issuer *ca.Issuer
		words  string // of the refusal; empty means none
	}{
		{"renewed", au.chainBelow(t, au.subKey, func(_, _ *x509.Certificate) {}), ""},
		{"another key and identifier", au.chainBelow(t, testkeys.Key(algorithm.ECC_256, 2), anotherID), ""},
		{"another key", au.chainBelow(t, testkeys.Key(algorithm.ECC_256, 2), func(_, _ *x509.Certificate) {}),
			"has the name and the subject key identifier of the CA " + au.issuer.Identifier()},
		{"another identifier", au.chainBelow(t, au.subKey, anotherID), "has the name and the key of the CA " + au.issuer.Identifier()},
		{"another name", au.chainBelow(t, au.subKey, func(template, _ *x509.Certificate) {
			template.RawSubject, template.Subject = nil, pkix.Name{CommonName: "Another"}
		}), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newInventory()
			must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
			before := everything(t, v)
			_, err := v.AddCA(ctx, later, tt.issuer, inventory.Labels{})
			if tt.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			testutil.CheckError(t, err, refused, "CertificateChain", tt.words)
			if diff := cmp.Diff(before, everything(t, v)); diff != "" {
				t.Errorf("a refused CA changed the certificates (-before +after):\n%s", diff)
			}
		})
	}
}

// A CA with a key identifier and a subject of another tool is the same one after
// Renew.
func TestAddCARenewed(t *testing.T) {
	t.Parallel()
	ctx, au := t.Context(), authorityOf(algorithm.ECC_256)
	old := au.chainBelow(t, au.subKey, func(template, _ *x509.Certificate) {
		template.SubjectKeyId, template.RawSubject = []byte{1, 2, 3}, nil
		template.Subject = pkix.Name{CommonName: "Foreign", ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 5}, Value: "7"}}}
	})
	v, _ := newInventory()
	before := must[inventory.CA](t)(v.AddCA(ctx, instant, old, inventory.Labels{}))
	c := add(t, v, issue(t, old, 90), inventory.Labels{})
	resp := must[*ca.CreateRootCACertificateResponse](t)(ca.Renew(nil, later, au.root, old.Describe().X509Certificate, 3))
	renewed := must[*ca.Issuer](t)(ca.NewIssuer(resp.CertificateChain, au.subKey, ca.IssuerOptions{}))
	after := must[inventory.CA](t)(v.AddCA(ctx, later, renewed, inventory.Labels{}))
	if before.Authority != after.Authority || before.Identifier == after.Identifier {
		t.Errorf("the CA is %+v before and %+v after", before, after)
	}
	revoke(t, v, later, c, ca.ReasonUnspecified)
	_, entries := list(t, v, later.Add(time.Second), renewed)
	wantSerials(t, "the CRL of the renewed CA", entries, c)
}

// The chain says who issued a CA, also if the names are equal only by the rules of RFC
// 5280, section 7.1, and if the authority key identifier is not the one of the CA above.
func TestAddCAForeignChain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		name   string
		change func(template, parent *x509.Certificate)
	}{
		{"nothing special", func(_, _ *x509.Certificate) {}},
		{"another authority key identifier", func(_, parent *x509.Certificate) { parent.SubjectKeyId = []byte{1, 2, 3} }},
		{"no authority key identifier", func(_, parent *x509.Certificate) { parent.SubjectKeyId = nil }},
		{"another encoding of the name", func(_, parent *x509.Certificate) {
			parent.RawSubject = bytes.Replace(parent.RawSubject, []byte("Test Root"), []byte("TEST root"), 1)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newInventory()
			added := must[inventory.CA](t)(v.AddCA(ctx, instant, au.chainBelow(t, au.subKey, tt.change), inventory.Labels{}))
			c := must[inventory.Certificate](t)(v.Certificate(ctx, added.Identifier))
			if want := inventory.AuthorityOf(au.root); c.Authority != want {
				t.Errorf("the Authority is %s, want the one of the root, %s", c.Authority, want)
			}
			revoke(t, v, later, c, ca.ReasonCACompromise)
			_, entries := list(t, v, later, au.root)
			wantSerials(t, "the CRL of the root", entries, c)
		})
	}
}

// open returns a function for Pool that makes the issuers of an authority.
func (au *authority) open(t *testing.T) func(inventory.CA) (*ca.Issuer, error) {
	return func(c inventory.CA) (*ca.Issuer, error) {
		switch c.Identifier {
		case au.root.Identifier():
			return ca.NewIssuer(c.CertificateChain, au.rootKey, ca.IssuerOptions{})
		case au.issuer.Identifier():
			return ca.NewIssuer(c.CertificateChain, au.subKey, ca.IssuerOptions{})
		}
		t.Errorf("Pool asks for the CA %s", c.Identifier)
		return nil, nil
	}
}

// A revocation survives a restart, in the pool and on the CRL of the CA above.
func TestUpdateCACertificateStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	pool := must[*ca.Pool](t)(v.Pool(ctx, au.open(t)))
	id := au.issuer.Identifier()
	must[*ca.Issuer](t)(pool.Issuer(id))
	resp := must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, testutil.Seeded(), later, pool, &ca.UpdateCACertificateStatusRequest{Identifier: id, Status: "REVOKE"}))
	if !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("the RequestId is %q", resp.RequestId)
	}
	v = inventory.New(store)
	for name, pool := range map[string]*ca.Pool{"the pool": pool, "a new pool": must[*ca.Pool](t)(v.Pool(ctx, au.open(t)))} {
		if _, err := pool.Issuer(id); !errors.Is(err, protected) {
			t.Errorf("%s: Issuer is %v", name, err)
		}
		must[*ca.Issuer](t)(pool.Issuer(au.root.Identifier()))
	}
	_, entries := list(t, v, later, au.root)
	c := must[inventory.Certificate](t)(v.Certificate(ctx, id))
	wantSerials(t, "the root's CRL", entries, c)
	if c.Status != ca.StatusRevoke {
		t.Errorf("the status is %s", c.Status)
	}
}

// A CA that the store has as revoked stops in the pool too: another process revoked it,
// or an earlier call did and did not learn so.
func TestUpdateCACertificateStatusAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	id := au.issuer.Identifier()
	for name, revokeFirst := range map[string]func(v *inventory.Inventory) error{
		"the same call in another process": func(v *inventory.Inventory) error {
			_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: id})
			return err
		},
		"the CA above": func(v *inventory.Inventory) error {
			_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.root.Identifier()})
			return err
		},
		"Revoke": func(v *inventory.Inventory) error {
			_, err := v.Revoke(ctx, later, id, inventory.Revocation{Reason: ca.ReasonCACompromise})
			return err
		},
	} {
		v, _ := newInventory()
		must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
		pool := must[*ca.Pool](t)(v.Pool(ctx, au.open(t)))
		if err := revokeFirst(v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		must[*ca.Issuer](t)(pool.Issuer(id))
		_, err := v.UpdateCACertificateStatus(ctx, nil, later, pool, &ca.UpdateCACertificateStatusRequest{Identifier: id})
		testutil.CheckError(t, err, protected, "Identifier")
		if _, err := pool.Issuer(id); !errors.Is(err, protected) {
			t.Errorf("%s: after the second call Issuer is %v", name, err)
		}
	}
}

// A CA is revoked through one above it, also if that one is not in the pool.
func TestPoolRevokedAbove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.root.Identifier()}))
	pool := must[*ca.Pool](t)(v.Pool(ctx, func(c inventory.CA) (*ca.Issuer, error) {
		if c.Identifier == au.root.Identifier() {
			return nil, nil
		}
		return au.issuer, nil
	}))
	_, err := pool.Issuer(au.issuer.Identifier())
	testutil.CheckError(t, err, protected, "ParentIdentifier")
	_, err = pool.Issuer(au.root.Identifier())
	testutil.CheckError(t, err, unknown, "ParentIdentifier")
	_, err = v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()})
	testutil.CheckError(t, err, protected, "Identifier", "the CA "+au.root.Identifier()+" above is revoked already")
}

// After a restart a pool has a revoked CA and the CAs below it, in any order.
func TestPoolRevokedBelow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for n := range 4 { // the Identifiers, which say the order, differ
		au := newAuthority(algorithm.ECC_256, fmt.Sprint("Test Root ", n))
		v, _ := newInventory()
		must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
		for _, issuer := range []*ca.Issuer{au.issuer, au.root} {
			must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: issuer.Identifier()}))
		}
		pool := must[*ca.Pool](t)(v.Pool(ctx, au.open(t)))
		for _, issuer := range []*ca.Issuer{au.issuer, au.root} {
			_, err := pool.Issuer(issuer.Identifier())
			testutil.CheckError(t, err, protected, "ParentIdentifier")
		}
	}
}

func TestUpdateCACertificateStatusRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	leaf := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	for _, tt := range []struct {
		name      string
		change    func(*ca.UpdateCACertificateStatusRequest)
		code      yuncert.Code
		parameter string
	}{
		{"no identifier", func(r *ca.UpdateCACertificateStatusRequest) { r.Identifier = "" }, missing, "Identifier"},
		{"another status", func(r *ca.UpdateCACertificateStatusRequest) { r.Status = "ISSUE" }, malformed, "Status"},
		{"a long token", func(r *ca.UpdateCACertificateStatusRequest) { r.ClientToken = string(make([]byte, 65)) }, malformed, "ClientToken"},
		{"an unknown CA", func(r *ca.UpdateCACertificateStatusRequest) { r.Identifier = "0" }, unknown, "Identifier"},
		{"a server", func(r *ca.UpdateCACertificateStatusRequest) { r.Identifier = leaf.Identifier }, unknown, "Identifier"},
	} {
		req := &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}
		tt.change(req)
		_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, req)
		testutil.CheckError(t, err, tt.code, tt.parameter)
	}
	_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, nil)
	testutil.CheckError(t, err, missing, "Identifier")
	must[inventory.Certificate](t)(v.Revoke(ctx, later, au.issuer.Identifier(), inventory.Revocation{Reason: ca.ReasonCertificateHold}))
	req := &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}
	must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, req)) // ends the hold
	_, err = v.UpdateCACertificateStatus(ctx, nil, later, nil, req)
	testutil.CheckError(t, err, protected, "Identifier")
}

// A CA on hold below a revoked CA is not revoked once more.
func TestUpdateCACertificateStatusHoldBelow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	for _, id := range []string{au.issuer.Identifier(), au.root.Identifier()} {
		must[inventory.Certificate](t)(v.Revoke(ctx, later, id, inventory.Revocation{Reason: ca.ReasonCertificateHold}))
	}
	req := &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}
	_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, req)
	testutil.CheckError(t, err, protected, "Identifier", au.root.Identifier())
	must[inventory.Certificate](t)(v.Release(ctx, later, au.root.Identifier()))
	must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, req))
}

// A call that is repeated with its ClientToken succeeds, and no other.
func TestUpdateCACertificateStatusToken(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	must[inventory.CA](t)(v.AddCA(t.Context(), instant, au.issuer, inventory.Labels{}))
	update := func(v *inventory.Inventory, token string) error {
		_, err := v.UpdateCACertificateStatus(t.Context(), nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier(), ClientToken: token})
		return err
	}
	for _, err := range []error{update(v, "once"), update(v, "once"), update(inventory.New(store), "once")} {
		if err != nil {
			t.Error(err)
		}
	}
	_, err := v.UpdateCACertificateStatus(t.Context(), nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.root.Identifier(), ClientToken: "once"})
	testutil.CheckError(t, err, refused, "ClientToken", "UpdateCACertificateStatus", "other parameters")
	if c := must[inventory.Certificate](t)(v.Certificate(t.Context(), au.root.Identifier())); c.Status != ca.StatusIssue {
		t.Errorf("the root has the status %s", c.Status)
	}
	testutil.CheckError(t, update(v, "twice"), protected, "Identifier")
	testutil.CheckError(t, update(v, ""), protected, "Identifier")
}

func TestPoolRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	_, err := v.Pool(ctx, func(inventory.CA) (*ca.Issuer, error) { return nil, errStore })
	if err != errStore {
		t.Errorf("Pool is %v, want the error of open", err)
	}
	_, err = v.Pool(ctx, func(inventory.CA) (*ca.Issuer, error) { return au.root, nil })
	testutil.CheckError(t, err, refused, "", "open made the issuer "+au.root.Identifier())
}

// More CAs than one page of the store has.
func TestPoolPages(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	err := store.Update(ctx, func(tx inventory.Tx) error {
		for n := range 250 {
			if err := tx.PutCA(inventory.CA{Identifier: string(rune('g' + n)), CertificateChain: au.rootPEM}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	must[*ca.Pool](t)(v.Pool(ctx, func(inventory.CA) (*ca.Issuer, error) { asked++; return nil, nil }))
	if asked != 252 {
		t.Errorf("Pool asked for %d CAs, want 252", asked)
	}
}

// What a CA issued before and after its certificate was renewed is one authority.
func TestAuthorityOfRenewedCA(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	sub := must[*ca.CreateSubCACertificateResponse](t)(ca.CreateSubCACertificate(nil, instant, au.root, au.subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Test Sub CA", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(au.algorithm), Years: 6,
	}))
	renewed := must[*ca.Issuer](t)(ca.NewIssuer(sub.CertificateChain, au.subKey, ca.IssuerOptions{}))
	v, _ := newInventory()
	before := must[inventory.CA](t)(v.AddCA(t.Context(), instant, au.issuer, inventory.Labels{}))
	c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	after := must[inventory.CA](t)(v.AddCA(t.Context(), later, renewed, inventory.Labels{}))
	if before.Authority != after.Authority || before.Identifier == after.Identifier {
		t.Errorf("the CA is %+v before and %+v after", before, after)
	}
	revoke(t, v, later, c, ca.ReasonUnspecified)
	_, entries := list(t, v, later.Add(time.Second), renewed)
	wantSerials(t, "the CRL of the renewed CA", entries, c)
	described := must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(t.Context(), nil, &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier}))
	if described.Certificate.ParentIdentifier != after.Identifier {
		t.Errorf("the parent is %s, want the CA that was added last", described.Certificate.ParentIdentifier)
	}
}

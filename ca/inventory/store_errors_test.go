package inventory_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

var errStore = errors.New("connection to the database at db.internal lost")

// A failingStore fails in one place.
type failingStore struct {
	inventory.Store
	place string
	hit   bool
}

// failures are the places where a failingStore can fail. "wrapped" wraps the
// cause in another error, as stores of databases do.
var failures = []string{
	"Update", "View", "after Update", "after View", "wrapped", "Certificate", "CertificateBySerialNumber", "CA", "CAs", "List",
	"Call", "Certificates", "Count", "AllCAs", "Revoked", "CreateCertificate", "PutCertificate", "PutCA", "PutList", "CreateCall",
}

func (s *failingStore) fail(place string) error {
	switch {
	case s.place == "wrapped" && (place == "Update" || place == "View"):
		s.hit = true
		return fmt.Errorf("after 5 attempts: %w", errStore)
	case s.place == place:
		s.hit = true
		return errStore
	}
	return nil
}

func (s *failingStore) Update(ctx context.Context, f func(inventory.Tx) error) error {
	if err := s.fail("Update"); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx inventory.Tx) error {
		if err := f(failingTx{failingReader{tx, s}, tx}); err != nil {
			return err
		}
		return s.fail("after Update") // inside the transaction, so nothing is stored
	})
}

func (s *failingStore) View(ctx context.Context, f func(inventory.Snapshot) error) error {
	if err := s.fail("View"); err != nil {
		return err
	}
	return s.Store.View(ctx, func(snapshot inventory.Snapshot) error {
		if err := f(failingSnapshot{failingReader{snapshot, s}, snapshot}); err != nil {
			return err
		}
		return s.fail("after View")
	})
}

type failingReader struct {
	reader inventory.Reader
	store  *failingStore
}

func (r failingReader) Certificate(identifier string) (inventory.Certificate, bool, error) {
	c, found, err := r.reader.Certificate(identifier)
	return c, found, errors.Join(err, r.store.fail("Certificate"))
}

func (r failingReader) CertificateBySerialNumber(authority, serialNumber string) (inventory.Certificate, bool, error) {
	c, found, err := r.reader.CertificateBySerialNumber(authority, serialNumber)
	return c, found, errors.Join(err, r.store.fail("CertificateBySerialNumber"))
}

func (r failingReader) CA(identifier string) (inventory.CA, bool, error) {
	c, found, err := r.reader.CA(identifier)
	return c, found, errors.Join(err, r.store.fail("CA"))
}

func (r failingReader) CAs(authority string) ([]inventory.CA, error) {
	list, err := r.reader.CAs(authority)
	return list, errors.Join(err, r.store.fail("CAs"))
}

func (r failingReader) List(authority, crlUrl string) (inventory.List, bool, error) {
	l, found, err := r.reader.List(authority, crlUrl)
	return l, found, errors.Join(err, r.store.fail("List"))
}

func (r failingReader) Call(operation, clientToken string) (inventory.Call, bool, error) {
	c, found, err := r.reader.Call(operation, clientToken)
	return c, found, errors.Join(err, r.store.fail("Call"))
}

type failingSnapshot struct {
	failingReader
	snapshot inventory.Snapshot
}

func (s failingSnapshot) Certificates(q inventory.Query) ([]inventory.Certificate, error) {
	page, err := s.snapshot.Certificates(q)
	return page, errors.Join(err, s.store.fail("Certificates"))
}

func (s failingSnapshot) Count(q inventory.Query) (int64, error) {
	n, err := s.snapshot.Count(q)
	return n, errors.Join(err, s.store.fail("Count"))
}

func (s failingSnapshot) AllCAs(after string, limit int) ([]inventory.CA, error) {
	list, err := s.snapshot.AllCAs(after, limit)
	return list, errors.Join(err, s.store.fail("AllCAs"))
}

// Revoked fails after its entries.
func (s failingSnapshot) Revoked(authority, crlUrl string, since time.Time) iter.Seq2[ca.RevokedCertificate, error] {
	return func(yield func(ca.RevokedCertificate, error) bool) {
		for entry, err := range s.snapshot.Revoked(authority, crlUrl, since) {
			if !yield(entry, err) {
				return
			}
		}
		if err := s.store.fail("Revoked"); err != nil {
			yield(ca.RevokedCertificate{}, err)
		}
	}
}

type failingTx struct {
	failingReader
	tx inventory.Tx
}

func (tx failingTx) CreateCertificate(c inventory.Certificate, terms []string) (int64, error) {
	id, err := tx.tx.CreateCertificate(c, terms)
	if failed := tx.store.fail("CreateCertificate"); failed != nil {
		return 0, failed
	}
	return id, err
}

func (tx failingTx) PutCertificate(c inventory.Certificate) error {
	return errors.Join(tx.tx.PutCertificate(c), tx.store.fail("PutCertificate"))
}

func (tx failingTx) PutCA(c inventory.CA) error {
	return errors.Join(tx.tx.PutCA(c), tx.store.fail("PutCA"))
}

func (tx failingTx) PutList(l inventory.List) error {
	return errors.Join(tx.tx.PutList(l), tx.store.fail("PutList"))
}

func (tx failingTx) CreateCall(c inventory.Call) error {
	return errors.Join(tx.tx.CreateCall(c), tx.store.fail("CreateCall"))
}

// Whatever fails in the store, each method returns an error with the cause, and no
// certificate changes.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	sibling := must[*ca.Issuer](t)(ca.NewIssuer(au.rootPEM, au.rootKey, ca.IssuerOptions{CRLBase: "http://a"}))
	good, bad, onHold, fresh := issue(t, au.issuer, 90), issue(t, au.issuer, 90), issue(t, au.issuer, 90), issue(t, au.issuer, 90)
	hits := make(map[string]int)
	for name := range methods(t.Context(), nil, nil, inventory.Certificate{}, inventory.Certificate{}, inventory.Certificate{}, au) {
		for _, place := range failures {
			_, store := newInventory()
			whole := inventory.New(store)
			must[inventory.CA](t)(whole.AddCA(t.Context(), instant, au.issuer, inventory.Labels{}))
			c, revoked, held := add(t, whole, good, inventory.Labels{}), add(t, whole, bad, inventory.Labels{}), add(t, whole, onHold, inventory.Labels{})
			revoke(t, whole, instant, revoked, ca.ReasonUnspecified)
			revoke(t, whole, instant, held, ca.ReasonCertificateHold)
			before := everything(t, whole)
			failing := &failingStore{Store: store, place: place}
			v := inventory.New(failing)
			call := methods(t.Context(), v, testutil.Seeded(), c, revoked, held, au)[name]
			switch name {
			case "Add":
				call = func() error { _, err := v.Add(t.Context(), later, fresh, inventory.Labels{}); return err }
			case "AddCA":
				call = func() error { _, err := v.AddCA(t.Context(), later, sibling, inventory.Labels{}); return err }
			}
			err := call()
			what := fmt.Sprintf("%s with a failure of %s", name, place)
			if !failing.hit {
				if err != nil {
					t.Errorf("%s: %v, although the store did not fail", what, err)
				}
				continue
			}
			hits[place]++
			e, ok := errors.AsType[*yuncert.Error](err)
			if !ok || e.Code != broke || !errors.Is(err, errStore) || strings.Contains(e.Message, "db.internal") {
				t.Errorf("%s: the error is %#v", what, err)
			}
			if diff := cmp.Diff(before, everything(t, whole)); diff != "" {
				t.Errorf("%s: the certificates changed (-before +after):\n%s", what, diff)
			}
		}
	}
	for _, place := range failures {
		if hits[place] == 0 {
			t.Errorf("no method fails in %s", place)
		}
	}
}

// A code that an error of the store holds is not the code of the method.
func TestStoreErrorWithCode(t *testing.T) {
	t.Parallel()
	_, store := newInventory()
	failing := &wrappedStore{Store: store, view: func(func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		return nil, fmt.Errorf("proxy: %w: %w", yuncert.ErrNotFound, inventory.ErrOutcomeUnknown)
	}}
	_, err := inventory.New(failing).Certificate(t.Context(), unknownID)
	testutil.CheckCause(t, err, broke, "")
	if errors.Is(err, yuncert.ErrNotFound) || !errors.Is(err, inventory.ErrOutcomeUnknown) {
		t.Errorf("the error is %v", err)
	}
}

// A store that says that a certificate exists, and does not have it.
func TestStoreLosesCertificate(t *testing.T) {
	t.Parallel()
	_, store := newInventory()
	failing := &wrappedStore{Store: store, update: func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
		return func(tx inventory.Tx) error { return f(forgetful{tx}) }, nil
	}}
	_, err := inventory.New(failing).Add(t.Context(), instant, foreign(t, nil), inventory.Labels{})
	testutil.CheckCause(t, err, broke, "", "does not find it")
}

type forgetful struct{ inventory.Tx }

func (forgetful) CreateCertificate(inventory.Certificate, []string) (int64, error) {
	return 0, fmt.Errorf("inserting: %w", inventory.ErrExists)
}

// Two certificates with one MD5 digest are not taken for the same.
func TestAddCollision(t *testing.T) {
	t.Parallel()
	_, store := newInventory()
	der := foreign(t, nil)
	add(t, inventory.New(store), der, inventory.Labels{})
	other := &wrappedStore{Store: store, update: func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
		return func(tx inventory.Tx) error { return f(colliding{tx}) }, nil
	}}
	_, err := inventory.New(other).Add(t.Context(), instant, der, inventory.Labels{})
	testutil.CheckError(t, err, refused, "Certificate", "another certificate has the Identifier")
}

type colliding struct{ inventory.Tx }

func (tx colliding) Certificate(identifier string) (inventory.Certificate, bool, error) {
	c, found, err := tx.Tx.Certificate(identifier)
	c.DER = append(c.DER, 0)
	return c, found, err
}

// What cannot be read in the store is not the client's mistake.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, store := newInventory()
	id := strings.Repeat("a", 32)
	bare := foreign(t, func(_, parent *x509.Certificate) { parent.SubjectKeyId = nil })
	subject := must[*x509.Certificate](t)(inventory.Certificate{DER: bare}.Parse()).RawIssuer
	digest := sha256.Sum256(subject)
	err := store.Update(ctx, func(tx inventory.Tx) error {
		_, err := tx.CreateCertificate(inventory.Certificate{Identifier: id, Kind: inventory.KindServer, Status: ca.StatusIssue, DER: []byte("x")}, nil)
		return errors.Join(err, tx.PutCA(inventory.CA{Identifier: id, NameAuthority: hex.EncodeToString(digest[:20]), CertificateChain: "x"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"Add": func() error { _, err := v.Add(ctx, instant, bare, inventory.Labels{}); return err },
		"DescribeClientCertificate": func() error {
			_, err := v.DescribeClientCertificate(ctx, nil, &inventory.DescribeClientCertificateRequest{Identifier: id})
			return err
		},
		"ListClientCertificate": func() error { _, err := v.ListClientCertificate(ctx, nil, nil); return err },
		"GetCaInstanceCrlAddress": func() error {
			_, err := v.GetCaInstanceCrlAddress(ctx, nil, &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: id})
			return err
		},
		"UpdateCACertificateStatus": func() error {
			_, err := v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: id})
			return err
		},
		"Pool": func() error {
			_, err := v.Pool(ctx, func(inventory.CA) (*ca.Issuer, error) { return nil, nil })
			return err
		},
	} {
		t.Log(name)
		testutil.CheckCause(t, call(), broke, "", "in the store")
	}
}

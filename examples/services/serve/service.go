package main

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	inventorystore "github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	archivestore "github.com/yuncert/yuncert/csr/archive/sqlstore"
	"github.com/yuncert/yuncert/order"
	orderstore "github.com/yuncert/yuncert/order/sqlstore"
)

var options = ca.IssuerOptions{Defaults: &ca.Defaults{Organization: "Example Ltd", OrganizationUnit: "Web"}}

// A service has the records, the CAs and the keys. Nothing here publishes CRLs, which
// ../authority does, or looks for the proofs of orders, which Book.CheckOwnership does.
type service struct {
	dir       string
	sealer    cipher.AEAD // of the private keys
	db        *sql.DB
	inventory *inventory.Inventory
	archive   *archive.Archive
	orders    *order.Book
	pool      *ca.Pool
	newCAs    sync.Mutex // held while a CA is made and put into the pool
}

// open opens the service in a directory. The first run buys 100 units of the default
// product.
func open(ctx context.Context, dir string) (*service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sealer, sealerErr := newSealer(dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "records.db"))
	if err := cmp.Or(sealerErr, err); err != nil {
		return nil, err
	}
	certificates, certificatesErr := inventorystore.Open(ctx, db, inventorystore.SQLite)
	csrs, csrsErr := archivestore.Open(ctx, db, archivestore.SQLite)
	orders, ordersErr := orderstore.Open(ctx, db, orderstore.SQLite)
	if err := cmp.Or(certificatesErr, csrsErr, ordersErr); err != nil {
		return nil, err
	}
	s := &service{dir: dir, sealer: sealer, db: db, inventory: inventory.New(certificates),
		archive: archive.New(csrs, archive.Options{Sealer: sealer}), orders: order.NewBook(orders, order.BookOptions{})}
	_, err = s.orders.DescribePackageState(ctx, nil, nil)
	if errors.Is(err, yuncert.ErrNotFoundPackage) {
		err = s.orders.AddPackage(ctx, order.DefaultProductCode, 100)
	}
	if err != nil {
		return nil, err
	}
	s.pool, err = s.inventory.Pool(ctx, s.issuer)
	return s, err
}

// newSealer reads the file secret, which the first run writes. A service has a secret
// store.
func newSealer(dir string) (cipher.AEAD, error) {
	file := filepath.Join(dir, "secret")
	secret, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		secret = make([]byte, 32)
		rand.Read(secret) // never fails
		err = write(file, secret)
	}
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; put it back as the first run wrote it", file, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// write writes a whole file or none, whenever the process is killed.
func write(name string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".new-") // only for this user
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // of a file that did not get its name
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// keep writes a private key next to the records.
func (s *service) keep(name string, key *algorithm.PrivateKey) error {
	text, err := key.PEM()
	if err != nil {
		return err
	}
	return write(s.keyFile(name), s.sealer.Seal(nil, nil, text, []byte(name)))
}

func (s *service) keyFile(name string) string { return filepath.Join(s.dir, name+".key") }

// issuer opens a CA with the key that keep wrote.
func (s *service) issuer(c inventory.CA) (*ca.Issuer, error) {
	sealed, err := os.ReadFile(s.keyFile(c.Identifier))
	if err != nil {
		return nil, err
	}
	text, err := s.sealer.Open(nil, nil, sealed, []byte(c.Identifier))
	if err != nil {
		return nil, fmt.Errorf("%s.key: %w; put back this file and the file secret as they were", c.Identifier, err)
	}
	key, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	return ca.NewIssuer(c.CertificateChain, key, options)
}

// issue makes an operation of a function that issues a certificate. Once records it before
// anybody gets it: a certificate that is not recorded cannot be revoked.
func issue[Req, Resp any](s *service, create func(io.Reader, time.Time, *ca.Issuer, *Req) (*Resp, *algorithm.PrivateKey, []byte, error)) operation {
	return timed(func(ctx context.Context, rand io.Reader, now time.Time, req *Req) (*Resp, error) {
		var common struct { // each request has some of these
			ParentIdentifier, InstanceId string
			inventory.Labels
		}
		text, err := json.Marshal(req)
		if err := cmp.Or(err, json.Unmarshal(text, &common)); err != nil {
			return nil, err
		}
		return inventory.Once(ctx, s.inventory, rand, now, any(req).(interface{ Validate() error }), func() (*Resp, inventory.Issued, error) {
			issuer, unusable := s.pool.Issuer(cmp.Or(common.ParentIdentifier, common.InstanceId))
			resp, key, der, err := create(rand, now, issuer, req)
			if unusable != nil && errors.Is(err, yuncert.ErrNotFound) { // the request is in order
				err = unusable
			}
			if err == nil && key != nil {
				err = s.keep(fmt.Sprintf("%x", md5.Sum(der)), key) // the digest is the Identifier
			}
			return resp, inventory.Issued{DER: der, Labels: common.Labels}, err
		})
	})
}

// place makes an operation of a function that places an order and may make its key, which
// is kept under the OrderId.
func place[Req, Resp any](s *service, create func(context.Context, io.Reader, time.Time, *Req) (*Resp, *algorithm.PrivateKey, error)) operation {
	return timed(func(ctx context.Context, rand io.Reader, now time.Time, req *Req) (*Resp, error) {
		resp, key, err := create(ctx, rand, now, req)
		if err != nil || key == nil {
			return resp, err
		}
		var placed struct{ OrderId int64 } // each response has it
		text, err := json.Marshal(resp)
		if err := cmp.Or(err, json.Unmarshal(text, &placed)); err != nil {
			return nil, err
		}
		return resp, s.keep(fmt.Sprintf("order-%d", placed.OrderId), key)
	})
}

// withoutKey makes a function for issue of one that issues for a CSR.
func withoutKey[Req, Resp any](create func(io.Reader, time.Time, *ca.Issuer, *Req) (*Resp, []byte, error)) func(io.Reader, time.Time, *ca.Issuer, *Req) (*Resp, *algorithm.PrivateKey, []byte, error) {
	return func(rand io.Reader, now time.Time, issuer *ca.Issuer, req *Req) (*Resp, *algorithm.PrivateKey, []byte, error) {
		resp, der, err := create(rand, now, issuer, req)
		return resp, nil, der, err
	}
}

// createExternalCA issues for a CA whose key is in another product. That product enforces
// CertMaxTime. The InstanceId is the Identifier of the CA above.
func createExternalCA(rand io.Reader, now time.Time, parent *ca.Issuer, req *ca.CreateExternalCACertificateRequest) (*ca.CreateExternalCACertificateResponse, []byte, error) {
	resp, err := ca.CreateExternalCACertificate(rand, now, parent, req)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode([]byte(resp.Certificate))
	return resp, block.Bytes, nil
}

func (s *service) createRootCA(ctx context.Context, rand io.Reader, now time.Time, req *ca.CreateRootCACertificateRequest) (*ca.CreateRootCACertificateResponse, error) {
	labels := inventory.Labels{Tags: req.Tags, ResourceGroupId: req.ResourceGroupId}
	return s.newCA(ctx, rand, now, req, cmp.Or(req.Algorithm, "RSA_2048"), labels, func(key *algorithm.PrivateKey) (*ca.CreateRootCACertificateResponse, error) {
		return ca.CreateRootCACertificate(rand, now, key, req)
	})
}

func (s *service) createSubCA(ctx context.Context, rand io.Reader, now time.Time, req *ca.CreateSubCACertificateRequest) (*ca.CreateSubCACertificateResponse, error) {
	if req.CertMaxTime != 0 || req.EnableCrl {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "", "this service keeps no CertMaxTime and publishes no CRLs; leave out CertMaxTime and EnableCrl")
	}
	labels := inventory.Labels{Tags: req.Tags, ResourceGroupId: req.ResourceGroupId}
	resp, err := s.newCA(ctx, rand, now, req, req.Algorithm, labels, func(key *algorithm.PrivateKey) (*ca.CreateRootCACertificateResponse, error) {
		parent, err := s.pool.Issuer(req.ParentIdentifier)
		if err != nil {
			return nil, err
		}
		resp, err := ca.CreateSubCACertificate(rand, now, parent, key.Public(), req)
		return (*ca.CreateRootCACertificateResponse)(resp), err
	})
	return (*ca.CreateSubCACertificateResponse)(resp), err
}

// newCA creates a CA with a key made here, records it and lets it issue.
func (s *service) newCA(ctx context.Context, rand io.Reader, now time.Time, req interface{ Validate() error }, keyAlgorithm string, labels inventory.Labels, sign func(*algorithm.PrivateKey) (*ca.CreateRootCACertificateResponse, error)) (resp *ca.CreateRootCACertificateResponse, err error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	s.newCAs.Lock() // an equal call finds the CA in the pool
	defer s.newCAs.Unlock()
	var issuer *ca.Issuer
	resp, err = inventory.Once(ctx, s.inventory, rand, now, req, func() (*ca.CreateRootCACertificateResponse, inventory.Issued, error) {
		key, err := algorithm.GenerateKey(algorithm.Algorithm(keyAlgorithm))
		if err != nil {
			return nil, inventory.Issued{}, err
		}
		resp, err := sign(key)
		if err != nil {
			return nil, inventory.Issued{}, err
		}
		issuer, err = ca.NewIssuer(resp.CertificateChain, key, options)
		if err == nil {
			err = s.keep(issuer.Identifier(), key)
		}
		return resp, inventory.Issued{Issuer: issuer, Labels: labels}, err
	})
	if err != nil || issuer == nil { // an equal call was first
		return resp, err
	}
	return resp, s.pool.Add(issuer)
}

func (s *service) describeCA(_ context.Context, rand io.Reader, req *ca.DescribeCACertificateRequest) (*ca.DescribeCACertificateResponse, error) {
	return ca.DescribeCACertificate(rand, s.pool, req)
}

func (s *service) describeCAs(_ context.Context, rand io.Reader, now time.Time, req *ca.DescribeCACertificateListRequest) (*ca.DescribeCACertificateListResponse, error) {
	return ca.DescribeCACertificateList(rand, now, s.pool, req)
}

func (s *service) updateCAStatus(ctx context.Context, rand io.Reader, now time.Time, req *ca.UpdateCACertificateStatusRequest) (*ca.UpdateCACertificateStatusResponse, error) {
	return s.inventory.UpdateCACertificateStatus(ctx, rand, now, s.pool, req)
}

func (s *service) createCdnCSR(_ context.Context, rand io.Reader, req *csr.CreateCdnCertificateSigningRequestRequest) (*csr.CreateCdnCertificateSigningRequestResponse, error) {
	resp, key, err := csr.CreateCdnCertificateSigningRequest(rand, req)
	if err != nil {
		return nil, err
	}
	return resp, s.keep(resp.PubMd5, key)
}

func (s *service) createCSR(ctx context.Context, rand io.Reader, now time.Time, req *csr.CreateCsrRequest) (*csr.CreateCsrResponse, error) {
	resp, key, err := csr.CreateCsr(rand, req)
	if err != nil {
		return nil, err
	}
	return resp, s.archive.Add(ctx, rand, now, resp, req.Name, key)
}

package main

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	secret    []byte // encrypts the keys in dir and in the archive
	db        *sql.DB
	inventory *inventory.Inventory
	archive   *archive.Archive
	orders    *order.Book
	pool      *ca.Pool
}

// open opens the service in a directory. The first run creates a root CA, an issuing CA
// and 100 units of the default product.
func open(ctx context.Context, dir string) (*service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "records.db"))
	if err != nil {
		return nil, err
	}
	s := &service{dir: dir, db: db}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *service) load(ctx context.Context) error {
	certificates, certificatesErr := inventorystore.Open(ctx, s.db, inventorystore.SQLite)
	csrs, csrsErr := archivestore.Open(ctx, s.db, archivestore.SQLite)
	orders, ordersErr := orderstore.Open(ctx, s.db, orderstore.SQLite)
	sealer, sealerErr := s.readSecret()
	if err := cmp.Or(certificatesErr, csrsErr, ordersErr, sealerErr); err != nil {
		return err
	}
	s.inventory, s.archive = inventory.New(certificates), archive.New(csrs, archive.Options{Sealer: sealer})
	s.orders = order.NewBook(orders, order.BookOptions{})
	_, err := s.orders.DescribePackageState(ctx, nil, &order.DescribePackageStateRequest{ProductCode: order.DefaultProductCode})
	if errors.Is(err, yuncert.ErrNotFoundPackage) {
		err = s.orders.AddPackage(ctx, order.DefaultProductCode, 100)
	}
	if err != nil {
		return err
	}
	s.pool, err = s.inventory.Pool(ctx, s.issuer)
	if err != nil {
		return err
	}
	return s.createFirst(ctx)
}

// readSecret reads the secret; the first run writes it. A service has a secret store.
func (s *service) readSecret() (sealer cipher.AEAD, err error) {
	file := filepath.Join(s.dir, "secret")
	s.secret, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		s.secret = []byte(rand.Text())
		err = os.WriteFile(file, s.secret, 0o600)
	}
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(s.secret)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// keep writes a private key next to the records.
func (s *service) keep(name string, key *algorithm.PrivateKey) error {
	text, err := key.EncryptedPEM(s.secret)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, name+".key"), text, 0o600)
}

// issuer opens a CA with the key that keep wrote.
func (s *service) issuer(c inventory.CA) (*ca.Issuer, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, c.Identifier+".key"))
	if err != nil {
		return nil, err
	}
	key, err := algorithm.ParseEncryptedPrivateKey(text, s.secret)
	if err != nil {
		return nil, fmt.Errorf("%s.key: %w; put back this file and the file secret as they were", c.Identifier, err)
	}
	return ca.NewIssuer(c.CertificateChain, key, options)
}

// createFirst creates the CAs that a first run, or one that stopped early, lacks.
func (s *service) createFirst(ctx context.Context) error {
	now := time.Now()
	list, err := ca.DescribeCACertificateList(nil, now, s.pool, nil)
	if err != nil || list.TotalCount > 1 {
		return err
	}
	root := ""
	if list.TotalCount == 1 {
		root = list.CertificateList[0].Identifier
	} else {
		resp, err := s.createRootCA(ctx, nil, now, &ca.CreateRootCACertificateRequest{
			CommonName: "Example Root CA", Organization: "Example Ltd", OrganizationUnit: "PKI",
			Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 10,
		})
		if err != nil {
			return err
		}
		root = resp.Identifier
	}
	_, err = s.createSubCA(ctx, nil, now, &ca.CreateSubCACertificateRequest{
		ParentIdentifier: root, CommonName: "Example Issuing CA", Organization: "Example Ltd", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	return err
}

// addCA records a CA with a key made here, and lets it issue.
func (s *service) addCA(ctx context.Context, now time.Time, chain string, key *algorithm.PrivateKey, labels inventory.Labels) error {
	issuer, err := ca.NewIssuer(chain, key, options)
	if err != nil {
		return err
	}
	if err := s.keep(issuer.Identifier(), key); err != nil {
		return err
	}
	if _, err := s.inventory.AddCA(ctx, now, issuer, labels); err != nil {
		return err
	}
	return s.pool.Add(issuer)
}

func (s *service) createRootCA(ctx context.Context, rand io.Reader, now time.Time, req *ca.CreateRootCACertificateRequest) (*ca.CreateRootCACertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	key, err := algorithm.GenerateKey(algorithm.Algorithm(cmp.Or(req.Algorithm, "RSA_2048")))
	if err != nil {
		return nil, err
	}
	resp, err := ca.CreateRootCACertificate(rand, now, key, req)
	if err != nil {
		return nil, err
	}
	return resp, s.addCA(ctx, now, resp.CertificateChain, key, inventory.Labels{Tags: req.Tags, ResourceGroupId: req.ResourceGroupId})
}

func (s *service) createSubCA(ctx context.Context, rand io.Reader, now time.Time, req *ca.CreateSubCACertificateRequest) (*ca.CreateSubCACertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if req.CertMaxTime != 0 || req.EnableCrl {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "", "this service keeps no CertMaxTime and publishes no CRLs; leave out CertMaxTime and EnableCrl")
	}
	parent, err := s.pool.Issuer(req.ParentIdentifier)
	if err != nil {
		return nil, err
	}
	key, err := algorithm.GenerateKey(algorithm.Algorithm(req.Algorithm))
	if err != nil {
		return nil, err
	}
	resp, err := ca.CreateSubCACertificate(rand, now, parent, key.Public(), req)
	if err != nil {
		return nil, err
	}
	return resp, s.addCA(ctx, now, resp.CertificateChain, key, inventory.Labels{Tags: req.Tags, ResourceGroupId: req.ResourceGroupId})
}

// createExternalCA takes the Identifier of the CA above for the InstanceId. CertMaxTime
// is for the product that has the key.
func (s *service) createExternalCA(ctx context.Context, rand io.Reader, now time.Time, req *ca.CreateExternalCACertificateRequest) (*ca.CreateExternalCACertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	parent, err := s.pool.Issuer(req.InstanceId)
	if err != nil {
		return nil, yuncert.Errorf(yuncert.ErrNotFound, "InstanceId", "%.80q is not the Identifier of a CA that issues here", req.InstanceId)
	}
	resp, err := ca.CreateExternalCACertificate(rand, now, parent, req)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(resp.Certificate))
	_, err = s.inventory.Add(ctx, now, block.Bytes, inventory.Labels{Tags: req.Tags, ResourceGroupId: req.ResourceGroupId})
	return resp, err
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

// withKey makes an operation of a function that issues for a new key.
func withKey[Req, Resp any](s *service, create func(io.Reader, time.Time, *ca.Issuer, *Req) (*Resp, *algorithm.PrivateKey, []byte, error)) operation {
	return timed(func(ctx context.Context, rand io.Reader, now time.Time, req *Req) (*Resp, error) {
		// The requests have these members in common.
		var common struct {
			ParentIdentifier string
			inventory.Labels
		}
		text, err := json.Marshal(req)
		if err := cmp.Or(err, json.Unmarshal(text, &common)); err != nil {
			return nil, err
		}
		issuer, unusable := s.pool.Issuer(common.ParentIdentifier)
		resp, key, der, err := create(rand, now, issuer, req)
		if unusable != nil && errors.Is(err, yuncert.ErrNotFound) { // the request is in order
			err = unusable
		}
		if err != nil {
			return nil, err
		}
		// A certificate that is not recorded cannot be revoked. So it is recorded before
		// anybody gets it.
		c, err := s.inventory.Add(ctx, now, der, common.Labels)
		if err == nil && key != nil {
			err = s.keep(c.Identifier, key)
		}
		return resp, err
	})
}

// withCSR makes an operation of a function that issues for a CSR.
func withCSR[Req, Resp any](s *service, create func(io.Reader, time.Time, *ca.Issuer, *Req) (*Resp, []byte, error)) operation {
	return withKey(s, func(rand io.Reader, now time.Time, issuer *ca.Issuer, req *Req) (*Resp, *algorithm.PrivateKey, []byte, error) {
		resp, der, err := create(rand, now, issuer, req)
		return resp, nil, der, err
	})
}

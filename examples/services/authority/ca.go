package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

var options = ca.IssuerOptions{
	CRLBase:    "http://pki.example.com",
	OCSPServer: []string{"http://ocsp.example.com"},
	Defaults:   &ca.Defaults{Organization: "Example Ltd", OrganizationUnit: "Web"},
}

// load opens the issuing CA. The first run creates it.
func (a *authority) load(ctx context.Context) error {
	password, err := os.ReadFile(filepath.Join(a.dir, "password"))
	if errors.Is(err, fs.ErrNotExist) {
		password, err = a.create(ctx)
	}
	if err != nil {
		return err
	}
	// The inventory has the chains of both CAs, and keys the key of the issuing CA.
	identifier := ""
	pool, err := a.inventory.Pool(ctx, func(c inventory.CA) (*ca.Issuer, error) {
		file := filepath.Join(a.dir, "keys", c.Identifier+".key")
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // the root: its key stays out of the pool
		}
		if err != nil {
			return nil, err
		}
		key, err := algorithm.ParseEncryptedPrivateKey(text, bytes.TrimSpace(password))
		if err != nil {
			return nil, fmt.Errorf("%s: %w; put back this file and the file password as the first run wrote them", file, err)
		}
		identifier, a.key = c.Identifier, key
		return ca.NewIssuer(c.CertificateChain, key, options)
	})
	if err != nil {
		return err
	}
	if identifier == "" {
		return fmt.Errorf("%s has no issuing CA with its key; restore inventory.db and keys from a backup, or remove the directory if the first run did not finish", a.dir)
	}
	a.issuer, err = pool.Issuer(identifier) // a revoked CA is an error
	return err
}

// create creates a root CA, an issuing CA and the password of their keys.
func (a *authority) create(ctx context.Context) (password []byte, err error) {
	keys := filepath.Join(a.dir, "keys")
	err = os.Mkdir(keys, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("there is %s and no file password; put it back, or remove the directory if the first run did not finish", keys)
	}
	if err != nil {
		return nil, err
	}
	rootKey, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		return nil, err
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, a.now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example Ltd", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		return nil, err
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		return nil, err
	}
	subKey, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		return nil, err
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, a.now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example Ltd", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	if err != nil {
		return nil, err
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, options)
	if err != nil {
		return nil, err
	}

	// In this directory the password protects only copies of the keys. A service gets it
	// from a secret store. root.key is needed only for another issuing CA: move it to a
	// machine without a network.
	password = []byte(rand.Text())
	if err := a.write("password", password); err != nil {
		return nil, err
	}
	for name, key := range map[string]*algorithm.PrivateKey{"root.key": rootKey, filepath.Join("keys", issuer.Identifier()+".key"): subKey} {
		text, err := key.EncryptedPEM(password)
		if err != nil {
			return nil, err
		}
		if err := a.write(name, text); err != nil {
			return nil, err
		}
	}
	if _, err := a.inventory.AddCA(ctx, a.now, issuer, inventory.Labels{}); err != nil { // the root too
		return nil, err
	}
	fmt.Fprintln(a.out, "Created a root CA and an issuing CA in", a.dir)
	return password, nil
}

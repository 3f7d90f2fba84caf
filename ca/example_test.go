package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// A private CA from nothing to a server certificate that crypto/x509 verifies.
func Example() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()

	// The root certifies the subordinate CA and then rests: keep its key offline.
	rootKey, err := algorithm.GenerateKey(algorithm.ECC_384)
	if err != nil {
		log.Fatal(err)
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}

	// The subordinate CA is what issues from day to day.
	subKey, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		log.Fatal(err)
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}

	// The server makes a key and a CSR, with this module or any other tool.
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	resp, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 2,
	})
	if err != nil {
		log.Fatal(err)
	}

	// A client trusts only the root. The server sends the chain.
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	roots, chain := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root.Certificate))
	chain.AppendCertsFromPEM([]byte(resp.CertificateChain))
	paths, err := cert.Verify(x509.VerifyOptions{
		DNSName: "www.example.com", Roots: roots, Intermediates: chain, CurrentTime: now,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range paths[0] {
		fmt.Println(c.Subject.CommonName, c.NotAfter.Format(time.DateOnly))
	}
	// Output:
	// www.example.com 2027-07-01
	// Example Issuing CA 2031-07-01
	// Example Root CA 2036-07-01
}

// newExampleCA makes a subordinate CA as the first example does.
func newExampleCA(now time.Time, a algorithm.Algorithm) *ca.Issuer {
	rootKey, err := algorithm.GenerateKey(a)
	if err != nil {
		log.Fatal(err)
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	subKey, err := algorithm.GenerateKey(a)
	if err != nil {
		log.Fatal(err)
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return issuer
}

// The subject comes from the parameters, then from the CSR, then from defaults;
// the names come from the CSR and Domain. An error names what is wrong.
func ExampleCreateServerCertificateWithCsr() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)

	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CorpName: "Example",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	req := &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, Domain: "example.com,192.0.2.1", OrganizationUnit: "IT",
		ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
	}
	resp, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, req)
	if err != nil {
		log.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cert.Subject)
	fmt.Println(cert.DNSNames, cert.IPAddresses)
	fmt.Println(strings.SplitN(resp.X509Certificate, "\n", 2)[0])

	req.Days = 3650 // the CA ends before
	_, _, err = ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, req)
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		fmt.Println(e.Code, e.Parameter)
		fmt.Println(e.Message)
	}
	// Output:
	// CN=www.example.com,OU=IT,O=Example,L=Beijing,ST=Beijing,C=CN
	// [www.example.com example.com] [192.0.2.1]
	// -----BEGIN CERTIFICATE-----
	// InvalidParameter Days
	// the certificate would end at 2036-06-28T00:00:00Z, after the CA and its chain, which end at 2031-07-01T00:00:00Z
}

// A device represents an HSM or KMS: its key cannot be read, only asked to sign.
type device struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (d device) Public() crypto.PublicKey { return d.public }

func (d device) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.sign(digest, opts)
}

// Many certificates: as many workers as there are processors share one Issuer. Each
// result has the index of its request. A request that fails does not stop the
// others, and a done context ends the rest.
func ExampleCreateServerCertificateWithCsr_many() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	requests := make([]*ca.CreateServerCertificateWithCsrRequest, 100)
	for i := range requests {
		request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
			Algorithm: "ECC", KeySize: 256, CommonName: fmt.Sprintf("www%d.example.com", i),
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
		})
		if err != nil {
			log.Fatal(err)
		}
		requests[i] = &ca.CreateServerCertificateWithCsrRequest{Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 90}
	}
	requests[7].Days = -1

	ctx := context.Background()
	certificates, failures := make([][]byte, len(requests)), make([]error, len(requests))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(requests); i = next.Add(1) - 1 {
				if failures[i] = ctx.Err(); failures[i] == nil {
					_, certificates[i], failures[i] = ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, requests[i])
				}
			}
		})
	}
	workers.Wait()

	for i, err := range failures {
		if err != nil {
			fmt.Println(i, err)
		}
	}
	last, err := x509.ParseCertificate(certificates[99])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(99, last.Subject.CommonName)
	// Output:
	// 7 InvalidValue.Malformed: Days: -1 is not from 1 to 3652500
	// 99 www99.example.com
}

// The key of a CA is any crypto.Signer. With SM2 the digest it is handed is
// SM3(ZA‖message). What a device answers is verified before it is used.
func ExampleNewIssuer() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	inside, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	hsm := device{inside.Public(), func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return inside.Sign(nil, digest, opts)
	}}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, hsm, &ca.CreateRootCACertificateRequest{
		CommonName: "示例根证书", Organization: "示例公司", OrganizationUnit: "安全部",
		Locality: "杭州", State: "浙江", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}

	// Once at the start of a program; an Issuer serves all goroutines.
	issuer, err := ca.NewIssuer(root.CertificateChain, hsm, ca.IssuerOptions{CRLBase: "http://pki.example.com/crl"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issuer.Identifier() == root.Identifier)

	broken := device{inside.Public(), func([]byte, crypto.SignerOpts) ([]byte, error) {
		return []byte("not a signature"), nil
	}}
	_, err = ca.CreateRootCACertificate(rand.Reader, now, broken, &ca.CreateRootCACertificateRequest{
		CommonName: "示例根证书", Organization: "示例公司", OrganizationUnit: "安全部",
		Locality: "杭州", State: "浙江", CountryCode: "CN", Years: 10,
	})
	fmt.Println(errors.Is(err, yuncert.ErrInternalError))
	// Output:
	// true
	// true
}

// A client makes a key and a CSR; its names of a kind that CSRs of this module do
// not carry are in SanValue. A server verifies the certificate with Verify.
func ExampleCreateClientCertificateWithCsr() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.SM2_256)
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: "张三", CountryCode: "CN", Province: "浙江", Locality: "杭州",
	})
	if err != nil {
		log.Fatal(err)
	}
	resp, _, err := ca.CreateClientCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateClientCertificateWithCsrRequest{
		Csr: request.Csr, SanType: 1, SanValue: "zhang@example.com", Organization: "示例公司", OrganizationUnit: "研发",
		ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	// The root is the last of the chain; a server knows it beforehand.
	chain := strings.SplitAfter(resp.CertificateChain, "-----END CERTIFICATE-----\n")
	path, err := ca.Verify(now, resp.X509Certificate, ca.VerifyOptions{Roots: chain[1], Intermediates: chain[0], Usage: x509.ExtKeyUsageClientAuth})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(path[0].Subject)
	fmt.Println(path[0].EmailAddresses, len(path))

	_, err = ca.Verify(now, resp.X509Certificate, ca.VerifyOptions{Roots: chain[1], Intermediates: chain[0], Usage: x509.ExtKeyUsageServerAuth})
	fmt.Println(errors.Is(err, yuncert.ErrInvalidParameter)) // a client certificate is not for a server
	// Output:
	// CN=张三,OU=研发,O=示例公司,L=杭州,ST=浙江,C=CN
	// [zhang@example.com] 3
	// true
}

// A CA revokes a certificate and publishes its list, from a database that may
// fail in the middle.
func ExampleCreateRevocationList() {
	now := time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	query := func(context.Context) iter.Seq2[ca.RevokedCertificate, error] {
		return func(yield func(ca.RevokedCertificate, error) bool) { // rows.Next, rows.Scan and, at the end, rows.Err
			yield(ca.RevokedCertificate{
				SerialNumber:   "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b", // as it was when it was issued
				RevocationTime: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
				Reason:         ca.ReasonKeyCompromise,
			}, nil)
		}
	}
	der, err := ca.CreateRevocationList(rand.Reader, now, issuer, &ca.CreateRevocationListRequest{
		Number:     big.NewInt(42), // one more than last time
		NextUpdate: now.AddDate(0, 0, 7),
		Revoked:    query(context.Background()),
	})
	if err != nil {
		log.Fatal(err)
	}
	// der is what http://pki.example.com/crl/<identifier>.crl serves.

	list, err := ca.ParseRevocationList(der)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(list.Issuer.CommonName, list.Number, list.NextUpdate.Format(time.DateOnly))
	for _, c := range list.RevokedCertificateEntries {
		fmt.Printf("%x %s %s\n", c.SerialNumber.Bytes(), c.RevocationTime.Format(time.DateOnly), ca.RevocationReason(c.ReasonCode))
	}
	// Output:
	// Example Issuing CA 42 2026-07-11
	// 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b 2026-07-01 keyCompromise
}

// What a caller learns of a CA, by the names of DescribeCACertificate.
func ExampleDescribeCACertificate() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.SM2_256)
	pool, err := ca.NewPool(issuer)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := ca.DescribeCACertificate(nil, pool, &ca.DescribeCACertificateRequest{Identifier: issuer.Identifier()})
	if err != nil {
		log.Fatal(err)
	}
	c := resp.Certificate
	fmt.Println(c.CertificateType, c.Status, c.FullAlgorithm, c.SignAlgorithm)
	fmt.Println(c.SubjectDN)
	fmt.Println(c.Years, "years until", time.UnixMilli(c.AfterDate).UTC().Format(time.DateOnly))

	_, err = ca.DescribeCACertificate(nil, pool, &ca.DescribeCACertificateRequest{Identifier: "270oe6bb538d538c70c01f81hfd3****"})
	fmt.Println(errors.Is(err, yuncert.ErrNotFound))
	// Output:
	// SUB_ROOT ISSUE SM2_256 SM3WITHSM2
	// C=CN,O=Example,OU=PKI,L=Hangzhou,ST=Zhejiang,CN=Example Issuing CA
	// 5 years until 2031-07-01
	// true
}

// A service keeps its CAs in a directory, which os.DirFS opens: a chain and an
// encrypted private key each.
func ExampleLoadPool() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	files := fstest.MapFS{}                            // a program has os.DirFS("/etc/pki/ca")
	password := func(file string) ([]byte, error) {    // a program asks its secret store
		return []byte("the password of " + file), nil
	}
	for name, a := range map[string]algorithm.Algorithm{"ecc": algorithm.ECC_256, "sm2": algorithm.SM2_256} {
		key, err := algorithm.GenerateKey(a)
		if err != nil {
			log.Fatal(err)
		}
		root, err := ca.CreateRootCACertificate(rand.Reader, now, key, &ca.CreateRootCACertificateRequest{
			CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
			Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
		})
		if err != nil {
			log.Fatal(err)
		}
		secret, err := password(name + ".key")
		if err != nil {
			log.Fatal(err)
		}
		text, err := key.EncryptedPEM(secret)
		if err != nil {
			log.Fatal(err)
		}
		files[name+".pem"] = &fstest.MapFile{Data: []byte(root.CertificateChain)}
		files[name+".key"] = &fstest.MapFile{Data: text}
	}
	pool, err := ca.LoadPool(files, password, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	list, err := ca.DescribeCACertificateList(nil, now, pool, &ca.DescribeCACertificateListRequest{ValidStatus: "valid"})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range list.CertificateList {
		fmt.Println(c.Algorithm, c.CommonName, c.CertificateType, c.Status)
	}

	// A revoked CA issues nothing.
	revoked := list.CertificateList[0].Identifier
	if _, err := ca.UpdateCACertificateStatus(nil, pool, &ca.UpdateCACertificateStatusRequest{Identifier: revoked, Status: ca.StatusRevoke}); err != nil {
		log.Fatal(err)
	}
	_, err = pool.Issuer(revoked)
	fmt.Println(errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection))

	delete(files, "sm2.key")
	_, err = ca.LoadPool(files, password, ca.IssuerOptions{})
	fmt.Println(errors.Is(err, fs.ErrNotExist), strings.Contains(err.Error(), "sm2.key"))
	// Output:
	// ECC Example Root CA ROOT ISSUE
	// SM2 Example Root CA ROOT ISSUE
	// true
	// true true
}

// A client trusts only the root, and the server sends the rest. SM2 goes the
// same way.
func ExampleVerify() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.SM2_256)
	resp, _, _, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
		CommonName: "www.example.com", Algorithm: "SM2_256", ParentIdentifier: issuer.Identifier(), Days: 90, Immediately: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	root := resp.CertificateChain[strings.LastIndex(resp.CertificateChain, "-----BEGIN"):]

	opts := ca.VerifyOptions{
		Roots: root, Intermediates: resp.CertificateChain,
		Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth,
	}
	chain, err := ca.Verify(now, resp.X509Certificate, opts)
	if err != nil {
		log.Fatal(err)
	}
	for _, cert := range chain {
		fmt.Println(cert.Subject.CommonName)
	}

	_, err = ca.Verify(now.AddDate(1, 0, 0), resp.X509Certificate, opts)
	fmt.Println(errors.Is(err, yuncert.ErrCertificateExpired))

	list, err := ca.CreateRevocationList(rand.Reader, now, issuer, &ca.CreateRevocationListRequest{
		Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7),
		Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: resp.SerialNumber, RevocationTime: now, Reason: ca.ReasonKeyCompromise}),
	})
	if err != nil {
		log.Fatal(err)
	}
	crl, err := ca.ParseRevocationList(list)
	if err != nil {
		log.Fatal(err)
	}
	opts.RevocationLists = []*x509.RevocationList{crl}
	_, err = ca.Verify(now, resp.X509Certificate, opts)
	fmt.Println(errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection))
	// Output:
	// www.example.com
	// Example Issuing CA
	// Example Root CA
	// true
	// true
}

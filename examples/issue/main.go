// Command issue creates a private CA and a server certificate, as PEM files that
// openssl reads:
//
//	go run ./examples/issue -out DIR
//
// DIR/ca keeps a root CA and a subordinate CA: root.pem and root.key, sub.pem and
// sub.key. DIR gets the server's files: server.key, server.csr, server.pem and
// chain.pem. Another run with the same DIR replaces the server's files and issues
// from the same CA. With -csr it issues for a CSR that openssl or keytool made.
// With -csr DIR/server.csr it renews the certificate, and server.key stays.
//
// With -algorithm SM2_256 -pair it also writes what a TLCP server needs: encrypt.pem
// and encrypt.key, and encrypt.envelope, which holds the key encrypted for server.key
// in DER.
package main

import (
	"crypto"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// company and department are the names in the certificates.
const (
	company    = "Example Ltd"
	department = "Web"
)

func main() {
	out := flag.String("out", "", "`directory` to write to; created if it does not exist (required)")
	domain := flag.String("domain", "", "`names` of the server, separated by commas, in addition to the CSR's (default localhost,127.0.0.1 without -csr)")
	csrFile := flag.String("csr", "", "`file` with a CSR to issue for; without it a server key and CSR are created")
	name := flag.String("algorithm", "", "`algorithm` of the keys to create: RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256 (default: the CSR's, else the CA's, else ECC_256)")
	days := flag.Int("days", 365, "validity of the server certificate in `days`")
	pair := flag.Bool("pair", false, "also issue an encryption certificate, for TLCP; the server's key must be SM2_256")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 || *days < 1 || *days > math.MaxInt32 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *domain, *csrFile, *name, *days, *pair); err != nil {
		fmt.Fprintln(os.Stderr, "issue:", err)
		if e, ok := errors.AsType[*yuncert.Error](err); ok {
			fmt.Fprintf(os.Stderr, "issue: code %s, HTTP status %d, parameter %q\n", e.Code, e.Code.HTTPStatus(), e.Parameter)
		}
		os.Exit(1)
	}
}

func run(out, domain, csrFile, name string, days int, pair bool) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	now, dir := time.Now(), filepath.Join(out, "ca")
	issuer, err := loadCA(now, dir)
	if err != nil {
		return fmt.Errorf("the CA in %s: %w", dir, err)
	}
	a := algorithm.ECC_256
	if name != "" {
		a = algorithm.Algorithm(name)
	} else if issuer != nil {
		a = algorithm.Algorithm(issuer.Describe().FullAlgorithm)
	}
	request, key, err := serverCSR(csrFile, domain, a)
	if err != nil {
		return err
	}
	if pair && request.Algorithm != algorithm.SM2_256 {
		return fmt.Errorf("-pair needs an SM2 key, and the server's is %s; add -algorithm SM2_256 or a CSR for an SM2 key", request.Algorithm)
	}
	if issuer == nil {
		if name == "" {
			a = request.Algorithm
		}
		if issuer, err = createCA(now, dir, a); err != nil {
			return err
		}
	}

	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request.Raw}))
	server, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: text, Domain: domain, ParentIdentifier: issuer.Identifier(), Days: int32(days), Immediately: 2,
	})
	if err != nil {
		return err
	}

	var second *encryption
	if pair {
		second, err = issueEncryption(now, issuer, server.X509Certificate, request.PublicKey)
		if err != nil {
			return err
		}
	}

	w := &writer{dir: out}
	if key != nil {
		w.writeKey("server.key", key)
	} else if !isKeyOf(filepath.Join(out, "server.key"), request) {
		w.remove("server.key") // it belongs to a certificate that is replaced
	}
	w.write("server.csr", text, 0o644)
	w.write("server.pem", server.X509Certificate, 0o644)
	w.write("chain.pem", server.CertificateChain, 0o644)
	w.writeEncryption(second)
	if w.err != nil {
		return w.err
	}
	fmt.Printf("Issued %s, serial number %s.\n", server.Identifier, server.SerialNumber)
	fmt.Printf("The CA is in %s, and the server's files are in %s.\n", dir, filepath.Clean(out))
	printChecks(filepath.Clean(out), request.Algorithm)
	if pair {
		printPairChecks(filepath.Clean(out))
	}
	return nil
}

// createCA creates a root and a subordinate CA in a new directory and loads them.
func createCA(now time.Time, dir string, a algorithm.Algorithm) (*ca.Issuer, error) {
	rootKey, err := algorithm.GenerateKey(a)
	if err != nil {
		return nil, err
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: company, OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		return nil, err
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		return nil, err
	}
	subKey, err := algorithm.GenerateKey(a)
	if err != nil {
		return nil, err
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: company, OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	if err != nil {
		return nil, err
	}

	// The directory gets its name when it is complete. Only its owner may open it.
	temp, err := os.MkdirTemp(filepath.Dir(dir), "ca-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	// Encrypt the keys of a real CA with EncryptedPEM. The root's key is needed only
	// for another subordinate CA: move root.pem and root.key to a machine without a
	// network.
	w := &writer{dir: temp}
	w.write("root.pem", root.CertificateChain, 0o644)
	w.writeKey("root.key", rootKey)
	w.write("sub.pem", sub.CertificateChain, 0o644) // sub.pem has both certificates
	w.writeKey("sub.key", subKey)
	if w.err != nil {
		return nil, w.err
	}
	if err := os.Rename(temp, dir); err != nil { // does not replace a directory
		return nil, err
	}
	return loadCA(now, dir)
}

// loadCA returns the subordinate CA of a directory, or nil if there is no
// directory yet. A service loads its CAs in the same way.
func loadCA(now time.Time, dir string) (*ca.Issuer, error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	pool, err := ca.LoadPool(os.DirFS(dir), nil, ca.IssuerOptions{
		Defaults:  &ca.Defaults{Organization: company, OrganizationUnit: department}, // for CSRs without them
		KeyPolicy: algorithm.KeyPolicy{MinRSABits: 2048},
	})
	if err != nil {
		return nil, err
	}
	list, err := ca.DescribeCACertificateList(rand.Reader, now, pool, &ca.DescribeCACertificateListRequest{CertType: "subRoot"})
	if err != nil {
		return nil, err
	}
	if len(list.CertificateList) == 0 {
		return nil, errors.New("there is no subordinate CA")
	}
	return pool.Issuer(list.CertificateList[0].Identifier)
}

// serverCSR reads the CSR in a file. Without a file it creates a key and a CSR.
func serverCSR(file, domain string, a algorithm.Algorithm) (*csr.Request, *algorithm.PrivateKey, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		request, err := csr.Parse(text)
		return request, nil, err
	}
	key, err := algorithm.GenerateKey(a)
	if err != nil {
		return nil, nil, err
	}
	if domain == "" {
		domain = "localhost,127.0.0.1"
	}
	first, _, _ := strings.Cut(domain, ",")
	made, err := csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
		KeySize: int32(a.KeySize()), Algorithm: a.Family(), CommonName: strings.TrimSpace(first), Sans: domain,
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: company, Department: department,
	})
	if err != nil {
		return nil, nil, err
	}
	request, err := csr.Parse([]byte(made.Csr))
	return request, key, err
}

// isKeyOf reports whether a file holds the private key of a CSR.
func isKeyOf(path string, request *csr.Request) bool {
	text, _ := os.ReadFile(path) // a file that cannot be read holds no key
	key, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		return false
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(request.PublicKey)
}

// A writer writes files into a directory and keeps the first error.
type writer struct {
	dir string
	err error
}

func (w *writer) writeKey(name string, key *algorithm.PrivateKey) {
	text, err := key.PEM()
	if w.err == nil {
		w.err = err
	}
	w.write(name, string(text), 0o600)
}

func (w *writer) write(name, text string, mode os.FileMode) {
	w.remove(name) // an existing file would keep its mode
	if w.err == nil {
		w.err = os.WriteFile(filepath.Join(w.dir, name), []byte(text), mode)
	}
}

func (w *writer) remove(name string) {
	if err := os.Remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) && w.err == nil {
		w.err = err
	}
}

// verifySM2 is a command for one link of a chain: OpenSSL 3.0 uses the user ID only
// for the first certificate.
const verifySM2 = "  openssl verify -vfyopt distid:1234567812345678 -partial_chain -trusted "

func printChecks(out string, a algorithm.Algorithm) {
	fmt.Printf("Check it with:\n  openssl x509 -in %s/server.pem -noout -text\n", out)
	if a == algorithm.SM2_256 {
		fmt.Printf(verifySM2+"%[1]s/ca/sub.pem %[1]s/server.pem\n"+verifySM2+"%[1]s/ca/root.pem %[1]s/ca/sub.pem\n", out)
		return
	}
	fmt.Printf("  openssl verify -CAfile %[1]s/ca/root.pem -untrusted %[1]s/chain.pem %[1]s/server.pem\n", out)
}

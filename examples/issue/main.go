// Command issue creates a private CA and a server certificate, as PEM files that
// openssl reads:
//
//	go run ./examples/issue -out DIR
//
// It writes the certificates of a root CA, a subordinate CA and a server, and
// the server's key and CSR. It does not write the keys of the CAs: they are
// lost when it ends. With -csr it issues for a CSR that openssl or keytool
// made.
package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
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

func main() {
	out := flag.String("out", "", "`directory` to write to; created if it does not exist (required)")
	domain := flag.String("domain", "", "`names` of the server, separated by commas, in addition to the CSR's (default localhost,127.0.0.1 without -csr)")
	csrFile := flag.String("csr", "", "`file` with a CSR to issue for; without it a server key and CSR are created")
	name := flag.String("algorithm", "", "`algorithm` of all keys: RSA_2048, RSA_3072, RSA_4096, ECC_256 or SM2_256 (default ECC_256); with -csr only of the CAs' keys, also ECC_384 or ECC_512 (default: the algorithm of the CSR's key)")
	days := flag.Int("days", 365, "validity of the server certificate in `days`")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 || *days < 1 || *days > math.MaxInt32 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *domain, *csrFile, *name, *days); err != nil {
		fmt.Fprintln(os.Stderr, "issue:", err)
		if e, ok := errors.AsType[*yuncert.Error](err); ok {
			fmt.Fprintf(os.Stderr, "issue: code %s, HTTP status %d, parameter %q\n", e.Code, e.Code.HTTPStatus(), e.Parameter)
		}
		os.Exit(1)
	}
}

func run(out, domain, csrFile, name string, days int) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	w := &writer{dir: out}
	request, a, err := serverCSR(w, csrFile, domain, name)
	if err != nil {
		return err
	}

	// The root's key signs one certificate: the subordinate CA's.
	now := time.Now()
	rootKey, err := algorithm.GenerateKey(a)
	if err != nil {
		return err
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: company, OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		return err
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		return err
	}
	subKey, err := algorithm.GenerateKey(a)
	if err != nil {
		return err
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: company, OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	if err != nil {
		return err
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 2048}})
	if err != nil {
		return err
	}

	organization, unit, err := missingNames(request)
	if err != nil {
		return err
	}
	server, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request, Domain: domain, Organization: organization, OrganizationUnit: unit,
		ParentIdentifier: issuer.Identifier(), Days: int32(days), Immediately: 2,
	})
	if err != nil {
		return err
	}
	w.write("root.pem", root.Certificate, 0o644)
	w.write("sub.pem", sub.Certificate, 0o644)
	w.write("chain.pem", server.CertificateChain, 0o644)
	w.write("server.pem", server.X509Certificate, 0o644)
	if w.err != nil {
		return w.err
	}
	fmt.Printf("Issued %s, serial number %s.\n", server.Identifier, server.SerialNumber)
	printChecks(out, a)
	return nil
}

// company and department are the names in the certificates.
const (
	company    = "Example Ltd"
	department = "Web"
)

// missingNames returns the organization and the unit that a CSR lacks. Without
// them the certificate would have the documented defaults, which name Alibaba.
func missingNames(text string) (organization, unit string, err error) {
	request, err := csr.Parse([]byte(text))
	if err != nil {
		return "", "", err
	}
	subject := request.Subject()
	if len(subject.Organization) == 0 {
		organization = company
	}
	if len(subject.OrganizationalUnit) == 0 {
		unit = department
	}
	return organization, unit, nil
}

// serverCSR returns the CSR to issue for and the algorithm of the CAs. Without a
// file it creates a key and a CSR.
func serverCSR(w *writer, file, domain, name string) (string, algorithm.Algorithm, error) {
	var a algorithm.Algorithm
	var err error
	if name != "" {
		if a, err = algorithm.Parse(name); err != nil {
			return "", "", err
		}
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", "", err
		}
		request, err := csr.Parse(text)
		if err != nil {
			return "", "", err
		}
		if a == "" {
			a = request.Algorithm
		}
		// The key and CSR of an earlier run do not belong to the new certificate.
		w.remove("server.key")
		w.remove("server.csr")
		return string(text), a, w.err
	}
	if a == "" {
		a = algorithm.ECC_256
	}
	key, err := algorithm.GenerateKey(a)
	if err != nil {
		return "", "", err
	}
	if domain == "" {
		domain = "localhost,127.0.0.1"
	}
	first, _, _ := strings.Cut(domain, ",")
	first = strings.TrimSpace(first)
	made, err := csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
		KeySize: int32(a.KeySize()), Algorithm: a.Family(), CommonName: first, Sans: domain,
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return "", "", err
	}
	keyPEM, err := key.PEM()
	if err != nil {
		return "", "", err
	}
	w.write("server.key", string(keyPEM), 0o600)
	w.write("server.csr", made.Csr, 0o644)
	return made.Csr, a, w.err
}

// A writer writes files into a directory and keeps the first error.
type writer struct {
	dir string
	err error
}

func (w *writer) write(name, text string, mode os.FileMode) {
	if w.err != nil {
		return
	}
	w.remove(name) // an existing file would keep its mode
	path := filepath.Join(w.dir, name)
	if w.err == nil {
		w.err = os.WriteFile(path, []byte(text), mode)
	}
	if w.err == nil {
		fmt.Println("wrote", path)
	}
}

func (w *writer) remove(name string) {
	if err := os.Remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) && w.err == nil {
		w.err = err
	}
}

func printChecks(out string, a algorithm.Algorithm) {
	file := func(name string) string { return filepath.Join(out, name) }
	fmt.Println("Check it with:")
	fmt.Printf("  openssl x509 -in %s -noout -text\n", file("server.pem"))
	if a == algorithm.SM2_256 {
		// OpenSSL 3.0 uses the user ID only for the first certificate of a chain.
		const id = "-vfyopt distid:1234567812345678"
		fmt.Printf("  openssl verify %s -partial_chain -trusted %s %s\n", id, file("sub.pem"), file("server.pem"))
		fmt.Printf("  openssl verify %s -partial_chain -trusted %s %s\n", id, file("root.pem"), file("sub.pem"))
		return
	}
	fmt.Printf("  openssl verify -CAfile %s -untrusted %s %s\n", file("root.pem"), file("chain.pem"), file("server.pem"))
}

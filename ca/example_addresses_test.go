package ca_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// publishedAt is the time in the example. A program has time.Now.
func publishedAt() time.Time { return time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC) }

// A publisher serves what the certificates of its CAs point to. It finds each CA
// by its Identifier.
type publisher map[string]*publication

// A publication is what a publisher serves for one CA.
type publication struct {
	certificate, crl []byte // DER
	responder        *ca.OCSPResponder
	revoked          []ca.RevokedCertificate
}

// ServeHTTP is not for an http.ServeMux, which would clean the base64 in the path
// of an OCSP request by GET.
func (p publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name, encoded, _ := strings.Cut(rest, "/")
	identifier, _, _ := strings.Cut(name, ".")
	c := p[identifier]
	if c == nil {
		http.NotFound(w, r)
		return
	}
	switch kind {
	case "crl": // RFC 2585, section 4.2
		w.Header().Set("Content-Type", "application/pkix-crl")
		w.Write(c.crl)
	case "ca": // RFC 2585, section 4.1
		w.Header().Set("Content-Type", "application/pkix-cert")
		w.Write(c.certificate)
	case "ocsp": // RFC 6960, appendix A.1
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if r.Method == http.MethodGet {
			request, err = base64.StdEncoding.DecodeString(encoded)
		}
		if err != nil {
			request = nil // answered as malformed
		}
		response, err := ca.RespondOCSP(rand.Reader, publishedAt(), c.responder, request, c.status)
		if err != nil {
			log.Print(err) // the response says tryLater or internalError
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(response)
	default:
		http.NotFound(w, r)
	}
}

// status looks a certificate up. A program has Inventory.Status of package
// inventory. It also answers OCSPUnknown for what was never issued.
func (c *publication) status(serialNumber string) (ca.OCSPAnswer, error) {
	answer := ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: publishedAt().Add(12 * time.Hour)}
	for _, r := range c.revoked {
		if r.SerialNumber == serialNumber {
			answer.Status, answer.RevocationTime, answer.Reason = ca.OCSPRevoked, r.RevocationTime, r.Reason
		}
	}
	return answer, nil
}

// publish signs the CA's CRL and the certificate of its OCSP responder. After
// that the CA's key can go offline until the CRL's NextUpdate.
func (p publisher) publish(issuer *ca.Issuer, revoked ...ca.RevokedCertificate) {
	key := must(algorithm.GenerateKey(algorithm.ECC_256))
	responder := must(ca.CreateOCSPResponderCertificate(rand.Reader, publishedAt(), issuer, key.Public(),
		&ca.CreateOCSPResponderCertificateRequest{CommonName: "Example OCSP", Days: 30}))
	block, _ := pem.Decode([]byte(issuer.Describe().X509Certificate))
	p[issuer.Identifier()] = &publication{
		certificate: block.Bytes,
		crl: must(ca.CreateRevocationList(rand.Reader, publishedAt(), issuer, &ca.CreateRevocationListRequest{
			Number: big.NewInt(1), NextUpdate: publishedAt().AddDate(0, 0, 7), Revoked: ca.Revoked(revoked...),
		})),
		responder: must(ca.NewOCSPResponder(responder.CertificateChain, key)),
		revoked:   revoked,
	}
}

// A client finds the CRL, the OCSP responder and the CA of a certificate from the
// certificate. An http.Handler serves all three.
func ExampleIssuerOptions() {
	p := publisher{}
	server := httptest.NewUnstartedServer(p) // a program has http.ListenAndServe
	defer server.Close()
	base := "http://" + server.Listener.Addr().String() // such as "http://pki.example.com"

	// The options of a CA apply to what it signs. The root's addresses stand in the
	// subordinate CA, and the subordinate CA's in the server certificate.
	options := ca.IssuerOptions{
		CRLBase:               base + "/crl", // NewIssuer adds "/", the Identifier and ".crl"
		OCSPServer:            []string{base + "/ocsp/{Identifier}"},
		IssuingCertificateURL: []string{base + "/ca/{Identifier}.cer"},
	}
	rootKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	root := must(ca.CreateRootCACertificate(rand.Reader, publishedAt(), rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	}))
	rootIssuer := must(ca.NewIssuer(root.CertificateChain, rootKey, options))
	subKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	sub := must(ca.CreateSubCACertificate(rand.Reader, publishedAt(), rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	}))
	issuer := must(ca.NewIssuer(sub.CertificateChain, subKey, options))
	resp, _, der, err := ca.CreateServerCertificate(rand.Reader, publishedAt(), issuer, &ca.CreateServerCertificateRequest{
		CommonName: "www.example.com", Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90,
		EnableCrl: 1, // without it the certificate has no CRL address
	})
	if err != nil {
		log.Fatal(err)
	}
	p.publish(rootIssuer)
	p.publish(issuer, ca.RevokedCertificate{SerialNumber: resp.SerialNumber, RevocationTime: publishedAt(), Reason: ca.ReasonKeyCompromise})
	server.Start()

	// The client has the root and the server's certificate, and finds the rest. It
	// also checks dates and names: see x509.Certificate.Verify.
	trusted, cert := must(x509.ParseCertificate(p[root.Identifier].certificate)), must(x509.ParseCertificate(der))
	for !cert.Equal(trusted) {
		above := must(x509.ParseCertificate(body(http.Get(cert.IssuingCertificateURL[0]))))
		if err := cert.CheckSignatureFrom(above); err != nil {
			log.Fatal(err)
		}
		fmt.Println(cert.Subject.CommonName, "by", above.Subject.CommonName)

		list := must(x509.ParseRevocationList(body(http.Get(cert.CRLDistributionPoints[0]))))
		if err := list.CheckSignatureFrom(above); err != nil {
			log.Fatal(err)
		}
		revoked := slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
			return e.SerialNumber.Cmp(cert.SerialNumber) == 0
		})
		fmt.Println("  CRL: revoked", revoked)

		request := must(ocsp.CreateRequest(cert, above, nil))
		posted := body(http.Post(cert.OCSPServer[0], "application/ocsp-request", bytes.NewReader(request)))
		got := body(http.Get(cert.OCSPServer[0] + "/" + url.PathEscape(base64.StdEncoding.EncodeToString(request))))
		for _, answer := range [][]byte{posted, got} {
			response := must(ocsp.ParseResponseForCert(answer, cert, above))
			fmt.Println("  OCSP: revoked", response.Status == ocsp.Revoked)
		}
		cert = above
	}
	// Output:
	// www.example.com by Example Issuing CA
	//   CRL: revoked true
	//   OCSP: revoked true
	//   OCSP: revoked true
	// Example Issuing CA by Example Root CA
	//   CRL: revoked false
	//   OCSP: revoked false
	//   OCSP: revoked false
}

// body reads the body of an HTTP response.
func body(resp *http.Response, err error) []byte {
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		log.Fatal(resp.Status)
	}
	return must(io.ReadAll(resp.Body))
}

// must ends the program if there is an error.
func must[T any](result T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return result
}

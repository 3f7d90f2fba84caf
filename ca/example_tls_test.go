package ca_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// What a TLS server sends: its certificate, and then every CA between it and the
// root, which the client has (RFC 8446, section 4.4.2). The CertificateChain of the
// response has those CAs and the root, and not the certificate itself.
func ExampleCreateServerCertificate_tls() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	resp, key, der, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
		CommonName: "www.example.com", Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90,
		Immediately: 2, // with the chain
	})
	if err != nil {
		log.Fatal(err)
	}

	// From PEM, which is also the content of a server's two files. The root may stay
	// at the end: clients ignore it.
	keyPEM := must(key.PEM())
	fromPEM := must(tls.X509KeyPair([]byte(resp.X509Certificate+resp.CertificateChain), keyPEM))

	// Without PEM. The key is a crypto.Signer, such as key or an HSM's. Here the root
	// is left out.
	sub, _ := pem.Decode([]byte(resp.CertificateChain))
	fromDER := tls.Certificate{Certificate: [][]byte{der, sub.Bytes}, PrivateKey: key}

	// The client has only the root, the last of the chain.
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(resp.CertificateChain[strings.LastIndex(resp.CertificateChain, "-----BEGIN"):]))
	clock := func() time.Time { return now } // a program leaves Time out
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "www.example.com", Time: clock},
	}}
	for _, certificate := range []tls.Certificate{fromPEM, fromDER} {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, Time: clock}
		server.StartTLS()
		answer := must(client.Get(server.URL))
		for _, sent := range answer.TLS.PeerCertificates {
			fmt.Printf("%s, ", sent.Subject.CommonName)
		}
		fmt.Println(len(answer.TLS.VerifiedChains), "path to the root")
		answer.Body.Close()
		server.Close()
	}
	// Output:
	// www.example.com, Example Issuing CA, Example Root CA, 1 path to the root
	// www.example.com, Example Issuing CA, 1 path to the root
}

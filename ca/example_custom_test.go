package ca_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// newExampleRequest makes a key and a CSR.
func newExampleRequest(commonName string) (*algorithm.PrivateKey, string) {
	request, key, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: commonName, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	return key, request.Csr
}

// hello connects a server and a client and returns what the server says to the
// client.
func hello(server, client *tls.Config) (string, error) {
	a, b := net.Pipe()
	defer b.Close()
	go func() {
		conn := tls.Server(a, server)
		defer conn.Close()
		fmt.Fprint(conn, "hello")
	}()
	text, err := io.ReadAll(tls.Client(b, client))
	return string(text), err
}

// A node that is a server to some peers and a client to others has one
// certificate for both. Here it connects to itself.
func ExampleCreateCustomCertificate() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	key, request := newExampleRequest("node1.example.com")
	resp, der, err := ca.CreateCustomCertificate(rand.Reader, now, issuer, &ca.CreateCustomCertificateRequest{
		ParentIdentifier: issuer.Identifier(), Csr: request, Validity: "3m", Immediately: 2,
		ApiPassthrough: ca.CustomPassthrough{Extensions: ca.CustomExtensions{
			ExtendedKeyUsages: []string{"serverAuth", "clientAuth"},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	sub, root := pem.Decode([]byte(resp.CertificateChain))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der, sub.Bytes}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: roots, // as a server
		ServerName: "node1.example.com", RootCAs: roots, // as a client
		Time: func() time.Time { return now },
	}
	fmt.Println(hello(config, config))
	// Output:
	// hello <nil>
}

// A server with a SPIFFE ID instead of a host name. The client verifies the chain
// and then compares the ID.
func ExampleCreateCustomCertificate_spiffe() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	key, request := newExampleRequest("payments")
	resp, der, err := ca.CreateCustomCertificate(rand.Reader, now, issuer, &ca.CreateCustomCertificateRequest{
		ParentIdentifier: issuer.Identifier(), Csr: request, Validity: "1d", Immediately: 2,
		ApiPassthrough: ca.CustomPassthrough{Extensions: ca.CustomExtensions{
			ExtendedKeyUsages:       []string{"serverAuth"},
			SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "uniformResourceIdentifier", Value: "spiffe://example.com/payments"}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	sub, root := pem.Decode([]byte(resp.CertificateChain))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, sub.Bytes}, PrivateKey: key}}}
	client := func(id string) *tls.Config {
		return &tls.Config{
			InsecureSkipVerify: true, // of the host name; VerifyConnection does the rest
			VerifyConnection: func(state tls.ConnectionState) error {
				cert, above := state.PeerCertificates[0], x509.NewCertPool()
				for _, c := range state.PeerCertificates[1:] {
					above.AddCert(c)
				}
				if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: above, CurrentTime: now}); err != nil {
					return err
				}
				if len(cert.URIs) != 1 || cert.URIs[0].String() != id {
					return errors.New("not " + id)
				}
				return nil
			},
		}
	}
	fmt.Println(hello(server, client("spiffe://example.com/payments")))
	_, err = hello(server, client("spiffe://example.com/orders"))
	fmt.Println(err)
	// Output:
	// hello <nil>
	// not spiffe://example.com/orders
}

// A certificate for code signing, and one for mail (S/MIME) that is both signed and
// encrypted. ECC keys need KeyAgreement for encryption, RSA keys KeyEncipherment.
func ExampleCreateCustomCertificate_mail() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	code := ca.CustomPassthrough{
		Subject:    &ca.CustomSubject{Organization: "Example Ltd", CommonName: "Example Ltd Releases"},
		Extensions: ca.CustomExtensions{ExtendedKeyUsages: []string{"codeSigning"}},
	}
	mail := ca.CustomPassthrough{
		Subject: &ca.CustomSubject{CommonName: "Zhang San"},
		Extensions: ca.CustomExtensions{
			KeyUsage:                ca.CustomKeyUsage{DigitalSignature: true, KeyAgreement: true},
			ExtendedKeyUsages:       []string{"emailProtection"},
			SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "rfc822Name", Value: "zhang.san@example.com"}},
		},
	}
	for _, passthrough := range []ca.CustomPassthrough{code, mail} {
		_, request := newExampleRequest("ignored")
		_, der, err := ca.CreateCustomCertificate(rand.Reader, now, issuer, &ca.CreateCustomCertificateRequest{
			ParentIdentifier: issuer.Identifier(), Csr: request, Validity: "1y", ApiPassthrough: passthrough,
		})
		if err != nil {
			log.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(cert.Subject, cert.EmailAddresses)
	}
	// Output:
	// CN=Example Ltd Releases,O=Example Ltd []
	// CN=Zhang San [zhang.san@example.com]
}

// The certificate of a Matter node. Its subject has the identifiers of the node
// and the fabric, 16 hexadecimal digits each.
func ExampleCreateCustomCertificate_matter() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	_, request := newExampleRequest("node")
	_, der, err := ca.CreateCustomCertificate(rand.Reader, now, issuer, &ca.CreateCustomCertificateRequest{
		ParentIdentifier: issuer.Identifier(), Csr: request, Validity: "1y",
		ApiPassthrough: ca.CustomPassthrough{
			Subject: &ca.CustomSubject{CustomAttributes: []ca.CustomAttribute{
				{ObjectIdentifier: "1.3.6.1.4.1.37244.1.1", Value: "DEDEDEDE00010001"},
				{ObjectIdentifier: "1.3.6.1.4.1.37244.1.5", Value: "FAB000000000001D"},
			}},
			Extensions: ca.CustomExtensions{
				KeyUsage:          ca.CustomKeyUsage{DigitalSignature: true},
				ExtendedKeyUsages: []string{"clientAuth", "serverAuth"},
				Criticals:         []string{"ExtendedKeyUsages"},
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	for _, attribute := range cert.Subject.Names {
		fmt.Println(attribute.Type, attribute.Value)
	}
	// Output:
	// 1.3.6.1.4.1.37244.1.1 DEDEDEDE00010001
	// 1.3.6.1.4.1.37244.1.5 FAB000000000001D
}

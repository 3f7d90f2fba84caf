package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/cloudflare/cfssl/config"
	cflog "github.com/cloudflare/cfssl/log"
	"github.com/cloudflare/cfssl/signer"
	"github.com/cloudflare/cfssl/signer/local"
	"github.com/emmansun/gmsm/smx509"
	tjsm2 "github.com/tjfoc/gmsm/sm2"
	tjx509 "github.com/tjfoc/gmsm/x509"
	"go.step.sm/crypto/x509util"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/x509der"
)

// days is the validity of the certificates.
const days = 90

// A job is a CSR and the CA that issues for it.
type job struct {
	algorithm  algorithm.Algorithm
	csr        string // PEM
	names      []string
	root, sub  string // PEM
	subKeyPEM  []byte
	issuer     *ca.Issuer
	crlAddress string
	dir        string // for files of the openssl command
}

// newJob makes a root CA with test key 0, a subordinate CA with key 1 and a CSR for
// key 2.
func newJob(a algorithm.Algorithm) (*job, error) {
	j := &job{algorithm: a, subKeyPEM: testkeys.PEM(a, 1), names: []string{"www.example.com", "example.com", "api.example.com", "192.0.2.1"}}
	now := time.Now()
	root, err := ca.CreateRootCACertificate(nil, now, testkeys.Key(a, 0), &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		return nil, err
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, testkeys.Key(a, 0), ca.IssuerOptions{})
	if err != nil {
		return nil, err
	}
	sub, err := ca.CreateSubCACertificate(nil, now, rootIssuer, testkeys.Key(a, 1).Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	if err != nil {
		return nil, err
	}
	j.root, j.sub = root.Certificate, sub.Certificate
	j.issuer, err = ca.NewIssuer(sub.CertificateChain, testkeys.Key(a, 1), ca.IssuerOptions{CRLBase: "http://pki.example.com/crl"})
	if err != nil {
		return nil, err
	}
	j.crlAddress = j.issuer.Describe().CrlUrl
	holder, err := x509der.NewSigner(testkeys.Key(a, 2))
	if err != nil {
		return nil, err
	}
	der, err := x509der.MarshalRequest(nil, holder, x509der.Name{x509der.Text(x509der.CommonName, "www.example.com")}, j.names)
	if err != nil {
		return nil, err
	}
	j.csr = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	j.dir, err = os.MkdirTemp("", "peers")
	return j, err
}

func (j *job) close() { os.RemoveAll(j.dir) }

// check issues one certificate and checks its chain, names and CRL URL.
func (j *job) check(issue func() (string, error)) error {
	text, err := issue()
	if err != nil {
		return err
	}
	opts := ca.VerifyOptions{Roots: j.root, Intermediates: j.sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}
	chain, err := ca.Verify(time.Now().Add(time.Minute), text, opts)
	if err != nil {
		return err
	}
	var names []string
	names = append(names, chain[0].DNSNames...)
	for _, ip := range chain[0].IPAddresses {
		names = append(names, ip.String())
	}
	if !slices.Equal(names, j.names) || chain[0].Subject.CommonName != j.names[0] || !slices.Equal(chain[0].CRLDistributionPoints, []string{j.crlAddress}) {
		return fmt.Errorf("the certificate has the common name %q, the names %q and the CRLs %q, want %q and %q",
			chain[0].Subject.CommonName, names, chain[0].CRLDistributionPoints, j.names, j.crlAddress)
	}
	return nil
}

// decode returns the DER of the first PEM block.
func decode(text string) ([]byte, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return block.Bytes, nil
}

func encode(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// serialNumber returns a random serial number of at most 18 bytes.
func serialNumber() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 143))
}

// peers are the rows of the table. The function that prepare returns issues one
// certificate. It is nil if the implementation does not support the algorithm.
var peers = []struct {
	name    string
	prepare func(*job) (issue func() (string, error), err error)
}{
	{"yuncert", (*job).yuncert},
	{"crypto/x509", (*job).standard},
	{"cloudflare/cfssl v1.6.5, local signer", (*job).cfssl},
	{"go.step.sm/crypto v0.91.1, x509util", (*job).step},
	{"emmansun/gmsm v0.44.1, smx509", (*job).smx509},
	{"tjfoc/gmsm v1.4.1, x509", (*job).tjfoc},
	{"openssl x509 -req, the whole process", (*job).openssl},
}

func (j *job) yuncert() (func() (string, error), error) {
	return func() (string, error) {
		resp, _, err := ca.CreateServerCertificateWithCsr(nil, time.Now(), j.issuer, &ca.CreateServerCertificateWithCsrRequest{
			Csr: j.csr, ParentIdentifier: j.issuer.Identifier(), Days: days, Immediately: 1, EnableCrl: 1,
		})
		if err != nil {
			return "", err
		}
		return resp.X509Certificate, nil
	}, nil
}

// parent returns the CA's certificate and key for crypto/x509, or nil for SM2.
func (j *job) parent() (*x509.Certificate, crypto.Signer, error) {
	if j.algorithm == algorithm.SM2_256 {
		return nil, nil, nil
	}
	der, err := decode(j.sub)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	der, err = decode(string(j.subKeyPEM))
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, nil, err
	}
	return cert, key.(crypto.Signer), nil
}

func (j *job) standard() (func() (string, error), error) {
	parent, key, err := j.parent()
	if parent == nil {
		return nil, err
	}
	return func() (string, error) {
		der, err := decode(j.csr)
		if err != nil {
			return "", err
		}
		request, err := x509.ParseCertificateRequest(der)
		if err != nil {
			return "", err
		}
		err = request.CheckSignature()
		if err != nil {
			return "", err
		}
		serial, err := serialNumber()
		if err != nil {
			return "", err
		}
		now := time.Now()
		der, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: serial, Subject: request.Subject, NotBefore: now, NotAfter: now.AddDate(0, 0, days),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
			DNSNames: request.DNSNames, IPAddresses: request.IPAddresses, CRLDistributionPoints: []string{j.crlAddress},
		}, parent, request.PublicKey, key)
		return encode(der), err
	}, nil
}

func (j *job) cfssl() (func() (string, error), error) {
	parent, key, err := j.parent()
	if parent == nil {
		return nil, err
	}
	cflog.Level = cflog.LevelError // otherwise cfssl prints a line for each certificate
	profile := config.DefaultConfig()
	profile.Usage = []string{"digital signature", "server auth"}
	profile.CRL, profile.Expiry, profile.ExpiryString = j.crlAddress, days*24*time.Hour, fmt.Sprintf("%dh", days*24)
	profile.NameWhitelist = regexp.MustCompile(".")
	s, err := local.NewSigner(key, parent, signer.DefaultSigAlgo(key), &config.Signing{Profiles: map[string]*config.SigningProfile{}, Default: profile})
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		text, err := s.Sign(signer.SignRequest{Request: j.csr})
		return string(text), err
	}, nil
}

func (j *job) step() (func() (string, error), error) {
	parent, key, err := j.parent()
	if parent == nil {
		return nil, err
	}
	return func() (string, error) {
		der, err := decode(j.csr)
		if err != nil {
			return "", err
		}
		request, err := x509.ParseCertificateRequest(der)
		if err != nil {
			return "", err
		}
		data := x509util.CreateTemplateData(request.Subject.CommonName, j.names)
		cert, err := x509util.NewCertificate(request, x509util.WithTemplate(x509util.DefaultLeafTemplate, data))
		if err != nil {
			return "", err
		}
		template, now := cert.GetCertificate(), time.Now()
		template.NotBefore, template.NotAfter, template.CRLDistributionPoints = now, now.AddDate(0, 0, days), []string{j.crlAddress}
		issued, err := x509util.CreateCertificate(template, parent, request.PublicKey, key)
		if err != nil {
			return "", err
		}
		return encode(issued.Raw), nil
	}, nil
}

func (j *job) smx509() (func() (string, error), error) {
	if j.algorithm != algorithm.SM2_256 {
		return nil, nil
	}
	parent, err := smx509.ParseCertificatePEM([]byte(j.sub))
	if err != nil {
		return nil, err
	}
	der, err := decode(string(j.subKeyPEM))
	if err != nil {
		return nil, err
	}
	key, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		request, err := smx509.ParseCertificateRequestPEM([]byte(j.csr))
		if err != nil {
			return "", err
		}
		err = request.CheckSignature()
		if err != nil {
			return "", err
		}
		serial, err := serialNumber()
		if err != nil {
			return "", err
		}
		now := time.Now()
		der, err := smx509.CreateCertificate(rand.Reader, &smx509.Certificate{
			SerialNumber: serial, Subject: request.Subject, NotBefore: now, NotAfter: now.AddDate(0, 0, days),
			KeyUsage: smx509.KeyUsageDigitalSignature, ExtKeyUsage: []smx509.ExtKeyUsage{smx509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
			DNSNames: request.DNSNames, IPAddresses: request.IPAddresses, CRLDistributionPoints: []string{j.crlAddress},
		}, parent, request.PublicKey, key)
		return encode(der), err
	}, nil
}

func (j *job) tjfoc() (func() (string, error), error) {
	if j.algorithm != algorithm.SM2_256 {
		return nil, nil
	}
	parent, err := tjx509.ReadCertificateFromPem([]byte(j.sub))
	if err != nil {
		return nil, err
	}
	key, err := tjfoc.ToPrivateKey(testkeys.Key(j.algorithm, 1))
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		request, err := tjx509.ReadCertificateRequestFromPem([]byte(j.csr))
		if err != nil {
			return "", err
		}
		err = request.CheckSignature()
		if err != nil {
			return "", err
		}
		point, ok := request.PublicKey.(*ecdsa.PublicKey)
		if !ok {
			return "", fmt.Errorf("the CSR's key is a %T", request.PublicKey)
		}
		serial, err := serialNumber()
		if err != nil {
			return "", err
		}
		now := time.Now()
		text, err := tjx509.CreateCertificateToPem(&tjx509.Certificate{
			SerialNumber: serial, Subject: request.Subject, NotBefore: now, NotAfter: now.AddDate(0, 0, days), SignatureAlgorithm: tjx509.SM2WithSM3,
			KeyUsage: tjx509.KeyUsageDigitalSignature, ExtKeyUsage: []tjx509.ExtKeyUsage{tjx509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
			DNSNames: request.DNSNames, IPAddresses: request.IPAddresses, CRLDistributionPoints: []string{j.crlAddress},
			//lint:ignore SA1019 tjfoc/gmsm has such keys
		}, parent, &tjsm2.PublicKey{Curve: tjsm2.P256Sm2(), X: point.X, Y: point.Y}, key)
		return string(text), err
	}, nil
}

func (j *job) openssl() (func() (string, error), error) {
	const extensions = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n" +
		"subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncrlDistributionPoints=URI:%s\n"
	for name, text := range map[string]string{
		"csr.pem": j.csr, "sub.pem": j.sub, "sub.key": string(j.subKeyPEM), "extensions.cnf": fmt.Sprintf(extensions, j.crlAddress),
	} {
		err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o600)
		if err != nil {
			return nil, err
		}
	}
	args := []string{"x509", "-req", "-in", "csr.pem", "-CA", "sub.pem", "-CAkey", "sub.key", "-days", fmt.Sprint(days),
		"-extfile", "extensions.cnf", "-copy_extensions", "copy", "-sha256"}
	if j.algorithm == algorithm.SM2_256 {
		args = append(args[:len(args)-1], "-sm3", "-sigopt", "distid:1234567812345678", "-vfyopt", "distid:1234567812345678")
	}
	return func() (string, error) {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = j.dir
		text, err := cmd.Output()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", fmt.Errorf("openssl: %s", failed.Stderr)
		}
		return string(text), err
	}, nil
}

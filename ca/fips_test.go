// Go has no FIPS 140-3 mode with this tag.
//
//go:build !purego

package ca_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// With GODEBUG=fips140=on everything works and gives the golden files. With
// GODEBUG=fips140=only some operations panic, because of the hashes they use.
// Each mode needs a process of its own.
func TestFIPS(t *testing.T) {
	t.Parallel()
	for mode, run := range map[string]string{
		"on":   "^(TestFIPSOperations|TestGolden)$",
		"only": "^TestFIPSOperations$",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			output, err := runWithFIPS(t, mode, run)
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			want := fmt.Sprintf("enabled true, enforced %t", mode == "only")
			if !strings.Contains(output, want) {
				t.Errorf("the output does not have %q:\n%s", want, output)
			}
		})
	}
}

// runWithFIPS runs tests of this package in a process with that mode. In a FIPS
// mode Go takes its randomness from the timing of the processor, which fails now
// and then on a busy machine. Then the process starts again.
func runWithFIPS(t *testing.T, mode, run string) (output string, err error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", run)
		cmd.Env = append(os.Environ(), "GODEBUG=fips140="+mode)
		var text []byte
		text, err = cmd.CombinedOutput()
		output = string(text)
		if err == nil || !strings.Contains(output, "failed to obtain initial entropy") {
			return output, err
		}
	}
	return output, err
}

// A fipsOperation is one row of TestFIPSOperations.
type fipsOperation struct {
	name    string
	call    fipsCall
	only    string // the panic with fips140=only
	onlySM2 string // the same for SM2
}

// A fipsCall calls an operation with keys of an algorithm and golden certificates.
type fipsCall func(a algorithm.Algorithm, root, sub, server string) error

// TestFIPSOperations tells what works in the mode that this process has.
func TestFIPSOperations(t *testing.T) {
	t.Parallel()
	t.Logf("FIPS 140-3 mode: enabled %t, enforced %t", fips140.Enabled(), fips140.Enforced())
	const none, md5, sha1, sm3 = "", "use of MD5", "use of SHA-1", "use of hash functions other than SHA-2"
	tests := []fipsOperation{
		{"CreateCsr", callCreateCsr, none, sm3},
		{"UploadCsr and GetCsrDetail", callArchive, none, sm3},
		{"CreateCdnCertificateSigningRequestWithKey", callCreateCdn, md5, md5},
		{"CreateRootCACertificate", callCreateRoot, md5, sm3},
		{"NewIssuer", callNewIssuer, md5, md5},
		{"NewOCSPResponder", callNewOCSPResponder, sha1, sha1},
		{"Verify", callVerify, none, none},
		// With fips140=only these stop at NewIssuer.
		{"CreateSubCACertificate", byRoot(func(a algorithm.Algorithm, root *ca.Issuer) error {
			_, err := ca.CreateSubCACertificate(rand.Reader, instant, root, key(a, 1).Public(), subRequest(a))
			return err
		}), md5, md5},
		{"CreateExternalCACertificate", byRoot(func(a algorithm.Algorithm, root *ca.Issuer) error {
			_, err := ca.CreateExternalCACertificate(rand.Reader, instant, root, externalRequest(t, a))
			return err
		}), md5, md5},
		{"CreateOCSPResponderCertificate", bySub(func(a algorithm.Algorithm, sub *ca.Issuer) error {
			_, err := ca.CreateOCSPResponderCertificate(rand.Reader, instant, sub, key(a, 2).Public(), responderRequest())
			return err
		}), md5, md5},
		{"CreateServerCertificateWithCsr", bySub(func(a algorithm.Algorithm, sub *ca.Issuer) error {
			_, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, instant, sub, serverRequest(sub, hostCSR(t, a, "www.example.com")))
			return err
		}), md5, md5},
		{"CreateCustomCertificate", bySub(func(a algorithm.Algorithm, sub *ca.Issuer) error {
			_, _, err := ca.CreateCustomCertificate(rand.Reader, instant, sub, customFor(sub, hostCSR(t, a, "www.example.com")))
			return err
		}), md5, md5},
	}
	for _, o := range fuzzedLeaves {
		tests = append(tests, fipsOperation{o.name, bySub(func(a algorithm.Algorithm, sub *ca.Issuer) error {
			_, _, err := o.call(rand.Reader, instant, sub, o.request(t, a, sub))
			return err
		}), md5, md5})
	}
	for _, tt := range tests {
		for _, a := range testkeys.Families {
			want := tt.only
			if a == algorithm.SM2_256 {
				want = tt.onlySM2
			}
			if !fips140.Enforced() {
				want = none
			}
			got, err := recovered(func() error {
				return tt.call(a, goldenPEM(t, a, "root"), goldenPEM(t, a, "sub"), goldenPEM(t, a, "server"))
			})
			if err != nil || (got == none) != (want == none) || !strings.Contains(got, want) {
				t.Errorf("%s with %s: error %v and panic %q, want panic %q", tt.name, a, err, got, want)
			}
		}
	}
}

// recovered calls f and returns its panic as text, or its error.
func recovered(f func() error) (panicked string, err error) {
	defer func() {
		if r := recover(); r != nil {
			panicked = fmt.Sprint(r)
		}
	}()
	return "", f()
}

// goldenPEM reads a certificate that TestGolden wrote: not every mode can make
// one.
func goldenPEM(t *testing.T, a algorithm.Algorithm, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", string(a)+"-"+name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func callCreateCsr(a algorithm.Algorithm, _, _, _ string) error {
	resp, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: a.Family(), KeySize: int32(a.KeySize()), CommonName: "www.example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return err
	}
	_, err = csr.Parse([]byte(resp.Csr))
	return err
}

// callArchive stores a private key with the only AES-GCM that fips140=only allows. With
// SM2 it fails before, when it creates the CSR.
func callArchive(a algorithm.Algorithm, _, _, _ string) error {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return err
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return err
	}
	made, err := csr.CreateCsrWithKey(rand.Reader, key(a, 2), &csr.CreateCsrRequest{
		Algorithm: a.Family(), KeySize: int32(a.KeySize()), CommonName: "www.example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return err
	}
	kept := archive.New(new(archive.MemoryStore), archive.Options{Sealer: sealer})
	uploaded, err := kept.UploadCsr(context.Background(), rand.Reader, instant, &archive.UploadCsrRequest{
		Csr: made.Csr, Key: string(testkeys.PEM(a, 2)),
	})
	if err != nil {
		return err
	}
	_, err = kept.GetCsrDetail(context.Background(), rand.Reader, &archive.GetCsrDetailRequest{CsrId: uploaded.CsrId})
	return err
}

func callCreateCdn(algorithm.Algorithm, string, string, string) error {
	_, err := csr.CreateCdnCertificateSigningRequestWithKey(rand.Reader, key(algorithm.RSA_2048, 2),
		&csr.CreateCdnCertificateSigningRequestRequest{
			CommonName: "www.example.com", Organization: "Example", OrganizationUnit: "IT", Country: "CN", State: "Zhejiang", City: "Hangzhou",
		})
	return err
}

func callCreateRoot(a algorithm.Algorithm, _, _, _ string) error {
	_, err := ca.CreateRootCACertificate(rand.Reader, instant, key(a, 0), rootRequest())
	return err
}

func callNewIssuer(a algorithm.Algorithm, root, sub, _ string) error {
	_, err := ca.NewIssuer(sub+root, key(a, 1), ca.IssuerOptions{})
	return err
}

func callNewOCSPResponder(a algorithm.Algorithm, root, sub, _ string) error {
	_, err := ca.NewOCSPResponder(sub+root, key(a, 1))
	return err
}

func callVerify(_ algorithm.Algorithm, root, sub, server string) error {
	_, err := ca.Verify(instant.Add(time.Hour), server, ca.VerifyOptions{
		Roots: root, Intermediates: sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth,
	})
	return err
}

// byRoot is a call of an operation that the root CA signs for.
func byRoot(call func(a algorithm.Algorithm, root *ca.Issuer) error) fipsCall {
	return func(a algorithm.Algorithm, root, _, _ string) error {
		issuer, err := ca.NewIssuer(root, key(a, 0), ca.IssuerOptions{})
		if err != nil {
			return err
		}
		return call(a, issuer)
	}
}

// bySub is a call of an operation that the subordinate CA signs for.
func bySub(call func(a algorithm.Algorithm, sub *ca.Issuer) error) fipsCall {
	return func(a algorithm.Algorithm, root, sub, _ string) error {
		issuer, err := ca.NewIssuer(sub+root, key(a, 1), ca.IssuerOptions{})
		if err != nil {
			return err
		}
		return call(a, issuer)
	}
}

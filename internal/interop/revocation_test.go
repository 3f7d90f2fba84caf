package interop

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A revocation is a server certificate with the keys that sign its status.
type revocation struct {
	*pki
	dir                                string
	subKey, responderKey               *algorithm.PrivateKey
	server, serverFile, responderChain string
	serialNumber                       string
}

// newRevocation issues a server certificate with a CRL distribution point, and a
// certificate for an OCSP responder. The CA is limited to extended key usages, if
// there are any.
func newRevocation(t *testing.T, a algorithm.Algorithm, usages ...string) *revocation {
	t.Helper()
	r := &revocation{pki: newPKI(t, a), dir: t.TempDir(), subKey: testkeys.Key(a, 1), responderKey: testkeys.Key(a, 2)}
	if len(usages) > 0 {
		r.limit(t, usages)
	}
	request := opensslCSR(t, opensslKey(t, r.dir, a))
	issued, _, err := ca.CreateServerCertificateWithCsr(r.rand, now, r.issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request, ParentIdentifier: r.issuer.Identifier(), Years: 28, EnableCrl: 1, Immediately: 1,
	})
	if err != nil {
		t.Fatalf("CreateServerCertificateWithCsr: %v", err)
	}
	r.server, r.serialNumber = issued.X509Certificate, issued.SerialNumber
	r.serverFile = write(t, r.dir, "server.pem", r.server)
	r.responderChain = r.responder(t, a, 28*365).CertificateChain
	return r
}

// limit replaces the CA by one of the same name and key that is limited to usages.
func (r *revocation) limit(t *testing.T, usages []string) {
	t.Helper()
	a := r.subKey.Algorithm()
	root, err := ca.NewIssuer(r.root, testkeys.Key(a, 0), ca.IssuerOptions{})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	resp, err := ca.CreateSubCACertificate(r.rand, now, root, r.subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "例子公司", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang",
		CountryCode: "CN", Algorithm: string(a), Years: 29, ExtendedKeyUsages: usages,
	})
	if err != nil {
		t.Fatalf("CreateSubCACertificate: %v", err)
	}
	r.sub, r.chain = resp.Certificate, resp.CertificateChain
	if r.issuer, err = ca.NewIssuer(r.chain, r.subKey, ca.IssuerOptions{CRLBase: crlBase}); err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	r.subFile, r.chainFile = write(t, r.dir, "sub.pem", r.sub), write(t, r.dir, "chain.pem", r.chain)
}

// list makes the CA's CRL: with or without the server certificate, complete or
// partitioned.
func (r *revocation) list(t *testing.T, revoked, partition bool) []byte {
	t.Helper()
	req := &ca.CreateRevocationListRequest{Number: big.NewInt(42), NextUpdate: later}
	if revoked {
		req.Revoked = ca.Revoked(ca.RevokedCertificate{
			SerialNumber: r.serialNumber, RevocationTime: now, Reason: ca.ReasonKeyCompromise, InvalidityDate: now.AddDate(0, 0, -1),
		})
	}
	if partition {
		req.DistributionPoint, req.OnlyContainsUserCerts = crlBase+"/"+r.issuer.Identifier()+".crl", true
	}
	return r.crl(t, req)
}

// respond answers an OCSP request as the CA or as a delegated responder.
func (r *revocation) respond(t *testing.T, request []byte, delegated, revoked bool) []byte {
	t.Helper()
	chain, key := r.chain, r.subKey
	if delegated {
		chain, key = r.responderChain, r.responderKey
	}
	responder, err := ca.NewOCSPResponder(chain, key)
	if err != nil {
		t.Fatalf("NewOCSPResponder: %v", err)
	}
	der, err := ca.RespondOCSP(r.rand, now, responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
		switch {
		case serialNumber != r.serialNumber:
			return ca.OCSPAnswer{}, nil
		case revoked:
			return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: now, Reason: ca.ReasonKeyCompromise, NextUpdate: later}, nil
		}
		return ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: later}, nil
	})
	if err != nil {
		t.Fatalf("RespondOCSP: %v", err)
	}
	return der
}

// checkSM2Signature verifies with openssl dgst the signature in a DER SEQUENCE of
// content, algorithm and signature. openssl crl and openssl ocsp have no option for
// the user ID and use the empty one.
func checkSM2Signature(t *testing.T, der []byte, certificateFile string) {
	t.Helper()
	var signed struct {
		Content   asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
		Rest      asn1.RawValue `asn1:"optional,tag:0"`
	}
	_, err := asn1.Unmarshal(der, &signed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	public := write(t, dir, "public.pem", must(t, "openssl", "x509", "-in", certificateFile, "-noout", "-pubkey"))
	signature := write(t, dir, "signature", string(signed.Signature.Bytes))
	for _, spoilt := range []bool{false, true} {
		content := signed.Content.FullBytes
		if spoilt {
			content = append(content[:len(content):len(content)], 0)
		}
		r := run(t, "", "openssl", "dgst", "-sm3", "-verify", public, "-sigopt", sm2ID, "-signature", signature, write(t, dir, "content", string(content)))
		if r.says("Verified OK") == spoilt {
			t.Errorf("content changed %v: %v", spoilt, r)
		}
	}
}

// basicResponse returns the BasicOCSPResponse in an OCSP response.
func basicResponse(t *testing.T, response []byte) []byte {
	t.Helper()
	var outer struct {
		Status   asn1.Enumerated
		Response struct {
			Type  asn1.ObjectIdentifier
			Bytes []byte
		} `asn1:"explicit,tag:0"`
	}
	_, err := asn1.Unmarshal(response, &outer)
	if err != nil {
		t.Fatal(err)
	}
	return outer.Response.Bytes
}

// openssl prints and verifies our CRLs, and refuses a certificate that one lists.
func TestOpenSSLRevocationList(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range caAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			r := newRevocation(t, a)
			for _, partition := range []bool{false, true} {
				revoked := r.list(t, true, partition)
				file := write(t, r.dir, "revoked.crl", string(revoked))
				text := must(t, "openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-text")
				wants := []string{"Version 2", "CRL Number", "42", "Serial Number: " + strings.ToUpper(r.serialNumber), "Key Compromise", "Invalidity Date", "Authority Key Identifier"}
				if partition {
					wants = append(wants, "Issuing Distribution Point: critical", "URI:"+crlBase, "Only User Certificates")
				}
				for _, want := range wants {
					if !strings.Contains(text, want) {
						t.Errorf("openssl crl -text does not print %q:\n%s", want, text)
					}
				}
				if a == algorithm.SM2_256 {
					checkSM2Signature(t, revoked, r.subFile)
					continue
				}
				check := run(t, "", "openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-verify", "-CAfile", r.subFile)
				if check.code != 0 || !check.says("verify OK") {
					t.Error(check)
				}
				revoked[len(revoked)-1] ^= 1
				check = run(t, "", "openssl", "crl", "-inform", "DER", "-in", write(t, r.dir, "spoilt.crl", string(revoked)), "-noout", "-verify", "-CAfile", r.subFile)
				if !check.says("verify failure") {
					t.Errorf("openssl does not refuse a CRL with a wrong signature: %v", check)
				}
				chain := []string{"-CAfile", r.rootFile, "-untrusted", r.subFile, "-crl_check"}
				for _, isRevoked := range []bool{false, true} {
					crl := write(t, r.dir, fmt.Sprintf("%v-%v.pem", partition, isRevoked), testutil.EncodePEM("X509 CRL", r.list(t, isRevoked, partition)))
					if isRevoked {
						refuses(t, "certificate revoked", r.serverFile, append(chain, "-CRLfile", crl)...)
					} else {
						verifies(t, r.serverFile, append(chain, "-CRLfile", crl)...)
					}
				}
			}
		})
	}
}

// openssl makes OCSP requests and verifies our responses.
func TestOpenSSLOCSP(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range caAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			r := newRevocation(t, a)
			for _, hash := range []string{"-sha1", "-sha256", "-sha384", "-sha512", "-sm3"} {
				requestFile := filepath.Join(r.dir, "request.der")
				must(t, "openssl", "ocsp", "-issuer", r.subFile, hash, "-cert", r.serverFile, "-reqout", requestFile)
				request := []byte(read(t, requestFile))
				for _, delegated := range []bool{false, true} {
					for _, revoked := range []bool{false, true} {
						r.checkOCSP(t, hash, requestFile, r.respond(t, request, delegated, revoked), delegated, revoked)
					}
				}
			}
			// This request names the root as issuer, so the certificate is not ours.
			requestFile := filepath.Join(r.dir, "foreign.der")
			must(t, "openssl", "ocsp", "-issuer", r.rootFile, "-cert", r.serverFile, "-reqout", requestFile)
			response := write(t, r.dir, "foreign-response.der", string(r.respond(t, []byte(read(t, requestFile)), true, false)))
			got := run(t, "", "openssl", "ocsp", "-respin", response, "-noverify")
			if !got.says("Responder Error: unauthorized (6)") {
				t.Error(got)
			}
		})
	}
}

// A CA for servers and clients only can have an OCSP responder: openssl, GnuTLS and
// Go accept its answers (Java does too: see TestJavaRevocation), and refuse them
// with a wrong signature.
func TestOCSPResponderOfLimitedCA(t *testing.T) {
	t.Parallel()
	need(t, "openssl", "ocsptool")
	for _, a := range caAlgorithms {
		if a == algorithm.SM2_256 { // none of them verifies it
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			r := newRevocation(t, a, "serverAuth", "clientAuth")
			requestFile := filepath.Join(r.dir, "request.der")
			must(t, "openssl", "ocsp", "-issuer", r.subFile, "-cert", r.serverFile, "-reqout", requestFile)
			request := []byte(read(t, requestFile))
			for _, revoked := range []bool{false, true} {
				response := r.respond(t, request, true, revoked)
				r.checkOCSP(t, "-sha1", requestFile, response, true, revoked)

				gnutls := func(response []byte) result {
					t.Helper()
					return run(t, "", "ocsptool", "--verify-response", "--load-trust", r.chainFile, "--load-response", write(t, r.dir, "response.der", string(response)))
				}
				verified := gnutls(response)
				want := "Certificate Status: " + map[bool]string{false: "good", true: "revoked"}[revoked]
				if verified.code != 0 || !verified.says("Verifying OCSP Response: Success") || !verified.says(want) {
					t.Errorf("ocsptool does not print %q: %v", want, verified)
				}

				server, issuer := parseCertificate(t, r.server), parseCertificate(t, r.sub)
				status, err := ocsp.ParseResponseForCert(response, server, issuer)
				if err != nil || (status.Status == ocsp.Revoked) != revoked {
					t.Errorf("revoked %v: x/crypto/ocsp: %+v, %v", revoked, status, err)
				}

				response[len(response)-1] ^= 1 // in the signature of the responder's certificate
				if spoilt := gnutls(response); spoilt.says("Verifying OCSP Response: Success") {
					t.Errorf("ocsptool does not refuse a wrong signature: %v", spoilt)
				}
				if _, err := ocsp.ParseResponseForCert(response, server, issuer); err == nil {
					t.Error("x/crypto/ocsp does not refuse a wrong signature")
				}
			}
		})
	}
}

// checkOCSP verifies a response with openssl.
func (r *revocation) checkOCSP(t *testing.T, hash, requestFile string, response []byte, delegated, revoked bool) {
	t.Helper()
	file := write(t, r.dir, "response.der", string(response))
	if r.subKey.Algorithm() == algorithm.SM2_256 {
		text := must(t, "openssl", "ocsp", "-respin", file, "-noverify", "-text")
		want := "Cert Status: good"
		if revoked {
			want = "Cert Status: revoked"
		}
		if !strings.Contains(text, want) || !strings.Contains(text, strings.ToUpper(r.serialNumber)) {
			t.Errorf("openssl ocsp -text does not print %q:\n%s", want, text)
		}
		certificate := r.subFile
		if delegated {
			certificate = write(t, r.dir, "responder.pem", r.responderChain)
		}
		checkSM2Signature(t, basicResponse(t, response), certificate)
		return
	}
	// Without -no_nonce, openssl adds a new nonce to the request that it reads.
	args := []string{"ocsp", "-no_nonce", "-reqin", requestFile, "-respin", file, "-issuer", r.subFile, hash, "-cert", r.serverFile, "-CAfile", r.chainFile, "-attime", attime}
	got := run(t, "", "openssl", args...)
	want := r.serverFile + ": good"
	if revoked {
		want = r.serverFile + ": revoked"
	}
	if got.code != 0 || !got.says("Response verify OK") || !got.says(want) || got.says("nonce") || got.says("Nonce") || got.says("WARNING") || revoked && !got.says("Reason: keyCompromise") {
		t.Errorf("delegated %v: openssl does not print %q, or prints a warning: %v", delegated, want, got)
	}
	spoilt := bytes.Clone(response)
	spoilt[len(spoilt)-1] ^= 1 // in the signature of the response or of the responder's certificate
	write(t, r.dir, "response.der", string(spoilt))
	got = run(t, "", "openssl", args...)
	if !got.says("Response Verify Failure") {
		t.Errorf("delegated %v: openssl does not refuse a wrong signature: %v", delegated, got)
	}
}

// Java's PKIX validator accepts and refuses certificates by our CRLs and OCSP
// responses. It has no SM2.
func TestJavaRevocation(t *testing.T) {
	t.Parallel()
	need(t, "java", "openssl")
	var lines, want []string
	for _, a := range caAlgorithms {
		if a == algorithm.SM2_256 {
			continue
		}
		r := newRevocation(t, a)
		add := func(kind, name string, der []byte, answer string) {
			seconds := now.Add(time.Hour).Unix()
			file := write(t, r.dir, name, string(der))
			lines = append(lines, fmt.Sprintln(seconds, kind, file, r.rootFile, r.subFile, r.serverFile))
			want = append(want, answer)
		}
		const valid, revoked = "valid", "invalid: REVOKED: Certificate has been revoked, reason: KEY_COMPROMISE, revocation date: Fri Jan 02 03:04:05 UTC 2026"
		answer := map[bool]string{false: valid, true: revoked}
		requestFile := filepath.Join(r.dir, "request.der")
		must(t, "openssl", "ocsp", "-issuer", r.subFile, "-cert", r.serverFile, "-no_nonce", "-reqout", requestFile)
		request := []byte(read(t, requestFile))
		for _, isRevoked := range []bool{false, true} {
			for _, partition := range []bool{false, true} {
				add("crl", fmt.Sprintf("%v-%v.crl", partition, isRevoked), r.list(t, isRevoked, partition), answer[isRevoked])
			}
			for _, delegated := range []bool{false, true} {
				add("ocsp", fmt.Sprintf("%v-%v.der", delegated, isRevoked), r.respond(t, request, delegated, isRevoked), answer[isRevoked])
			}
		}
		limited := newRevocation(t, a, "serverAuth", "clientAuth")
		must(t, "openssl", "ocsp", "-issuer", limited.subFile, "-cert", limited.serverFile, "-no_nonce", "-reqout", requestFile)
		for _, isRevoked := range []bool{false, true} {
			response := limited.respond(t, []byte(read(t, requestFile)), true, isRevoked)
			file := write(t, limited.dir, fmt.Sprintf("limited-%v.der", isRevoked), string(response))
			lines = append(lines, fmt.Sprintln(now.Add(time.Hour).Unix(), "ocsp", file, limited.rootFile, limited.subFile, limited.serverFile))
			want = append(want, answer[isRevoked])
		}
		// A CRL with a wrong signature is not tested: Java would fetch another one.
		spoilt := r.respond(t, request, false, false)
		spoilt[len(spoilt)-1] ^= 1
		add("ocsp", "spoilt.der", spoilt, "invalid: UNSPECIFIED: Error verifying OCSP Response's signature")
	}
	r := run(t, strings.Join(lines, ""), "java", append(javaOptions, "testdata/Revocation.java")...)
	if r.code != 0 {
		t.Fatal(r)
	}
	got := strings.Split(strings.TrimSpace(r.stdout), "\n")
	for i := range got { // the rest of the line has the issuer's name
		got[i], _, _ = strings.Cut(got[i], ", authority:")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

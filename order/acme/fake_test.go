package acme_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order/acme"
)

const (
	base      = "https://ca.test"
	directory = base + "/dir"
	account   = base + "/account/1"
	reference = base + "/order/1"
)

// accountKey is the key of the account, and leafKey the key of certificates.
var accountKey, leafKey = testkeys.Key(algorithm.ECC_256, 0), testkeys.Key(algorithm.ECC_256, 1)

// A fakeCA is a CA without a network. It has one order. A test replaces single answers.
// Pebble judges the signatures of requests, in internal/interop.
type fakeCA struct {
	mu      sync.Mutex
	replace map[string]http.HandlerFunc // by path
	log     []string                    // requests other than of the directory and of nonces
	count   int                         // of all requests

	order      object
	authzs     []object
	csr        []byte
	chain      string
	revoked    []byte
	registered object // the payload of newAccount
	applied    object // the payload of newOrder
}

// An object is a JSON object.
type object = map[string]any

// newFakeCA returns a CA whose order has an authorization for each name.
func newFakeCA(names ...string) *fakeCA {
	f := &fakeCA{replace: make(map[string]http.HandlerFunc)}
	f.order = object{"status": "pending", "finalize": base + "/finalize/1", "identifiers": []object{}}
	var urls []string
	for i, name := range names {
		domain, isWildcard := strings.CutPrefix(name, "*.")
		challenges := []object{{"type": "tls-alpn-01", "url": base + "/challenge/none", "status": "pending", "token": "none"}}
		for _, kind := range []string{"http-01", "dns-01"} {
			if kind == "http-01" && isWildcard {
				continue
			}
			challenges = append(challenges, object{"type": kind, "url": fmt.Sprintf("%s/challenge/%d", base, i), "status": "pending", "token": token(i)})
		}
		f.authzs = append(f.authzs, object{"status": "pending", "identifier": object{"type": "dns", "value": domain}, "wildcard": isWildcard, "challenges": challenges})
		urls = append(urls, fmt.Sprintf("%s/authz/%d", base, i))
	}
	f.order["authorizations"] = urls
	return f
}

// token is the token of an authorization's challenges.
func token(i int) string { return fmt.Sprintf("token-%d_%s", i, strings.Repeat("A", 40)) }

// text is what the applicant places for a token.
func text(validateType, token string) string {
	public := accountKey.Public().(*ecdsa.PublicKey)
	point, err := public.Bytes()
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	jwk := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, encode(point[1:33]), encode(point[33:])) // RFC 7638, section 3.2
	thumbprint := sha256.Sum256([]byte(jwk))
	content := token + "." + encode(thumbprint[:])
	if validateType == "FILE" {
		return content
	}
	digest := sha256.Sum256([]byte(content))
	return encode(digest[:])
}

// RoundTrip implements [http.RoundTripper].
func (f *fakeCA) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if req.URL.Host == "unreachable.test" {
		return nil, errors.New("no route to host")
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, req)
	return w.Result(), nil
}

// ServeHTTP implements [http.Handler].
func (f *fakeCA) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var jws struct{ Protected, Payload string }
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		json.Unmarshal(body, &jws)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	if req.URL.Path != "/dir" && req.URL.Path != "/nonce" {
		f.log = append(f.log, strings.TrimSpace(req.Method+" "+req.URL.Path+" "+string(payload[:min(len(payload), 20)])))
	}
	f.count++
	if req.URL.Path != "/dir" {
		w.Header().Set("Replay-Nonce", "nonce-"+strconv.Itoa(f.count))
	}
	if answer := f.replace[req.URL.Path]; answer != nil {
		answer(w, req)
		return
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	n, _ := strconv.Atoi(id)
	switch kind {
	case "dir":
		reply(w, 200, object{"newNonce": base + "/nonce", "newAccount": base + "/register", "newOrder": base + "/apply", "revokeCert": base + "/revoke", "renewalInfo": base + "/ari"})
	case "nonce":
	case "register":
		json.Unmarshal(payload, &f.registered)
		w.Header().Set("Location", account)
		reply(w, 201, object{"status": "valid"})
	case "apply":
		json.Unmarshal(payload, &f.applied)
		w.Header().Set("Location", reference)
		reply(w, 201, f.order)
	case "order":
		reply(w, 200, f.order)
	case "authz":
		reply(w, 200, f.authzs[n])
	case "challenge":
		f.prove(n)
		reply(w, 200, object{"type": "dns-01", "url": base + req.URL.Path, "status": "processing", "token": token(n)})
	case "finalize":
		var request struct{ CSR string }
		json.Unmarshal(payload, &request)
		f.csr, _ = base64.RawURLEncoding.DecodeString(request.CSR)
		f.order["status"], f.order["certificate"] = "valid", base+"/cert/1"
		f.chain = certify(f.csr)
		reply(w, 200, object{"status": "processing", "finalize": base + "/finalize/1"})
	case "cert":
		w.Header().Set("Link", `<`+base+`/cert/other>;rel="alternate"`)
		io.WriteString(w, f.chain)
	case "revoke":
		var request struct{ Certificate string }
		json.Unmarshal(payload, &request)
		f.revoked, _ = base64.RawURLEncoding.DecodeString(request.Certificate)
	default:
		http.NotFound(w, req)
	}
}

// prove makes an authorization valid, and the order ready after the last one.
func (f *fakeCA) prove(n int) {
	f.authzs[n]["status"] = "valid"
	for _, z := range f.authzs {
		if z["status"] != "valid" {
			return
		}
	}
	f.order["status"] = "ready"
}

// reply writes JSON.
func reply(w http.ResponseWriter, status int, value any) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

// problem answers with a problem document, whose further members are pairs.
func problem(status int, kind, detail string, members ...any) http.HandlerFunc {
	document := object{"type": "urn:ietf:params:acme:error:" + kind, "detail": detail}
	for i := 0; i < len(members); i += 2 {
		document[members[i].(string)] = members[i+1]
	}
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, document) }
}

// answer answers with a text.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// authority returns a new Authority of the CA.
func (f *fakeCA) authority() *acme.Authority {
	return &acme.Authority{Directory: directory, Key: accountKey, Account: account, Client: &http.Client{Transport: f}}
}

// requests returns the log since the last call.
func (f *fakeCA) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.log
	f.log = nil
	return log
}

// issuer signs what the fake CA issues.
var issuer = &x509.Certificate{
	SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fake CA"}, SubjectKeyId: []byte{0xfb, 0xff, 3, 4}, IsCA: true, BasicConstraintsValid: true,
	NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(4e9, 0),
}

// certify returns a chain for the key of a CSR: a certificate and its issuer's.
func certify(csr []byte) string {
	req, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return ""
	}
	return certificate(big.NewInt(0x87654321), req.PublicKey) + sign(issuer, accountKey.Public())
}

// certificate returns a certificate for www.example.com in PEM.
func certificate(serial *big.Int, public any) string {
	return sign(&x509.Certificate{
		SerialNumber: serial, NotBefore: issuer.NotBefore, NotAfter: issuer.NotAfter,
		DNSNames: []string{"www.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, public)
}

// sign returns a certificate of the issuer in PEM.
func sign(template *x509.Certificate, public any) string {
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public, accountKey)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// newCSR returns a CSR of a key in DER.
func newCSR(t testing.TB, key *algorithm.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"www.example.com"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// window is a RenewalInfo.
func window(start, end string) string {
	return fmt.Sprintf(`{"suggestedWindow":{"start":%q,"end":%q}}`, start, end)
}

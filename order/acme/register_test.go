package acme_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
)

const macKey = "c2VjcmV0IGtleSBvZiB0aGUgY3VzdG9tZXI_" // base64url

func TestRegister(t *testing.T) {
	t.Parallel()
	const terms = `{"newNonce":"` + base + `/nonce","newAccount":"` + base + `/register","newOrder":"x","meta":{"termsOfService":"https://ca.test/\nterms"}}`
	const external = `{"newNonce":"` + base + `/nonce","newAccount":"` + base + `/register","newOrder":"x","meta":{"externalAccountRequired":true}}`
	customer := &acme.ExternalAccount{KeyID: "customer 1", HMACKey: macKey}
	tests := []struct {
		name      string
		directory string // empty for the usual one
		contacts  []string
		accept    bool
		external  *acme.ExternalAccount
		sent      object
		text      string // of the error
	}{
		{"no terms", "", nil, false, nil, object{}, ""},
		{"terms accepted", terms, []string{"ops@example.com", "mailto:pki@example.com"}, true, nil,
			object{"termsOfServiceAgreed": true, "contact": []any{"mailto:ops@example.com", "mailto:pki@example.com"}}, ""},
		{"terms not accepted", terms, nil, false, nil, nil, "the CA has terms of service at https://ca.test/ terms: read them, and set acceptTerms"},
		{"external account", external, nil, false, customer, object{}, ""},
		{"external account, padded key", external, nil, false, &acme.ExternalAccount{KeyID: "customer 1", HMACKey: macKey + "=="}, object{}, ""},
		{"a directory of something else", `{"name":"shop"}`, nil, false, nil, nil, "the field Directory of the acme.Authority is not the URL of a CA's directory: "},
		{"a page", "<html>", nil, false, nil, nil, "is not the URL of a CA's directory: invalid character '<'"},
		{"no external account", external, nil, false, nil, nil, "the CA only accepts its own customers: get a key ID and an HMAC key"},
		{"no key ID", external, nil, false, &acme.ExternalAccount{HMACKey: macKey}, nil, "the ExternalAccount needs a KeyID, and an HMACKey in base64url"},
		{"no HMAC key", external, nil, false, &acme.ExternalAccount{KeyID: "customer 1"}, nil, "the ExternalAccount needs a KeyID, and an HMACKey"},
		{"HMAC key that is not base64url", external, nil, false, &acme.ExternalAccount{KeyID: "customer 1", HMACKey: "secret/secret"}, nil, "an HMACKey in base64url: copy both from the CA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA()
			if tt.directory != "" {
				f.replace["/dir"] = answer(200, tt.directory)
			}
			a := f.authority()
			a.Account = ""
			got, err := a.Register(t.Context(), tt.contacts, tt.accept, tt.external)
			if tt.text != "" {
				if got != "" || err == nil || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "secret") || f.registered != nil {
					t.Fatalf("Register: %q, %v; want an error with %q", got, err, tt.text)
				}
				checkText(t, err.Error())
				return
			}
			if err != nil || got != account {
				t.Fatalf("Register: %q, %v", got, err)
			}
			if tt.external != nil {
				checkBinding(t, f.registered["externalAccountBinding"])
				delete(f.registered, "externalAccountBinding")
			}
			if diff := cmp.Diff(tt.sent, f.registered); diff != "" {
				t.Errorf("newAccount (-want +got):\n%s", diff)
			}
		})
	}
}

// checkBinding verifies an External Account Binding (RFC 8555, section 7.3.4).
func checkBinding(t *testing.T, binding any) {
	t.Helper()
	encoded, _ := json.Marshal(binding)
	var jws struct{ Protected, Payload, Signature string }
	if err := json.Unmarshal(encoded, &jws); err != nil {
		t.Fatal(err)
	}
	key, err := base64.RawURLEncoding.DecodeString(macKey)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(jws.Protected + "." + jws.Payload))
	header, _ := base64.RawURLEncoding.DecodeString(jws.Protected)
	want := `{"alg":"HS256","kid":"customer 1","url":"` + base + `/register"}`
	if string(header) != want || jws.Signature != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) {
		t.Errorf("the binding has the header %s, want %s; or another HMAC", header, want)
	}
}

// An account that exists is found by its key, whatever Account says.
func TestRegisterAgain(t *testing.T) {
	t.Parallel()
	f := newFakeCA()
	f.replace["/register"] = answer(200, `{"status":"valid"}`, "Location", account)
	a := f.authority()
	a.Account = "https://ca.test/account/wrong"
	if got, err := a.Register(t.Context(), nil, true, nil); err != nil || got != account {
		t.Errorf("Register: %q, %v", got, err)
	}
}

// Each field is checked before the first request.
func TestFields(t *testing.T) {
	t.Parallel()
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var none *algorithm.PrivateKey
	tests := []struct {
		name   string
		change func(*acme.Authority)
		text   string
	}{
		{"no Account", func(a *acme.Authority) { a.Account = "" }, "the field Account of the acme.Authority is empty: set it to the URL that Register returned"},
		{"no Key", func(a *acme.Authority) { a.Key = nil }, "the field Key of the acme.Authority is nil"},
		{"a nil pointer", func(a *acme.Authority) { a.Key = none }, "the field Key of the acme.Authority is nil"},
		{"SM2", func(a *acme.Authority) { a.Key = testkeys.Key(algorithm.SM2_256, 0) }, "unsupported algorithm: want RSA, or ECC on P-256, P-384 or P-521"},
		{"Ed25519", func(a *acme.Authority) { a.Key = ed25519.NewKeyFromSeed(make([]byte, 32)) }, "unsupported algorithm"},
		{"P-224", func(a *acme.Authority) { a.Key = p224 }, "unsupported algorithm"},
		{"no Directory", func(a *acme.Authority) { a.Directory = "" }, "the field Directory of the acme.Authority is empty"},
		{"no URL", func(a *acme.Authority) { a.Directory = "https://ca.test:port" }, "the field Directory of the acme.Authority is not a URL"},
		{"http", func(a *acme.Authority) { a.Directory = "http://ca.test/dir" }, `the field Directory of the acme.Authority: the URL "http://ca.test/dir" does not begin with https://`},
		{"a path", func(a *acme.Authority) { a.Directory = "/dir" }, `the URL "/dir" does not begin with https://`},
		{"a password", func(a *acme.Authority) { a.Directory = "http://tom:secret@ca.test/dir" }, `the URL "http://tom:xxxxx@ca.test/dir" does not begin`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, step := range steps {
				if strings.Contains(tt.name, "Account") && (step.name == "Register" || step.name == "RenewAfter") ||
					!strings.Contains(tt.text, "Directory") && !strings.Contains(tt.text, "https") && step.name == "RenewAfter" {
					continue // they do not need the field
				}
				f := newFakeCA("www.example.com")
				a := f.authority()
				tt.change(a)
				err := step.call(t.Context(), f, a)
				if err == nil || !strings.Contains(err.Error(), tt.text) || f.count > 0 {
					t.Errorf("%s: %v after %d requests, want %q", step.name, err, f.count, tt.text)
				}
			}
		})
	}
	for _, call := range []func(a *acme.Authority) error{
		func(a *acme.Authority) error {
			_, _, err := a.Begin(t.Context(), []string{"www.example.com"}, "dns")
			return err
		},
		func(a *acme.Authority) error {
			_, err := a.Prove(t.Context(), reference, "dns", order.Proof{})
			return err
		},
	} {
		if err := call(newFakeCA("www.example.com").authority()); err == nil || err.Error() != `the validateType "dns" is not DNS or FILE` {
			t.Errorf("validateType in small letters: %v", err)
		}
	}
	for _, text := range []string{"", "certificate", testutil.EncodePEM("PRIVATE KEY", nil)} {
		f := newFakeCA()
		err := f.authority().Revoke(t.Context(), text)
		if err == nil || !strings.Contains(err.Error(), "the text is not a certificate in PEM") || f.count > 0 {
			t.Errorf("Revoke %q: %v", text, err)
		}
	}
}

// Every kind of key signs, also one in a device.
func TestKeys(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512} {
		for _, key := range []crypto.Signer{testkeys.Key(a, 0), testutil.Opaque(testkeys.Key(a, 0)), testutil.MessageOpaque(testkeys.Key(a, 0))} {
			f := newFakeCA("www.example.com")
			authority := f.authority()
			authority.Key = key
			if _, _, err := authority.Begin(t.Context(), []string{"www.example.com"}, "DNS"); err != nil {
				t.Errorf("%s as %T: %v", a, key, err)
			}
		}
	}
	f := newFakeCA("www.example.com")
	authority := f.authority()
	authority.Key = testutil.Failing(accountKey.Public())
	if err := steps[0].call(t.Context(), f, authority); !errors.Is(err, testutil.ErrSigner) {
		t.Errorf("a device that fails: %v", err)
	}
}

// A directory on loopback may use http, and then the CA too. Its other URLs may not.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, ok := range map[string]bool{"127.0.0.1:14000": true, "[::1]:14000": true, "localhost": true, "192.0.2.1": false, "localhost.example.com": false} {
		f := newFakeCA("www.example.com")
		f.replace["/dir"] = answer(200, `{"newNonce":"http://`+host+`/nonce","newOrder":"https://ca.test/apply"}`)
		a := f.authority()
		a.Directory = "http://127.0.0.1/dir"
		if err := steps[0].call(t.Context(), f, a); (err == nil) != ok {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestRenewAfter(t *testing.T) {
	t.Parallel()
	const start, end = "2000-02-01T00:00:00+08:00", "2000-02-03T00:00:00+08:00"
	text := certificate(big.NewInt(0x87654321), leafKey.Public())
	tests := []struct {
		name   string
		change func(*fakeCA)
		window [2]string // empty if the CA suggests none
		again  time.Duration
	}{
		{"a window", func(f *fakeCA) { f.replace["/ari/"+renewalID] = answer(200, window(start, end)) }, [2]string{start, end}, 6 * time.Hour},
		{"a slash at the end", func(f *fakeCA) {
			f.replace["/dir"] = answer(200, `{"renewalInfo":"`+base+`/ari/"}`)
			f.replace["/ari/"+renewalID] = answer(200, window(start, end))
		}, [2]string{start, end}, 6 * time.Hour},
		{"in the past", func(f *fakeCA) {
			f.replace["/ari/"+renewalID] = answer(200, window("1999-01-01T00:00:00Z", "1999-01-02T00:00:00Z"))
		}, [2]string{"1999-01-01T00:00:00Z", "1999-01-02T00:00:00Z"}, 6 * time.Hour},
		{"a nanosecond", func(f *fakeCA) {
			f.replace["/ari/"+renewalID] = answer(200, window("2000-02-01T00:00:00Z", "2000-02-01T00:00:00.000000001Z"))
		}, [2]string{"2000-02-01T00:00:00Z", "2000-02-01T00:00:00.000000001Z"}, 6 * time.Hour},
		{"ten thousand years", func(f *fakeCA) {
			f.replace["/ari/"+renewalID] = answer(200, window("0000-01-01T00:00:00Z", "9999-01-01T00:00:00Z"))
		}, [2]string{"0000-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}, 6 * time.Hour},
		{"an hour", func(f *fakeCA) { f.replace["/ari/"+renewalID] = answer(200, window(start, end), "Retry-After", "3600") }, [2]string{start, end}, time.Hour},
		{"at once", func(f *fakeCA) { f.replace["/ari/"+renewalID] = answer(200, window(start, end), "Retry-After", "0") }, [2]string{start, end}, time.Minute},
		{"a year", func(f *fakeCA) {
			f.replace["/ari/"+renewalID] = answer(200, window(start, end), "Retry-After", "31536000")
		}, [2]string{start, end}, 24 * time.Hour},
		{"no ARI", func(f *fakeCA) { f.replace["/dir"] = answer(200, `{}`) }, [2]string{}, 24 * time.Hour},
		{"an unknown certificate", func(*fakeCA) {}, [2]string{}, 6 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeCA()
				tt.change(f)
				a := f.authority()
				a.Key, a.Account = nil, "" // not needed
				at, again, err := a.RenewAfter(t.Context(), text)
				if want := time.Now().Add(tt.again).UTC(); err != nil || again != want {
					t.Fatalf("RenewAfter: again %v, want %v; %v", again, want, err)
				}
				if tt.window[0] == "" {
					if !at.IsZero() {
						t.Errorf("RenewAfter: at %v, want none", at)
					}
					return
				}
				from, _ := time.Parse(time.RFC3339, tt.window[0])
				to, _ := time.Parse(time.RFC3339, tt.window[1])
				if at.Before(from) || !at.Before(to) || at.Location() != time.UTC {
					t.Errorf("RenewAfter: at %v, want UTC between %v and %v", at, from, to)
				}
				if next, _, err := f.authority().RenewAfter(t.Context(), text); err != nil || next != at {
					t.Errorf("RenewAfter: %v, and then %v, %v", at, next, err)
				}
			})
		})
	}
}

// Two certificates get two points of one window.
func TestRenewAfterSpreads(t *testing.T) {
	t.Parallel()
	seen := make(map[time.Time]bool)
	for n := range int64(20) {
		f := newFakeCA()
		f.replace["/dir"] = answer(200, `{"renewalInfo":"`+base+`/cert"}`)
		f.chain = window("2000-02-01T00:00:00Z", "2000-02-03T00:00:00Z")
		at, _, err := f.authority().RenewAfter(t.Context(), certificate(big.NewInt(n+1), leafKey.Public()))
		if err != nil {
			t.Fatal(err)
		}
		seen[at.Truncate(time.Hour)] = true
	}
	if len(seen) < 10 {
		t.Errorf("twenty certificates are renewed in %d hours of 48", len(seen))
	}
}

func TestRenewAfterCertificates(t *testing.T) {
	t.Parallel()
	ours := certDER(t, certificate(big.NewInt(1), leafKey.Public()))
	noKeyID := bytes.Replace(ours, []byte{0x55, 0x1d, 0x23}, []byte{0x55, 0x1d, 0x7f}, 1) // another extension
	for text, want := range map[string]string{
		"": "the text is not a certificate in PEM", testutil.EncodePEM("CERTIFICATE", []byte("no")): "the certificate cannot be parsed",
		testutil.EncodePEM("CERTIFICATE", noKeyID): "the certificate has no authority key identifier",
	} {
		if _, _, err := newFakeCA().authority().RenewAfter(t.Context(), text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("RenewAfter: %v, want %q", err, want)
		}
	}
}

func certDER(t *testing.T, text string) []byte { return testutil.DecodePEM(t, "CERTIFICATE", text) }

func TestPrint(t *testing.T) {
	t.Parallel()
	a := newFakeCA().authority()
	const want = `CA with directory "https://ca.test/dir", account "https://ca.test/account/1"`
	for _, got := range []string{a.String(), fmt.Sprint(a), fmt.Sprintf("%#v", *a), fmt.Sprintf("%+v", a)} {
		if got != want {
			t.Errorf("it prints %s, want %s", got, want)
		}
	}
	e := acme.ExternalAccount{KeyID: "customer 1", HMACKey: macKey}
	for _, got := range []string{e.String(), fmt.Sprint(&e), fmt.Sprintf("%#v", e)} {
		if got != `external account "customer 1"` {
			t.Errorf("it prints %s", got)
		}
	}
	encoded, err := json.Marshal([]any{a, e})
	if err != nil || strings.Contains(string(encoded), macKey) || strings.Contains(string(encoded), "Key\"") {
		t.Errorf("JSON: %s, %v", encoded, err)
	}
}

// Without a Client, requests go through the default transport, and end after 30 seconds.
func TestDefaultClient(t *testing.T) {
	t.Parallel()
	a := &acme.Authority{Directory: "https://127.0.0.1:1/dir", Key: accountKey, Account: account}
	if _, err := a.Register(t.Context(), nil, true, nil); err == nil {
		t.Error("Register reaches a closed port")
	} else if _, ok := errors.AsType[*order.Unavailable](err); !ok {
		t.Errorf("Register: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		a := newFakeCA().authority()
		a.Client = &http.Client{Timeout: time.Minute, Transport: hanging{}}
		start := time.Now()
		_, err := a.Register(t.Context(), nil, true, nil)
		if _, ok := errors.AsType[*order.Unavailable](err); !ok || time.Since(start) != time.Minute {
			t.Errorf("Register: %v after %v; want an Unavailable after the Client's Timeout", err, time.Since(start))
		}
	})
}

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

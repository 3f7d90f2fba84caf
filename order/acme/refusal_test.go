package acme_test

import (
	"context"
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
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
)

// Each answer is final, and the applicant reads its reason.
func TestRefusals(t *testing.T) {
	t.Parallel()
	subproblems := []object{
		{"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "on a list", "identifier": object{"type": "dns", "value": "a.example.com"}},
		{"type": "urn:ietf:params:acme:error:caa", "identifier": object{"type": "dns", "value": "b.example.com"}},
	}
	failed := func(status string, c object) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, object{"status": status, "identifier": object{"type": "dns", "value": "www.example.com"}, "challenges": []object{c}})
		}
	}
	wrong := object{"type": "urn:ietf:params:acme:error:unauthorized", "detail": "Incorrect TXT record\u202e \"abc\"\nfound\u0000 \u0085at"}
	invalid := object{"type": "dns-01", "url": base + "/challenge/0", "status": "invalid", "token": token(0), "error": wrong}
	const incorrect = `www.example.com: unauthorized: Incorrect TXT record "abc" found at`
	withOrder := func(members object) func(*fakeCA) {
		return func(f *fakeCA) {
			for k, v := range members {
				f.order[k] = v
			}
		}
	}
	replaced := func(path string, h http.HandlerFunc) func(*fakeCA) { return func(f *fakeCA) { f.replace[path] = h } }
	tests := []struct {
		name, step string
		change     func(*fakeCA)
		reason     string
	}{
		{"malformed", "Begin", replaced("/apply", problem(400, "malformed", "Domain name is not acceptable")), "malformed: Domain name is not acceptable"},
		{"rejectedIdentifier", "Begin", replaced("/apply", problem(403, "rejectedIdentifier", "on a list")), "rejectedIdentifier: on a list"},
		{"unsupportedIdentifier", "Begin", replaced("/apply", problem(400, "unsupportedIdentifier", "")), "unsupportedIdentifier"},
		{"caa", "Begin", replaced("/apply", problem(403, "caa", "CAA forbids it")), "caa: CAA forbids it"},
		{"dns", "Begin", replaced("/apply", problem(400, "dns", "SERVFAIL")), "dns: SERVFAIL"},
		{"connection", "Begin", replaced("/apply", problem(400, "connection", "refused")), "connection: refused"},
		{"tls", "Begin", replaced("/apply", problem(400, "tls", "handshake")), "tls: handshake"},
		{"another prefix", "Begin", replaced("/apply", problem(400, "x:y:MALFORMED", "no")), "MALFORMED: no"},
		{"subproblems", "Begin", replaced("/apply", problem(403, "compound", "Some names are refused", "subproblems", subproblems)),
			"compound: Some names are refused; a.example.com: on a list; b.example.com: caa"},
		{"a long detail", "Begin", replaced("/apply", problem(400, "malformed", strings.Repeat("云", 1000))), "malformed: " + strings.Repeat("云", 163)},
		{"a thousand subproblems", "Begin", replaced("/apply", problem(400, "malformed", "no", "subproblems", make([]object, 1000))), "malformed: no" + strings.TrimSuffix(strings.Repeat("; ", 10), " ")},
		{"no http-01", "Begin, FILE", func(f *fakeCA) { f.authzs = newFakeCA("*.example.com").authzs },
			"the CA does not accept a proof of the kind http-01 for *.example.com; it accepts tls-alpn-01, dns-01"},
		{"invalid at once", "Begin", withOrder(object{"status": "invalid"}), "the CA ended the order and gives no reason; it may have expired"},

		{"a failed proof", "Prove", replaced("/authz/0", failed("invalid", invalid)), incorrect},
		{"a failed proof of an invalid order", "Prove", func(f *fakeCA) {
			f.order["status"], f.replace["/authz/0"] = "invalid", failed("invalid", invalid)
			f.order["error"] = object{"type": "urn:ietf:params:acme:error:unauthorized", "detail": "Some proof failed"}
		}, incorrect},
		{"a proof that fails at once", "Prove", func(f *fakeCA) {
			f.replace["/challenge/0"] = func(w http.ResponseWriter, _ *http.Request) {
				f.replace["/authz/0"] = failed("invalid", invalid)
				reply(w, 200, invalid)
			}
		}, incorrect},
		{"a proof that fails while another process asks", "Prove", func(f *fakeCA) {
			f.replace["/challenge/0"] = func(w http.ResponseWriter, req *http.Request) {
				f.replace["/authz/0"] = failed("invalid", invalid)
				problem(400, "malformed", "the challenge is not pending")(w, req)
			}
		}, incorrect},
		{"an expired authorization", "Prove", replaced("/authz/0", failed("expired", object{"type": "dns-01"})), "www.example.com: the authorization is expired, and the CA gives no reason"},
		{"an invalid order", "Prove", withOrder(object{"status": "invalid", "error": object{"detail": "the order expired"}}), "the order expired"},
		{"an invalid order of a CA that fails then", "Prove", func(f *fakeCA) {
			f.order["status"], f.order["error"], f.replace["/authz/0"] = "invalid", object{"detail": "the order expired"}, answer(503, "")
		}, "the order expired"},
		{"a forgotten order", "Prove", replaced("/order/1", problem(404, "malformed", "No order for ID 1")),
			"the CA has no such order: it expired, or another account placed it: malformed: No order for ID 1"},
		{"a forgotten authorization", "Prove", replaced("/authz/0", problem(404, "malformed", "Expired authorization")),
			"the CA has no such authorization: it expired: malformed: Expired authorization"},

		{"an invalid order", "Obtain", func(f *fakeCA) {
			f.prove(0)
			f.order["status"], f.order["error"] = "invalid", object{"type": "urn:ietf:params:acme:error:caa", "detail": "CAA changed"}
		}, "caa: CAA changed"},
		{"badCSR", "Obtain, ready", replaced("/finalize/1", problem(400, "badCSR", "the key is weak")), "badCSR: the key is weak"},
		{"badPublicKey", "Obtain, ready", replaced("/finalize/1", problem(400, "badPublicKey", "the key is known")), "badPublicKey: the key is known"},
		{"malformed CSR", "Obtain, ready", replaced("/finalize/1", problem(400, "malformed", "no CSR")), "malformed: no CSR"},
		{"a name refused late", "Obtain, ready", replaced("/finalize/1", problem(403, "rejectedIdentifier", "on a list")), "rejectedIdentifier: on a list"},
		{"a CSR whose refusal ends the order", "Obtain, ready", func(f *fakeCA) {
			f.replace["/finalize/1"] = func(w http.ResponseWriter, req *http.Request) {
				f.order["status"] = "invalid"
				problem(403, "caa", "CAA changed")(w, req)
			}
		}, "the CA ended the order and gives no reason; it may have expired"},
		{"another key", "Obtain", func(f *fakeCA) {
			f.prove(0)
			f.order["status"], f.order["certificate"], f.chain = "valid", base+"/cert/1", certificate(big.NewInt(3), testkeys.Key(algorithm.ECC_256, 2).Public())
		}, "the CA issued for the key of another CSR: it joined two orders for the same names; apply again"},
	}
	calls := map[string]func(ctx context.Context, f *fakeCA, a *acme.Authority) error{
		"Begin": steps[0].call, "Prove": prove, "Obtain, ready": obtain,
		"Begin, FILE": func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
			_, _, err := a.Begin(ctx, []string{"*.example.com"}, "FILE")
			return err
		},
		"Obtain": func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
			_, err := a.Obtain(ctx, reference, theCSR)
			return err
		},
	}
	for _, tt := range tests {
		t.Run(tt.step+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA("www.example.com")
			tt.change(f)
			err := calls[tt.step](t.Context(), f, f.authority())
			got, ok := errors.AsType[*order.Refusal](err)
			if !ok || got.Reason != tt.reason {
				t.Fatalf("%v; want a Refusal with the reason %q", err, tt.reason)
			}
			checkText(t, got.Reason)
		})
	}
}

// A problem that a person has to solve is neither final nor a rate limit.
func TestAccountProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		text   string
	}{
		{"unknown account", problem(400, "accountDoesNotExist", "no such account"), "accountDoesNotExist: no such account; call Register, and set Account to its result"},
		{"deactivated account", problem(401, "unauthorized", "the account is deactivated"), "unauthorized: the account is deactivated"},
		{"new terms", problem(403, "userActionRequired", "the terms changed", "instance", "https://ca.test/\nterms"), "userActionRequired: the terms changed; the account's owner must act first, see https://ca.test/ terms"},
		{"new terms without a page", problem(403, "userActionRequired", "the terms changed"), "the account's owner must act first"},
		{"no external account", problem(403, "externalAccountRequired", "customers only"), "externalAccountRequired: customers only; the CA only accepts its own customers: get a key ID"},
		{"profile", problem(400, "invalidProfile", "no such profile"), "invalidProfile: no such profile"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, step := range steps {
				f := newFakeCA("www.example.com")
				f.replace[step.path] = tt.answer
				err := step.call(t.Context(), f, f.authority())
				_, isRefusal := errors.AsType[*order.Refusal](err)
				_, isUnavailable := errors.AsType[*order.Unavailable](err)
				if err == nil || isRefusal || isUnavailable || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%s: %T %v; want an error with %q", step.name, err, err, tt.text)
				}
			}
		})
	}
}

// A CSR that the CA could accept later is not refused.
func TestObtainTriesAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"caa", "dns", "unauthorized"} {
		f := newFakeCA("www.example.com")
		f.replace["/finalize/1"] = problem(403, kind, "not now")
		err := obtain(t.Context(), f, f.authority())
		if _, isRefusal := errors.AsType[*order.Refusal](err); err == nil || isRefusal || !strings.Contains(err.Error(), "not now") {
			t.Errorf("%s: %v", kind, err)
		}
		delete(f.replace, "/finalize/1")
		if chain, err := f.authority().Obtain(t.Context(), reference, theCSR); err != nil || chain == "" {
			t.Errorf("%s, later: %v", kind, err)
		}
	}
}

// While the CA is at work, the same proof is due and Obtain returns no certificate.
func TestAtWork(t *testing.T) {
	t.Parallel()
	proof := order.Proof{Domain: "www.example.com", Token: text("DNS", token(0))}
	processing := answer(200, `{"type":"dns-01","status":"processing","token":"`+token(0)+`"}`)
	tests := []struct {
		name   string
		change func(*fakeCA)
		log    string // of requests
	}{
		{"Prove: the CA looks", func(f *fakeCA) { f.replace["/challenge/0"] = processing }, "POST /order/1|POST /authz/0|POST /challenge/0 {}"},
		{"Prove: the CA was asked before", func(f *fakeCA) {
			f.authzs[0]["challenges"].([]object)[2]["status"] = "processing"
		}, "POST /order/1|POST /authz/0"},
		{"Prove: another process asks", func(f *fakeCA) {
			f.replace["/challenge/0"] = func(w http.ResponseWriter, req *http.Request) {
				f.authzs[0]["challenges"].([]object)[2]["status"] = "processing"
				problem(400, "malformed", "the challenge is processing")(w, req)
			}
		}, "POST /order/1|POST /authz/0|POST /challenge/0 {}|POST /authz/0"},
		{"Obtain: the order is pending", func(f *fakeCA) {}, "POST /order/1"},
		{"Obtain: the order is processing", func(f *fakeCA) { f.order["status"] = "processing" }, "POST /order/1"},
		{"Obtain: the CA signs", func(f *fakeCA) {
			f.order["status"] = "ready"
			f.replace["/finalize/1"] = func(w http.ResponseWriter, _ *http.Request) {
				f.order["status"] = "processing"
				reply(w, 200, f.order)
			}
		}, `POST /order/1|POST /finalize/1 {"csr":"`},
		{"Obtain: the answer is not JSON", func(f *fakeCA) {
			f.order["status"] = "ready"
			f.replace["/finalize/1"] = answer(200, "<html>")
		}, `POST /order/1|POST /finalize/1 {"csr":"`},
		{"Obtain: another process sends the CSR", func(f *fakeCA) {
			f.order["status"] = "ready"
			f.replace["/finalize/1"] = func(w http.ResponseWriter, req *http.Request) {
				f.order["status"] = "processing"
				problem(403, "orderNotReady", "the order is processing")(w, req)
			}
		}, `POST /order/1|POST /finalize/1 {"csr":"`},
		{"Obtain: the connection ends, and the CA has the CSR", func(f *fakeCA) {
			f.order["status"] = "ready"
			f.replace["/finalize/1"] = func(w http.ResponseWriter, req *http.Request) {
				f.order["status"] = "processing"
				problem(502, "", "")(w, req)
			}
		}, `POST /order/1|POST /finalize/1 {"csr":"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA("www.example.com")
			tt.change(f)
			if strings.HasPrefix(tt.name, "Prove") {
				due, err := f.authority().Prove(t.Context(), reference, "DNS", proof)
				if err != nil || due == nil || *due != proof {
					t.Fatalf("Prove: %v, %v; want the same proof", due, err)
				}
			} else if chain, err := f.authority().Obtain(t.Context(), reference, theCSR); err != nil || chain != "" {
				t.Fatalf("Obtain: %q, %v; want no certificate yet", chain, err)
			}
			log := strings.Join(f.requests(), "|")
			if !strings.HasPrefix(log, tt.log) || strings.HasPrefix(tt.name, "Prove") && log != tt.log {
				t.Errorf("requests %s, want %s", log, tt.log)
			}
		})
	}
}

// Wait bounds how long a call looks again, with growing pauses, and not before the CA
// wants to be asked.
func TestWait(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		wait       time.Duration
		retryAfter string
		readyAfter time.Duration // since the first request
		took       time.Duration
		done       bool
	}{
		{"no wait", 0, "", time.Second, 0, false},
		{"soon", 10 * time.Second, "", 700 * time.Millisecond, 750 * time.Millisecond, true},
		{"pauses grow to five seconds", time.Minute, "", 30 * time.Second, 7750*time.Millisecond + 5*5*time.Second, true},
		{"never", 10 * time.Second, "", time.Hour, 7750 * time.Millisecond, false},
		{"the CA says when", time.Minute, "20", 15 * time.Second, 20 * time.Second, true},
		{"the CA says later than Wait", time.Minute, "61", time.Second, 0, false},
	}
	for _, tt := range tests {
		for _, method := range []string{"Prove", "Obtain"} {
			t.Run(method+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					f := newFakeCA("www.example.com")
					slow := func(path, before string, after func(http.ResponseWriter, *http.Request)) {
						f.replace[path] = func(w http.ResponseWriter, req *http.Request) {
							if tt.retryAfter != "" {
								w.Header().Set("Retry-After", tt.retryAfter)
							}
							if time.Since(start) >= tt.readyAfter {
								after(w, req)
								return
							}
							answer(200, before)(w, req)
						}
					}
					a := f.authority()
					a.Wait = tt.wait
					var done bool
					var err error
					if method == "Prove" {
						slow("/challenge/0", `{"status":"processing"}`, answer(200, `{"status":"processing"}`))
						slow("/authz/0", `{"status":"pending","identifier":{"type":"dns","value":"www.example.com"},"challenges":[{"type":"dns-01","url":"`+base+`/challenge/0","status":"pending","token":"`+token(0)+`"}]}`,
							answer(200, `{"status":"valid"}`))
						var due *order.Proof
						due, err = a.Prove(t.Context(), reference, "DNS", order.Proof{Domain: "www.example.com", Token: text("DNS", token(0))})
						done = due == nil
					} else {
						f.chain = certify(theCSR)
						slow("/order/1", `{"status":"processing"}`, answer(200, `{"status":"valid","certificate":"`+base+`/cert/1"}`))
						var chain string
						chain, err = a.Obtain(t.Context(), reference, theCSR)
						done = chain != ""
					}
					if took := time.Since(start); err != nil || done != tt.done || took != tt.took {
						t.Errorf("done %t, %v after %v; want %t after %v", done, err, took, tt.done, tt.took)
					}
				})
			})
		}
	}
}

// ctx ends a wait.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *fakeCA, *acme.Authority) error{"Prove": prove, "Obtain": obtain} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeCA("www.example.com")
			f.replace["/challenge/0"] = answer(200, `{"status":"processing"}`)
			f.replace["/authz/0"] = func(w http.ResponseWriter, _ *http.Request) {
				z := newFakeCA("www.example.com").authzs[0]
				reply(w, 200, z)
			}
			f.replace["/order/1"] = func(w http.ResponseWriter, _ *http.Request) {
				status := map[string]string{"Prove": "pending", "Obtain": "processing"}[name]
				reply(w, 200, object{"status": status, "authorizations": []string{base + "/authz/0"}})
			}
			a := f.authority()
			a.Wait = time.Hour
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := call(ctx, f, a)
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		})
	}
}

// A CA refuses nonces: a request is sent again with another one, up to ten times.
func TestNonces(t *testing.T) {
	t.Parallel()
	for refused, want := range map[int]string{0: "", 1: "", 10: "", 11: "the CA answered: badNonce: that nonce is old"} {
		for _, step := range steps {
			if step.name == "RenewAfter" {
				continue // it signs nothing
			}
			f := newFakeCA("www.example.com")
			left := refused
			f.replace[step.path] = func(w http.ResponseWriter, req *http.Request) {
				if left > 0 {
					left--
					problem(400, "badNonce", "that nonce is old")(w, req)
					return
				}
				delete(f.replace, step.path)
				f.mu.Unlock()
				f.ServeHTTP(w, req)
				f.mu.Lock()
			}
			err := step.call(t.Context(), f, f.authority())
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s, %d nonces refused: %v, want %q", step.name, refused, err, want)
			}
		}
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := newFakeCA()
	text := certificate(big.NewInt(2), leafKey.Public())
	if err := f.authority().Revoke(t.Context(), text+certificate(big.NewInt(1), leafKey.Public())); err != nil {
		t.Fatal(err)
	}
	if want := certDER(t, text); string(f.revoked) != string(want) {
		t.Error("another certificate was revoked")
	}
	f.replace["/revoke"] = problem(400, "alreadyRevoked", "it is revoked")
	if err := f.authority().Revoke(t.Context(), text); err != nil {
		t.Errorf("the second time: %v", err)
	}
	f.replace["/revoke"] = problem(403, "unauthorized", "not yours")
	if err := f.authority().Revoke(t.Context(), text); err == nil || !strings.Contains(err.Error(), "unauthorized: not yours") {
		t.Errorf("a certificate of another account: %v", err)
	}
}

// Prove returns a pending proof of the order if the one that was placed is not among
// them, because another process proved it or because the account has another key now.
func TestProveOther(t *testing.T) {
	t.Parallel()
	names := []string{"a.example.com", "b.example.com", "c.example.com"}
	proof := func(n int) order.Proof { return order.Proof{Domain: names[n], Token: text("DNS", token(n))} }
	valid := func(f *fakeCA, n int) {
		f.replace[fmt.Sprintf("/challenge/%d", n)] = func(w http.ResponseWriter, _ *http.Request) {
			f.prove(n)
			reply(w, 200, object{"type": "dns-01", "status": "valid"})
		}
	}
	tests := []struct {
		name   string
		change func(*fakeCA)
		placed order.Proof
		due    int // -1 for none
		asked  bool
		reads  int // of authorizations
	}{
		{"the first is valid at once", func(f *fakeCA) { valid(f, 0) }, proof(0), 1, true, 3},
		{"the second is valid at once", func(f *fakeCA) { valid(f, 1) }, proof(1), 0, true, 3},
		{"the last is valid at once", func(f *fakeCA) { f.prove(0); f.prove(2); valid(f, 1) }, proof(1), -1, true, 4},
		{"proved by another process", func(f *fakeCA) { f.prove(0) }, proof(0), 1, false, 3},
		{"all proved by another process", func(f *fakeCA) { f.prove(0); f.prove(1); f.prove(2) }, proof(0), -1, false, 0},
		{"all valid, and the order still pending", func(f *fakeCA) { f.prove(0); f.prove(1); f.prove(2); f.order["status"] = "pending" }, proof(0), -1, false, 3},
		{"the text of another key", func(*fakeCA) {}, order.Proof{Domain: names[0], Token: "another"}, 0, false, 3},
		{"the text of another name", func(*fakeCA) {}, order.Proof{Domain: names[0], Token: proof(1).Token}, 0, false, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA(names...)
			tt.change(f)
			due, err := f.authority().Prove(t.Context(), reference, "DNS", tt.placed)
			var want *order.Proof
			if tt.due >= 0 {
				want = new(proof(tt.due))
			}
			if diff := cmp.Diff(want, due); err != nil || diff != "" {
				t.Errorf("Prove: %v (-want +got):\n%s", err, diff)
			}
			log := strings.Join(f.requests(), " ")
			if asked, reads := strings.Contains(log, "challenge"), strings.Count(log, "authz"); asked != tt.asked || reads != tt.reads {
				t.Errorf("the CA was asked to look: %t, want %t; %d authorizations were read, want %d", asked, tt.asked, reads, tt.reads)
			}
		})
	}
}

// The CA goes away in the middle of a call.
func TestUnavailableLater(t *testing.T) {
	t.Parallel()
	away := answer(503, "")
	tests := []struct {
		name   string
		step   func(context.Context, *fakeCA, *acme.Authority) error
		change func(*fakeCA)
	}{
		{"while it looks", prove, func(f *fakeCA) {
			f.replace["/challenge/0"] = func(w http.ResponseWriter, _ *http.Request) {
				f.replace["/authz/0"] = away
				reply(w, 200, object{"type": "dns-01", "status": "processing"})
			}
		}},
		{"after it did not want to look", prove, func(f *fakeCA) {
			f.replace["/challenge/0"] = func(w http.ResponseWriter, req *http.Request) {
				f.replace["/authz/0"] = away
				problem(400, "malformed", "the challenge is processing")(w, req)
			}
		}},
		{"with the CSR", obtain, func(f *fakeCA) {
			f.replace["/finalize/1"] = func(w http.ResponseWriter, req *http.Request) {
				f.replace["/order/1"] = away
				away(w, req)
			}
		}},
		{"before it says why the order is invalid", prove, func(f *fakeCA) {
			f.order["status"], f.replace["/authz/0"] = "invalid", away
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeCA("www.example.com")
				tt.change(f)
				a := f.authority()
				a.Wait = time.Second
				err := tt.step(t.Context(), f, a)
				if _, ok := errors.AsType[*order.Unavailable](err); !ok {
					t.Errorf("%v; want an Unavailable", err)
				}
			})
		})
	}
}

func TestObtainCSR(t *testing.T) {
	t.Parallel()
	f := newFakeCA("www.example.com")
	f.order["status"], f.order["certificate"], f.chain = "valid", base+"/cert/1", certify(theCSR)
	if _, err := f.authority().Obtain(t.Context(), reference, []byte("CSR")); err == nil || !strings.Contains(err.Error(), "the CSR cannot be parsed") {
		t.Errorf("Obtain: %v", err)
	}
}

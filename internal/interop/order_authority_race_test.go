package interop

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/order"
)

// A signingCA is an order.Authority that needs one proof, and is at work at every second
// question.
type signingCA struct {
	issuer *ca.Issuer

	mu        sync.Mutex
	questions int
	certified map[string]string // by reference
	revoked   map[string]bool   // by certificate
}

func (c *signingCA) isAtWork() bool {
	c.questions++
	return c.questions%2 == 0
}

func (c *signingCA) Begin(context.Context, []string, string) (string, *order.Proof, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reference := fmt.Sprint("order-", len(c.certified))
	c.certified[reference] = ""
	return reference, &order.Proof{Domain: "www.example.com", Token: reference}, nil
}

func (c *signingCA) Prove(_ context.Context, _, _ string, placed order.Proof) (*order.Proof, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isAtWork() {
		return &placed, nil
	}
	return nil, nil
}

func (c *signingCA) Obtain(_ context.Context, reference string, csr []byte) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.certified[reference] == "" {
		resp, _, err := ca.CreateDomainCertificate(nil, now, c.issuer, &ca.CreateDomainCertificateRequest{
			Csr:    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})),
			Domain: "www.example.com", Months: 3, Immediately: 1,
		})
		if err != nil {
			return "", err
		}
		c.certified[reference] = resp.X509Certificate
	}
	if c.isAtWork() {
		return "", nil
	}
	return c.certified[reference], nil
}

func (c *signingCA) Revoke(_ context.Context, certificate string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoked[certificate] = true
	return nil
}

// Two processes do everything at once with the same orders at an Authority. No unit is lost
// or doubled, only an issued order has a certificate, a revoked one is revoked at the CA,
// and no certificate of an order that goes on is lost.
func TestOrderAuthorityRace(t *testing.T) {
	t.Parallel()
	const units, orders, calls = 1_000_000, 4, 25
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d, fake := kind.make(t), &signingCA{issuer: mustAuthority(t).issuer, certified: map[string]string{}, revoked: map[string]bool{}}
			var processes []*worker
			for range 2 {
				store := orderStore(t, d)
				w, err := newWorker(store)
				if err != nil {
					t.Fatal(err)
				}
				w.book = order.NewBook(store, order.BookOptions{Verifier: proves{}, Authority: fake, RenewBefore: 366 * 24 * time.Hour})
				processes = append(processes, w)
			}
			if err := processes[0].book.AddPackage(t.Context(), "", units); err != nil {
				t.Fatal(err)
			}
			var ids []int64
			for range orders {
				id, err := processes[0].do(t.Context(), "submit", 0)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			steps := []string{"prove", "obtain", "prove", "obtain", "prove", "obtain", "postpone", "renew", "cancel", "withdraw", "delete"}
			var all sync.WaitGroup
			for _, w := range processes {
				for range 3 {
					all.Go(func() {
						for range calls {
							step, id := steps[rand.IntN(len(steps))], ids[rand.IntN(orders)]
							if (step == "cancel" || step == "withdraw") && rand.IntN(3) > 0 {
								continue
							}
							var err error
							if step == "obtain" {
								_, err = w.book.Obtain(t.Context(), now, id)
							} else {
								_, err = w.do(t.Context(), step, id)
							}
							if err != nil && !errors.Is(err, yuncert.ErrOrderStateError) && !errors.Is(err, yuncert.ErrNotFoundOrder) {
								t.Errorf("%s: %v", step, err)
							}
						}
					})
				}
			}
			all.Wait()
			count := map[order.State]int{}
			for _, o := range checkUnits(t, orderStore(t, d), units) {
				count[o.State]++
				issued := o.State == order.StateCertificate || o.State == order.StateRevoked
				if issued != (o.Certificate != "") || issued && o.Certificate != fake.certified[o.Reference] {
					t.Errorf("order %d in %s has the certificate %q", o.OrderId, o.State, o.Certificate)
				}
				if o.State == order.StateRevoked && !fake.revoked[o.Certificate] {
					t.Errorf("the certificate of order %d is not revoked at the CA", o.OrderId)
				}
				before := fake.certified[o.Reference]
				for o.State == order.StateProcess {
					var err error
					if o, err = processes[1].book.Obtain(t.Context(), now, o.OrderId); err != nil {
						t.Fatal(err)
					}
				}
				if before != "" && o.State == order.StateCertificate && o.Certificate != before {
					t.Errorf("order %d lost the certificate that the CA had signed", o.OrderId)
				}
			}
			t.Log(count)
		})
	}
}

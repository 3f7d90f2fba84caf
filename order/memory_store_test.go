package order_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/storetest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) order.Store {
		t.Parallel()
		return order.NewMemoryStore()
	})
}

// The zero MemoryStore is an empty store, and a Book can use it.
func TestZeroMemoryStore(t *testing.T) {
	t.Parallel()
	var store order.MemoryStore
	book := order.NewBook(&store, order.BookOptions{})
	_, err := book.DescribePackageState(t.Context(), testutil.Seeded(), nil)
	testutil.CheckError(t, err, yuncert.ErrNotFoundPackage, "ProductCode")
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	o := place(t, book, application(plainCSR(t)))
	checkCounts(t, book, "", 1, 1, 0)
	want := contents{
		Packages: []order.Package{{ProductCode: order.DefaultProductCode, TotalCount: 1, UsedCount: 1}},
		Orders:   []order.Order{o},
	}
	checkUnchanged(t, &store, want)
}

// BenchmarkMemoryStoreMemory reports the memory that an order takes, and the
// length of its texts.
func BenchmarkMemoryStoreMemory(b *testing.B) {
	const orders = 100_000
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	request, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.RSA_2048, 0), &csr.CreateCsrRequest{
		Algorithm: "RSA", KeySize: 2048, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		store, text := order.NewMemoryStore(), 0
		for id := range int64(orders) {
			o := order.Order{
				OrderId: id*7919%orders + 1, ProductCode: order.DefaultProductCode, State: order.StateDomainVerify, ValidateType: "DNS",
				Domain: strings.Clone("www.example.com"), Csr: strings.Clone(request.Csr), Token: strings.Repeat("t", 64),
				Username: strings.Clone("username"), Phone: strings.Clone("13800000000"), Email: strings.Clone("user@example.com"),
				Created: now.Add(time.Duration(id) * time.Millisecond), Updated: now,
			}
			text += len(o.Domain) + len(o.Csr) + len(o.Token) + len(o.Username) + len(o.Phone) + len(o.Email)
			if err := store.Update(b.Context(), func(tx order.Tx) error { return tx.CreateOrder(o) }); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/orders, "bytes/order")
		b.ReportMetric(float64(text)/orders, "text-bytes/order")
		runtime.KeepAlive(store)
	}
}

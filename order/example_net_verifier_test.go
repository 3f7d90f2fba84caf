package order_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/order"
)

// A verifier for an intranet. It also connects to web servers in one private
// network.
func ExampleNetVerifier() {
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{
		Verifier: &order.NetVerifier{
			Timeout:         5 * time.Second,
			AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")},
		},
	})
	_, err := book.CheckOwnership(context.Background(), time.Now(), 1) // no order yet
	fmt.Println(errors.Is(err, yuncert.ErrNotFoundOrder))
	// Output: true
}

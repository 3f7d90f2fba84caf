package sqlstore_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// end is when the certificates of these tests expire.
var end = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

// certificate returns a certificate in PEM.
func certificate(t *testing.T, notAfter time.Time) string {
	t.Helper()
	key := testkeys.Key(algorithm.ECC_256, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE", der)
}

// issued returns a server with issued orders that have no NotAfter: a row is an
// OrderId and a certificate. It calls sent with the arguments of each UPDATE.
func issued(rows [][]driver.Value, sent func(args []any)) *sqldbtest.Server {
	const query = "SELECT order_id,"
	s := sqldbtest.New(3)
	s.Received = func(statement string, args []driver.NamedValue) {
		if strings.HasPrefix(statement, query) {
			s.Rows[query] = sqldbtest.Rows{}
			for _, row := range rows {
				if id := row[0].(int64); id > args[1].Value.(int64) && len(s.Rows[query].Values) < int(args[2].Value.(int64)) {
					s.Rows[query] = sqldbtest.Rows{Values: append(s.Rows[query].Values, row)}
				}
			}
		}
		if strings.HasPrefix(statement, "UPDATE yuncert_orders") {
			var values []any
			for _, arg := range args {
				values = append(values, arg.Value)
			}
			sent(values)
		}
	}
	return s
}

func openServer(ctx context.Context, s *sqldbtest.Server) error {
	db := sql.OpenDB(s)
	defer db.Close()
	_, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL)
	return err
}

// Open reads NotAfter from the certificates of orders that were issued before the
// column existed.
func TestOpenReadsNotAfter(t *testing.T) {
	t.Parallel()
	good, other := certificate(t, end), certificate(t, end.AddDate(1, 0, 0))
	zero := time.Time{}.UnixMicro()
	for _, tt := range []struct {
		name string
		text string
		want time.Time // zero if the order is not changed
	}{
		{"a certificate", good, end},
		{"a certificate and another one", good + other, end},
		{"text before the certificate", "subject=CN = www.example.com\n" + good, end},
		{"a certificate of the last moment", certificate(t, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		{"a certificate that begins with another block", testutil.EncodePEM("X509 CRL", []byte("crl")) + good, time.Time{}},
		{"a certificate after a damaged one", strings.Replace(good, "MI", "M!", 1) + other, time.Time{}},
		{"a certificate without its end", good[:len(good)/2], time.Time{}},
		{"octets after the certificate", testutil.EncodePEM("CERTIFICATE", []byte("\x30\x00\x00")), time.Time{}},
		{"no PEM", "certificate", time.Time{}},
		{"nothing", "", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got [][]any
			s := issued([][]driver.Value{{int64(7), tt.text}}, func(args []any) { got = append(got, args) })
			if err := openServer(t.Context(), s); err != nil {
				t.Errorf("Open: %v", err)
			}
			var want [][]any
			if !tt.want.IsZero() {
				want = [][]any{{tt.want.UnixMicro(), int64(7), zero}}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("arguments of UPDATE mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Open changes up to 100 orders in a transaction, each of them once. A certificate that
// it cannot read does not stop it.
func TestOpenReadsPages(t *testing.T) {
	t.Parallel()
	text := certificate(t, end)
	for _, tt := range []struct {
		name             string
		readable, broken int64
		commits          int // 2 for the schema and the last page, which is empty; 2 for each other page, or 1 if nothing of it is stored
	}{
		{"none", 0, 0, 2},
		{"one page", 100, 0, 2 + 2},
		{"one more than a page", 101, 0, 2 + 4},
		{"three pages", 300, 0, 2 + 6},
		{"three pages of certificates that cannot be read", 0, 300, 2 + 3},
		{"pages of both", 150, 100, 2 + 3 + 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rows [][]driver.Value
			var want, got []int64
			for id := range tt.broken {
				rows = append(rows, []driver.Value{id + 1, "broken"})
			}
			for id := range tt.readable {
				rows = append(rows, []driver.Value{tt.broken + id + 1, text})
				want = append(want, tt.broken+id+1)
			}
			s := issued(rows, func(args []any) { got = append(got, args[1].(int64)) })
			if err := openServer(t.Context(), s); err != nil {
				t.Errorf("Open: %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("OrderIds mismatch (-want +got):\n%s", diff)
			}
			commits := 0
			for _, statement := range s.Sent {
				if statement == "COMMIT" {
					commits++
				}
			}
			if commits != tt.commits {
				t.Errorf("%d transactions, want %d", commits, tt.commits)
			}
		})
	}
}

// Open fails if it cannot read or store what is missing.
func TestOpenReadingFails(t *testing.T) {
	t.Parallel()
	rows := [][]driver.Value{{int64(7), certificate(t, end)}}
	for _, statement := range []string{"SELECT order_id,", "UPDATE yuncert_orders"} {
		s := issued(rows, func([]any) {})
		s.Before = sqldbtest.Always(statement, sqldbtest.ErrBroken)
		if err := openServer(t.Context(), s); !errors.Is(err, sqldbtest.ErrBroken) {
			t.Errorf("%s fails: Open is %v, want %v", statement, err, sqldbtest.ErrBroken)
		}
		t.Run(statement+" blocks", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := issued(rows, func([]any) {})
				sqldbtest.CheckContextEnds(t, s, statement, order.ErrOutcomeUnknown, func(ctx context.Context) error { return openServer(ctx, s) })
			})
		})
	}
}

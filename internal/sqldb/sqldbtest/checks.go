package sqldbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/sqldb"
)

// An Open is the function Open of a package sqlstore.
type Open[Store any] func(context.Context, *sql.DB, sqldb.Dialect) (Store, error)

// OpenStore opens a store over a new Server of that schema version.
func OpenStore[Store any](t *testing.T, open Open[Store], version int64, dialect sqldb.Dialect) (*Server, Store) {
	t.Helper()
	s := New(version)
	db := sql.OpenDB(s)
	t.Cleanup(func() { db.Close() })
	store, err := open(t.Context(), db, dialect)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s, store
}

// CheckOpen checks that open knows the schema versions up to newest, and two dialects.
func CheckOpen[Store any](t *testing.T, open Open[Store], versionTable string, newest int64) {
	t.Helper()
	for _, tt := range []struct {
		name    string
		dialect sqldb.Dialect
		version int64
		want    string
	}{
		{"PostgreSQL", sqldb.PostgreSQL, newest, ""},
		{"SQLite", sqldb.SQLite, newest, ""},
		{"a dialect that does not exist", "MySQL", newest, `"MySQL" is not a dialect; want PostgreSQL or SQLite`},
		{"a newer version", sqldb.SQLite, newest + 1,
			fmt.Sprintf("%s has version %d, and this program knows versions up to %d", versionTable, newest+1, newest)},
	} {
		db := sql.OpenDB(New(tt.version))
		defer db.Close()
		_, err := open(t.Context(), db, tt.dialect)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Open is %v, want %q", tt.name, err, tt.want)
		}
	}
}

// An Outcome is what an Update must do.
type Outcome struct {
	Err  error    // is in the error of the Update
	Text string   // of the error, if it has no Err
	Runs int      // of f
	Sent []string // the first two words of each statement; nil means any
}

// CheckUpdate runs f in an Update of a store over s.
func CheckUpdate[Tx any](t *testing.T, s *Server, update func(context.Context, func(Tx) error) error, f func(Tx) error, want Outcome) {
	t.Helper()
	s.Sent = nil
	runs := 0
	err := update(t.Context(), func(tx Tx) error {
		runs++
		return f(tx)
	})
	if want.Text == "" && !errors.Is(err, want.Err) {
		t.Errorf("Update is %v, want %v", err, want.Err)
	}
	if want.Text != "" && (err == nil || err.Error() != want.Text) {
		t.Errorf("Update is %v, want %q", err, want.Text)
	}
	if runs != want.Runs {
		t.Errorf("f ran %d times, want %d", runs, want.Runs)
	}
	if want.Sent != nil {
		if diff := cmp.Diff(want.Sent, s.Sent); diff != "" {
			t.Errorf("statements mismatch (-want +got):\n%s", diff)
		}
	}
}

// CheckContextEnds checks that call ends with its context, although the statement
// stalled gets no answer from s, and that its error does not wrap outcomeUnknown. Call
// it in [testing/synctest.Test].
func CheckContextEnds(t *testing.T, s *Server, stalled string, outcomeUnknown error, call func(context.Context) error) {
	t.Helper()
	s.Before = Stalled(stalled)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begun := time.Now()
	err := call(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, outcomeUnknown) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(begun); took != time.Second { // simulated
		t.Errorf("it took %v, want 1s", took)
	}
}

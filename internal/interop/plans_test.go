package interop

import (
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
)

// A query is a SELECT that a store sent.
type query struct {
	statement string
	args      []any
}

// watch opens a database until the test ends. sent has the queries that it received.
func watch(t *testing.T, d database) (db *sql.DB, sent *[]query) {
	t.Helper()
	sent = new([]query)
	db = sql.OpenDB(&sqldbtest.Server{Open: d.openDriver, Received: func(statement string, args []driver.NamedValue) {
		if !strings.HasPrefix(statement, "SELECT ") {
			return
		}
		q := query{statement: statement}
		for _, arg := range args {
			q.args = append(q.args, arg.Value)
		}
		*sent = append(*sent, q)
	}})
	t.Cleanup(func() { db.Close() })
	return db, sent
}

// explain returns how a database would execute the query, a line for each step.
func (q query) explain(t *testing.T, d database, db *sql.DB) string {
	t.Helper()
	prefix := map[sqldb.Dialect]string{sqldb.SQLite: "EXPLAIN QUERY PLAN ", sqldb.PostgreSQL: "EXPLAIN "}[d.dialect]
	rows, err := db.QueryContext(t.Context(), prefix+q.statement, q.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		columns := []any{&line}
		if d.dialect == sqldb.SQLite {
			columns = []any{new(int), new(int), new(int), &line}
		}
		if err := rows.Scan(columns...); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// wasteful reports whether a plan reads a table without an index, or sorts rows.
func wasteful(plan string) bool {
	for line := range strings.Lines(plan) {
		for _, step := range []string{"Seq Scan", "Sort", "TEMP B-TREE"} {
			if strings.Contains(line, step) {
				return true
			}
		}
		if strings.Contains(line, "SCAN ") && !strings.Contains(line, "INDEX") {
			return true
		}
	}
	return false
}

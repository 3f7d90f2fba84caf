package sqlstore

import (
	"fmt"
	"math"
	"strings"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

func (tx *tx) Certificates(q inventory.Query) (page []inventory.Certificate, err error) {
	w := whereOf(&q)
	direction := " DESC"
	if q.OldestFirst {
		direction = ""
	}
	order := w.id + direction
	if q.ByExpiry {
		order = "not_after" + direction + ", " + order
	}
	// In SQLite a negative LIMIT means no limit.
	args := append(w.args, max(q.Limit, 0), max(q.Skip, 0))
	query := fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT $%d OFFSET $%d", certificateColumns, w.text(), order, len(args)-1, len(args))
	var c inventory.Certificate
	err = tx.Each("listing certificates", query, args, columnsOf(&c), func() error {
		page = append(page, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (tx *tx) Count(q inventory.Query) (n int64, err error) {
	q.After = inventory.Certificate{}
	w := whereOf(&q)
	_, err = tx.Get("counting certificates", "SELECT count(*) FROM "+w.text(), w.args, &n)
	return n, err
}

// A where is the tables and conditions of a query.
type where struct {
	tables     string
	id         string // the column that the pages are sorted by
	conditions []string
	args       []any
}

// and adds a condition, in which each %d is the number of the next argument.
func (w *where) and(condition string, args ...any) {
	var numbers []any
	for _, arg := range args {
		w.args = append(w.args, arg)
		numbers = append(numbers, len(w.args))
	}
	w.conditions = append(w.conditions, fmt.Sprintf(condition, numbers...))
}

func (w *where) text() string { return w.tables + " WHERE " + strings.Join(w.conditions, " AND ") }

// whereOf returns the conditions for a query. They contain the WHERE clause of an index
// word for word, because a database uses the index only then.
func whereOf(q *inventory.Query) *where {
	w := &where{tables: "yuncert_certificates", id: "id"}
	if q.Term != "" {
		w.tables = "yuncert_certificate_terms JOIN yuncert_certificates ON id = certificate_id"
		w.and("term = $%d", q.Term)
		if !q.ByExpiry {
			w.id = "certificate_id" // the same number, in the index of the term
		}
	}
	switch q.Status {
	case ca.StatusRevoke:
		w.and("status = 'REVOKE'")
	case "":
		w.and("status <> 'DELETE'")
	default:
		w.and("status <> 'DELETE'")
		w.and("status = $%d", q.Status)
	}
	if q.Authority != "" {
		w.and("authority = $%d", q.Authority)
	}
	if q.Kind != "" {
		w.and("kind = $%d", q.Kind)
	}
	if q.LeavesOnly {
		w.and("kind <> 'CA'")
	}
	if q.ResourceGroupId != "" {
		w.and("resource_group_id <> ''")
		w.and("resource_group_id = $%d", q.ResourceGroupId)
	}
	if q.ByExpiry {
		w.andExpiry(q)
		return w
	}
	switch {
	case q.After.Id == 0:
	case q.OldestFirst:
		w.and(w.id+" > $%d", q.After.Id)
	default:
		w.and(w.id+" < $%d", q.After.Id)
	}
	return w
}

// andExpiry adds the conditions for the order by NotAfter and Id: one for each end.
// With two for one end, SQLite may begin each page where the first one began.
func (w *where) andExpiry(q *inventory.Query) {
	type position struct{ notAfter, id int64 } // an Id is 1 or more
	from, to := position{notAfter: math.MinInt64}, position{notAfter: math.MaxInt64}
	if !q.ExpireFrom.IsZero() {
		from.notAfter = q.ExpireFrom.UnixMicro()
	}
	if !q.ExpireBefore.IsZero() {
		to.notAfter = q.ExpireBefore.UnixMicro()
	}
	after := position{q.After.NotAfter.UnixMicro(), q.After.Id}
	switch {
	case after.id == 0:
	case q.OldestFirst && after.notAfter >= from.notAfter:
		from = after
	case !q.OldestFirst && after.notAfter < to.notAfter:
		to = after
	}
	if from.notAfter != math.MinInt64 {
		w.and("(not_after, id) > ($%d, $%d)", from.notAfter, from.id)
	}
	if to.notAfter != math.MaxInt64 {
		w.and("(not_after, id) < ($%d, $%d)", to.notAfter, to.id)
	}
}

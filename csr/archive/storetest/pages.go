package storetest

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/csr/archive"
)

// wantIDs checks the CsrIds on a page.
func wantIDs(t *testing.T, what string, r archive.Snapshot, filter archive.Filter, offset, limit int64, want ...int64) {
	t.Helper()
	page, err := r.Records(filter, offset, limit)
	if err != nil {
		t.Errorf("%s: Records: %v", what, err)
	}
	var ids []int64
	for _, record := range page {
		ids = append(ids, record.CsrId)
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("%s: mismatch of CsrIds (-want +got):\n%s", what, diff)
	}
}

func testPages(t *testing.T, store archive.Store) {
	// Newest first: 3; then 8, 6, 4 and 2 with the same time; then 1.
	put(t, store, newRecord(6, 2), newRecord(3, 3), newRecord(2, 2), newRecord(8, 2), newRecord(1, 1), newRecord(4, 2))
	view(t, store, func(r archive.Snapshot) error {
		for _, tt := range []struct {
			name          string
			offset, limit int64
			want          []int64
		}{
			{"all", 0, 100, []int64{3, 8, 6, 4, 2, 1}},
			{"a limit of all records", 0, 6, []int64{3, 8, 6, 4, 2, 1}},
			{"a limit of one", 0, 1, []int64{3}},
			{"a page that ends among records of the same time", 0, 3, []int64{3, 8, 6}},
			{"the page after it", 3, 3, []int64{4, 2, 1}},
			{"the last record", 5, 3, []int64{1}},
			{"after the last", 6, 3, nil},
			{"a huge limit", 4, math.MaxInt64, []int64{2, 1}},
			{"a huge offset", math.MaxInt64, 3, nil},
			{"a huge offset and limit", math.MaxInt64, math.MaxInt64, nil},
			{"limit 0", 0, 0, nil},
			{"limit -1", 0, -1, nil},
		} {
			wantIDs(t, tt.name, r, archive.Filter{}, tt.offset, tt.limit, tt.want...)
		}
		return nil
	})
}

func testFilters(t *testing.T, store archive.Store) {
	add := func(id int64, algorithm, search string) {
		r := newRecord(id, int(id))
		r.Algorithm, r.Search = algorithm, search
		put(t, store, r)
	}
	add(1, "RSA", "www.example.com\nfirst")
	add(2, "ECC", "www.example.com\nsecond")
	add(3, "RSA", "100%_of\\them.example\n")
	add(4, "SM2", "例子.中国\nthird")
	add(5, "ECC", "it's *.example?\n[x]")
	add(6, "RSA", "\n")
	view(t, store, func(r archive.Snapshot) error {
		for _, tt := range []struct {
			filter archive.Filter
			want   []int64
		}{
			{archive.Filter{}, []int64{6, 5, 4, 3, 2, 1}},
			{archive.Filter{Algorithm: "RSA"}, []int64{6, 3, 1}},
			{archive.Filter{Algorithm: "rsa"}, nil},
			{archive.Filter{KeyWord: "example"}, []int64{5, 3, 2, 1}},
			{archive.Filter{KeyWord: "Example"}, nil}, // the Archive changes the letter case
			{archive.Filter{KeyWord: "www.example.com\nfirst"}, []int64{1}},
			{archive.Filter{KeyWord: "com\nsec"}, []int64{2}},
			{archive.Filter{KeyWord: "first "}, nil},
			{archive.Filter{KeyWord: "ir"}, []int64{4, 1}},
			{archive.Filter{KeyWord: "子.中"}, []int64{4}},
			{archive.Filter{KeyWord: "%"}, []int64{3}},
			{archive.Filter{KeyWord: "_"}, []int64{3}},
			{archive.Filter{KeyWord: "\\"}, []int64{3}},
			{archive.Filter{KeyWord: "w%com"}, nil},
			{archive.Filter{KeyWord: "w_w"}, nil},
			{archive.Filter{KeyWord: "w.*e"}, nil},
			{archive.Filter{KeyWord: "*"}, []int64{5}},
			{archive.Filter{KeyWord: "?"}, []int64{5}},
			{archive.Filter{KeyWord: "[x]"}, []int64{5}},
			{archive.Filter{KeyWord: "'"}, []int64{5}},
			{archive.Filter{Algorithm: "RSA", KeyWord: "example"}, []int64{3, 1}},
			{archive.Filter{Algorithm: "SM2", KeyWord: "example"}, nil},
		} {
			wantIDs(t, "all of a filter", r, tt.filter, 0, 10, tt.want...)
			count, err := r.Count(tt.filter)
			if err != nil || count != int64(len(tt.want)) {
				t.Errorf("Count(%+v) is %d, %v, want %d", tt.filter, count, err, len(tt.want))
			}
			if len(tt.want) > 1 {
				wantIDs(t, "the second of a filter", r, tt.filter, 1, 1, tt.want[1])
			}
			wantIDs(t, "after the last of a filter", r, tt.filter, int64(len(tt.want)), 10)
		}
		return nil
	})
}

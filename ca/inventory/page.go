package inventory

import (
	"cmp"
	"math"

	"github.com/yuncert/yuncert/internal/param"
)

const (
	defaultShowSize = 20
	maxShowSize     = maxPage
)

// checkPage checks the parameters CurrentPage and ShowSize.
func checkPage(currentPage, showSize int32) error {
	switch {
	case currentPage < 0:
		return param.Malformed("CurrentPage", "%d is negative; want 1 or more, or 0 for page 1", currentPage)
	case showSize < 0:
		return param.Malformed("ShowSize", "%d is negative; want 1 to %d, or 0 for %d", showSize, maxShowSize, defaultShowSize)
	case showSize > maxShowSize:
		return param.Refused("ShowSize", "%d is more than %d", showSize, maxShowSize)
	}
	return nil
}

// A numberedPage is what CurrentPage and ShowSize ask for.
type numberedPage struct{ number, size int32 }

func newPage(currentPage, showSize int32) numberedPage {
	return numberedPage{cmp.Or(currentPage, 1), cmp.Or(showSize, defaultShowSize)}
}

// read returns the certificates on a page, and the number of all that q selects.
func (p numberedPage) read(s Snapshot, q Query) (certificates []Certificate, total int64, err error) {
	total, err = s.Count(q)
	if err != nil {
		return nil, 0, err
	}
	q.Skip, q.Limit = int64(p.number-1)*int64(p.size), int(p.size)
	if q.Skip < total {
		certificates, err = s.Certificates(q)
	}
	return certificates, total, err
}

// count returns the number of pages.
func (p numberedPage) count(total int64) int32 {
	return int32(min((total+int64(p.size)-1)/int64(p.size), math.MaxInt32))
}

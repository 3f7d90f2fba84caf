package archive

import (
	"cmp"
	"context"
	"io"
	"math"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// A ListCsrRequest selects CSRs. A CSR is listed if it passes both filters. An empty
// filter passes every CSR.
type ListCsrRequest struct {
	// KeyWord is a part of the primary domain or of the Name, in any letter case: up to
	// 253 characters of UTF-8 without control characters. The primary domain is the
	// CommonName, or the first of the Sans if there is no CommonName.
	KeyWord string `json:"KeyWord,omitempty"`

	Algorithm string `json:"Algorithm,omitempty"` // "RSA", "ECC" or "SM2"

	CurrentPage int64 `json:"CurrentPage,omitempty"` // the page to return, from 1; zero means 1
	ShowSize    int64 `json:"ShowSize,omitempty"`    // the number of CSRs on a page, from 1 to 1000; zero means 50
}

// A ListCsrResponse is one page of the list.
type ListCsrResponse struct {
	CsrList     []ListedCsr `json:"CsrList"`     // newest first
	CurrentPage int64       `json:"CurrentPage"` // as requested, or its default
	ShowSize    int64       `json:"ShowSize"`    // as requested, or its default
	TotalCount  int64       `json:"TotalCount"`  // the number of CSRs that pass the filters
	RequestId   string      `json:"RequestId,omitempty"`
}

// A ListedCsr is a CSR in a list. An attribute that the CSR does not have is empty. If
// the CSR has an attribute more than once, the first one is listed.
type ListedCsr struct {
	CsrId         int64  `json:"CsrId,omitempty"`
	Name          string `json:"Name,omitempty"`
	Algorithm     string `json:"Algorithm,omitempty"` // "RSA", "ECC" or "SM2"
	KeySize       int32  `json:"KeySize,omitempty"`   // in bits; 512 for P-521, as in ECC_512
	KeySha2       string `json:"KeySha2,omitempty"`   // SHA-256 of the DER SubjectPublicKeyInfo, in hexadecimal: see [algorithm.PubMd5]
	CommonName    string `json:"CommonName,omitempty"`
	Sans          string `json:"Sans,omitempty"` // the DNS names and IP addresses other than CommonName, separated by commas
	CountryCode   string `json:"CountryCode,omitempty"`
	Province      string `json:"Province,omitempty"`
	Locality      string `json:"Locality,omitempty"`
	CorpName      string `json:"CorpName,omitempty"`
	Department    string `json:"Department,omitempty"`
	HasPrivateKey bool   `json:"HasPrivateKey"` // whether GetCsrDetail returns the private key: never without a Sealer
}

// The bounds and the default of ListCsr.
const (
	maxKeyWord      = 253 // characters; a DNS name has no more
	maxShowSize     = 1000
	defaultShowSize = 50
)

// Validate returns [yuncert.ErrInvalidParameter] for a ShowSize above 1000, and
// [yuncert.ErrInvalidValueMalformed] for any other field that breaks its rule.
func (r *ListCsrRequest) Validate() error {
	if r == nil {
		return nil
	}
	if err := param.CheckText("KeyWord", r.KeyWord, maxKeyWord); err != nil {
		return err
	}
	switch r.Algorithm {
	case "", "RSA", "ECC", "SM2":
	default:
		return param.Malformed("Algorithm", "%.40q is not RSA, ECC or SM2", r.Algorithm)
	}
	if r.CurrentPage < 0 {
		return param.Malformed("CurrentPage", "%d is negative; want 1 or more, or 0 for page 1", r.CurrentPage)
	}
	if r.ShowSize < 0 {
		return param.Malformed("ShowSize", "%d is negative; want 1 to %d, or 0 for %d", r.ShowSize, maxShowSize, defaultShowSize)
	}
	if r.ShowSize > maxShowSize {
		return param.Refused("ShowSize", "%d is more than %d, the largest page", r.ShowSize, maxShowSize)
	}
	return nil
}

// ListCsr returns one page of the CSRs, which may be empty. The CSR that was stored
// last is first. CSRs that were stored at the same time are sorted by CsrId, the
// greatest first. Storing a CSR again does not move it. If a CSR is stored or deleted
// between the calls for two pages, the next page begins one CSR earlier or later.
//
// The time that a page takes grows with the number of CSRs. A database counts them for
// TotalCount, skips the CSRs on the pages before, and looks at each CSR for a KeyWord. A
// MemoryStore without a filter takes the same time for each page.
func (a *Archive) ListCsr(ctx context.Context, rand io.Reader, req *ListCsrRequest) (*ListCsrResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if req == nil {
		req = new(ListCsrRequest)
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	page, size := cmp.Or(req.CurrentPage, 1), cmp.Or(req.ShowSize, defaultShowSize)
	offset := int64(math.MaxInt64)
	if page-1 <= math.MaxInt64/size {
		offset = (page - 1) * size
	}
	filter := Filter{Algorithm: req.Algorithm, KeyWord: fold(req.KeyWord)}
	var total int64
	var records []Record
	err = a.view(ctx, func(tx Snapshot) (err error) {
		records = nil
		total, err = tx.Count(filter)
		if err != nil || offset >= total {
			return err
		}
		records, err = tx.Records(filter, offset, size)
		return err
	})
	if err != nil {
		return nil, err
	}
	resp := &ListCsrResponse{CsrList: []ListedCsr{}, CurrentPage: page, ShowSize: size, TotalCount: total, RequestId: requestID}
	for i := range records {
		resp.CsrList = append(resp.CsrList, a.listed(&records[i]))
	}
	return resp, nil
}

func (a *Archive) listed(r *Record) ListedCsr {
	return ListedCsr{
		CsrId: r.CsrId, Name: r.Name, Algorithm: r.Algorithm, KeySize: r.KeySize, KeySha2: r.KeySha2,
		CommonName: r.CommonName, Sans: r.Sans, CountryCode: r.CountryCode, Province: r.Province, Locality: r.Locality,
		CorpName: r.CorpName, Department: r.Department, HasPrivateKey: a.hasKey(r),
	}
}

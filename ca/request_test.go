package ca_test

import (
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Texts whose reading takes more than linear time are bounded first: with the
// bounds these return at once, without them the test runs for minutes.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	var han strings.Builder
	for r := rune(0x4e00); r < 0x4e00+20_000; r++ {
		han.WriteRune(r)
	}
	sub := subRequest(algorithm.ECC_256)
	sub.ExtendedKeyUsages = []string{"1.2." + strings.Repeat("9", 1<<20)}
	testutil.CheckError(t, sub.Validate(), malformed, "ExtendedKeyUsages", "128 characters")
	sub.ExtendedKeyUsages = []string{"1.2" + strings.Repeat(".1", 61) + ".111"}
	testutil.CheckError(t, sub.Validate(), malformed, "ExtendedKeyUsages", "128 characters")

	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.Domain = han.String() + ".cn"
	testutil.CheckError(t, req.Validate(), malformed, "Domain", "253 octets")
	req.Domain = strings.Repeat("a,", 40_000)
	testutil.CheckError(t, req.Validate(), malformed, "Domain", "80000 octets")
	req.Domain, req.CommonName = "", han.String()+".cn"
	testutil.CheckError(t, req.Validate(), malformed, "CommonName", "64")
}

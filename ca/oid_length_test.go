package ca_test

import (
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// An object identifier has up to 128 characters.
func TestObjectIdentifierLength(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		oid     string
		refused bool
	}{
		{"1.2.10" + strings.Repeat(".1", 61), false},
		{"1.2" + strings.Repeat(".1", 63), true},
	} {
		if want := map[bool]int{false: 128, true: 129}[tt.refused]; len(tt.oid) != want {
			t.Fatalf("%s has %d characters, want %d", tt.oid, len(tt.oid), want)
		}
		req := subRequest(algorithm.ECC_256)
		req.ExtendedKeyUsages = []string{tt.oid}
		resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
		if tt.refused {
			testutil.CheckError(t, err, malformed, "ExtendedKeyUsages", "128 characters")
			testutil.CheckError(t, req.Validate(), malformed, "ExtendedKeyUsages", "128 characters")
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.oid, err)
		}
		usages := parsePEM(t, resp.Certificate).UnknownExtKeyUsage
		if len(usages) != 1 || usages[0].String() != tt.oid {
			t.Errorf("the certificate has the usages %v, want %s", usages, tt.oid)
		}
	}
}

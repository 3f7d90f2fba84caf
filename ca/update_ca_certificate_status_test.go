package ca_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

type updateRequest = ca.UpdateCACertificateStatusRequest

// Identifier is required, and Status has only one value.
func TestUpdateCACertificateStatusRefuses(t *testing.T) {
	t.Parallel()
	known := authorityOf(algorithm.ECC_256).issuer.Identifier()
	tests := []struct {
		name      string
		change    func(*updateRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"Identifier is required", func(r *updateRequest) { r.Identifier = "" }, missing, "Identifier", "Identifier is mandatory for this action."},
		{"Status ISSUE", func(r *updateRequest) { r.Status = "ISSUE" }, malformed, "Status", `"ISSUE" is not REVOKE`},
		{"Status in lower case", func(r *updateRequest) { r.Status = "revoke" }, malformed, "Status", `"revoke"`},
		{"ClientToken of 65 characters", func(r *updateRequest) { r.ClientToken = strings.Repeat("a", 65) }, malformed, "ClientToken", "64"},
		{"ClientToken that is not ASCII", func(r *updateRequest) { r.ClientToken = "云" }, malformed, "ClientToken", "ASCII"},
		{"a newline in ClientToken", func(r *updateRequest) { r.ClientToken = "a\nb" }, malformed, "ClientToken", "printable"},
		{"an unknown CA", func(r *updateRequest) { r.Identifier = strings.Repeat("0", 32) }, yuncert.ErrNotFound, "Identifier", strings.Repeat("0", 32)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool, req := newPool(t), &updateRequest{Identifier: known, Status: ca.StatusRevoke, ClientToken: "t"}
			tt.change(req)
			if err := req.Validate(); tt.code == yuncert.ErrNotFound && err != nil {
				t.Error(err)
			} else if tt.code != yuncert.ErrNotFound {
				testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			}
			checkNotUpdated(t, testutil.Untouched(t), pool, req, tt.code, tt.parameter, tt.mention)
			if got := identifiers(t, pool, "revoke"); got != nil {
				t.Errorf("revoked all the same: %q", got)
			}
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *updateRequest
		testutil.CheckError(t, req.Validate(), missing, "Identifier", "Identifier is mandatory for this action.")
		checkNotUpdated(t, testutil.Untouched(t), newPool(t), req, missing, "Identifier", "Identifier is mandatory for this action.")
		checkNotUpdated(t, testutil.Untouched(t), nil, &updateRequest{Identifier: known}, yuncert.ErrNotFound, "Identifier", known)
	})
	t.Run("no randomness", func(t *testing.T) {
		t.Parallel()
		pool := newPool(t)
		failed := testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness })
		checkNotUpdated(t, failed, pool, &updateRequest{Identifier: known}, yuncert.ErrInternalError, "", "")
		if got := identifiers(t, pool, "revoke"); got != nil {
			t.Errorf("revoked all the same: %q", got)
		}
	})
}

func checkNotUpdated(t *testing.T, rand io.Reader, pool *ca.Pool, req *updateRequest, code yuncert.Code, parameter, mention string) {
	t.Helper()
	resp, err := ca.UpdateCACertificateStatus(rand, pool, req)
	if e, ok := err.(*yuncert.Error); ok && code == yuncert.ErrInternalError {
		e.Err = nil
	}
	testutil.CheckError(t, err, code, parameter, mention)
	if resp != nil {
		t.Error("a response and an error")
	}
}

// A revoked CA, and each CA below it, issues nothing and cannot be revoked again.
func TestUpdateCACertificateStatus(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		root, sub := au.rootIssuer.Identifier(), au.issuer.Identifier()
		both := []string{root, sub}
		slices.Sort(both)
		tests := []struct {
			name    string
			revoke  string
			revoked []string
			again   []string // cannot be revoked again
		}{
			{"the subordinate CA", sub, []string{sub}, []string{sub}},
			{"the root and the CA below it", root, both, []string{root, sub}},
		}
		for _, tt := range tests {
			t.Run(string(a)+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				pool := newPool(t)
				req := serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))
				if _, _, err := issueFrom(pool, testutil.Seeded(), req); err != nil {
					t.Fatal(err)
				}
				resp, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &updateRequest{Identifier: tt.revoke, Status: "REVOKE", ClientToken: strings.Repeat("~", 64)})
				if err != nil {
					t.Fatal(err)
				}
				if !testutil.RequestIDForm.MatchString(resp.RequestId) {
					t.Errorf("RequestId %q", resp.RequestId)
				}
				if diff := cmp.Diff(tt.revoked, identifiers(t, pool, "revoke")); diff != "" {
					t.Errorf("revoked mismatch (-want +got):\n%s", diff)
				}
				if got := identifiers(t, pool, "issue"); len(got) != 6-len(tt.revoked) {
					t.Errorf("still issuing: %q", got)
				}
				for _, identifier := range []string{root, sub} {
					issuer, err := pool.Issuer(identifier)
					if !slices.Contains(tt.revoked, identifier) {
						if err != nil || issuer == nil {
							t.Errorf("%s: %v", identifier, err)
						}
						continue
					}
					testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", identifier)
					if issuer != nil {
						t.Error("an Issuer and an error")
					}
					described, err := ca.DescribeCACertificate(testutil.Seeded(), pool, &ca.DescribeCACertificateRequest{Identifier: identifier})
					if err != nil || described.Certificate.Status != "REVOKE" {
						t.Errorf("%s is described as %v, %v", identifier, described, err)
					}
				}
				server, der, err := issueFrom(pool, testutil.Untouched(t), req)
				testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", sub)
				if server != nil || der != nil {
					t.Error("a revoked CA issued a certificate")
				}
				for _, identifier := range tt.again {
					checkNotUpdated(t, testutil.Untouched(t), pool, &updateRequest{Identifier: identifier}, yuncert.ErrInvalidStatusUpdateProtection, "Identifier", identifier)
				}
				// Other pools and other CAs do not change.
				if _, _, err := issueFrom(newPool(t), testutil.Seeded(), req); err != nil {
					t.Error(err)
				}
				other := testkeys.Families[(slices.Index(testkeys.Families, a)+1)%len(testkeys.Families)]
				if _, err := pool.Issuer(authorityOf(other).issuer.Identifier()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Of two concurrent calls, only the one that finishes first revokes. Here the
// second call starts and ends while the first draws its RequestId.
func TestUpdateCACertificateStatusOvertaken(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	sub, root := au.issuer.Identifier(), au.rootIssuer.Identifier()
	for _, first := range []string{sub, root} {
		pool, random := newPool(t), testutil.Seeded()
		overtaken := testutil.ReaderFunc(func(p []byte) (int, error) {
			if _, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &updateRequest{Identifier: first}); err != nil {
				t.Error(err)
			}
			return random.Read(p)
		})
		checkNotUpdated(t, overtaken, pool, &updateRequest{Identifier: sub}, yuncert.ErrInvalidStatusUpdateProtection, "Identifier", sub)
	}
}

// A root can be revoked after a CA below it.
func TestUpdateCACertificateStatusUpwards(t *testing.T) {
	t.Parallel()
	pool, au := newPool(t), authorityOf(algorithm.ECC_256)
	for _, identifier := range []string{au.issuer.Identifier(), au.rootIssuer.Identifier()} {
		if _, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &updateRequest{Identifier: identifier}); err != nil {
			t.Error(err)
		}
	}
	if got := identifiers(t, pool, "revoke"); len(got) != 2 {
		t.Errorf("revoked: %q", got)
	}
}

func TestUpdateCACertificateStatusMembers(t *testing.T) {
	t.Parallel()
	checkMembers(t, updateRequest{}, "Identifier string", "Status string", "ClientToken string")
	checkMembers(t, ca.UpdateCACertificateStatusResponse{}, "RequestId string")
	checkEmpty(t, updateRequest{}, "{}")
	checkEmpty(t, ca.UpdateCACertificateStatusResponse{}, "{}")
}

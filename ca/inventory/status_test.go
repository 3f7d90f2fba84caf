package inventory_test

import (
	"crypto"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, store := newInventory()
	numbered := func(serial int64) inventory.Certificate {
		return add(t, v, foreign(t, func(c, _ *x509.Certificate) { c.SerialNumber = big.NewInt(serial) }), inventory.Labels{})
	}
	good, bad, held, gone, ahead := numbered(1), numbered(2), numbered(3), numbered(4), numbered(0x500)
	revoke(t, v, later, bad, ca.ReasonKeyCompromise)
	revoke(t, v, later, held, ca.ReasonCertificateHold)
	revoke(t, v, later, gone, ca.ReasonUnspecified)
	revoke(t, v, later.AddDate(0, 0, 1), ahead, ca.ReasonUnspecified)
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, nil, later, &inventory.DeleteClientCertificateRequest{Identifier: gone.Identifier}))
	revoked := func(r ca.RevocationReason) ca.OCSPAnswer {
		return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: later.Truncate(time.Microsecond), Reason: r}
	}
	next := later.AddDate(0, 0, 3)
	for _, tt := range []struct {
		name, serial string
		nextUpdate   time.Time
		want         ca.OCSPAnswer
	}{
		{"good", "01", time.Time{}, ca.OCSPAnswer{Status: ca.OCSPGood}},
		{"good, with a next update", "01", next, ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: next}},
		{"revoked", "02", time.Time{}, revoked(ca.ReasonKeyCompromise)},
		{"on hold", "03", time.Time{}, revoked(ca.ReasonCertificateHold)},
		{"revoked, with a next update", "02", next, ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: later.Truncate(time.Microsecond), Reason: ca.ReasonKeyCompromise, NextUpdate: next}},
		{"deleted", "04", time.Time{}, revoked(ca.ReasonUnspecified)},
		{"revoked by a clock that is ahead", "0500", time.Time{}, ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: later}},
		{"never added", "06", time.Time{}, ca.OCSPAnswer{Status: ca.OCSPUnknown}},
		{"zero", "00", time.Time{}, ca.OCSPAnswer{Status: ca.OCSPUnknown}},
		{"never added, with a next update", "06", next, ca.OCSPAnswer{Status: ca.OCSPUnknown, NextUpdate: next}},
	} {
		got := must[ca.OCSPAnswer](t)(v.Status(ctx, later, good.Authority, tt.nextUpdate)(tt.serial))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: answer mismatch (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := must[ca.OCSPAnswer](t)(v.Status(ctx, later, strings.Repeat("0", 40), next)("02")); got.Status != ca.OCSPUnknown {
		t.Errorf("the status of another CA's certificate is %s", got.Status)
	}
	for _, serial := range []string{"", "x", strings.Repeat("0", 41)} {
		_, err := v.Status(ctx, later, good.Authority, next)(serial)
		code := malformed
		if serial == "" {
			code = missing
		}
		testutil.CheckError(t, err, code, "SerialNumber")
	}
	for authority, code := range map[string]yuncert.Code{"": missing, good.Identifier: malformed} {
		_, err := v.Status(ctx, later, authority, next)("01")
		testutil.CheckError(t, err, code, "Authority")
	}
	failing := &wrappedStore{Store: store, view: func(func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) { return nil, errStore }}
	_, err := inventory.New(failing).Status(ctx, later, good.Authority, next)("01")
	testutil.CheckCause(t, err, broke, "")
}

// A client reads the response that the lookup gives to its request.
func TestStatusOfRespondOCSP(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	record := must[inventory.CA](t)(v.AddCA(t.Context(), instant, au.issuer, inventory.Labels{}))
	issuer := must[*x509.Certificate](t)(x509.ParseCertificate(testutil.FirstPEM(t, au.subPEM)))
	responder := must[*ca.OCSPResponder](t)(ca.NewOCSPResponder(au.subPEM, au.subKey))
	good, bad := add(t, v, issue(t, au.issuer, 90), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	never := inventory.Certificate{DER: issue(t, au.issuer, 90)}
	revoke(t, v, later, bad, ca.ReasonSuperseded)
	for _, tt := range []struct {
		c    inventory.Certificate
		want int
	}{{good, ocsp.Good}, {bad, ocsp.Revoked}, {never, ocsp.Unknown}} {
		cert := must[*x509.Certificate](t)(tt.c.Parse())
		request := must[[]byte](t)(ocsp.CreateRequest(cert, issuer, &ocsp.RequestOptions{Hash: crypto.SHA256}))
		response := must[[]byte](t)(ca.RespondOCSP(nil, later, responder, request, v.Status(t.Context(), later, record.Authority, time.Time{})))
		got := must[*ocsp.Response](t)(ocsp.ParseResponseForCert(response, cert, issuer))
		if got.Status != tt.want || tt.want == ocsp.Revoked && (got.RevocationReason != ocsp.Superseded || !got.RevokedAt.Equal(later.Truncate(time.Second))) {
			t.Errorf("the response is %+v, want the status %d", got, tt.want)
		}
	}
}

// The lookup keeps revoked signing certificates from getting a second one.
func TestStatusOfCreateEncryptCertificate(t *testing.T) {
	t.Parallel()
	const a = algorithm.SM2_256
	au := authorityOf(a)
	v, _ := newInventory()
	good, held, never := issue(t, au.issuer, 90), issue(t, au.issuer, 90), issue(t, au.issuer, 90)
	add(t, v, good, inventory.Labels{})
	revoke(t, v, later, add(t, v, held, inventory.Labels{}), ca.ReasonCertificateHold)
	for _, tt := range []struct {
		name string
		sign []byte
		code yuncert.Code
	}{{"good", good, ""}, {"on hold", held, protected}, {"never added", never, refused}} {
		req := &ca.CreateEncryptCertificateRequest{SignCert: testutil.EncodePEM("CERTIFICATE", tt.sign)}
		lookup := v.Status(t.Context(), later, inventory.AuthorityOf(au.issuer), time.Time{})
		_, der, err := ca.CreateEncryptCertificate(nil, later, au.issuer, testkeys.Key(a, 3).Public(), req, lookup)
		if tt.code != "" {
			testutil.CheckError(t, err, tt.code, "SignCert")
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		add(t, v, der, inventory.Labels{})
	}
}

package ca_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// Printed in any way, an Issuer and an OCSPResponder are one line without a key.
func TestPrint(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		responder, err := ca.NewOCSPResponder(responderChain(t, au), key(a, 2))
		if err != nil {
			t.Fatal(err)
		}
		itself, err := ca.NewOCSPResponder(au.sub.CertificateChain, au.subKey)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`CA "Test Sub CA" (identifier %s)`, au.sub.Identifier)
		for _, tt := range []struct {
			value any
			want  string
		}{
			{au.issuer, want},
			{*au.issuer, want},
			{responder, "OCSP responder of " + want},
			{*responder, "OCSP responder of " + want},
			{itself, "OCSP responder of " + want},
		} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				if got := fmt.Sprintf(verb, tt.value); got != tt.want {
					t.Errorf("%s of a %T prints %.200q, want %q", verb, tt.value, got, tt.want)
				}
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("", "value", tt.value)
			if !strings.Contains(log.String(), strings.ReplaceAll(tt.want, `"`, `\"`)) {
				t.Errorf("slog prints %s", &log)
			}
		}
	}
	for _, nobody := range []any{(*ca.Issuer)(nil), (*ca.OCSPResponder)(nil)} {
		if got := fmt.Sprintf("%v", nobody); got != "<nil>" {
			t.Errorf("a nil %T prints %q", nobody, got)
		}
	}
	pool, err := ca.NewPool(authorityOf(algorithm.ECC_256).issuer)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", pool); strings.Contains(got, "BEGIN") || strings.Contains(got, "signer") {
		t.Errorf("a Pool prints %.200q", got)
	}
}

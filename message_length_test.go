package yuncert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// No message is longer than 1000 octets, and none quotes more than 80 characters of
// a value, however long the input is and whatever crypto/x509 says about it.
func TestMessagesAreShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, algorithm.ECC_256)
	failed := 0
	check := func(t *testing.T, what string, repeated rune, err error) {
		e, ok := errors.AsType[*yuncert.Error](err)
		if !ok {
			return
		}
		failed++
		if len(e.Message) > 1000 {
			t.Errorf("%s: a message of %d octets", what, len(e.Message))
		}
		if n := len(err.Error()); n > 2200 {
			t.Errorf("%s: Error() has %d octets", what, n)
		}
		if !utf8.ValidString(e.Message) {
			t.Errorf("%s: the message %q is not UTF-8", what, e.Message)
		}
		longest := 0
		for run := range strings.FieldsFuncSeq(e.Message, func(r rune) bool { return r != repeated }) {
			longest = max(longest, utf8.RuneCountInString(run))
		}
		if longest > 80 {
			t.Errorf("%s: the message quotes %d characters: %s", what, longest, e.Message)
		}
	}
	for name, text := range map[string]string{
		"words":              strings.Repeat("Ω", 30_000),
		"control characters": strings.Repeat("\x01", 60_000),
		"private use":        strings.Repeat("\U000f0000", 15_000),
		"quotation marks":    strings.Repeat(`"`, 60_000),
		"no UTF-8":           strings.Repeat("\xff", 60_000),
		"digits":             strings.Repeat("9", 60_000),
		"more than a list":   strings.Repeat("Ω", 300_000),
		"host name":          strings.Repeat("w.", 30_000) + "example",
		"address":            "http://example.com/" + strings.Repeat("Ω", 30_000),
		"PEM":                "-----BEGIN " + strings.Repeat("Ω", 30_000) + "-----\n-----END " + strings.Repeat("Ω", 30_000) + "-----\n",
	} {
		first, _ := utf8.DecodeRuneInString(text)
		w.requestsWith(text, func(field string, err error) { check(t, field+", "+name, first, err) })
		w.readersOf(text, func(reader string, err error) { check(t, reader+", "+name, 'Ω', err) })
	}

	// Certificates whose names crypto/x509 refuses, and quotes.
	for name, cert := range strangeCertificates(t) {
		chain := testutil.EncodePEM("CERTIFICATE", cert) + w.chain
		w.readersOf(chain, func(reader string, err error) { check(t, reader+", "+name, 'x', err) })
		// At the end of a chain of 1.3 MB.
		long := strings.Repeat(w.chain[:strings.Index(w.chain, "-----END")]+"-----END CERTIFICATE-----\n", 9) + strings.Repeat(chain, 20)
		_, err := ca.NewIssuer(long, w.key, ca.IssuerOptions{})
		check(t, "NewIssuer, long chain, "+name, 'x', err)
		_, err = ca.Verify(secretsNow, long, ca.VerifyOptions{Roots: w.chain})
		check(t, "Verify, long chain, "+name, 'x', err)
	}
	if failed < 1000 {
		t.Errorf("only %d errors came up", failed)
	}
}

// strangeCertificates are certificates of 50,000 octets and more with names that
// crypto/x509 quotes in its errors, or that have no end.
func strangeCertificates(t *testing.T) map[string][]byte {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), slices.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	long, controls := strings.Repeat("x", 50_000), strings.Repeat("\x01", 50_000)
	alternative := func(tag int, content string) pkix.Extension {
		name, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(content)})
		if err != nil {
			t.Fatal(err)
		}
		value, err := asn1.Marshal([]asn1.RawValue{{FullBytes: name}})
		if err != nil {
			t.Fatal(err)
		}
		return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}
	}
	templates := map[string]*x509.Certificate{
		"a URI of control characters":        {ExtraExtensions: []pkix.Extension{alternative(6, "spiffe://"+controls)}},
		"a URI with a port of letters":       {ExtraExtensions: []pkix.Extension{alternative(6, "spiffe://a:"+long)}},
		"a mailbox of control characters":    {ExtraExtensions: []pkix.Extension{alternative(1, controls)}},
		"a DNS name of control characters":   {ExtraExtensions: []pkix.Extension{alternative(2, controls)}},
		"an address of 50000 octets":         {ExtraExtensions: []pkix.Extension{alternative(7, long)}},
		"a common name of 50000 characters":  {Subject: pkix.Name{CommonName: long}},
		"a common name of controls":          {Subject: pkix.Name{CommonName: controls}},
		"an extension twice":                 {ExtraExtensions: []pkix.Extension{alternative(6, "a:b"), alternative(6, "a:b")}},
		"a critical extension without end":   {ExtraExtensions: []pkix.Extension{{Id: slices.Repeat(asn1.ObjectIdentifier{2}, 20_000), Critical: true, Value: []byte{5, 0}}}},
		"a distribution point of characters": {CRLDistributionPoints: []string{"http://" + controls}, URIs: []*url.URL{{Scheme: "a", Opaque: long}}},
	}
	made := make(map[string][]byte)
	for name, template := range templates {
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), secretsNow, secretsNow.AddDate(1, 0, 0)
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err == nil {
			made[name] = der
		}
	}
	if len(made) < 6 {
		t.Fatalf("only %d certificates were made", len(made))
	}
	return made
}

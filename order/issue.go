package order

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Issue signs the certificate of an order whose ownership is proved, as
// [ca.CreateDomainCertificate] does: the subject is the domain alone, or empty if
// that is longer than a common name may be, the alternative names are the domain
// and, for a wildcard name, the name behind "*." which was proved, and the term is
// the product's. The order is in [StateCertificate] then, and the certificate is
// in the order that is returned and in DescribeCertificateState.
//
// A proof does not age here: Updated of an order in [StateProcess] is the instant
// of it, and how old it may be is the caller's to say. The CSR's key must pass
// both the Book's policy and the issuer's. An issuer that ends before the term does
// refuses for Months: a shorter certificate of [ca.CreateDomainCertificate] may be
// handed to [Book.Complete].
//
// Errors: [yuncert.ErrNotFoundOrder] for an orderID that names no order,
// [yuncert.ErrOrderStateError] for an order in another state,
// [yuncert.ErrInvalidParameter] for a key that was blocked since, those of
// [ca.CreateDomainCertificate] for what the issuer refuses or fails in, and
// [yuncert.ErrError] when the store failed. The signature is made before the store
// is written, so that a slow key keeps no row locked: of two that issue one order
// at once one drops its certificate, as does one whose order is cancelled
// meanwhile.
func (b *Book) Issue(ctx context.Context, rand io.Reader, now time.Time, issuer *ca.Issuer, orderID int64) (Order, error) {
	o, err := b.Order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.State.after(eventIssue); err != nil {
		return Order{}, err
	}
	if _, err := o.request(b.keys); err != nil {
		return Order{}, err
	}
	product, err := productOf(o.ProductCode, yuncert.ErrError)
	if err != nil {
		return Order{}, err
	}
	domains := o.Domain
	if proved, wildcard := strings.CutPrefix(o.Domain, "*."); wildcard {
		domains += "," + proved
	}
	resp, _, err := ca.CreateDomainCertificate(rand, now, issuer, &ca.CreateDomainCertificateRequest{
		Csr: o.Csr, Domain: domains, Months: product.Months, Immediately: 2,
	})
	if err != nil {
		return Order{}, err
	}
	return b.certify(ctx, now, orderID, resp.X509Certificate+withoutRoot(resp.CertificateChain))
}

// withoutRoot drops the last certificate of a chain: who checks it has the root
// already (RFC 8446, section 4.4.2).
func withoutRoot(chain string) string {
	const begin = "-----BEGIN CERTIFICATE-----"
	return chain[:max(strings.LastIndex(chain, begin), 0)]
}

// Complete stores a certificate that another CA issued for an order whose
// ownership is proved: PEM, with the certificate first and any CA certificates
// in order behind it. The order is in [StateCertificate] then.
//
// Errors, beside [yuncert.ErrNotFoundOrder] for an orderID that names no order,
// [yuncert.ErrOrderStateError] for an order in another state, and
// [yuncert.ErrError] when the store failed:
//
//   - [yuncert.ErrInvalidValueMalformed]: certificate is not PEM of 1 to 10
//     certificates that can be read.
//   - [yuncert.ErrInvalidParameter]: its key is not the CSR's or was blocked
//     since, its names do not cover the order's domain, it is a CA's, does not say
//     that it is for servers (RFC 5280, section 4.2.1.12) or is not valid at now,
//     or a certificate behind it is not of the CA that signed the one in front.
//
// Whether the CA is to be trusted is for the caller to know, and nothing else of
// its certificates is looked at: [ca.Verify] checks a chain against roots.
func (b *Book) Complete(ctx context.Context, now time.Time, orderID int64, certificate string) (Order, error) {
	chain, err := x509der.ParseCertificates("Certificate", certificate, 10)
	if err != nil {
		return Order{}, err
	}
	o, err := b.Order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.State.after(eventIssue); err != nil {
		return Order{}, err
	}
	request, err := o.request(b.keys)
	if err != nil {
		return Order{}, err
	}
	if err := o.accepts(now, request.PublicKey, chain); err != nil {
		return Order{}, err
	}
	var text strings.Builder
	for _, cert := range chain {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	return b.certify(ctx, now, orderID, text.String())
}

// request reads the order's CSR, and refuses a key that was blocked since it was
// submitted.
func (o *Order) request(keys algorithm.Policy) (*csr.Request, error) {
	request, err := csr.ParseWithPolicy([]byte(o.Csr), algorithm.Policy{SmallExponents: true})
	if err != nil {
		// It passed when it was submitted.
		return nil, &yuncert.Error{Code: yuncert.ErrError, Message: "the order's CSR cannot be read", Err: err}
	}
	if err := keys.Check(request.PublicKey); err != nil {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "Csr", "the order's key is not accepted any more: %s", x509der.Reason(err))
	}
	return request, nil
}

// accepts refuses a certificate that is not the one ordered.
func (o *Order) accepts(now time.Time, key crypto.PublicKey, chain []*x509.Certificate) error {
	cert := chain[0]
	asked, err := algorithm.MarshalPublicKey(key)
	if err != nil {
		return err
	}
	got, err := algorithm.MarshalPublicKey(cert.PublicKey)
	switch {
	case err != nil || !bytes.Equal(asked, got):
		return refused("the certificate's key is not the one in the order's CSR")
	case !covers(cert, o.Domain):
		return refused("the certificate's names do not cover %q", o.Domain)
	case cert.IsCA:
		return refused("the certificate is a CA's (RFC 5280, section 4.2.1.9)")
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return refused("the certificate's extended key usages do not have serverAuth (RFC 5280, section 4.2.1.12)")
	case now.Before(cert.NotBefore) || now.After(cert.NotAfter):
		return refused("the certificate is valid from %s to %s, and it is %s",
			cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	for n, parent := range chain[1:] {
		signed := chain[n]
		err := x509der.CheckSignature(signed, parent)
		if err != nil || !parent.IsCA || !bytes.Equal(signed.RawIssuer, parent.RawSubject) {
			return refused("certificate %d is not of the CA that signed certificate %d", n+2, n+1)
		}
	}
	return nil
}

// covers reports whether a certificate is good for a domain. A wildcard name
// must be there as such.
func covers(cert *x509.Certificate, domain string) bool {
	if !strings.HasPrefix(domain, "*.") {
		return cert.VerifyHostname(domain) == nil
	}
	return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, domain) })
}

func refused(format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidParameter, "Certificate", format, args...)
}

// certify stores the certificate of an order and counts it.
func (b *Book) certify(ctx context.Context, now time.Time, orderID int64, certificate string) (Order, error) {
	return b.move(ctx, now, orderID, eventIssue, func(tx Tx, o *Order) error {
		p, err := packageOf(tx, o)
		if err != nil {
			return err
		}
		p.IssuedCount++
		o.Certificate = certificate
		return tx.PutPackage(p)
	})
}

// Fail records that the CA refused an order whose ownership is proved, and why:
// text of 1 to 500 characters, which [Book.Order] returns as Reason. The order
// is in [StateVerifyFail] then, and deleting it gives the unit back.
//
// Errors: [yuncert.ErrMissingParameter] for no reason,
// [yuncert.ErrInvalidValueMalformed] for a longer one, one that is not UTF-8 or
// one with control characters, [yuncert.ErrNotFoundOrder] for an orderID
// that names no order, [yuncert.ErrOrderStateError] for an order in another
// state, and [yuncert.ErrError] when the store failed.
func (b *Book) Fail(ctx context.Context, now time.Time, orderID int64, reason string) (Order, error) {
	if reason == "" {
		return Order{}, yuncert.Missing("Reason")
	}
	if err := checkText("Reason", reason, 500); err != nil {
		return Order{}, err
	}
	return b.move(ctx, now, orderID, eventFail, func(_ Tx, o *Order) error {
		o.Reason = reason
		return nil
	})
}

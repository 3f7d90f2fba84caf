package order

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Issue signs the certificate of an order with [ca.CreateDomainCertificate], for the
// term of the product, and stores it. The alternative names are the domain and, for
// a wildcard name, also the name after "*.". The subject is the domain, or empty if
// the domain is too long for a common name.
//
// Proofs do not expire here. To refuse an old one, check Updated of the order in
// [StateProcess]: it is the time of the proof. If the issuer's own certificate ends
// before the term, Issue fails for Months. Then call ca.CreateDomainCertificate with
// a shorter term and pass the result to [Book.Complete].
//
// Issue returns [yuncert.ErrInvalidParameter] if the CSR's key was blocked after the
// order was submitted, and the errors of ca.CreateDomainCertificate. It signs before
// its transaction, so that a slow key locks no row. If the state of the order
// changes in between, it discards the certificate.
func (b *Book) Issue(ctx context.Context, rand io.Reader, now time.Time, issuer *ca.Issuer, orderID int64) (Order, error) {
	o, err := b.Order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.State.after(eventIssue); err != nil {
		return Order{}, err
	}
	if _, err := o.request(b.keyPolicy); err != nil {
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

// withoutRoot removes the root, the last certificate of a chain from package ca.
// Clients that trust the root have it already (RFC 8446, section 4.4.2).
func withoutRoot(chain string) string {
	const begin = "-----BEGIN CERTIFICATE-----"
	return chain[:max(strings.LastIndex(chain, begin), 0)]
}

// Complete stores a certificate from another CA for an order. certificate is PEM:
// the certificate, followed by any CA certificates, each after the one that it
// signed. Use [ca.Verify] to check whether you trust the CA.
//
// It returns [yuncert.ErrInvalidValueMalformed] if certificate is not PEM of 1 to 10
// readable certificates, and [yuncert.ErrInvalidParameter] if
//   - the key is not the CSR's, or was blocked after the order was submitted,
//   - the names do not cover the domain,
//   - the certificate is a CA's, is not valid at now, or lacks serverAuth (RFC 5280,
//     section 4.2.1.12), or
//   - a CA certificate is not the one that signed the certificate before it.
func (b *Book) Complete(ctx context.Context, now time.Time, orderID int64, certificate string) (Order, error) {
	chain, err := param.ParseCertificates("Certificate", certificate, 10)
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
	request, err := o.request(b.keyPolicy)
	if err != nil {
		return Order{}, err
	}
	if err := o.checkCertificate(now, request.PublicKey, chain); err != nil {
		return Order{}, err
	}
	var text strings.Builder
	for _, cert := range chain {
		text.WriteString(der.PEM("CERTIFICATE", cert.Raw))
	}
	return b.certify(ctx, now, orderID, text.String())
}

// request reads the order's CSR, and refuses a key that the policy does not accept
// any more.
func (o *Order) request(policy algorithm.KeyPolicy) (*csr.Request, error) {
	request, err := csr.ParseWithPolicy([]byte(o.Csr), algorithm.KeyPolicy{SmallExponents: true})
	if err != nil {
		// The CSR could be read when it was submitted, so the store has changed it.
		return nil, &yuncert.Error{Code: yuncert.ErrError, Message: "the order's CSR cannot be read", Err: param.Cause(err)}
	}
	if err := policy.Check(request.PublicKey); err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidParameter, "Csr", "the CSR's key is no longer accepted")
	}
	return request, nil
}

// checkCertificate checks that a chain begins with the certificate that was ordered.
func (o *Order) checkCertificate(now time.Time, key crypto.PublicKey, chain []*x509.Certificate) error {
	cert := chain[0]
	own, ok := key.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || !own.Equal(cert.PublicKey):
		return param.Refused("Certificate", "the certificate's key is not the key in the order's CSR")
	case !covers(cert, o.Domain):
		return param.Refused("Certificate", "the certificate's names do not cover %q", o.Domain)
	case cert.IsCA:
		return param.Refused("Certificate", "the certificate is a CA certificate (RFC 5280, section 4.2.1.9); want a server certificate")
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return param.Refused("Certificate", "the certificate's extended key usages lack serverAuth (RFC 5280, section 4.2.1.12)")
	case now.Before(cert.NotBefore) || now.After(cert.NotAfter):
		return param.Refused("Certificate", "the certificate is valid from %s to %s, and now is %s",
			cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	for n, parent := range chain[1:] {
		signed := chain[n]
		err := x509der.CheckSignature(signed, parent)
		if err != nil || !parent.IsCA || !bytes.Equal(signed.RawIssuer, parent.RawSubject) {
			return param.Refused("Certificate", "certificate %d is not a certificate of the CA that signed certificate %d", n+2, n+1)
		}
	}
	return nil
}

// covers reports whether a certificate is valid for a domain. For a wildcard domain
// the certificate must have the same wildcard name.
func covers(cert *x509.Certificate, domain string) bool {
	if !strings.HasPrefix(domain, "*.") {
		return cert.VerifyHostname(domain) == nil
	}
	return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, domain) })
}

// certify stores the certificate of an order and counts it in the package.
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

// Fail records that the CA refused an order. It returns
// [yuncert.ErrInvalidValueMalformed] if the reason has more than 500 characters, is
// not UTF-8 or has control characters.
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

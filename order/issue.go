package order

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
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
// term of the product, and stores it. The alternative names are the names of the order
// and, for a wildcard name, also the name after "*.". The subject is the first name, or
// empty if that is too long for a common name.
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
	o, err := b.orderFor(ctx, orderID, eventIssue)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.request(b.keyPolicy); err != nil {
		return Order{}, err
	}
	product, err := productOf(b.products, o.ProductCode, yuncert.ErrError)
	if err != nil {
		return Order{}, err
	}
	domains := strings.Join(certifiedNames(o.names()), ",")
	resp, leaf, err := ca.CreateDomainCertificate(rand, now, issuer, &ca.CreateDomainCertificateRequest{
		Csr: o.Csr, Domain: domains, Months: product.Months, Immediately: 2,
	})
	if err != nil {
		return Order{}, err
	}
	cert, err := x509der.ParseCertificate(leaf)
	if err != nil {
		return Order{}, &yuncert.Error{Code: yuncert.ErrError, Message: "the certificate cannot be read", Err: err}
	}
	return b.certify(ctx, now, orderID, "", cert.NotAfter, resp.X509Certificate+withoutRoot(resp.CertificateChain))
}

// withoutRoot removes the root, the last certificate of a chain from package ca.
// Clients that trust the root have it already (RFC 8446, section 4.4.2).
func withoutRoot(chain string) string {
	const begin = "-----BEGIN CERTIFICATE-----"
	return chain[:max(strings.LastIndex(chain, begin), 0)]
}

// maxClockSkew is how far the clock of a CA may be ahead of now in Complete. now is
// often older than the certificate, because the caller took it and then waited for
// the CA.
const maxClockSkew = 5 * time.Minute

// Complete stores a certificate from another CA for an order. certificate is PEM:
// the certificate, followed by any CA certificates, each after the one that it
// signed. Use [ca.Verify] to check whether you trust the CA. The certificate may
// become valid up to 5 minutes after now, since you may have taken now before the CA
// signed.
//
// It returns [yuncert.ErrInvalidValueMalformed] if certificate is not PEM of 1 to 10
// readable certificates, and [yuncert.ErrInvalidParameter] if
//   - the key is not the CSR's, or was blocked after the order was submitted,
//   - the names do not cover all names of the order,
//   - the certificate is a CA's, has expired at now, becomes valid more than 5 minutes
//     after now, or lacks serverAuth (RFC 5280, section 4.2.1.12), or
//   - a CA certificate is not the one that signed the certificate before it, or the
//     algorithm of a signature is not supported.
func (b *Book) Complete(ctx context.Context, now time.Time, orderID int64, certificate string) (Order, error) {
	chain, err := param.ParseCertificates("Certificate", certificate, maxChain)
	if err != nil {
		return Order{}, err
	}
	o, err := b.orderFor(ctx, orderID, eventIssue)
	if err != nil {
		return Order{}, err
	}
	request, err := o.request(b.keyPolicy)
	if err != nil {
		return Order{}, err
	}
	if err := o.checkCertificate(now, request.PublicKey, chain); err != nil {
		return Order{}, err
	}
	return b.certify(ctx, now, orderID, "", chain[0].NotAfter, pemOf(chain))
}

// maxChain is the largest number of certificates that an order stores.
const maxChain = 10

func pemOf(chain []*x509.Certificate) string {
	var text strings.Builder
	for _, cert := range chain {
		text.WriteString(der.PEM("CERTIFICATE", cert.Raw))
	}
	return text.String()
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
	missed := uncovered(cert, o.names())
	at := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return equalKeys(key, c.PublicKey) })
	switch {
	case at < 0:
		return param.Refused("Certificate", "the certificate's key is not the key in the order's CSR; want a certificate made from this CSR")
	case at > 0:
		return param.Refused("Certificate", "the certificate's key is not the key in the order's CSR, but the key of certificate %d is; put certificate %[1]d first", at+1)
	case missed != "":
		return param.Refused("Certificate", "the certificate's names do not cover %.80q; %s", missed, dnsNames(cert))
	case cert.IsCA:
		return param.Refused("Certificate", "the certificate is a CA certificate (RFC 5280, section 4.2.1.9); want a server certificate")
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return param.Refused("Certificate", "the certificate's extended key usages lack serverAuth (RFC 5280, section 4.2.1.12); want a server certificate")
	case now.Add(maxClockSkew).Before(cert.NotBefore):
		return param.Refused("Certificate", "the certificate is valid from %s, and now is %s; try again when it is valid",
			cert.NotBefore.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case now.After(cert.NotAfter):
		return param.Refused("Certificate", "the certificate was valid until %s, and now is %s; want a certificate that has not expired",
			cert.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	for n, parent := range chain[1:] {
		err := checkSigned(chain[n], parent)
		switch {
		case errors.Is(err, x509der.ErrSignatureAlgorithm):
			return param.Wrap(err, yuncert.ErrInvalidParameter, "Certificate", "the signature of certificate %d cannot be verified", n+1)
		case err != nil:
			return param.Wrap(err, yuncert.ErrInvalidParameter, "Certificate", "certificate %d is not a certificate of the CA that signed certificate %d", n+2, n+1)
		}
	}
	return nil
}

// checkSigned checks that parent is a certificate of the CA that signed cert.
func checkSigned(cert, parent *x509.Certificate) error {
	if !parent.IsCA {
		return errors.New("it is not a CA certificate (RFC 5280, section 4.2.1.9)")
	}
	if !x509der.SameName(cert.RawIssuer, parent.RawSubject) { // RFC 5280, 6.1.3 (a)(4)
		// Not the whole names: Name.String takes time that grows with the square.
		return fmt.Errorf("its subject, with the common name %.80q, is not the issuer, with the common name %.80q", parent.Subject.CommonName, cert.Issuer.CommonName)
	}
	return x509der.CheckSignature(cert, parent)
}

func equalKeys(a, b crypto.PublicKey) bool {
	own, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(b)
}

// dnsNames says which names a certificate has.
func dnsNames(cert *x509.Certificate) string {
	if len(cert.DNSNames) == 0 {
		return "it has no DNS name in subjectAltName, and a common name does not count (RFC 9525, section 6.3)"
	}
	return fmt.Sprintf("its DNS names are %.80q", strings.Join(cert.DNSNames, ", "))
}

// uncovered returns a name that a certificate is not valid for, or "". A wildcard name
// must be in the certificate. For another name, the wildcard above it suffices (RFC 9525,
// section 6.3). It looks at each name once, however many there are.
func uncovered(cert *x509.Certificate, names []string) string {
	certified := make(map[string]bool, len(cert.DNSNames))
	for _, name := range cert.DNSNames {
		certified[strings.ToLower(name)] = true
	}
	for _, name := range names {
		_, parent, _ := strings.Cut(name, ".")
		if !certified[name] && !certified["*."+parent] {
			return name
		}
	}
	return ""
}

// certify stores the certificate of an order and counts it in the package. The reference
// is empty if the certificate is not the Authority's, which could not revoke it.
func (b *Book) certify(ctx context.Context, now time.Time, orderID int64, reference string, notAfter time.Time, certificate string) (Order, error) {
	return b.move(ctx, now, orderID, eventIssue, func(tx Tx, o *Order) error {
		p, err := packageOf(tx, o)
		if err != nil {
			return err
		}
		p.IssuedCount++
		o.Reference = reference
		o.Certificate, o.Issued, o.NotAfter = certificate, instant(now), instant(notAfter)
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
	if err := param.CheckText("Reason", reason, 500); err != nil {
		return Order{}, err
	}
	return b.move(ctx, now, orderID, eventFail, func(_ Tx, o *Order) error {
		o.Reason = reason
		return nil
	})
}

// Package acme makes a public CA that speaks RFC 8555 (ACME) the [order.Authority] of a
// Book. So CreateCertificateWithCsrRequest leads to a certificate that browsers trust.
//
// Create a key for the account at the CA, and keep it: it is not the key of any
// certificate. Register it once, with the CA's directory for tests at first:
//
//	ca := &acme.Authority{Directory: "https://acme-staging-v02.api.letsencrypt.org/directory", Key: key}
//	ca.Account, err = ca.Register(ctx, []string{"ops@example.com"}, true, nil)
//
// Then give it to a Book, and run an order step by step:
//
//	book := order.NewBook(store, order.BookOptions{Authority: ca})
//	resp, err := book.CreateCertificateWithCsrRequest(ctx, nil, time.Now(), req) // domain_verify
//	o, err := book.Order(ctx, resp.OrderId)
//	// Add the DNS record of o.Challenge().
//	o, err = book.CheckOwnership(ctx, time.Now(), o.OrderId) // again later, until it is process
//	o, err = book.Obtain(ctx, time.Now(), o.OrderId)         // again later, until it is certificate
//
// ValidateType "DNS" is the challenge dns-01, and "FILE" is http-01. A wildcard needs
// "DNS". The CA's rate limits count failed proofs and issued certificates: try with its
// directory for tests.
//
// # Errors
//
// A [*order.Refusal] is final: the CA refuses the names or the CSR, found no proof, or
// ended the order. An [*order.Unavailable] is a CA that cannot be reached, fails, or
// limits the rate; it has the time when the CA wants to be asked again, up to a week
// ahead. After any other error somebody has to look: the account, the terms, the profile
// or a field of the [Authority] is wrong, or the CA's answer makes no sense. Errors of
// this package are not a *yuncert.Error; the Book wraps them. They contain up to 500
// octets of the CA's text, without control characters, and never a key.
//
// # What the CA can do
//
// Requests go to any https host that the CA names, without redirects. An answer has up
// to 1 MiB, a URL up to 2048 octets, an order as many authorizations as names and a
// chain up to five certificates. A refused nonce is replaced up to ten times. No other
// request is repeated, and only [Authority.Wait] makes a call wait.
package acme

// Package acme makes a public CA that speaks RFC 8555 (ACME) the [order.Authority] of a
// Book. So CreateCertificateWithCsrRequest leads to a certificate that browsers trust.
//
// Create a key for the account at the CA with algorithm.GenerateKey, and keep it. It is
// not the key of any certificate. Register it once, at first with the CA's directory for
// tests:
//
//	ca := &acme.Authority{Directory: "https://acme-staging-v02.api.letsencrypt.org/directory", Key: key}
//	ca.Account, err = ca.Register(ctx, []string{"ops@example.com"}, true, nil)
//
// Then give it to a Book, and run an order step by step:
//
//	book := order.NewBook(store, order.BookOptions{Authority: ca})
//	err = book.AddPackage(ctx, order.DefaultProductCode, 10) // your own limit on orders
//	resp, err := book.CreateCertificateWithCsrRequest(ctx, nil, time.Now(), req) // domain_verify
//	o, err := book.Order(ctx, resp.OrderId)
//	// Add the DNS record of o.Challenge().
//	o, err = book.CheckOwnership(ctx, time.Now(), o.OrderId) // again later, until it is process
//	o, err = book.Obtain(ctx, time.Now(), o.OrderId)         // again later, until it is certificate
//
// ValidateType "DNS" is the challenge dns-01, and "FILE" is http-01. A wildcard needs
// "DNS". A CA limits how many proofs may fail and how many certificates it issues in a
// week, so try everything with its directory for tests.
//
// To order a renewal when RenewAfter says so, set RenewBefore in BookOptions to the
// longest term of a certificate. Its default is 30 days.
//
// # Errors
//
// A [*order.Refusal] is final: the CA refuses the names or the CSR, does not find a
// proof, or ended the order. An [*order.Unavailable] says that the CA cannot be reached,
// fails or limits the rate. It has the time when the CA wants to be asked again, if the
// CA says so, up to a week ahead. Any other error needs a person: the account, the terms
// of service, the profile or a field of the [Authority] is wrong, or the CA's answer
// cannot be used.
//
// Errors of this package are not a *yuncert.Error: the Book wraps them. They contain up
// to 500 octets of the CA's text, without control characters, and never a key.
//
// # Limits
//
// Requests go to any https host that the CA names, and follow no redirects. An answer
// has up to 1 MiB, a URL up to 2048 octets, an order as many authorizations as names, and
// a chain up to five certificates. If the CA refuses a nonce, the request is sent again,
// up to ten times. No other request is sent again, and a call waits only if Wait in the
// Authority says so.
package acme

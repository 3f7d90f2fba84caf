package ca

import (
	"crypto/x509"
	"fmt"
	"io"
)

// String returns one line such as CA "Example Sub CA" (identifier 0a1b…).
func (i Issuer) String() string { return i.line }

// Format prints String for every verb, also %#v, so that no log holds a key.
func (i Issuer) Format(f fmt.State, _ rune) { io.WriteString(f, i.String()) }

// String returns one line such as OCSP responder of CA "Example Sub CA"
// (identifier 0a1b…).
func (r OCSPResponder) String() string { return r.line }

// Format prints String for every verb, also %#v, so that no log holds a key.
func (r OCSPResponder) Format(f fmt.State, _ rune) { io.WriteString(f, r.String()) }

// caLine names a CA in one line.
func caLine(cert *x509.Certificate, identifier string) string {
	return fmt.Sprintf("CA %.80q (identifier %s)", cert.Subject.CommonName, identifier)
}

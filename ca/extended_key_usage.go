package ca

import (
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// extendedKeyUsages are the names that the document lists, with their object
// identifiers.
var extendedKeyUsages = map[string]string{
	"any":             x509der.AnyExtendedKeyUsage,
	"serverAuth":      x509der.ServerAuth,
	"clientAuth":      x509der.ClientAuth,
	"codeSigning":     x509der.CodeSigning,
	"emailProtection": x509der.EmailProtection,
	"timeStamping":    x509der.TimeStamping,
	"OCSPSigning":     x509der.OCSPSigning,
}

// maxExtendedKeyUsages is the limit of the API's metadata.
const maxExtendedKeyUsages = 100

// parseExtendedKeyUsages reads a parameter with extended key usages and returns
// the content octets of the object identifiers, each once.
func parseExtendedKeyUsages(parameter string, list []string) ([]string, error) {
	if len(list) > maxExtendedKeyUsages {
		return nil, param.Malformed(parameter, "%d usages; up to %d are accepted", len(list), maxExtendedKeyUsages)
	}
	var usages []string
	for _, name := range list {
		usage, ok := extendedKeyUsages[name]
		if !ok {
			var err error
			usage, err = parseOID(name)
			if errors.Is(err, errOID) {
				return nil, param.Malformed(parameter, "%.80q is neither one of %s nor an object identifier",
					name, strings.Join(slices.Sorted(maps.Keys(extendedKeyUsages)), ", "))
			}
			if err != nil {
				return nil, param.Malformed(parameter, "%.80q %v", name, err)
			}
		}
		if !slices.Contains(usages, usage) {
			usages = append(usages, usage)
		}
	}
	return usages, nil
}

// limitsUsages reports whether a certificate has extended key usages and
// anyExtendedKeyUsage is not one of them (RFC 5280, section 4.2.1.12).
func limitsUsages(cert *x509.Certificate) bool {
	return len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 && !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// permits reports whether a certificate's extended key usages allow a use. All
// clients apply a CA's usages to the certificates below it too.
func permits(cert *x509.Certificate, usage x509.ExtKeyUsage) bool {
	return usage == x509.ExtKeyUsageAny || !limitsUsages(cert) || slices.Contains(cert.ExtKeyUsage, usage)
}

// excludes returns the first of these extended key usages that a CA in the
// chain does not allow. A new certificate without any is limited by the chain.
func (i *Issuer) excludes(usages []string) (usage string, excluded bool) {
	for _, allowed := range i.usages {
		for _, usage := range usages {
			if !slices.Contains(allowed, usage) {
				return usage, true
			}
		}
	}
	return "", false
}

// usageName returns the name of an extended key usage for a message.
func usageName(content string) string {
	for name, usage := range extendedKeyUsages {
		if usage == content {
			return name
		}
	}
	return x509der.ObjectIdentifier(content).String()
}

// tlsKeyUsages are the key usages that suit an extended key usage. One of them is
// enough (RFC 5280, section 4.2.1.12).
var tlsKeyUsages = map[x509.ExtKeyUsage]x509.KeyUsage{
	x509.ExtKeyUsageServerAuth: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
	x509.ExtKeyUsageClientAuth: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement,
}

// suitableKeyUsages is tlsKeyUsages with the other extended key usages that RFC
// 5280 describes, as the content octets of object identifiers.
var suitableKeyUsages = map[string]x509.KeyUsage{
	x509der.ServerAuth:      tlsKeyUsages[x509.ExtKeyUsageServerAuth],
	x509der.ClientAuth:      tlsKeyUsages[x509.ExtKeyUsageClientAuth],
	x509der.CodeSigning:     x509.KeyUsageDigitalSignature,
	x509der.EmailProtection: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
	x509der.TimeStamping:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
}

// keyUsageNames lists the names of key usages for a message.
func keyUsageNames(usages x509.KeyUsage) string {
	var names []string
	for usage := x509.KeyUsageDigitalSignature; usage <= x509.KeyUsageDecipherOnly; usage <<= 1 {
		if usages&usage != 0 {
			names = append(names, usage.String())
		}
	}
	return strings.Join(names, ", ")
}

package ca

import (
	"net/url"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// crlAddress returns the address of a CA's CRL: IssuerOptions.CRLBase, a slash,
// the Identifier and ".crl".
func crlAddress(crlBase, identifier string) (string, error) {
	base, err := url.Parse(crlBase)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || !x509der.IsASCII(base.Host) ||
		base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return "", param.Refused("CRLBase", "%.80q is not an http or https address with an ASCII host and without user, query and fragment", crlBase)
	}
	return strings.TrimSuffix(base.String(), "/") + "/" + identifier + ".crl", nil
}

package der

import (
	"encoding/base64"
	"strings"
)

// PEM returns a value as a PEM block. Its lines have 64 characters, and each ends
// in a newline (RFC 7468, section 3).
func PEM(label string, value []byte) string {
	var b strings.Builder
	lines := (len(value) + 47) / 48
	b.Grow(2*len("-----BEGIN -----\n") + 2*len(label) + base64.StdEncoding.EncodedLen(len(value)) + lines)
	b.WriteString("-----BEGIN ")
	b.WriteString(label)
	b.WriteString("-----\n")
	var line [65]byte
	for len(value) > 0 {
		n := min(len(value), 48)
		end := base64.StdEncoding.EncodedLen(n)
		base64.StdEncoding.Encode(line[:end], value[:n])
		line[end] = '\n'
		b.Write(line[:end+1])
		value = value[n:]
	}
	b.WriteString("-----END ")
	b.WriteString(label)
	b.WriteString("-----\n")
	return b.String()
}

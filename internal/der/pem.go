package der

import (
	"encoding/base64"
	"slices"
	"strings"
)

// PEM returns the block of a value: lines of 64 characters, each ending in a
// newline (RFC 7468, section 3).
func PEM(label string, value []byte) string {
	var b strings.Builder
	lines := (len(value) + 47) / 48
	b.Grow(2*len("-----BEGIN -----\n") + 2*len(label) + base64.StdEncoding.EncodedLen(len(value)) + lines)
	b.WriteString("-----BEGIN ")
	b.WriteString(label)
	b.WriteString("-----\n")
	line := make([]byte, 65)
	for part := range slices.Chunk(value, 48) {
		line = append(base64.StdEncoding.AppendEncode(line[:0], part), '\n')
		b.Write(line)
	}
	b.WriteString("-----END ")
	b.WriteString(label)
	b.WriteString("-----\n")
	return b.String()
}

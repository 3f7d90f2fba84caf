package param

import "strings"

// CreatedCSRName checks the parameter Name of CreateCsr.
func CreatedCSRName(name string) error {
	if !isCSRName(name, "_-.") {
		return Malformed("Name", "%.60q is not up to 50 letters, digits, underscores, hyphens and periods", name)
	}
	return nil
}

// UploadedCSRName checks the parameter Name of UploadCsr, which may have no period.
func UploadedCSRName(name string) error {
	if !isCSRName(name, "_-") {
		return Malformed("Name", "%.60q is not up to 50 letters, digits, underscores and hyphens", name)
	}
	return nil
}

// isCSRName reports whether a text has up to 50 ASCII letters, digits and
// characters of others.
func isCSRName(text, others string) bool {
	for i := range len(text) {
		c := text[i]
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		isDigit := '0' <= c && c <= '9'
		if !isLetter && !isDigit && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return len(text) <= 50
}

package yuncert

import (
	"strings"
	"unicode/utf8"
)

// cut returns up to n octets of a text.
func cut(text string, n int) string {
	const more = "…"
	if len(text) <= n {
		return text
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + more
}

// withoutKeys removes private keys from a message: everything from where a key
// begins up to the end of the quotation.
func withoutKeys(message string) string {
	var b strings.Builder
	for {
		at := findKey(message)
		if at < 0 {
			break
		}
		b.WriteString(message[:at])
		b.WriteString("…")
		message = message[at+quotationEnd(message[at:]):]
	}
	if b.Len() == 0 {
		return message
	}
	b.WriteString(message)
	return b.String()
}

// quotationEnd returns the index of the quotation mark that ends a quotation, or
// the length of the text if there is none. An escaped mark does not end it.
func quotationEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// findKey returns the index after the first label of a private key, or the index of
// a run before it that may be a key in base64. It returns -1 if there is neither.
func findKey(message string) int {
	start, end := findLabel(message)
	if start >= 0 {
		message = message[:start]
	}
	for at := 0; at < len(message); {
		n := base64Run(message[at:])
		if n >= 24 && isBase64Key(message[at:at+n]) {
			return at
		}
		at += n + 1
	}
	return end
}

// findLabel returns where the first line of a private key in PEM starts and ends,
// or -1 and -1. Forms, URLs and JSON change the spaces between its words.
func findLabel(message string) (start, end int) {
	const private, key, begin = "PRIVATE", "KEY", "BEGIN"
	for at := 0; ; {
		next := strings.Index(message[at:], private)
		if next < 0 {
			return -1, -1
		}
		start = at + next
		at = start + len(private)
		word := strings.Index(message[at:min(at+20, len(message))], key)
		if word < 0 {
			continue
		}
		end = at + word + len(key)
		dashes := len(message[end:]) - len(strings.TrimLeft(message[end:], "-"))
		before := max(0, start-40)
		first := strings.LastIndex(message[before:start], begin)
		if first >= 0 {
			return before + first, end + dashes
		}
		if dashes >= 5 {
			return start, end + dashes
		}
	}
}

// base64Run returns how many characters at the beginning of a text occur in base64, in
// its form for URLs or in percent-encoding (RFC 4648, sections 4 and 5).
func base64Run(text string) int {
	for i := range len(text) {
		c := text[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/=_%-", c) >= 0) {
			return i
		}
	}
	return len(text)
}

// isBase64Key reports whether a run may hold a key in base64. A key changes between
// capital letters, small letters and digits at about 3 of 5 places. Host names,
// file names and paths change at about 1 of 3 or fewer. Digests in hexadecimal
// have letters of one case.
func isBase64Key(run string) bool {
	const window = 32 // so that words in front do not hide a key
	for at := range max(1, len(run)-window+1) {
		if looksRandom(run[at:min(at+window, len(run))]) {
			return true
		}
	}
	return false
}

// looksRandom reports whether a text has letters of both cases and changes between
// capital letters, small letters and digits at 2 of 5 places or more.
func looksRandom(text string) bool {
	const none, capital, small, digit = 0, 1, 2, 3
	var seen [4]bool
	changes, last := 0, none
	for i := range len(text) {
		c, class := text[i], none
		switch {
		case 'A' <= c && c <= 'Z':
			class = capital
		case 'a' <= c && c <= 'z':
			class = small
		case '0' <= c && c <= '9':
			class = digit
		}
		if class == none {
			continue
		}
		if class != last {
			changes++
		}
		seen[class] = true
		last = class
	}
	return seen[capital] && seen[small] && 5*changes >= 2*len(text)
}

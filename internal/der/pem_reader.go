package der

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// A PEMReader reads the PEM blocks of a text, one after another. A byte-order
// mark in front is skipped, as is text between the blocks. A block may begin on the
// line on which another ends, as when files without a last line break are joined.
type PEMReader struct{ rest []byte }

// NewPEMReader returns a reader of the text, which it keeps.
func NewPEMReader(text []byte) *PEMReader {
	// encoding/pem sees no block after the mark or within a line.
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	joint := []byte(pemDash + pemBegin)
	dashes := bytes.Count(text, []byte("-")) // fast, and one block has no joint
	if dashes > 4*len(pemDash) && bytes.Contains(text, joint) {
		text = bytes.ReplaceAll(text, joint, []byte(pemDash+"\n"+pemBegin))
	}
	return &PEMReader{text}
}

// Next returns the next block that can be read, or nil if there is none.
// encoding/pem skips a damaged block; damaged reports whether Next skipped one. A
// block of which only the END line is left counts too, and so does one whose lines
// have another number or kind of dashes.
func (r *PEMReader) Next() (block *pem.Block, damaged bool) {
	block, rest := pem.Decode(r.rest)
	if block == nil {
		return nil, countMarks(r.rest, "BEGIN ") > 0 || countMarks(r.rest, "END ") > 0
	}
	read := r.rest[:len(r.rest)-len(rest)]
	r.rest = rest
	if isOneBlock(read) {
		return block, false
	}
	return block, countMarks(read, "BEGIN ") > 1 || countMarks(read, "END ") > 1
}

// isOneBlock reports whether a text that has a block has no other dashes than those
// of its two lines. This is faster than the search for the words of other blocks.
func isOneBlock(text []byte) bool {
	if bytes.Count(text, []byte("-")) != 4*len(pemDash) {
		return false
	}
	for len(text) >= 8 {
		if binary.NativeEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false // an octet of a character that is not ASCII, perhaps of a dash
		}
		text = text[8:]
	}
	return !slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf })
}

// countMarks counts how often a word follows a dash of any kind. Word processors turn
// two hyphens into one dash.
func countMarks(text []byte, word string) (count int) {
	for {
		before, after, found := bytes.Cut(text, []byte(word))
		if !found {
			return count
		}
		last, _ := utf8.DecodeLastRune(before)
		if unicode.Is(unicode.Dash, last) {
			count++
		}
		text = after
	}
}

// Rest returns the text that Next has not read yet.
func (r *PEMReader) Rest() []byte { return r.rest }

// IsDER reports whether the data is DER and not text. A key, CSR or certificate is a
// SEQUENCE of more than 127 octets, so the octet after its tag is not ASCII.
func IsDER[T string | []byte](data T) bool {
	return len(data) > 1 && data[0] == 0x30 && data[1] >= 0x80
}

// NoPEM says why a text has no PEM block that can be read, and what to do about it.
// It quotes nothing, since the text may be a private key.
func NoPEM(text []byte) error {
	switch {
	case isUTF16(text):
		return errors.New("it is UTF-16 text; save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8")
	case IsDER(text):
		return errors.New("it is DER; convert it to PEM, for example with openssl and -inform DER")
	case !bytes.Contains(text, []byte(pemBegin)):
		return errors.New("-----BEGIN is missing")
	}
	return errors.New("its PEM block is damaged; want -----BEGIN, base64 and -----END on lines of their own")
}

// isUTF16 recognises UTF-16 by its byte-order mark or by the zeros in -----BEGIN.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || HoldsUTF16(text)
}

// HoldsUTF16 reports whether a text has the beginning of a PEM block in UTF-16, as when
// a UTF-8 file and a UTF-16 file are joined. A PEMReader takes that block for text. In
// both byte orders a zero stands between two characters of -----BEGIN.
func HoldsUTF16(text []byte) bool {
	zero := bytes.IndexByte(text, 0) // fast, and UTF-8 text has none
	return zero >= 0 && bytes.Contains(text, []byte("-\x00-\x00-\x00-\x00-\x00B\x00E\x00G\x00I\x00N"))
}

// Label names a PEM block in a message, such as "a PEM block PKCS7". A label that is
// long or not written as labels are is left out: in a spoilt text it may have
// swallowed a key.
func Label(label string) string {
	notInLabel := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' }
	if label == "" || len(label) > 24 || strings.ContainsFunc(label, notInLabel) || label != strings.TrimSpace(label) {
		return "a PEM block of an unknown kind"
	}
	return "a PEM block " + label
}

// DecodeSpoiledPEM returns the content of the one block in a text that came
// through forms, JSON and mail. It takes what encoding/pem refuses: line breaks
// that became spaces or the two characters \n, and a block that begins within a
// line. Text around the block is skipped, unless it may be another block or a key.
// It refuses what encoding/pem skips: octets that are not base64. An error of
// accept refuses the label. No other error quotes the text, which may be a private
// key.
func DecodeSpoiledPEM(text string, accept func(label string) error) ([]byte, error) {
	whole := text
	_, text, ok := strings.Cut(text, pemBegin)
	if !ok {
		return nil, fmt.Errorf("it is neither DER nor PEM: %w", NoPEM([]byte(whole)))
	}
	label, text, ok := strings.Cut(text, pemDash)
	if !ok {
		label = ""
	}
	if err := accept(label); err != nil {
		return nil, err
	}
	body, rest, ok := strings.Cut(text, pemEnd)
	if !ok {
		return nil, errors.New("its PEM block has no end")
	}
	rest, ok = strings.CutPrefix(rest, label+pemDash)
	if !ok {
		return nil, errors.New("its PEM block ends with another label than it begins with")
	}
	if err := checkTail(rest); err != nil {
		return nil, err
	}
	if strings.Contains(body, ":") {
		return nil, errors.New("its PEM block has headers, such as Proc-Type or Comment (RFC 1421, section 4.6); remove the lines before the base64")
	}
	content, err := strictBase64.DecodeString(withoutBreaks(body))
	if err != nil && strings.Contains(body, " ") {
		return nil, errors.New("its PEM block is not base64: it has spaces, which a + becomes in a query unless it is written as %2B")
	}
	if err != nil {
		return nil, errors.New("its PEM block is not base64")
	}
	return content, nil
}

// checkTail checks the text after a block, such as the signature of a mail. Other
// software might read a second block, even a spoilt one, and not the first. A key
// must not be kept with the text.
func checkTail(text string) error {
	if strings.Contains(text, "--BEGIN") || strings.Contains(text, "--END") {
		return errors.New("its text holds more than one PEM block")
	}
	if strings.Contains(text, "PRIVATE KEY") || hasKeyText(text) {
		return errors.New("its PEM block is followed by a text that may be a key; leave the text out, and replace a key that was sent")
	}
	isControl := func(c rune) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f }
	if strings.ContainsFunc(text, isControl) {
		return errors.New("its PEM block is followed by control characters; leave them out")
	}
	return nil
}

// hasKeyText reports whether a text has a run of 43 characters of base64: as many
// as the 32 octets of the shortest keys need.
func hasKeyText(text string) bool {
	run := 0
	for _, c := range []byte(text) {
		isBase64 := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '+' || c == '/'
		if !isBase64 {
			run = 0
			continue
		}
		run++
		if run == 43 {
			return true
		}
	}
	return false
}

var strictBase64 = base64.StdEncoding.Strict()

// breaks are the line breaks and what becomes of them in JSON and in forms.
var breaks = strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", "\t", "", " ", "")

// withoutBreaks returns the text without breaks. Within the text it may leave
// carriage returns and line feeds, which the base64 decoder skips.
func withoutBreaks(text string) string {
	text = strings.Trim(text, "\r\n\t ")
	if strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, '\t') >= 0 || strings.IndexByte(text, ' ') >= 0 {
		return breaks.Replace(text)
	}
	return text
}

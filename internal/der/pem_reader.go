package der

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// A PEMReader reads the PEM blocks of a text, one after another. A byte-order
// mark in front is skipped, as is text between the blocks.
type PEMReader struct{ rest []byte }

// NewPEMReader returns a reader of the text, which it keeps.
func NewPEMReader(text []byte) *PEMReader {
	// With the mark in front, encoding/pem would not see the first block.
	return &PEMReader{bytes.TrimPrefix(text, []byte("\ufeff"))}
}

// Next returns the next block that can be read, or nil if there is none.
// encoding/pem skips a block that is damaged; damaged reports whether Next came
// across one.
func (r *PEMReader) Next() (block *pem.Block, damaged bool) {
	block, rest := pem.Decode(r.rest)
	if block == nil {
		return nil, bytes.Contains(r.rest, []byte(pemBegin))
	}
	read := r.rest[:len(r.rest)-len(rest)]
	r.rest = rest
	return block, bytes.Count(read, []byte(pemBegin)) > 1
}

// Rest returns the text that Next has not read yet.
func (r *PEMReader) Rest() []byte { return r.rest }

// DecodeSpoiledPEM returns the content of the one block in a text that came
// through forms, JSON and mail. It takes what encoding/pem refuses: line breaks
// that became spaces or the two characters \n, and a block that begins within a
// line. It refuses what encoding/pem skips: anything after the block, and
// octets that are not base64. accept judges the label. No error quotes the
// text, which may be a private key.
func DecodeSpoiledPEM(text string, accept func(label string) error) ([]byte, error) {
	_, text, ok := strings.Cut(text, pemBegin)
	if !ok {
		return nil, errors.New("it is neither DER nor PEM: -----BEGIN is missing")
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
	if strings.Contains(rest, pemBegin) {
		return nil, errors.New("its text holds more than one PEM block")
	}
	if withoutBreaks(rest) != "" {
		return nil, errors.New("its PEM block is followed by other text")
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

// Package testutil holds what the tests of several packages share: checks of
// errors, golden files, random sources, signers, PEM and texts. Only tests
// import it.
//
// It registers the flag -update, which makes [Golden] write its files. Every
// package with tests imports testutil, so that go test ./... -update works.
package testutil

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// Golden compares got with a file in testdata, or writes the file if -update
// is set.
func Golden(t testing.TB, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", file, diff)
	}
}

// maxMessage is how many octets a message may have. Messages quote no more than
// the beginning of a value.
const maxMessage = 1000

// CheckError wants an *yuncert.Error with that code and parameter, whose message
// holds each of the words. The message goes to the client, so it must not hold
// the cause.
func CheckError(t testing.TB, err error, code yuncert.Code, parameter string, words ...string) {
	t.Helper()
	got := checkCode(t, err, code, parameter)
	for _, word := range words {
		if !strings.Contains(got.Message, word) {
			t.Errorf("the message %q does not mention %q", got.Message, word)
		}
	}
}

// CheckKeyError is CheckError for a key that is refused whatever the operation.
func CheckKeyError(t testing.TB, err error, words ...string) {
	t.Helper()
	CheckError(t, err, yuncert.ErrInvalidValueMalformed, "", words...)
}

// CheckMessage is CheckError for an error whose whole message is documented. An
// empty message accepts any.
func CheckMessage(t testing.TB, err error, code yuncert.Code, parameter, message string) {
	t.Helper()
	got := checkCode(t, err, code, parameter)
	if message != "" && got.Message != message {
		t.Errorf("the message is %q, want %q", got.Message, message)
	}
}

// CheckCause is CheckError for an error with a cause that holds each of the
// words.
func CheckCause(t testing.TB, err error, code yuncert.Code, parameter string, words ...string) {
	t.Helper()
	got := checkCode(t, err, code, parameter)
	if got.Err == nil {
		t.Fatalf("error %v has no cause", err)
	}
	for _, word := range words {
		if !strings.Contains(got.Err.Error(), word) {
			t.Errorf("the cause %q does not mention %q", got.Err, word)
		}
	}
}

func checkCode(t testing.TB, err error, code yuncert.Code, parameter string) *yuncert.Error {
	t.Helper()
	got, ok := err.(*yuncert.Error)
	if !ok {
		t.Fatalf("error %v of type %T: want an *yuncert.Error %s for %q", err, err, code, parameter)
	}
	want := &yuncert.Error{Code: code, Parameter: parameter}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(yuncert.Error{}, "Message", "Err")); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s\n%v", diff, err)
	}
	if got.Message == "" || len(got.Message) > maxMessage {
		t.Errorf("the message has %d octets, want 1 to %d: %q", len(got.Message), maxMessage, got.Message)
	}
	if got.Err != nil && strings.Contains(got.Message, got.Err.Error()) {
		t.Errorf("the message %q, which goes to the client, holds the cause", got.Message)
	}
	if !errors.Is(err, code) {
		t.Errorf("errors.Is(%v, %v) is false", err, code)
	}
	return got
}

// EqualKeys tells whether two public keys are the same.
func EqualKeys(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// The forms of generated identifiers: a RequestId is an upper-case UUID of
// version 4, the Identifier of a certificate is an MD5 in hexadecimal.
var (
	RequestIDForm  = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	IdentifierForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// EncodePEM returns one PEM block.
func EncodePEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// DecodePEM returns the octets of a text that must be exactly one PEM block with
// that label, as EncodePEM writes it.
func DecodePEM(t testing.TB, label, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil || text != EncodePEM(label, block.Bytes) {
		t.Fatalf("not one PEM block %s that ends in a newline:\n%s", label, text)
	}
	return block.Bytes
}

// FirstPEM returns the octets of the first PEM block of a text.
func FirstPEM[Text string | []byte](t testing.TB, text Text) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM block: %q", text)
	}
	return block.Bytes
}

// Hex decodes a text in hexadecimal, which may contain spaces.
func Hex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// UTF16 returns a text in UTF-16. Put "\ufeff" in front for a byte-order mark.
func UTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// Chinese returns a text of n characters of three octets each.
func Chinese(n int) string { return strings.Repeat("云", n) }

// NumberedNames returns n different DNS names, for n up to 676.
func NumberedNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, "h"+string(rune('a'+i/26%26))+string(rune('a'+i%26))+".example.net")
	}
	return names
}

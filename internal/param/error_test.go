package param_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/testkeys"
)

var codes = []yuncert.Code{
	yuncert.ErrMissingParameter, yuncert.ErrInvalidValueMalformed, yuncert.ErrInvalidParameter, yuncert.ErrInternalKeyError, yuncert.ErrInternalError,
}

// checkCode wants an error in which errors.Is finds one code and no other.
func checkCode(t *testing.T, err error, want yuncert.Code) {
	t.Helper()
	for _, code := range codes {
		if got := errors.Is(err, code); got != (code == want) {
			t.Errorf("errors.Is(%v, %s) is %t", err, code, got)
		}
	}
}

// checkError wants an *yuncert.Error with a message to the letter, if there is
// one, or no error if code is empty.
func checkError(t *testing.T, err error, code yuncert.Code, parameter, message string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("error %v, want none", err)
		}
		return
	}
	got, ok := err.(*yuncert.Error)
	if !ok {
		t.Fatalf("error %v of type %T", err, err)
	}
	want := &yuncert.Error{Code: code, Parameter: parameter, Message: message}
	if message == "" {
		want.Message = got.Message
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(yuncert.Error{}, "Err")); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s", diff)
	}
	if got.Message == "" || len(got.Message) > 400 {
		t.Errorf("a message of %d octets", len(got.Message))
	}
	checkCode(t, err, code)
}

func TestWrap(t *testing.T) {
	t.Parallel()
	cause := errors.New("the device is gone")
	coded := func(err error) error {
		return &yuncert.Error{Code: yuncert.ErrInternalKeyError, Parameter: "Algorithm", Message: "no key was made", Err: err}
	}
	tests := []struct {
		name    string
		err     error
		context string
		message string
		cause   string // what the new error's Err says; empty for none
		finds   []error
	}{
		{"a plain error", errors.New("it is too long"), "the CSR", "the CSR: it is too long", "", nil},
		{"without context", errors.New("it is too long"), "", "it is too long", "", nil},
		{"a plain error with a cause", fmt.Errorf("reading failed: %w", cause), "the CSR", "the CSR: reading failed: the device is gone", "", nil},
		{"a coded error", coded(nil), "the key", "the key: no key was made", "", nil},
		{"a coded error without context", coded(nil), "", "no key was made", "", nil},
		{"a coded error with a cause", coded(cause), "the key", "the key: no key was made", "the device is gone", []error{cause}},
		{"a coded error in a plain one", fmt.Errorf("certificate 2: %w", coded(cause)), "the chain", "the chain: certificate 2: no key was made", "the device is gone", []error{cause}},
		{"a coded error in a coded one", coded(coded(cause)), "the key", "the key: no key was made", "Algorithm: no key was made: the device is gone", []error{cause}},
		{"a coded error deep in a coded one", coded(fmt.Errorf("around: %w", coded(cause))), "the key", "the key: no key was made", "around: Algorithm: no key was made: the device is gone", []error{cause}},
		{"a code in a coded error", coded(fmt.Errorf("%w and %w", yuncert.ErrInternalError, cause)), "the key", "the key: no key was made", "Internal.Error and the device is gone", []error{cause}},
		{"two errors in a coded one", coded(errors.Join(coded(io.EOF), cause)), "the key", "the key: no key was made", "Algorithm: no key was made: EOF\nthe device is gone", []error{io.EOF, cause}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := param.Wrap(tt.err, yuncert.ErrInvalidParameter, "Csr", "%s", tt.context)
			if tt.context == "" {
				got = param.Wrap(tt.err, yuncert.ErrInvalidParameter, "Csr", "")
			}
			checkError(t, got, yuncert.ErrInvalidParameter, "Csr", tt.message)
			text := ""
			if err := got.(*yuncert.Error).Err; err != nil {
				text = err.Error()
			}
			if text != tt.cause {
				t.Errorf("the cause is %q, want %q", text, tt.cause)
			}
			for _, err := range tt.finds {
				if !errors.Is(got, err) {
					t.Errorf("errors.Is(%v, %v) is false", got, err)
				}
			}
		})
	}
}

func TestWrapFormats(t *testing.T) {
	t.Parallel()
	err := param.Wrap(errors.New("100% wrong"), yuncert.ErrInvalidValueMalformed, "Csr", "certificate %d, %.3q", 2, "abcdef")
	checkError(t, err, yuncert.ErrInvalidValueMalformed, "Csr", `certificate 2, "abc": 100% wrong`)
}

// An error of package algorithm gets a parameter, and has no second code.
func TestWrapErrorOfAlgorithm(t *testing.T) {
	t.Parallel()
	_, err := algorithm.ParsePublicKey(nil)
	checkCode(t, err, yuncert.ErrInvalidValueMalformed)
	err = param.Wrap(err, yuncert.ErrInvalidParameter, "Csr", "the key")
	checkError(t, err, yuncert.ErrInvalidParameter, "Csr", "the key: the public key is not a SubjectPublicKeyInfo (RFC 5280, section 4.1)")
}

// A value that an error quotes may turn out to be a private key.
func TestWrapKeepsKeysOut(t *testing.T) {
	t.Parallel()
	key := string(testkeys.PEM(algorithm.ECC_256, 0))
	secret := strings.Split(key, "\n")[1]
	for name, err := range map[string]error{
		"what a plain error quotes": param.Wrap(fmt.Errorf("%q is not a name", key), yuncert.ErrInvalidParameter, "Csr", "the CSR"),
		"what a coded error says":   param.Wrap(&yuncert.Error{Code: yuncert.ErrInternalError, Message: key}, yuncert.ErrInvalidParameter, "Csr", "the CSR"),
		"the context":               param.Wrap(io.EOF, yuncert.ErrInvalidParameter, "Csr", "%q", key),
		"malformed":                 param.Malformed("Csr", "%q", key),
		"refused":                   param.Refused("Csr", "%q", key),
	} {
		if text := err.Error(); strings.Contains(text, secret) || !strings.Contains(text, "PRIVATE KEY-----…") {
			t.Errorf("%s: the error is %s", name, text)
		}
	}
}

func TestMalformedAndRefused(t *testing.T) {
	t.Parallel()
	checkError(t, param.Malformed("Years", "%d is not from 1 to 100", 0), yuncert.ErrInvalidValueMalformed, "Years", "0 is not from 1 to 100")
	checkError(t, param.Refused("Years", "%d is beyond the CA", 9), yuncert.ErrInvalidParameter, "Years", "9 is beyond the CA")
}

func TestCause(t *testing.T) {
	t.Parallel()
	if err := param.Cause(nil); err != nil {
		t.Errorf("Cause(nil) = %v", err)
	}
	if err := param.Cause(io.EOF); err != io.EOF {
		t.Errorf("Cause changes an error without a code to %v", err)
	}
	inner := &fs.PathError{Op: "open", Path: "key.pem", Err: fs.ErrNotExist}
	for _, err := range []error{
		&yuncert.Error{Code: yuncert.ErrInternalError, Message: "no key", Err: inner},
		fmt.Errorf("around: %w", &yuncert.Error{Code: yuncert.ErrInternalError, Err: inner}),
		fmt.Errorf("%w: %w", yuncert.ErrInternalError, inner),
	} {
		cause := param.Cause(err)
		checkCode(t, cause, "")
		if _, ok := errors.AsType[*yuncert.Error](cause); ok {
			t.Errorf("errors.AsType finds an *yuncert.Error in %v", cause)
		}
		if _, ok := errors.AsType[yuncert.Code](cause); ok {
			t.Errorf("errors.AsType finds a code in %v", cause)
		}
		found, ok := errors.AsType[*fs.PathError](cause)
		if !ok || found != inner || !errors.Is(cause, fs.ErrNotExist) {
			t.Errorf("errors.AsType and errors.Is do not find the cause of %v", cause)
		}
	}
}

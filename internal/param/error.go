package param

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuncert/yuncert"
)

// Malformed returns the error for a value that is wrong in itself, whatever the
// rest of the request says.
func Malformed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, format, args...)
}

// Refused returns the error for a value that is well formed but not acceptable
// here.
func Refused(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidParameter, parameter, format, args...)
}

// Wrap returns an error with this code and parameter for a plain error or one
// of package algorithm. The message is the context that format and args make, a
// colon, and what err says; without a format it is what err says. A plain error
// says everything in its text. A coded one passes on its message and its cause,
// and loses its code.
//
// An error that is not for the client, such as one of a caller's key, does not
// belong in a message: give it to [Cause].
func Wrap(err error, code yuncert.Code, parameter, format string, args ...any) error {
	message, cause := Text(err), error(nil)
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		cause = e.Err
	}
	if format != "" {
		message = fmt.Sprintf(format, args...) + ": " + message
	}
	wrapped := yuncert.Errorf(code, parameter, "%s", message) // removes a private key
	wrapped.Err = Cause(cause)
	return wrapped
}

// Text returns what err says to the client: for an error of package algorithm its
// message, without code and cause.
func Text(err error) string {
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		return strings.Replace(err.Error(), e.Error(), e.Message, 1)
	}
	return err.Error()
}

// CodeOf returns the code of an error of package algorithm, for [Wrap] to keep. It
// is [yuncert.ErrInvalidValueMalformed] for a plain error.
func CodeOf(err error) yuncert.Code {
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		return e.Code
	}
	return yuncert.ErrInvalidValueMalformed
}

// Cause returns err for the field Err of a [yuncert.Error], without any code: the
// new error has a code, and errors.Is must not find a second one. Everything else
// in err can still be found.
func Cause(err error) error {
	if _, ok := errors.AsType[yuncert.Code](err); ok {
		return uncoded{err}
	}
	return err
}

// uncoded hides the codes in an error.
type uncoded struct{ err error }

func (u uncoded) Error() string {
	if e, ok := errors.AsType[*yuncert.Error](u.err); ok {
		return strings.Replace(u.err.Error(), string(e.Code)+": ", "", 1)
	}
	return u.err.Error()
}

func (u uncoded) Is(target error) bool {
	if _, ok := target.(yuncert.Code); ok {
		return false
	}
	return errors.Is(u.err, target)
}

func (u uncoded) As(target any) bool {
	switch target.(type) {
	case *yuncert.Code, **yuncert.Error:
		return false
	}
	return errors.As(u.err, target)
}

// StoreFailed gives the error of a store a code. It returns nil and an
// [*yuncert.Error] as they are: a store returns the error of the function that it runs
// unchanged, so that one is a refusal and not a failure.
func StoreFailed(err error, code yuncert.Code, parameter, message string) error {
	if err == nil {
		return nil
	}
	if refusal, ok := err.(*yuncert.Error); ok {
		return refusal
	}
	return &yuncert.Error{Code: code, Parameter: parameter, Message: message, Err: Cause(err)}
}

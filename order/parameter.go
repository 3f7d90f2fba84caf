package order

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

func checkOrderID(orderID int64) error {
	if orderID == 0 {
		return yuncert.Missing("OrderId")
	}
	return nil
}

// checkText refuses text that could harm a log, a page or a database.
func checkText(parameter, text string, limit int) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit || strings.ContainsFunc(text, unicode.IsControl) {
		return param.Malformed(parameter, "%.80q is not UTF-8 text of up to %d characters without control characters", text, limit)
	}
	return nil
}

package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/yuncert/yuncert/ca"
)

// tags are the column tags, a JSON array.
type tags []ca.Tag

// Value implements [driver.Valuer]. It refuses text that is not UTF-8, in which
// encoding/json would change octets.
func (t tags) Value() (driver.Value, error) {
	if len(t) == 0 {
		return "[]", nil
	}
	for _, tag := range t {
		if !utf8.ValidString(tag.Key) || !utf8.ValidString(tag.Value) {
			return nil, fmt.Errorf("the tag %.80q is not UTF-8", tag.Key+"="+tag.Value)
		}
	}
	text, err := json.Marshal([]ca.Tag(t))
	return string(text), err
}

// Scan implements [sql.Scanner].
func (t *tags) Scan(src any) error {
	*t = nil
	text, ok := src.(string)
	switch {
	case !ok:
		return fmt.Errorf("a %T is not tags; want a string", src)
	case text == "[]":
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]ca.Tag)(t))
}

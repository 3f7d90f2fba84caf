package testutil

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// DecodeStrictly decodes JSON and refuses unknown members.
func DecodeStrictly(t testing.TB, text []byte, value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		t.Fatal(err)
	}
}

// CheckMembers checks the fields of a request or response: their names and types, in
// order; the JSON of the zero value; and that each field is encoded under its own name
// and decoded again. The fields are texts, numbers and booleans, and structs, slices and
// pointers of these.
func CheckMembers(t testing.TB, zero any, want []string, zeroJSON string) {
	t.Helper()
	typ := reflect.TypeOf(zero)
	var got []string
	for i := range typ.NumField() {
		got = append(got, typ.Field(i).Name+" "+typ.Field(i).Type.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v: members mismatch (-want +got):\n%s", typ, diff)
	}
	if text := encodeJSON(t, zero); string(text) != zeroJSON {
		t.Errorf("%v: the zero value is %s, want %s", typ, text, zeroJSON)
	}

	full, again := reflect.New(typ), reflect.New(typ)
	fill(full.Elem(), 0)
	text := encodeJSON(t, full.Interface())
	var names map[string]json.RawMessage
	DecodeStrictly(t, text, &names)
	for i := range typ.NumField() {
		if _, ok := names[typ.Field(i).Name]; !ok {
			t.Errorf("%v: %s is missing in %s", typ, typ.Field(i).Name, text)
		}
	}
	DecodeStrictly(t, text, again.Interface())
	if diff := cmp.Diff(full.Interface(), again.Interface()); diff != "" {
		t.Errorf("%v: mismatch after encoding and decoding (-before +after):\n%s", typ, diff)
	}
}

func encodeJSON(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fill sets a value and what is in it. n makes neighbours different. An int64 has more
// digits than a floating-point number.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint(n, ": <&> 云 \u2028"))
	case reflect.Int64:
		v.SetInt(1<<53 + 1 + 2*int64(n))
	case reflect.Int32:
		v.SetInt(1<<30 + int64(n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n+i)
		}
	default:
		panic("a field of type " + v.Type().String())
	}
}

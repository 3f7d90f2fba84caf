package yuncert

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// readJSONText sets a struct or slice from the JSON in a parameter.
func (d *decoder) readJSONText(v reflect.Value, name, text string) error {
	if !json.Valid([]byte(text)) {
		return Errorf(ErrInvalidValueMalformed, name, "%.80q is not JSON; want %s, or parameters whose names begin with %q", text, jsonName(v), name+".")
	}
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	return d.readJSON(v, name, in)
}

// jsonName names what JSON must have for v.
func jsonName(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	}
	return "an integer"
}

// readJSON sets a value from the next value in a JSON text.
func (d *decoder) readJSON(v reflect.Value, name string, in *json.Decoder) error {
	if v.Kind() == reflect.Pointer {
		return d.readPointer(v, func(v reflect.Value) error { return d.readJSON(v, name, in) })
	}
	token, err := in.Token()
	if err != nil {
		return Errorf(ErrInvalidValueMalformed, name, "the JSON cannot be read")
	}
	switch token := token.(type) {
	case nil:
		return nil
	case json.Delim:
		if token == '{' && v.Kind() == reflect.Struct {
			return d.readObject(v, name, in)
		}
		if token == '[' && v.Kind() == reflect.Slice {
			return d.readArray(v, name, in)
		}
	case string:
		if v.Kind() == reflect.String && token == "" {
			return nil
		}
		if v.Kind() == reflect.String {
			return d.readText(v, name, token)
		}
	case json.Number:
		if v.CanInt() {
			return d.readText(v, name, token.String())
		}
	case bool:
		if v.Kind() == reflect.Bool {
			return d.readText(v, name, strconv.FormatBool(token))
		}
	}
	return Errorf(ErrInvalidValueMalformed, name, "the JSON has %.80q here, which is not %s", fmt.Sprint(token), jsonName(v))
}

// readObject sets a struct from a JSON object whose first brace was read.
func (d *decoder) readObject(v reflect.Value, name string, in *json.Decoder) error {
	l := layoutOf(v.Type())
	seen := make([]bool, len(l.fields))
	for in.More() {
		token, err := in.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return Errorf(ErrInvalidValueMalformed, name, "the JSON cannot be read")
		}
		if err := d.count(name); err != nil {
			return err
		}
		member := name + "." + key
		i, known := l.index[key]
		if !known {
			var skipped json.RawMessage
			if err := in.Decode(&skipped); err != nil {
				return Errorf(ErrInvalidValueMalformed, name, "the JSON cannot be read")
			}
			d.unknown = append(d.unknown, member)
			continue
		}
		if seen[i] {
			return Errorf(ErrInvalidParameter, member, "the JSON has it twice; give it once")
		}
		seen[i] = true
		if err := d.readJSON(v.Field(l.fields[i].at), member, in); err != nil {
			return err
		}
	}
	_, err := in.Token() // the last brace
	return err
}

// readArray sets a slice from a JSON array whose first bracket was read.
func (d *decoder) readArray(v reflect.Value, name string, in *json.Decoder) error {
	for n := 0; in.More(); n++ {
		if n == maxItems {
			return Errorf(ErrInvalidValueMalformed, name, "the JSON has more than %d entries", maxItems)
		}
		if err := d.count(name); err != nil {
			return err
		}
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		if err := d.readJSON(v.Index(n), name+"."+strconv.Itoa(n+1), in); err != nil {
			return err
		}
	}
	_, err := in.Token() // the last bracket
	return err
}

// count limits the members and entries of JSON texts.
func (d *decoder) count(name string) error {
	d.members++
	if d.members > maxParameters {
		return Errorf(ErrInvalidParameter, name, "the JSON has more than %d members and entries", maxParameters)
	}
	return nil
}

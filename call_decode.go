package yuncert

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// commonParameters belong to every operation: ParseCall and the service read them.
var commonParameters = map[string]bool{
	"Action": true, "Version": true, "Format": true, "AccessKeyId": true, "Signature": true,
	"SignatureMethod": true, "SignatureVersion": true, "SignatureType": true, "SignatureNonce": true,
	"Timestamp": true, "SecurityToken": true, "BearerToken": true, "RegionId": true,
	"ResourceOwnerAccount": true, "SourceIp": true, "SecureTransport": true, "Lang": true,
}

// Limits of one call.
const (
	maxParameters      = 1000    // parameters; also members and entries of all JSON texts
	maxParameterOctets = 1 << 20 // names and values
	maxItems           = 100     // entries of a list, from the API's metadata
	maxParts           = 10      // parts of a name; a type that contains itself has no other limit
)

// Decode reads the parameters of the call into req, which points to an empty request
// of this module, or to any struct with json tags. It sets fields that are strings,
// integers, booleans, structs, slices of these, and pointers to these.
//
//   - The name of a parameter is the name in the json tag, in the same case. Only
//     customIdentifier of CreateCustomCertificate may also begin with a capital.
//   - Tags.1.Key is a field of the first entry of a list. The entries are numbered
//     from 1 to at most 100, without gaps. ApiPassthrough.Subject.CommonName is a
//     field of a struct in a struct.
//   - One parameter can also hold a whole struct or list as JSON. Then parameters for
//     parts of it are refused.
//   - A parameter that is empty counts as absent. So do an empty string and null in
//     JSON.
//   - A boolean is true or false in any case, 1 or 0.
//
// unknown has the names of the parameters and JSON members that req does not have,
// sorted and as long as they were sent. Parameters that all operations have in common,
// such as Signature, are not among them. The documents do not say what happens to
// unknown parameters: ignore them, log them with %.80q, or refuse the call.
//
// A call can have up to 1000 parameters, and up to 1 MiB in their names and values.
// More is [ErrInvalidParameter], and so is a parameter that is given twice. A value of
// the wrong type, a number out of range, a list with gaps and broken JSON are
// [ErrInvalidValueMalformed]. The error names the parameter as it was sent, such as
// "Tags.1.Key". It is the first one in the order of the fields. After an error, do not
// use req. The operation checks everything else about the values.
func (c Call) Decode(req any) (unknown []string, err error) {
	v := reflect.ValueOf(req)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, Errorf(ErrInternalError, "", "Decode wants a pointer to a struct, not %T", req)
	}
	if len(c.Parameters) > maxParameters {
		return nil, Errorf(ErrInvalidParameter, "", "the call has %d parameters; up to %d are read", len(c.Parameters), maxParameters)
	}
	l := layoutOf(v.Elem().Type())
	places := make([]place, len(l.fields))
	var d decoder
	var dotted []parameter
	octets, tooDeep := 0, ""
	for name, values := range c.Parameters {
		p := parameter{name: name, times: len(values)}
		octets += len(name)
		for _, value := range values {
			octets += len(value)
			p.value = value
		}
		if p.times == 0 || p.times == 1 && p.value == "" {
			continue
		}
		i, known := l.index[name]
		dots := strings.Count(name, ".")
		switch {
		case known:
			places[i].add(l.fields[i].name, p)
		case dots >= maxParts && (tooDeep == "" || name < tooDeep):
			tooDeep = name
		case dots > 0:
			dotted = append(dotted, p)
		case !commonParameters[name]:
			d.unknown = append(d.unknown, name)
		}
	}
	if octets > maxParameterOctets {
		return nil, Errorf(ErrInvalidParameter, "", "the parameters have %d octets; up to %d are read", octets, maxParameterOctets)
	}
	if tooDeep != "" {
		return nil, Errorf(ErrInvalidParameter, "", "the name %.80q has more than %d parts", tooDeep, maxParts)
	}
	slices.SortFunc(dotted, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	if err := d.readFields(v.Elem(), l, places, 0, dotted); err != nil {
		return nil, err
	}
	slices.Sort(d.unknown)
	return d.unknown, nil
}

// A parameter is a parameter that is not empty.
type parameter struct {
	name  string
	value string
	times int // how often it is given
}

// A decoder reads the parameters of one call.
type decoder struct {
	unknown []string
	set     int // how many values were set
	members int // members and entries of JSON texts
}

// A place collects what is given for one field, or for one entry of a list.
type place struct {
	name   string      // the whole name of the field or entry, such as "Tags.1"
	value  string      // of the parameter with that name
	times  int         // how often that parameter is given
	inside []parameter // those whose names continue after a dot, sorted
}

// add adds the parameter that has the name of the place.
func (p *place) add(name string, whole parameter) {
	p.name = name
	p.value = whole.value
	p.times += whole.times
}

// addSame adds what first returned.
func (p *place) addSame(name string, same []parameter, inside bool) {
	switch {
	case !inside:
		p.add(name, same[0])
	case p.inside == nil:
		p.name, p.inside = name, same
	default: // the same field in the other spelling
		p.times = 2
	}
}

// first takes the next part of the first name, from start up to a dot or the end. If
// there is a dot, inside is true, and same has all parameters with that part and the
// dot. Otherwise same has the one parameter. The list is sorted.
func first(list []parameter, start int) (part string, same []parameter, inside bool) {
	name := list[0].name
	part, _, inside = strings.Cut(name[start:], ".")
	if !inside {
		return part, list[:1], false
	}
	prefix, n := name[:start+len(part)+1], 1
	for n < len(list) && strings.HasPrefix(list[n].name, prefix) {
		n++
	}
	return part, list[:n], true
}

// readFields sets the fields of a struct: from places, which may have something
// already, and from a list of parameters. start is where the fields' names begin in
// the names of the parameters.
func (d *decoder) readFields(v reflect.Value, l *layout, places []place, start int, list []parameter) error {
	for len(list) > 0 {
		part, same, inside := first(list, start)
		list = list[len(same):]
		i, known := l.index[part]
		if known {
			places[i].addSame(same[0].name[:start+len(part)], same, inside)
		} else {
			d.ignore(same)
		}
	}
	for i, p := range places {
		if p.times == 0 && p.inside == nil {
			continue
		}
		if err := d.readValue(v.Field(l.fields[i].at), p); err != nil {
			return err
		}
	}
	return nil
}

// ignore keeps the names of unknown parameters.
func (d *decoder) ignore(list []parameter) {
	for _, p := range list {
		d.unknown = append(d.unknown, p.name)
	}
}

// readValue sets one field or entry.
func (d *decoder) readValue(v reflect.Value, p place) error {
	if v.Kind() == reflect.Pointer {
		return d.readPointer(v, func(v reflect.Value) error { return d.readValue(v, p) })
	}
	if p.times > 1 {
		return Errorf(ErrInvalidParameter, p.name, "it is given %d times; give it once", p.times)
	}
	isList := v.Kind() == reflect.Slice
	if !isList && v.Kind() != reflect.Struct {
		d.ignore(p.inside)
		if p.times == 0 {
			return nil
		}
		return d.readText(v, p.name, p.value)
	}
	if p.times > 0 && p.inside != nil {
		return Errorf(ErrInvalidParameter, p.name, "it is given as JSON and as %.80q; give one of them", p.inside[0].name)
	}
	if p.times > 0 {
		return d.readJSONText(v, p.name, p.value)
	}
	if isList {
		return d.readEntries(v, p)
	}
	l := layoutOf(v.Type())
	return d.readFields(v, l, make([]place, len(l.fields)), len(p.name)+1, p.inside)
}

// readPointer sets a pointer to a new value, if read sets any part of that value.
func (d *decoder) readPointer(v reflect.Value, read func(reflect.Value) error) error {
	target, before := reflect.New(v.Type().Elem()), d.set
	if err := read(target.Elem()); err != nil {
		return err
	}
	if d.set > before {
		v.Set(target)
	}
	return nil
}

// readEntries sets a slice from parameters such as Tags.1.Key and Tags.2.Key.
func (d *decoder) readEntries(v reflect.Value, list place) error {
	var places [maxItems]place
	start, last := len(list.name)+1, 0
	for rest := list.inside; len(rest) > 0; {
		part, same, inside := first(rest, start)
		rest = rest[len(same):]
		number, ok := entryNumber(part)
		if !ok {
			return Errorf(ErrInvalidValueMalformed, list.name, "%.80q does not have a number from 1 to %d in place of %.80q", same[0].name, maxItems, part)
		}
		places[number-1].addSame(same[0].name[:start+len(part)], same, inside)
		last = max(last, number)
	}
	for i, p := range places[:last] {
		if p.times == 0 && p.inside == nil {
			return Errorf(ErrInvalidValueMalformed, list.name, "%s.%d is missing; number the entries from 1 without gaps", list.name, i+1)
		}
	}
	slice := reflect.MakeSlice(v.Type(), last, last)
	for i, p := range places[:last] {
		if err := d.readValue(slice.Index(i), p); err != nil {
			return err
		}
	}
	v.Set(slice)
	return nil
}

// entryNumber reads the number of an entry. It has one spelling, without a sign and
// without zeros in front.
func entryNumber(part string) (int, bool) {
	if len(part) > len("100") {
		return 0, false
	}
	n, err := strconv.Atoi(part)
	return n, err == nil && 1 <= n && n <= maxItems && strconv.Itoa(n) == part
}

// readText sets a string, integer or boolean.
func (d *decoder) readText(v reflect.Value, name, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		isTrue := text == "1" || strings.EqualFold(text, "true")
		if !isTrue && text != "0" && !strings.EqualFold(text, "false") {
			return Errorf(ErrInvalidValueMalformed, name, "%.80q is not true or false", text)
		}
		v.SetBool(isTrue)
	default:
		bits := v.Type().Bits()
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return Errorf(ErrInvalidValueMalformed, name, "%.80q is not an integer from %d to %d", text, int64(-1)<<(bits-1), int64(1)<<(bits-1)-1)
		}
		v.SetInt(n)
	}
	d.set++
	return nil
}

// A layout lists the fields of a struct type that parameters can set.
type layout struct {
	fields []field
	index  map[string]int // by name
}

type field struct {
	name string
	at   int // which field of the struct it is
}

// layouts caches the layout of each type, because reflection is slow.
var layouts sync.Map

func layoutOf(t reflect.Type) *layout {
	cached, ok := layouts.Load(t)
	if ok {
		return cached.(*layout)
	}
	l := &layout{index: make(map[string]int)}
	for at := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(at).Tag.Get("json"), ",")
		if name == "" || name == "-" || !t.Field(at).IsExported() || !isReadable(t.Field(at).Type) {
			continue
		}
		l.index[name] = len(l.fields)
		l.fields = append(l.fields, field{name, at})
	}
	for i, f := range l.fields {
		// The document of CreateCustomCertificate has customIdentifier, where all
		// others have CustomIdentifier.
		capital := strings.ToUpper(f.name[:1]) + f.name[1:]
		if _, taken := l.index[capital]; !taken {
			l.index[capital] = i
		}
	}
	layouts.Store(t, l)
	return l
}

// isReadable reports whether parameters can set fields of this type. A slice of
// pointers is not one: an entry could stay nil.
func isReadable(t reflect.Type) bool {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Struct, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return true
	}
	return false
}

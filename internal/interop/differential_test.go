package interop

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// An alteration makes of a CSR another one, which it may sign anew.
type alteration struct {
	name  string
	alter func(r *rand.Rand, c *source) []byte
}

// A source is a CSR to alter, and how it was signed.
type source struct {
	der  []byte
	key  *algorithm.PrivateKey
	hash crypto.Hash
}

var alterations = []alteration{
	{"octet changed", func(r *rand.Rand, c *source) []byte { return change(r, c.der) }},
	{"truncated", func(r *rand.Rand, c *source) []byte { return c.der[:r.IntN(len(c.der))] }},
	{"octets inserted", func(r *rand.Rand, c *source) []byte { return insert(r, c.der) }},
	{"octet changed and signed", func(r *rand.Rand, c *source) []byte { return c.sign(change(r, c.info())) }},
	{"element altered and signed", func(r *rand.Rand, c *source) []byte { return c.sign(alterElement(r, c.info())) }},
}

// change gives one octet another value.
func change(r *rand.Rand, der []byte) []byte {
	der = bytes.Clone(der)
	der[r.IntN(len(der))] ^= byte(1 + r.IntN(255))
	return der
}

// insert puts one to four octets somewhere.
func insert(r *rand.Rand, der []byte) []byte {
	octets := make([]byte, 1+r.IntN(4))
	for i := range octets {
		octets[i] = byte(r.Uint32())
	}
	return slices.Insert(bytes.Clone(der), r.IntN(len(der)+1), octets...)
}

// parts splits a CSR in its three.
func (c *source) parts() (info, id, signature cryptobyte.String) {
	der := cryptobyte.String(c.der)
	if !der.ReadASN1(&der, asn1.SEQUENCE) || !der.ReadASN1Element(&info, asn1.SEQUENCE) ||
		!der.ReadASN1Element(&id, asn1.SEQUENCE) || !der.ReadASN1Element(&signature, asn1.BIT_STRING) {
		panic("not a CSR")
	}
	return info, id, signature
}

func (c *source) info() []byte {
	info, _, _ := c.parts()
	return info
}

// sign puts another CertificationRequestInfo into the CSR.
func (c *source) sign(info []byte) []byte {
	_, id, _ := c.parts()
	signature, err := c.key.SignMessage(nil, info, c.hash)
	if err != nil {
		panic(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		b.AddBytes(id)
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

// An element is one DER element. Only a primitive one has content.
type element struct {
	tag      asn1.Tag
	content  []byte
	elements []*element
}

// parse reads elements throughout, into octet strings as well.
func parse(der cryptobyte.String) (list []*element, ok bool) {
	for !der.Empty() {
		var content cryptobyte.String
		e := new(element)
		if !der.ReadAnyASN1(&content, &e.tag) {
			return nil, false
		}
		e.content = content
		if e.tag&0x20 != 0 || e.tag == asn1.OCTET_STRING {
			if inner, ok := parse(content); ok {
				e.elements, e.content = inner, nil
			}
		}
		list = append(list, e)
	}
	return list, true
}

func (e *element) add(b *cryptobyte.Builder) {
	b.AddASN1(e.tag, func(b *cryptobyte.Builder) {
		b.AddBytes(e.content)
		for _, inner := range e.elements {
			inner.add(b)
		}
	})
}

// walk calls f for each element with the list that it is in.
func walk(list *[]*element, f func(list *[]*element, i int)) {
	for i, e := range *list {
		f(list, i)
		walk(&e.elements, f)
	}
}

// tags are tried in the place of others.
var tags = []asn1.Tag{
	asn1.BOOLEAN, asn1.INTEGER, asn1.BIT_STRING, asn1.OCTET_STRING, asn1.NULL, asn1.OBJECT_IDENTIFIER, asn1.SEQUENCE, asn1.SET,
	asn1.UTF8String, asn1.PrintableString, asn1.T61String, asn1.IA5String, 18, 28, 30, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0x88, 0xa0, 0xa4,
}

// octets are tried in the place of others: they mean something in names.
const octets = "\x00\n *.-@&,_/09aZ:\x7f\x80\xc3\xff"

// alterElement changes one element and mends the lengths around it.
func alterElement(r *rand.Rand, info []byte) []byte {
	top, ok := parse(info)
	if !ok {
		panic("not DER")
	}
	type place struct {
		list *[]*element
		i    int
	}
	var places []place
	walk(&top[0].elements, func(list *[]*element, i int) { places = append(places, place{list, i}) })
	p := places[r.IntN(len(places))]
	e := (*p.list)[p.i]
	switch r.IntN(8) {
	case 0: // left out
		*p.list = slices.Delete(*p.list, p.i, p.i+1)
	case 1: // twice
		*p.list = slices.Insert(*p.list, p.i, e)
	case 2: // of another type
		e.tag = tags[r.IntN(len(tags))]
	case 3: // empty
		e.content, e.elements = nil, nil
	case 4: // exchanged with a neighbour
		j := r.IntN(len(*p.list))
		(*p.list)[p.i], (*p.list)[j] = (*p.list)[j], (*p.list)[p.i]
	case 5: // longer
		e.content = insert(r, e.content)
	default: // one octet of a primitive one
		if len(e.content) > 0 {
			e.content = bytes.Clone(e.content)
			e.content[r.IntN(len(e.content))] = octets[r.IntN(len(octets))]
		} else {
			e.content = []byte{octets[r.IntN(len(octets))]}
		}
	}
	var b cryptobyte.Builder
	top[0].add(&b)
	return b.BytesOrPanic()
}

// ourRules are parts of the messages for what crypto/x509 accepts and we do not.
// It reads names, attributes and extensions with encoding/asn1, which goes over
// what it does not need.
var ourRules = []string{
	// RFC 2986 and RFC 5280 to the letter, where crypto/x509 does not look.
	"its version is",
	"a part of the name is not a SET",
	"is not a pair of type and value",
	"its attributes are malformed",
	"an attribute is malformed",
	"an extensionRequest has more than one value",
	"a requested extension is malformed",
	"subjectAltName is not a SEQUENCE of names",
	"subjectAltName holds something that is no GeneralName",
	"the public key is not a SubjectPublicKeyInfo",
	"the key's algorithm is not supported",
	"the key's curve is not supported",
	"the signature algorithm is not supported",

	// What could be read in two ways.
	"stands twice",
	"common names: one is allowed",
	"the string type with tag",
	"an ASCII string holds the octet",
	"control characters",
	"begins or ends with a space",
	"is neither a DNS name nor an IP address",
}

// theirRules are parts of crypto/x509's errors for what we accept and it does
// not.
var theirRules = []string{
	// Names of other forms, which we read over: a server certificate does not get them.
	"x509: SAN rfc822Name is malformed",
	"x509: SAN uniformResourceIdentifier is malformed",
	"x509: cannot parse URI",
	// The attributes are missing, where they should be empty: some tools do that.
	"asn1: syntax error: sequence truncated",
	// An object identifier with an arc above 2^31-1, which is a good one.
	"asn1: structure error: base 128 integer too large",
}

var rounds = flag.Int("rounds", 120, "how often TestDifferential alters each CSR in each way")

// What we accept crypto/x509 reads alike, and what we refuse and it accepts is
// refused by one of our rules.
func TestDifferential(t *testing.T) {
	t.Parallel()
	sources := []struct {
		file string
		a    algorithm.Algorithm
		hash crypto.Hash
	}{
		{"p256", algorithm.ECC_256, crypto.SHA256},
		{"p256-bmp", algorithm.ECC_256, crypto.SHA256},
		{"p384", algorithm.ECC_384, crypto.SHA384},
		{"rsa", algorithm.RSA_2048, crypto.SHA512},
	}
	for i, s := range sources {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			c := &source{decode(t, read(t, filepath.Join("testdata", "differential", s.file+".pem"))), testkeys.Key(s.a, 0), s.hash}
			d := differential{counts: make(map[string]int)}
			d.try(t, "nothing", c.der)
			d.try(t, "signed", c.sign(c.info()))
			if d.accepted != 2 {
				t.Fatal("the CSR is refused as it is")
			}
			for j, alteration := range alterations {
				r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				for range *rounds {
					d.try(t, alteration.name, alteration.alter(r, c))
				}
			}
			t.Logf("both accept %d and refuse %d; the rest: %v", d.accepted, d.refused, d.counts)
			if d.accepted < *rounds/10 {
				t.Errorf("of %d CSRs only %d are accepted: the test says little", *rounds*len(alterations), d.accepted)
			}
		})
	}
}

// A differential counts what became of CSRs.
type differential struct {
	accepted, refused int            // by both
	counts            map[string]int // of the rules, where one accepts and one refuses
}

// try compares csr.Parse with crypto/x509 on one CSR.
func (d *differential) try(t *testing.T, alteration string, der []byte) {
	t.Helper()
	ours, err := csr.Parse(der)
	theirs, theirErr := x509.ParseCertificateRequest(der)
	if theirErr == nil {
		theirErr = theirs.CheckSignature()
	}
	if e, ok := errors.AsType[*yuncert.Error](err); err != nil && (!ok || e.Parameter != "Csr" ||
		e.Code != yuncert.ErrInvalidValueMalformed && (e.Code != yuncert.ErrMissingParameter || len(der) > 0)) {
		t.Errorf("%s: error %v\n%x", alteration, err, der)
	}
	switch {
	case err != nil && theirErr != nil:
		d.refused++
	case err != nil:
		d.count(t, alteration, ourRules, err, der)
	case theirErr != nil:
		d.count(t, alteration, theirRules, theirErr, der)
	default:
		d.accepted++
		if diff := compare(ours, theirs); diff != "" {
			t.Errorf("%s: %s\n%x", alteration, diff, der)
		}
	}
}

// count finds the rule in a refusal of one side.
func (d *differential) count(t *testing.T, alteration string, rules []string, err error, der []byte) {
	t.Helper()
	for _, rule := range rules {
		if strings.Contains(err.Error(), rule) {
			d.counts[rule]++
			return
		}
	}
	t.Errorf("%s: refused by one side alone, and by no rule that is listed: %v\n%x", alteration, err, der)
}

// compare says in what two readings of a CSR differ.
func compare(ours *csr.Request, theirs *x509.CertificateRequest) string {
	key, ok := ours.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !key.Equal(theirs.PublicKey) || !bytes.Equal(ours.RawSubjectPublicKeyInfo, theirs.RawSubjectPublicKeyInfo) {
		return "public keys differ"
	}
	if !bytes.Equal(ours.Raw, theirs.Raw) || !bytes.Equal(ours.RawSubject, theirs.RawSubject) {
		return "raw parts differ"
	}
	if ours.CommonName != theirs.Subject.CommonName {
		return fmt.Sprintf("common names differ: %q and %q", ours.CommonName, theirs.Subject.CommonName)
	}
	var names, addresses []string
	for _, name := range ours.Names {
		if _, err := netip.ParseAddr(name); err == nil {
			addresses = append(addresses, name)
		} else {
			names = append(names, name)
		}
	}
	var theirNames, theirAddresses []string
	for _, name := range theirs.DNSNames {
		if name = strings.ToLower(name); !slices.Contains(theirNames, name) {
			theirNames = append(theirNames, name)
		}
	}
	for _, ip := range theirs.IPAddresses {
		addr, _ := netip.AddrFromSlice(ip)
		if name := addr.Unmap().String(); !slices.Contains(theirAddresses, name) {
			theirAddresses = append(theirAddresses, name)
		}
	}
	return cmp.Diff([][]string{theirNames, theirAddresses}, [][]string{names, addresses})
}

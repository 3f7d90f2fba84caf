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
	{"made at random and signed", func(r *rand.Rand, c *source) []byte { return c.sign(c.generate(r)) }},
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

// texts are what a subject is made of at random, and hosts what subjectAltName
// is: good ones, and fewer that are not.
var (
	texts = []string{
		"www.example.com", "www.Example.com", "*.example.com", "xn--fsqu00a.cn", "例子公司", "Example Co.", "Hangzhou", "CN", "192.0.2.1", strings.Repeat("a", 64),
		"*.com", "w*.example.com", "a_b.example.com", "https://example.com/", "a@example.com",
		"", " Example", "Example\n", "Exa\x00mple", "Ex\u202eample", "\xc3", strings.Repeat("a", 65),
	}
	hosts = []string{
		"example.com", "www.Example.com", "*.example.com", "xn--fsqu00a.cn", "localhost", "a.example.com", "b.example.com", "c.example.com", "d.example.com",
		"*.com", "w*.example.com", "a_b.example.com", "例子.公司", "xn--a.cn", "192.0.2.1", "example.com.", "a..b", "-a.example.com", "https://example.com/", "", "a\x00b",
	}
)

// oids are attributes of a subject, by the content octets of their identifiers.
var oids = []string{"\x55\x04\x03", "\x55\x04\x03", "\x55\x04\x06", "\x55\x04\x07", "\x55\x04\x08", "\x55\x04\x0a", "\x55\x04\x0b", "\x55\x04\x05", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "\x2a\x03"}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// generate makes a CertificationRequestInfo for the key, well-formed more often
// than not.
func (c *source) generate(r *rand.Rand) []byte {
	key, err := algorithm.MarshalPublicKey(c.key.Public())
	if err != nil {
		panic(err)
	}
	const utf8String, printableString, extensionRequest, altName = asn1.UTF8String, asn1.PrintableString, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e", "\x55\x1d\x11"
	oid := func(b *cryptobyte.Builder, content string) {
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(content)) })
	}
	extension := func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if r.IntN(4) == 0 { // a key usage
				oid(b, "\x55\x1d\x0f")
				b.AddASN1Boolean(true)
				b.AddASN1OctetString([]byte{3, 2, 7, 0x80})
				return
			}
			oid(b, altName)
			b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for range r.IntN(4) {
						switch form := pick(r, []asn1.Tag{0x82, 0x82, 0x82, 0x82, 0x87, 0x81, 0x86, 0x88}); form {
						case 0x87:
							b.AddASN1(form, func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, pick(r, []int{4, 4, 16, 16, 0, 8}))) })
						default:
							b.AddASN1(form, func(b *cryptobyte.Builder) { b.AddBytes([]byte(pick(r, hosts))) })
						}
					}
				})
			})
		})
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for range r.IntN(4) {
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						oid(b, pick(r, oids))
						tag := pick(r, []asn1.Tag{utf8String, utf8String, utf8String, printableString, asn1.IA5String, asn1.T61String, 18})
						b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(pick(r, texts))) })
					})
				})
			}
		})
		b.AddBytes(key)
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			for range pick(r, []int{0, 1, 1, 1, 2}) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					if r.IntN(6) == 0 { // a challengePassword
						oid(b, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07")
						b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
							b.AddASN1(utf8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte("secret")) })
						})
						return
					}
					oid(b, extensionRequest)
					b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
						b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
							for range pick(r, []int{0, 1, 1, 1, 2}) {
								extension(b)
							}
						})
					})
				})
			}
		})
	})
	return b.BytesOrPanic()
}

// A judge is another implementation, and how it is known to differ from us. lax
// are rules of ours that it does not have, by parts of our messages, strict are
// rules of its own that we do not have, by parts of what it says.
type judge struct {
	name    string
	accepts func(t *testing.T, der []byte, ours *csr.Request) (difference string, err error)
	lax     []string
	strict  []string
}

// formRules and meaningRules are what other implementations go over that only
// look for what they need: RFC 2986 and RFC 5280 to the letter, and what could be
// read in two ways.
var (
	formRules = []string{
		"its version is",
		"a part of the name is not a SET",
		"is not a pair of type and value",
		"its attributes are malformed",
		"an attribute is malformed",
		"an extensionRequest has more than one value",
		"the requested extensions are not a SEQUENCE",
		"a requested extension is malformed",
		"subjectAltName is not a SEQUENCE of names",
		"subjectAltName holds something that is no GeneralName",
		"the public key is not a SubjectPublicKeyInfo",
		"the key's algorithm is not supported",
		"the key's curve is not supported",
		"the signature algorithm is not supported",
	}
	meaningRules = []string{
		"stands twice",
		"has the same value twice",
		"is requested twice",
		"common names: one is allowed",
		"the string type with tag",
		"String holds the octet", // which the string's type has not
		"an ASCII string holds the octet",
		"control characters",
		"begins or ends with a space",
		"is neither a DNS name nor an IP address",
		"a wildcard is only allowed as the whole left-most label",
		"a dNSName is not ASCII",
		"is an IP address",
		"an iPAddress has",
		"are allowed (X.520)",
	}
)

// goX509 is the standard library, which reads names, attributes and extensions
// with encoding/asn1.
var goX509 = &judge{
	name: "crypto/x509",
	accepts: func(_ *testing.T, der []byte, ours *csr.Request) (string, error) {
		theirs, err := x509.ParseCertificateRequest(der)
		if err == nil {
			err = theirs.CheckSignature()
		}
		if err != nil || ours == nil {
			return "", err
		}
		return compare(ours, theirs), nil
	},
	lax: slices.Concat(formRules, meaningRules),
	strict: []string{
		// Names of other forms, which we read over: a server certificate does not get them.
		"x509: SAN rfc822Name is malformed",
		"x509: SAN uniformResourceIdentifier is malformed",
		"x509: cannot parse URI",
		// The attributes are missing, where they should be empty: some tools do that.
		"asn1: syntax error: sequence truncated",
		// An object identifier with an arc above 2^31-1, which is a good one.
		"asn1: structure error: base 128 integer too large",
	},
}

// openSSL is openssl req -verify, with the options that the key needs. What a CSR
// means it does not look at, so nothing but the verdict is compared.
func openSSL(options ...string) *judge {
	return &judge{
		name: "openssl",
		accepts: func(t *testing.T, der []byte, _ *csr.Request) (string, error) {
			args := append([]string{"req", "-inform", "DER", "-noout", "-verify"}, options...)
			r := run(t, string(der), "openssl", args...)
			if r.says("verify OK") { // the exit code of OpenSSL 3.0 is 0 for a wrong signature too
				return "", nil
			}
			return "", errors.New(r.stderr)
		},
		lax: slices.Concat(formRules, meaningRules, []string{
			"octets of trailing data",              // it reads one element and leaves the rest
			"it is not a DER CertificationRequest", // of BER it takes more than DER has
		}),
		strict: []string{
			// The values of attributes that we do not use, and so do not look into.
			"Field=set, Type=X509_ATTRIBUTE",
			// An SM2 key whose curve stands where id-ecPublicKey should: some tools write that.
			"X509_PUBKEY_get0:decode error",
		},
	}
}

var rounds = flag.Int("rounds", 120, "how often TestDifferential alters each CSR in each way")

// What we accept others read alike, and what we refuse and they accept is refused
// by one of our rules.
func TestDifferential(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	sources := []struct {
		file   string
		a      algorithm.Algorithm
		hash   crypto.Hash
		judges []*judge
	}{
		{"p256", algorithm.ECC_256, crypto.SHA256, []*judge{goX509, openSSL()}},
		{"p256-bmp", algorithm.ECC_256, crypto.SHA256, []*judge{goX509, openSSL()}},
		{"p384", algorithm.ECC_384, crypto.SHA384, []*judge{goX509, openSSL()}},
		{"rsa", algorithm.RSA_2048, crypto.SHA512, []*judge{goX509, openSSL()}},
		{"sm2", algorithm.SM2_256, 0, []*judge{openSSL("-vfyopt", sm2ID)}},
	}
	for i, s := range sources {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			c := &source{decode(t, read(t, filepath.Join("testdata", "differential", s.file+".pem"))), testkeys.Key(s.a, 0), s.hash}
			var trials []*trial
			for _, j := range s.judges {
				trials = append(trials, newTrial(j))
			}
			for _, d := range trials {
				d.try(t, "nothing", c.der)
				d.try(t, "signed", c.sign(c.info()))
				if d.accepted != 2 {
					t.Fatal("the CSR is refused as it is")
				}
			}
			for j, alteration := range alterations {
				r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				for range *rounds {
					der := alteration.alter(r, c)
					for _, d := range trials {
						d.try(t, alteration.name, der)
					}
				}
			}
			for _, d := range trials {
				t.Logf("%s and we accept %d and refuse %d; the rest: %v", d.judge.name, d.accepted, d.refused, d.counts)
				if d.accepted < *rounds/5 {
					t.Errorf("of %d CSRs only %d are accepted: the test says little", *rounds*len(alterations), d.accepted)
				}
			}
		})
	}
}

// A trial counts what became of CSRs before a judge and us.
type trial struct {
	judge             *judge
	accepted, refused int            // by both
	counts            map[string]int // of the rules, where one accepts and one refuses
}

func newTrial(j *judge) *trial { return &trial{judge: j, counts: make(map[string]int)} }

// try compares csr.Parse with the judge on one CSR.
func (d *trial) try(t *testing.T, alteration string, der []byte) {
	t.Helper()
	ours, err := csr.Parse(der)
	difference, theirErr := d.judge.accepts(t, der, ours)
	if e, ok := errors.AsType[*yuncert.Error](err); err != nil && (!ok || e.Parameter != "Csr" ||
		e.Code != yuncert.ErrInvalidValueMalformed && (e.Code != yuncert.ErrMissingParameter || len(der) > 0)) {
		t.Errorf("%s: error %v\n%x", alteration, err, der)
	}
	switch {
	case err != nil && theirErr != nil:
		d.refused++
	case err != nil:
		d.count(t, alteration, d.judge.lax, err, der)
	case theirErr != nil:
		d.count(t, alteration, d.judge.strict, theirErr, der)
	default:
		d.accepted++
		if difference != "" {
			t.Errorf("%s: %s: %s\n%x", alteration, d.judge.name, difference, der)
		}
	}
}

// count finds the rule in a refusal of one side.
func (d *trial) count(t *testing.T, alteration string, rules []string, err error, der []byte) {
	t.Helper()
	for _, rule := range rules {
		if strings.Contains(err.Error(), rule) {
			d.counts[rule]++
			return
		}
	}
	t.Errorf("%s: %s and we differ, and by no rule that is listed: %v\n%x", alteration, d.judge.name, err, der)
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

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
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// An alteration makes a different CSR, which it may sign again.
type alteration struct {
	name  string
	alter func(r *rand.Rand, c *source) []byte
}

// A source is a CSR to alter.
type source struct {
	der  []byte
	key  *algorithm.PrivateKey
	hash crypto.Hash // of the signature
}

var alterations = []alteration{
	{"byte changed", func(r *rand.Rand, c *source) []byte { return change(r, c.der) }},
	{"truncated", func(r *rand.Rand, c *source) []byte { return c.der[:r.IntN(len(c.der))] }},
	{"bytes inserted", func(r *rand.Rand, c *source) []byte { return insert(r, c.der) }},
	{"byte changed and signed", func(r *rand.Rand, c *source) []byte { return c.sign(change(r, c.info())) }},
	{"element altered and signed", func(r *rand.Rand, c *source) []byte { return c.sign(alterElement(r, c.info())) }},
	{"made at random and signed", func(r *rand.Rand, c *source) []byte { return c.sign(c.generate(r)) }},
}

// change changes one byte.
func change(r *rand.Rand, der []byte) []byte {
	der = bytes.Clone(der)
	der[r.IntN(len(der))] ^= byte(1 + r.IntN(255))
	return der
}

// insert inserts one to four bytes.
func insert(r *rand.Rand, der []byte) []byte {
	inserted := make([]byte, 1+r.IntN(4))
	for i := range inserted {
		inserted[i] = byte(r.Uint32())
	}
	return slices.Insert(bytes.Clone(der), r.IntN(len(der)+1), inserted...)
}

// parts returns the three parts of the CSR, each as an element.
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

// sign returns the CSR with another CertificationRequestInfo, signed.
func (c *source) sign(info []byte) []byte {
	_, id, _ := c.parts()
	signature, err := c.key.SignMessage(nil, info, c.hash)
	if err != nil {
		panic(err)
	}
	return asn.Seq(info, id, asn.Bits(signature))
}

// An element is one DER element. It has either content or elements.
type element struct {
	tag      asn1.Tag
	content  []byte
	elements []*element
}

// parse reads elements at all levels. It tries to parse octet strings too.
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

// der returns the element with the lengths that its parts now have.
func (e *element) der() []byte {
	parts := [][]byte{e.content}
	for _, inner := range e.elements {
		parts = append(parts, inner.der())
	}
	return asn.TLV(e.tag, parts...)
}

// walk calls f for each element, with its list and its index there.
func walk(list *[]*element, f func(list *[]*element, i int)) {
	for i, e := range *list {
		f(list, i)
		walk(&e.elements, f)
	}
}

// tags are the replacements for an element's tag.
var tags = []asn1.Tag{
	asn1.BOOLEAN, asn1.INTEGER, asn1.BIT_STRING, asn1.OCTET_STRING, asn1.NULL, asn1.OBJECT_IDENTIFIER, asn1.SEQUENCE, asn1.SET,
	asn1.UTF8String, asn1.PrintableString, asn1.T61String, asn1.IA5String, asn.NumericString, 28, asn.BMPString, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0x88, 0xa0, 0xa4,
}

// nameBytes are the replacements for a byte of content. They have a meaning in names.
const nameBytes = "\x00\n *.-@&,_/09aZ:\x7f\x80\xc3\xff"

// alterElement changes one element and corrects the lengths around it.
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
	case 0: // removed
		*p.list = slices.Delete(*p.list, p.i, p.i+1)
	case 1: // twice
		*p.list = slices.Insert(*p.list, p.i, e)
	case 2: // another type
		e.tag = tags[r.IntN(len(tags))]
	case 3: // empty
		e.content, e.elements = nil, nil
	case 4: // exchanged with another element of the list
		j := r.IntN(len(*p.list))
		(*p.list)[p.i], (*p.list)[j] = (*p.list)[j], (*p.list)[p.i]
	case 5: // longer
		e.content = insert(r, e.content)
	default: // another byte of content
		if len(e.content) > 0 {
			e.content = bytes.Clone(e.content)
			e.content[r.IntN(len(e.content))] = nameBytes[r.IntN(len(nameBytes))]
		} else {
			e.content = []byte{nameBytes[r.IntN(len(nameBytes))]}
		}
	}
	return top[0].der()
}

// texts are the values of random subjects, hosts the names of random
// subjectAltNames. Most are valid.
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

// oids are the attribute types of random subjects. 1.2.3 has no meaning.
var oids = [][]byte{
	asn.OIDCommonName, asn.OIDCommonName, asn.OIDCountry, asn.OIDLocality, asn.OIDState, asn.OIDOrganization, asn.OIDUnit, asn.OIDSerialNumber, asn.OIDEmail,
	asn.OID("\x2a\x03"),
}

var oidChallengePassword = asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07")

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// generate makes a random CertificationRequestInfo for the key. Most are well formed.
func (c *source) generate(r *rand.Rand) []byte {
	var rdns [][]byte
	for range r.IntN(4) {
		oid := pick(r, oids)
		tag := pick(r, []asn1.Tag{asn1.UTF8String, asn1.UTF8String, asn1.UTF8String, asn1.PrintableString, asn1.IA5String, asn1.T61String, asn.NumericString})
		rdns = append(rdns, asn.Set(asn.Attribute(oid, tag, pick(r, texts))))
	}
	key, err := algorithm.MarshalPublicKey(c.key.Public())
	if err != nil {
		panic(err)
	}
	var attributes [][]byte
	for range pick(r, []int{0, 1, 1, 1, 2}) {
		attributes = append(attributes, randomAttribute(r))
	}
	return asn.Seq([]byte{2, 1, 0}, asn.Seq(rdns...), key, asn.Explicit(0, attributes...))
}

// randomAttribute makes a challengePassword or an extensionRequest.
func randomAttribute(r *rand.Rand) []byte {
	if r.IntN(6) == 0 {
		return asn.RequestAttribute(oidChallengePassword, asn.TLV(asn1.UTF8String, []byte("secret")))
	}
	var extensions [][]byte
	for range pick(r, []int{0, 1, 1, 1, 2}) {
		extensions = append(extensions, randomExtension(r))
	}
	return asn.ExtensionRequest(extensions...)
}

// randomExtension makes a key usage or a subjectAltName.
func randomExtension(r *rand.Rand) []byte {
	if r.IntN(4) == 0 {
		return asn.Extension(asn.OIDKeyUsage, true, []byte{3, 2, 7, 0x80})
	}
	const dnsName, iPAddress, rfc822Name, uri, registeredID = 0x82, 0x87, 0x81, 0x86, 0x88
	var names [][]byte
	for range r.IntN(4) {
		form := pick(r, []asn1.Tag{dnsName, dnsName, dnsName, dnsName, iPAddress, rfc822Name, uri, registeredID})
		if form == iPAddress {
			names = append(names, asn.IPAddress(make([]byte, pick(r, []int{4, 4, 16, 16, 0, 8}))...))
		} else {
			names = append(names, asn.TLV(form, []byte(pick(r, hosts))))
		}
	}
	return asn.Extension(asn.OIDAltName, false, asn.Seq(names...))
}

// A judge is another implementation, and the rules in which it differs from us.
type judge struct {
	name string

	// accepts verifies a CSR. If both sides accept it, difference says how the other
	// side reads it differently.
	accepts func(t *testing.T, der []byte, ours *csr.Request) (difference string, err error)

	strict []rule // its rules that csr.Parse does not have
}

// goX509 is the standard library. It reads names, attributes and extensions with
// encoding/asn1.
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
	strict: []rule{
		// We skip these names, because a server certificate does not get them.
		{name: "e-mail address", phrases: []string{"x509: SAN rfc822Name is malformed"}},
		{name: "URI", phrases: []string{"x509: SAN uniformResourceIdentifier is malformed"}},
		{name: "URI syntax", phrases: []string{"x509: cannot parse URI"}},
		// Some tools leave the attributes out. They should write an empty list.
		{name: "attributes present", phrases: []string{"asn1: syntax error: sequence truncated"}},
		// An arc above 2^31-1 is valid in an object identifier.
		{name: "small arcs", phrases: []string{"asn1: structure error: base 128 integer too large"}},
	},
}

// openSSL is openssl req -verify with the options for the key. It does not read the
// content, so only its verdict is compared.
func openSSL(options ...string) *judge {
	return &judge{
		name: "openssl",
		accepts: func(t *testing.T, der []byte, _ *csr.Request) (string, error) {
			args := append([]string{"req", "-inform", "DER", "-noout", "-verify"}, options...)
			r := run(t, string(der), "openssl", args...)
			if r.says("verify OK") { // OpenSSL 3.0 exits with code 0 for a wrong signature too
				return "", nil
			}
			return "", errors.New(r.stderr)
		},
		strict: []rule{
			// We do not read the values of attributes that we do not use.
			{name: "attribute values", phrases: []string{"Field=set, Type=X509_ATTRIBUTE"}},
			// Some tools write the SM2 curve in the place of id-ecPublicKey.
			{name: "SM2 key algorithm", phrases: []string{"X509_PUBKEY_get0:decode error"}},
		},
	}
}

var rounds = flag.Int("rounds", 120, "how many times TestDifferential makes each alteration of each CSR")

// A CSR that csr.Parse and another implementation accept is read the same by both. If
// only one accepts it, the other refuses it for a known rule.
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
			c := &source{testutil.FirstPEM(t, read(t, filepath.Join("testdata", "differential", s.file+".pem"))), testkeys.Key(s.a, 0), s.hash}
			var trials []*trial
			for _, j := range s.judges {
				trials = append(trials, newTrial(j))
			}
			for _, d := range trials {
				d.try(t, "nothing", c.der)
				d.try(t, "signed", c.sign(c.info()))
				if d.accepted != 2 {
					t.Fatalf("%s or csr.Parse refuses the unaltered CSR", d.judge.name)
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
				t.Logf("%s and csr.Parse both accept %d and both refuse %d; one refuses: %v", d.judge.name, d.accepted, d.refused, d.counts)
				if d.accepted < *rounds/5 {
					t.Errorf("%s and csr.Parse both accept only %d of %d CSRs, want at least %d", d.judge.name, d.accepted, *rounds*len(alterations), *rounds/5)
				}
			}
		})
	}
}

// A trial counts the verdicts of csr.Parse and a judge.
type trial struct {
	judge             *judge
	accepted, refused int            // by both
	counts            map[string]int // by the name of the rule, where only one refuses
}

func newTrial(j *judge) *trial { return &trial{judge: j, counts: make(map[string]int)} }

// try compares csr.Parse with the judge on one CSR.
func (d *trial) try(t *testing.T, alteration string, der []byte) {
	t.Helper()
	ours, err := csr.Parse(der)
	difference, theirErr := d.judge.accepts(t, der, ours)
	if err != nil {
		code := yuncert.ErrInvalidValueMalformed
		if len(der) == 0 {
			code = yuncert.ErrMissingParameter
		}
		e, ok := errors.AsType[*yuncert.Error](err)
		if !ok || e.Parameter != "Csr" || e.Code != code {
			t.Errorf("%s: csr.Parse: %v, want %s of Csr\n%x", alteration, err, code, der)
		}
	}
	switch {
	case err != nil && theirErr != nil:
		d.refused++
	case err != nil:
		d.count(t, alteration, laxRules(d.judge.name), err, der)
	case theirErr != nil:
		d.count(t, alteration, d.judge.strict, theirErr, der)
	default:
		d.accepted++
		if difference != "" {
			t.Errorf("%s: %s: %s\n%x", alteration, d.judge.name, difference, der)
		}
	}
}

// count counts a refusal by one side under its rule.
func (d *trial) count(t *testing.T, alteration string, rules []rule, err error, der []byte) {
	t.Helper()
	var names []string
	for _, rule := range rules {
		if rule.matches(err.Error()) {
			names = append(names, rule.name)
		}
	}
	if len(names) != 1 {
		t.Errorf("%s: only one of %s and csr.Parse refuses this CSR, and its message matches %d rules %q, want 1: %v\n%x",
			alteration, d.judge.name, len(names), names, err, der)
		return
	}
	d.counts[names[0]]++
}

// compare returns how two readings of a CSR differ, or "".
func compare(ours *csr.Request, theirs *x509.CertificateRequest) string {
	if !testutil.EqualKeys(ours.PublicKey, theirs.PublicKey) || !bytes.Equal(ours.RawSubjectPublicKeyInfo, theirs.RawSubjectPublicKeyInfo) {
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
		_, err := netip.ParseAddr(name)
		if err == nil {
			addresses = append(addresses, name)
		} else {
			names = append(names, name)
		}
	}
	var theirNames, theirAddresses []string
	for _, name := range theirs.DNSNames {
		name = strings.ToLower(name)
		if !slices.Contains(theirNames, name) {
			theirNames = append(theirNames, name)
		}
	}
	for _, ip := range theirs.IPAddresses {
		addr, _ := netip.AddrFromSlice(ip)
		name := addr.Unmap().String()
		if !slices.Contains(theirAddresses, name) {
			theirAddresses = append(theirAddresses, name)
		}
	}
	return cmp.Diff([][]string{theirNames, theirAddresses}, [][]string{names, addresses})
}

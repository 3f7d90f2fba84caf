package csr_test

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

var (
	oidMicrosoftExtensions = asn.OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e")
	oidChallengePassword   = asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07")

	ecdsaWithSHA1   = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x04\x01"))
	ecdsaWithSHA384 = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"))
	rsaWithoutNULL  = asn.Seq(asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"))
	sm2WithSM3NULL  = asn.Seq(asn.OID("\x2a\x81\x1c\xcf\x55\x01\x83\x75"), asn.Null)
)

// altNames requests a subjectAltName of GeneralNames.
func altNames(names ...[]byte) []byte {
	return asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, asn.Seq(names...)))
}

func commonName(name string) []byte { return asn.Name(asn.UTF8(asn.OIDCommonName, name)) }

// parts are the pieces of a CSR, each changeable by itself.
type parts struct {
	version    []byte
	subject    []byte
	key        []byte
	attributes []byte // the whole [0]
	info       []byte // instead of the four, if not nil
	id         []byte
	sign       func(info []byte) []byte
	trailing   []byte // after the signature, within the CSR
}

// newParts are the parts of a sound CSR for the i-th key of an algorithm.
func newParts(t testing.TB, a algorithm.Algorithm, i int) *parts {
	t.Helper()
	key := testkeys.Key(a, i)
	p := &parts{
		version:    asn.TLV(asn1.INTEGER, []byte{0}),
		subject:    commonName("example.com"),
		key:        testkeys.PublicDER(t, key.Public()),
		attributes: asn.TLV(0xa0, altNames(asn.DNSName("example.com"), asn.DNSName("www.example.com"), asn.IPAddress(192, 0, 2, 1))),
		id:         asn.SignatureID(a.Family()),
	}
	p.sign = func(info []byte) []byte { return signature(key, crypto.SHA256, info) }
	return p
}

func signature(key crypto.MessageSigner, hash crypto.Hash, info []byte) []byte {
	sig, err := key.SignMessage(nil, info, hash)
	if err != nil {
		panic(err)
	}
	return sig
}

// der puts the parts together and signs them.
func (p *parts) der() []byte {
	info := p.info
	if info == nil {
		info = asn.Seq(p.version, p.subject, p.key, p.attributes)
	}
	return asn.Seq(info, p.id, asn.Bits(p.sign(info)), p.trailing)
}

// armour makes PEM.
func armour(der []byte) []byte {
	return []byte(testutil.EncodePEM("CERTIFICATE REQUEST", der))
}

// longer spends an octet more on the length than DER allows.
func longer(tag byte, content []byte) []byte {
	n := len(content)
	switch {
	case n < 0x80:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x82, 0, byte(n)}, content...)
	}
	return append([]byte{tag, 0x83, 0, byte(n >> 8), byte(n)}, content...)
}

// indefinite has BER's indefinite length.
func indefinite(tag byte, content []byte) []byte {
	return slices.Concat([]byte{tag, 0x80}, content, []byte{0, 0})
}

// A node is one DER element, decoded into its children as far as there are
// any. The content of an OCTET STRING or BIT STRING that is a SEQUENCE counts
// as a child; the octets of prefix come before it.
type node struct {
	tag      byte
	content  []byte // of a leaf
	prefix   []byte
	children []*node
}

func parseNode(der []byte) (*node, error) {
	input := cryptobyte.String(der)
	n, err := readNode(&input)
	if err == nil && !input.Empty() {
		err = fmt.Errorf("%d octets after the element", len(input))
	}
	return n, err
}

func readNode(input *cryptobyte.String) (*node, error) {
	var content cryptobyte.String
	var tag asn1.Tag
	if !input.ReadAnyASN1(&content, &tag) {
		return nil, fmt.Errorf("not DER: %.8x", []byte(*input))
	}
	n := &node{tag: byte(tag), content: content}
	switch {
	case n.tag&0x20 != 0:
		for !content.Empty() {
			child, err := readNode(&content)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
	case tag == asn1.OCTET_STRING || tag == asn1.BIT_STRING:
		inner := []byte(content)
		if tag == asn1.BIT_STRING {
			inner = inner[1:]
		}
		if len(inner) > 0 && inner[0] == 0x30 {
			if child, err := parseNode(inner); err == nil {
				n.children = []*node{child}
				n.prefix = content[:len(content)-len(inner)]
			}
		}
	}
	return n, nil
}

// walk calls f for the node and all below it.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, child := range n.children {
		child.walk(f)
	}
}

// encode writes the node, the element target by change.
func (n *node) encode(target *node, change func(tag byte, content []byte) []byte) []byte {
	content := n.content
	if len(n.children) > 0 {
		content = bytes.Clone(n.prefix)
		for _, child := range n.children {
			content = append(content, child.encode(target, change)...)
		}
	}
	if n == target {
		return change(n.tag, content)
	}
	// AddASN1 refuses high tag numbers; nothing here has one.
	return asn.TLV(asn1.Tag(n.tag), content)
}

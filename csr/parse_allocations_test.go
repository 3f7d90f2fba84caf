package csr_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// claiming writes an element that says it is much longer than it is.
func claiming(length ...byte) func(tag byte, content []byte) []byte {
	return func(tag byte, content []byte) []byte {
		return slices.Concat([]byte{tag, 0x80 | byte(len(length))}, length, content)
	}
}

// largeInputs claim to be much longer than they are, or repeat small pieces up to
// MaxSize. FuzzParse starts from them too.
func largeInputs(t testing.TB) map[string][]byte {
	p := newParts(t, algorithm.ECC_256, 0)
	inputs := make(map[string][]byte)
	whole, err := parseNode(p.der())
	if err != nil {
		t.Fatal(err)
	}
	for name, length := range map[string][]byte{
		"2^31-1": {0x7f, 0xff, 0xff, 0xff}, "2^32-1": {0xff, 0xff, 0xff, 0xff}, "2^63-1": {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"2^64-1": bytes.Repeat([]byte{0xff}, 8), "2^512-1": bytes.Repeat([]byte{0xff}, 64), "16 MiB": {1, 0, 0, 0}, "64 KiB": {1, 0, 0},
	} {
		i := 0
		whole.walk(func(n *node) {
			i++
			inputs[fmt.Sprintf("element %d claims %s", i, name)] = whole.encode(n, claiming(length...))
		})
	}
	// Real content, as much as Parse reads, of small pieces.
	fill := func(piece []byte, wrap func(pieces []byte)) []byte {
		q := *p
		saved := p
		p = &q
		wrap(bytes.Repeat(piece, (csr.MaxSize-600)/len(piece)))
		der := p.der()
		p = saved
		if len(der) > csr.MaxSize {
			t.Fatalf("%d octets", len(der))
		}
		return der
	}
	attributes := func(pieces []byte) { p.attributes = asn.TLV(0xa0, pieces) }
	names := func(pieces []byte) { p.attributes = asn.TLV(0xa0, altNames(pieces)) }
	inputs["RDNs"] = fill(asn.Set(asn.Seq(asn.OIDUnit, asn.TLV(asn1.UTF8String, []byte("a")))), func(pieces []byte) { p.subject = asn.Seq(pieces) })
	inputs["attributes of one RDN"] = fill(asn.Seq(asn.OIDUnit, asn.TLV(asn1.UTF8String, []byte("a"))), func(pieces []byte) { p.subject = asn.Seq(asn.Set(pieces)) })
	inputs["empty RDNs"] = fill(asn.Set(), func(pieces []byte) { p.subject = asn.Seq(pieces) })
	inputs["attributes"] = fill(asn.RequestAttribute(asn.OID("\x2a"), asn.Null), attributes)
	inputs["values of one attribute"] = fill(asn.Null, func(pieces []byte) { attributes(asn.RequestAttribute(asn.OID("\x2a\x03"), pieces)) })
	inputs["extensionRequests"] = fill(asn.ExtensionRequest(), attributes)
	inputs["extensions"] = fill(asn.Extension(asn.OID("\x2a"), false, nil), func(pieces []byte) { attributes(asn.ExtensionRequest(pieces)) })
	inputs["names of another form"] = fill(asn.TLV(0x81), names)
	inputs["DNS names"] = fill(asn.DNSName("a"), names)
	inputs["addresses"] = fill(asn.IPAddress(192, 0, 2, 1), names)
	inputs["one DNS name"] = fill([]byte("a."), func(pieces []byte) { names(asn.DNSName(string(pieces))) })
	inputs["one common name"] = fill([]byte("a"), func(pieces []byte) { p.subject = commonName(string(pieces)) })
	inputs["one object identifier"] = fill([]byte{0x83}, func(pieces []byte) {
		attributes(asn.RequestAttribute(asn.OID(string(pieces)+"\x03"), asn.Null))
	})
	inputs["BMPString"] = fill([]byte("\x4f\x8b"), func(pieces []byte) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, 30, string(pieces))) })
	inputs["nested SEQUENCEs"] = bytes.Repeat([]byte{0x30, 0x83, 0, 0xff, 0xff}, csr.MaxSize/5)
	inputs["indefinite SEQUENCEs"] = bytes.Repeat([]byte{0x30, 0x80}, csr.MaxSize/2)
	inputs["PEM of line breaks"] = []byte(begin + strings.Repeat(`\n`, (csr.MaxSize-100)/2) + end)
	inputs["PEM of base64"] = []byte(begin + strings.Repeat("MIIB", (csr.MaxSize-100)/4) + end)
	inputs["labels"] = []byte(strings.Repeat("-----BEGIN ", csr.MaxSize/11))
	inputs["RSA key"] = func() []byte {
		q := newParts(t, algorithm.RSA_2048, 0)
		n, err := parseNode(q.key)
		if err != nil {
			t.Fatal(err)
		}
		numbers := n.children[1].children[0]
		q.key = n.encode(numbers.children[0], func(tag byte, _ []byte) []byte {
			return asn.TLV(asn1.Tag(tag), append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 60000)...))
		})
		return q.der()
	}()
	return inputs
}

// Reading an input allocates at most 32 times its real length, also if it claims to
// be longer. Thousands of attributes in a subject come near to that. The test is not
// parallel, since it counts what the whole process allocates.
func TestParseAllocatesLittle(t *testing.T) {
	inputs := largeInputs(t)
	refused := 0
	for name, data := range inputs {
		var err error
		var before, after runtime.MemStats
		const runs = 3
		runtime.ReadMemStats(&before)
		for range runs {
			if _, err = csr.Parse(data); err != nil {
				refused++
			}
		}
		runtime.ReadMemStats(&after)
		if spent := (after.TotalAlloc - before.TotalAlloc) / runs; spent > uint64(32*len(data)+8<<10) {
			t.Errorf("%s: %d octets allocated for %d octets of input (%v)", name, spent, len(data), err)
		}
		if len(data) > csr.MaxSize {
			t.Errorf("%s: %d octets, which are not read", name, len(data))
		}
	}
	if refused < len(inputs)*2 {
		t.Errorf("only %d of %d inputs are refused", refused/3, len(inputs))
	}
}

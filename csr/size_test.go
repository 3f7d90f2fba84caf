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
)

// claiming writes an element that says it is much longer than it is.
func claiming(length ...byte) func(tag byte, content []byte) []byte {
	return func(tag byte, content []byte) []byte {
		return slices.Concat([]byte{tag, 0x80 | byte(len(length))}, length, content)
	}
}

// Whatever the input says of its length, reading it allocates no more than 32
// times what it has, which thousands of attributes in a subject come near to. It
// is not parallel, since it counts what the whole process allocates.
func TestParseAllocatesLittle(t *testing.T) {
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
	attributes := func(pieces []byte) { p.attributes = tlv(0xa0, pieces) }
	names := func(pieces []byte) { p.attributes = tlv(0xa0, altNames(pieces)) }
	inputs["RDNs"] = fill(set(seq(oidUnit, tlv(asn1.UTF8String, []byte("a")))), func(pieces []byte) { p.subject = seq(pieces) })
	inputs["attributes of one RDN"] = fill(seq(oidUnit, tlv(asn1.UTF8String, []byte("a"))), func(pieces []byte) { p.subject = seq(set(pieces)) })
	inputs["empty RDNs"] = fill(set(), func(pieces []byte) { p.subject = seq(pieces) })
	inputs["attributes"] = fill(attribute(oid("\x2a"), tlv(asn1.NULL)), attributes)
	inputs["values of one attribute"] = fill(tlv(asn1.NULL), func(pieces []byte) { attributes(attribute(oid("\x2a\x03"), pieces)) })
	inputs["extensionRequests"] = fill(extensionRequest(), attributes)
	inputs["extensions"] = fill(extension(oid("\x2a"), nil), func(pieces []byte) { attributes(extensionRequest(pieces)) })
	inputs["names of another form"] = fill(tlv(0x81), names)
	inputs["DNS names"] = fill(dnsName("a"), names)
	inputs["addresses"] = fill(ipAddress(192, 0, 2, 1), names)
	inputs["one DNS name"] = fill([]byte("a."), func(pieces []byte) { names(dnsName(string(pieces))) })
	inputs["one common name"] = fill([]byte("a"), func(pieces []byte) { p.subject = commonName(string(pieces)) })
	inputs["one object identifier"] = fill([]byte{0x83}, func(pieces []byte) { attributes(attribute(oid(string(pieces)+"\x03"), tlv(asn1.NULL))) })
	inputs["BMPString"] = fill([]byte("\x4f\x8b"), func(pieces []byte) { p.subject = subjectDER(rdn{oidUnit, 30, string(pieces)}) })
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
			return tlv(asn1.Tag(tag), append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 60000)...))
		})
		return q.der()
	}()

	refused := 0
	for name, data := range inputs {
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

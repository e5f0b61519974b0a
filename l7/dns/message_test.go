package dns

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

// unhex reads hex digits; anything else is there for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdef", r) {
			return r
		}
		return -1
	}, s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Pieces of messages.
const (
	example = "07 6578616d706c65 03 636f6d 00" // example.com
	www     = "03 777777" + example            // www.example.com
	local   = "05 6c6f63616c 00"               // local
)

var messageTests = []struct {
	name string
	o    l7.Options
	hex  string
	want seen
}{
	{
		name: "a query for an address with EDNS",
		hex:  "1234 0120 0001 0000 0000 0001" + www + "0001 0001" + "00 0029 04d0 00000000 0000",
		want: seen{kind: l7.Request, op: "A", name: "www.example.com", attrs: []string{
			"dns.question.name=www.example.com", "dns.question.type=A", "dns.id=4660", "wirespan.dns.edns.size=1232",
		}},
	},
	{
		name: "an answer through an alias",
		hex: "1234 8180 0001 0002 0000 0000" + www + "0001 0001" +
			"c00c 0005 0001 0000003c 0002 c010" + "c010 0001 0001 00000e10 0004 c0000201",
		want: seen{
			kind: l7.Response, op: "A", name: "www.example.com", status: l7.OK, attrs: []string{
				"dns.question.name=www.example.com", "dns.question.type=A", "dns.answers=example.com", "dns.answers=192.0.2.1",
				"dns.response_code=NOERROR", "dns.id=4660",
			},
			answers: []string{"www.example.com 192.0.2.1 3600"},
		},
	},
	{
		name: "an IPv6 address, authoritative",
		hex: "0001 8580 0001 0001 0000 0000" + example + "001c 0001" +
			"c00c 001c 0001 00000e10 0010 20010db8000000000000000000000001",
		want: seen{
			kind: l7.Response, op: "AAAA", name: "example.com", status: l7.OK, attrs: []string{
				"dns.question.name=example.com", "dns.question.type=AAAA", "dns.answers=2001:db8::1",
				"dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.authoritative=true",
			},
			answers: []string{"example.com 2001:db8::1 3600"},
		},
	},
	{
		name: "a name that does not exist is no error",
		hex:  "0001 8183 0001 0000 0000 0000" + example + "0001 0001",
		want: seen{kind: l7.Response, op: "A", name: "example.com", code: 3, status: l7.OK, err: "NXDOMAIN", attrs: []string{
			"dns.question.name=example.com", "dns.question.type=A", "dns.response_code=NXDOMAIN", "dns.id=1",
		}},
	},
	{
		name: "a response code that EDNS extends",
		hex:  "002a 8180 0001 0000 0000 0001" + example + "0001 0001" + "00 0029 1000 01000000 0000",
		want: seen{kind: l7.Response, op: "A", name: "example.com", code: 16, status: l7.ServerError, err: "BADVERS", attrs: []string{
			"dns.question.name=example.com", "dns.question.type=A", "dns.response_code=BADVERS", "dns.id=42",
		}},
	},
	{
		name: "a refused update, its zone in the question",
		hex:  "0007 a805 0001 0000 0000 0000" + example + "0006 0001",
		want: seen{kind: l7.Response, op: "SOA", name: "example.com", code: 5, status: l7.ServerError, err: "REFUSED", attrs: []string{
			"dns.question.name=example.com", "dns.question.type=SOA", "dns.response_code=REFUSED", "dns.id=7", "wirespan.dns.opcode=UPDATE",
		}},
	},
	{
		name: "an answer that was cut to fit",
		hex:  "0001 8380 0001 0000 0000 0000" + example + "0010 0001",
		want: seen{kind: l7.Response, op: "TXT", name: "example.com", status: l7.OK, attrs: []string{
			"dns.question.name=example.com", "dns.question.type=TXT", "dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.truncated=true",
		}},
	},
	{
		name: "the root, an unknown type, another class",
		hex:  "0001 0100 0001 0000 0000 0000" + "00 04d2 0003",
		want: seen{kind: l7.Request, op: "TYPE1234", name: ".", attrs: []string{
			"dns.question.name=.", "dns.question.type=TYPE1234", "dns.question.class=CH", "dns.id=1",
		}},
	},
	{
		name: "dots and bytes that do not print inside a label",
		hex:  "0001 0100 0001 0000 0000 0000" + "06 612e5c0042c3" + example + "0001 0001",
		want: seen{kind: l7.Request, op: "A", name: `a\.\\\000B\195.example.com`, attrs: []string{
			`dns.question.name=a\.\\\000B\195.example.com`, "dns.question.type=A", "dns.id=1",
		}},
	},
	{
		name: "rare records: MX, TXT, SRV, CAA",
		hex: "0001 8180 0001 0004 0000 0000" + example + "00ff 0001" +
			"c00c 000f 0001 00000001 0007 000a 02 6d78 c00c" +
			"c00c 0010 0001 00000001 0006 02 6869 02 796f" +
			"c00c 0021 0001 00000001 0008 0001 0002 1f90 c00c" +
			"c00c 0101 0001 00000001 0008 00 05 6973737565 3b",
		want: seen{kind: l7.Response, op: "ANY", name: "example.com", status: l7.OK, attrs: []string{
			"dns.question.name=example.com", "dns.question.type=ANY", "dns.answers=10 mx.example.com.", `dns.answers="hi" "yo"`,
			"dns.answers=1 2 8080 example.com.", `dns.answers=0 issue ";"`, "dns.response_code=NOERROR", "dns.id=1",
		}},
	},
	{
		name: "an HTTPS record shorter than it says is left out, and the message is malformed",
		hex: "0001 8180 0001 0001 0000 0000" + example + "0041 0001" +
			"c00c 0041 0001 00000001 0005 0001 00 0001",
		want: seen{kind: l7.Response, op: "HTTPS", name: "example.com", status: l7.OK, attrs: []string{
			"dns.question.name=example.com", "dns.question.type=HTTPS", "wirespan.dns.answer_count=1",
			"dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.malformed=true",
		}},
	},
	{
		name: "more records announced than there are",
		hex: "0001 8180 0001 4000 0000 0000" + example + "0001 0001" +
			"c00c 0001 0001 00000001 0004 c0000201",
		want: seen{
			kind: l7.Response, op: "A", name: "example.com", status: l7.OK, attrs: []string{
				"dns.question.name=example.com", "dns.question.type=A", "dns.answers=192.0.2.1", "wirespan.dns.answer_count=16384",
				"dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.malformed=true",
			},
			answers: []string{"example.com 192.0.2.1 1"},
		},
	},
	{
		name: "a name that points to itself",
		hex:  "0001 0100 0001 0000 0000 0000 c00c 0001 0001",
		want: seen{kind: l7.Request, attrs: []string{"dns.id=1", "wirespan.dns.malformed=true"}},
	},
	{
		name: "two pointers that point at each other",
		hex:  "0001 8180 0001 0001 0000 0000" + example + "0001 0001" + "c01f c01d 0001 00000001 0004",
		want: seen{kind: l7.Response, op: "A", name: "example.com", status: l7.OK, attrs: []string{
			"dns.question.name=example.com", "dns.question.type=A", "wirespan.dns.answer_count=1",
			"dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.malformed=true",
		}},
	},
	{
		name: "a question cut by snaplen",
		hex:  "0001 0100 0001 0000 0000 0000 07 6578616d",
		want: seen{kind: l7.Request, attrs: []string{"dns.id=1", "wirespan.dns.malformed=true"}},
	},
	{
		name: "records cut by snaplen",
		hex:  "0001 8180 0001 0001 0000 0000" + example + "0001 0001 c00c 0001",
		want: seen{kind: l7.Response, op: "A", name: "example.com", status: l7.OK, attrs: []string{
			"dns.question.name=example.com", "dns.question.type=A", "wirespan.dns.answer_count=1",
			"dns.response_code=NOERROR", "dns.id=1", "wirespan.dns.malformed=true",
		}},
	},
	{
		name: "multicast: several questions, one for unicast, a known answer",
		o:    l7.Options{ClientPort: 5353, ServerPort: 5353, Multicast: true},
		hex: "0000 0000 0002 0001 0000 0000" + "03 c3bc78" + local + "000c 8001" + "c00c 0021 0001" +
			"c00c 000c 0001 00000078 0002 c00c",
		want: seen{kind: l7.OneWay, protocol: "mdns", op: "PTR", name: "üx.local", attrs: []string{
			"wirespan.dns.questions=2", "dns.question.name=üx.local", "dns.question.type=PTR", "dns.id=0",
		}},
	},
	{
		name: "multicast: an announcement repeats no question and flushes caches",
		o:    l7.Options{ClientPort: 5353, ServerPort: 5353, Multicast: true},
		hex:  "0000 8400 0000 0001 0000 0000" + "01 61" + local + "0001 8001 00000078 0004 c0000205",
		want: seen{
			kind: l7.Pushed, protocol: "mdns", op: "A", name: "a.local", status: l7.OK, attrs: []string{
				"dns.answers=192.0.2.5", "dns.response_code=NOERROR", "dns.id=0", "wirespan.dns.authoritative=true",
			},
			answers: []string{"a.local 192.0.2.5 120"},
		},
	},
	{
		name: "multicast DNS asked directly is answered",
		o:    l7.Options{ClientPort: 40000, ServerPort: 5353},
		hex:  "0009 0000 0001 0000 0000 0000" + "01 61" + local + "0001 0001",
		want: seen{kind: l7.Request, protocol: "mdns", op: "A", name: "a.local", attrs: []string{
			"dns.question.name=a.local", "dns.question.type=A", "dns.id=9",
		}},
	},
	{
		name: "a plain query from the port of multicast DNS",
		o:    l7.Options{ClientPort: 5353, ServerPort: 53},
		hex:  "0009 0100 0001 0000 0000 0000" + example + "0001 0001",
		want: seen{kind: l7.Request, op: "A", name: "example.com", attrs: []string{
			"dns.question.name=example.com", "dns.question.type=A", "dns.id=9",
		}},
	},
	{
		name: "LLMNR to its group",
		o:    l7.Options{ClientPort: 50000, ServerPort: 5355, Multicast: true},
		hex:  "0009 0000 0001 0000 0000 0000" + "01 61 00" + "0001 0001",
		want: seen{kind: l7.OneWay, protocol: "llmnr", op: "A", name: "a", attrs: []string{
			"dns.question.name=a", "dns.question.type=A", "dns.id=9",
		}},
	},
}

func TestMessage(t *testing.T) {
	for _, tt := range messageTests {
		t.Run(tt.name, func(t *testing.T) {
			dir := l7.ToServer
			if tt.want.kind == l7.Response {
				dir = l7.ToClient
			}
			b := unhex(t, tt.hex)
			tt.want.dir = dir
			diff := cmp.Diff([]seen{tt.want}, run(UDP(), tt.o, part{dir, b}), cmp.AllowUnexported(seen{}), cmp.FilterPath(
				func(p cmp.Path) bool { return p.Last().String() == ".match" }, cmp.Ignore()))
			if diff != "" {
				t.Error(diff)
			}
			over := append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
			if diff := cmp.Diff(run(UDP(), tt.o, part{dir, b}), run(TCP(), tt.o, part{dir, over}), cmp.AllowUnexported(seen{})); diff != "" {
				t.Error("over TCP:", diff)
			}
		})
	}
}

// TestBounds checks that what a message can make the parser keep is bounded.
func TestBounds(t *testing.T) {
	// A name of 127 labels of one byte that does not print: 4 bytes each.
	b := unhex(t, "0001 8180 0000 1000 0000 0000"+strings.Repeat("01 01", 120)+"00"+"0001 0001 00000000 0004 01020304")
	for range 0x0fff {
		b = append(b, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4)
	}
	p := newDriver(UDP(), l7.Options{})
	p.data(l7.ToClient, b[:maxUDP-8])
	s := p.seen[0]
	if n := len(s.all("dns.answers")); n > maxAnswers || len(s.answers) > maxAnswers {
		t.Errorf("%d texts, %d addresses", n, len(s.answers))
	}
	if n := cap(p.p.(*datagrams).texts); n > 2*(maxTexts+4*maxName+maxText) {
		t.Errorf("buffer of %d bytes", n)
	}
	if s.attr("wirespan.dns.answer_count") != "4096" {
		t.Error("the omission is not stated")
	}
}

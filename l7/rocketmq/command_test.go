package rocketmq

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// command has a head in JSON.
func command(code, opaque, flags int, fields, body string) string {
	head := fmt.Sprintf(`{"code":%d,"language":"JAVA","opaque":%d,"flag":%d,"version":413,"extFields":{%s}}`, code, opaque, flags, fields)
	b := binary.BigEndian.AppendUint32(nil, uint32(4+len(head)+len(body)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(head)))
	return string(b) + head + body
}

// stored is a message as a broker stores it.
func stored(magic uint32, flags uint32, topic string, offset int, body, props string) string {
	b := binary.BigEndian.AppendUint32(make([]byte, 4), magic)
	b = append(b, make([]byte, 12)...)
	b[15] = 2 // queue
	b = append(b, 0, 0, 0, 0)
	b = b[:20]
	b = binary.BigEndian.AppendUint64(b, uint64(offset))
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(b, flags)
	n := 8 + 8 + 8 + 8 + 12
	if flags&bornV6 != 0 {
		n += v6More
	}
	if flags&storeV6 != 0 {
		n += v6More
	}
	b = append(b, make([]byte, n)...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
	if magic == magic2 {
		b = append(b, 0)
	}
	b = append(append(b, byte(len(topic))), topic...)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(props))), props...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return string(b)
}

func props(i int) string {
	return fmt.Sprintf("X-Request-ID\x01id-%03d\x02UNIQ_KEY\x01U%03d\x02", i, i)
}

func play(t *testing.T, turns ...l7test.Turn) []l7test.Message {
	t.Helper()
	r := l7test.Play(l7test.TCP(turns...), Proto())
	for _, f := range r.Faults {
		t.Error(f)
	}
	var all []l7test.Message
	for _, c := range r.Conns {
		all = append(all, c.Messages...)
	}
	return all
}

func wants(t *testing.T, m l7test.Message, list ...string) {
	t.Helper()
	for _, what := range list {
		if !slices.Contains(m.Attrs, what) && !slices.Contains(m.IDs, what) {
			t.Errorf("%s %s has no %q: %q %q", m.Kind, m.Op, what, m.Attrs, m.IDs)
		}
	}
}

const pullFields = `"topic":"orders","queueId":"2","consumerGroup":"billing"`

// Addresses may be IPv6, and the length of the topic may have two bytes.
func TestStoredForms(t *testing.T) {
	var body string
	for i, magic := range []uint32{magic1, magic2} {
		for _, flags := range []uint32{0, bornV6, storeV6, bornV6 | storeV6} {
			body += stored(magic, flags, "orders", i, "payload", props(i))
		}
	}
	m := play(t, l7test.Client(command(11, 1, 0, pullFields, "")), l7test.Server(command(0, 1, 1, "", body)))
	if len(m) != 2 {
		t.Fatalf("%+v", m)
	}
	wants(t, m[1], "messaging.batch.message_count=8", "message rocketmq.offset=orders/2/1", "request X-Request-ID=id-001", "message rocketmq.unique=U000")
}

// A long pull is walked in pieces; a gap in a message body costs nothing, one in
// properties the rest of it.
func TestGapInPull(t *testing.T) {
	var body string
	for i := range 20 {
		body += stored(magic1, 0, "orders", i, strings.Repeat("p", 9000), props(i))
	}
	answer := command(0, 1, 1, "", body)
	for _, at := range []int{45_000, strings.Index(answer, "id-009")} {
		m := play(t, l7test.Client(command(11, 1, 0, pullFields, "")), l7test.Client(command(11, 2, 0, pullFields, "")),
			l7test.Server(answer[:20_000]), l7test.Server(answer[20_000:at]), l7test.Lost(l7.ToClient, 20), l7test.Server(answer[at+20:]),
			l7test.Server(command(19, 2, 1, "", "")))
		if len(m) != 4 || m[3].Code != 19 || m[2].Lost != 20 {
			t.Fatalf("gap at %d: %+v", at, m)
		}
		wants(t, m[2], "request X-Request-ID=id-000", "message rocketmq.offset=orders/2/3")
		if at == 45_000 {
			wants(t, m[2], "messaging.batch.message_count=20", "request X-Request-ID=id-019")
		}
	}
}

// Both ends ask, with the same opaque.
func TestBothAsk(t *testing.T) {
	m := play(t, l7test.Client(command(34, 5, 0, "", "{}")), l7test.Server(command(307, 5, 0, `"consumerGroup":"billing"`, "")),
		l7test.Client(command(0, 5, 1, "", "{}")), l7test.Server(command(0, 5, 1, "", "")),
		l7test.Server(command(40, 6, 2, `"consumerGroup":"billing"`, "")), l7test.Client(command(15, 6, 2, `"topic":"orders"`, "")))
	if len(m) != 6 {
		t.Fatalf("%+v", m)
	}
	if m[0].Match != m[3].Match || m[1].Match != m[2].Match || m[0].Match == m[1].Match {
		t.Errorf("ids %d %d %d %d", m[0].Match, m[1].Match, m[2].Match, m[3].Match)
	}
	if m[1].Dir != "response" || m[4].Kind != "pushed" || m[5].Kind != "oneway" {
		t.Errorf("%+v", m)
	}
}

// What authenticates, and what messages contain, never leaves the parser.
func TestSecrets(t *testing.T) {
	fields := `"AccessKey":"key-secret","Signature":"sign-secret","a":"shop","b":"orders","e":"0","i":"TAGS\u0001paid\u0002SECRET\u0001prop-secret"`
	m := play(t, l7test.Client(command(310, 1, 0, fields, "body-secret")),
		l7test.Server(command(0, 1, 1, `"queueId":"0","queueOffset":"7"`, "")))
	if s := fmt.Sprint(m); len(m) != 2 || strings.Contains(s, "secret") {
		t.Error(s)
	}
	wants(t, m[0], "messaging.rocketmq.message.tag=paid", "wirespan.rocketmq.producer.group=shop")
	wants(t, m[1], "message rocketmq.offset=orders/0/7")
}

// A body that is cut off, as most are with a snaplen, is passed over.
func TestSnaplen(t *testing.T) {
	send := command(310, 1, 0, `"b":"orders","i":"X-Request-ID\u0001abc"`, strings.Repeat("p", 5000))
	m := play(t, l7test.Client(send[:600]), l7test.Lost(l7.ToServer, int64(len(send)-600)), l7test.Server(command(0, 1, 1, "", "")),
		l7test.Client(command(34, 2, 0, "", "")))
	if len(m) != 3 || m[2].Op != "HEART_BEAT" {
		t.Fatalf("%+v", m)
	}
	wants(t, m[0], "request X-Request-ID=abc")
}

func TestDetect(t *testing.T) {
	ask, answer := command(11, 1, 0, pullFields, ""), command(19, 1, 1, "", "")
	bin := "\x00\x00\x00\x1e\x01\x00\x00\x1a\x00\x22\x00\x01\x9d\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x01a\x00\x00"
	tests := []struct {
		name string
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{"request", l7.ToServer, ask, l7.Yes},
		{"piece", l7.ToServer, ask[:50], l7.NeedMore},
		{"lengths", l7.ToServer, ask[:7], l7.NeedMore},
		{"response", l7.ToClient, answer, l7.Yes},
		{"response to the server", l7.ToServer, answer, l7.No},
		{"request to the client", l7.ToClient, ask, l7.No},
		{"of a broker", l7.ToClient, command(40, 1, 2, "", ""), l7.Yes},
		{"unknown code", l7.ToServer, command(99999, 1, 0, "", ""), l7.Yes},
		{"flags", l7.ToServer, command(11, 1, 8, "", ""), l7.No},
		{"other JSON", l7.ToServer, "\x00\x00\x00\x30\x00\x00\x00\x19{\"jsonrpc\":\"2.0\",\"id\":12}", l7.No},
		{"binary, cut field", l7.ToServer, bin, l7.No},
		{"HTTP", l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`a\u0001b`: "a\x01b", `\"\\\/\n\t`: "\"\\/\n\t", `\u00e4\ud83d\ude00`: "ä😀", `\ud83d`: "\ufffd", `\u12`: "\x12", `x\`: `x\`,
	} {
		if got := string(unescape(nil, []byte(in))); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestTables(t *testing.T) {
	if !slices.IsSortedFunc(requests, func(a, b request) int { return int(a.code) - int(b.code) }) {
		t.Error("requests are not sorted")
	}
	if !slices.IsSortedFunc(outcomes, func(a, b outcome) int { return int(a.code) - int(b.code) }) {
		t.Error("outcomes are not sorted")
	}
	for v, want := range map[int32]string{293: "4.4.0", 401: "4.9.4", 399: "4.9.3", 413: "5.0.0", 317: "4.5.2"} {
		if got := string(appendVersion(nil, v)); got != want {
			t.Errorf("version %d is %s, want %s", v, got, want)
		}
	}
}

package kafka

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

func TestDetect(t *testing.T) {
	produce := request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, 0, 4, many(4, 2000))))
	nameless := strings.Replace(request(1, 4, 9, fetchRequest4), str16("test"), "\xff\xff", 1)
	nameless = int32s(len(nameless)-4) + nameless[4:]
	tests := []struct {
		name string
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{"Produce", l7.ToServer, produce, l7.Yes},
		{"piece of it", l7.ToServer, produce[:60], l7.Yes},
		{"head of it", l7.ToServer, produce[:18], l7.NeedMore},
		{"size", l7.ToServer, produce[:3], l7.NeedMore},
		{"no client id", l7.ToServer, nameless, l7.Yes},
		{"piece of it", l7.ToServer, nameless[:20], l7.NeedMore},
		{"ApiVersions 0", l7.ToServer, message("\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff", ""), l7.Yes},
		{"named only", l7.ToServer, request(52, 0, 1, "\x00\x00"), l7.Yes},
		{"later version", l7.ToServer, request(12, 6, 1, "\x00abc"), l7.Yes},
		{"version of the future", l7.ToServer, request(12, 60, 1, "\x00abc"), l7.No},
		{"unknown API", l7.ToServer, request(200, 0, 1, ""), l7.No},
		{"wrong body", l7.ToServer, request(12, 0, 1, "\x00\x05grou"), l7.No},
		{"bytes left over", l7.ToServer, request(17, 0, 1, str16("PLAIN")+"x"), l7.No},
		{"response", l7.ToClient, response(1, "\x00\x00"), l7.NeedMore},
		{"no response", l7.ToClient, "HTTP/1.1", l7.No},
		{"HTTP", l7.ToServer, "GET / HTTP/1.1\r\n\r\n", l7.No},
		{"TLS", l7.ToServer, "\x16\x03\x01\x02\x00\x01\x00", l7.No},
		{"zeros", l7.ToServer, strings.Repeat("\x00", 64), l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Requests answered out of what is waiting: a lost answer shifts nothing, an
// answer without request is an orphan.
func TestPairing(t *testing.T) {
	beat := func(match int) string { return request(12, 0, match, str16("billing")+int32s(1)+str16("m")) }
	m := play(t, l7test.Client(beat(1)+beat(2)+beat(3)), l7test.Server(response(1, "\x00\x00")),
		l7test.Server(response(3, "\x00\x1b")), l7test.Server(response(77, "\x00\x00")))
	if len(m) != 6 {
		t.Fatalf("%+v", m)
	}
	for i, want := range []uint64{1, 2, 3, 1, 3, 77} {
		if m[i].Match != want {
			t.Errorf("message %d has id %d, want %d", i, m[i].Match, want)
		}
	}
	if m[4].Error != "REBALANCE_IN_PROGRESS" || m[4].Status != "server_error" || m[5].Status != "" {
		t.Errorf("%+v", m[4:])
	}
}

// A version that the broker does not know is answered in version 0.
func TestApiVersionsFallback(t *testing.T) {
	ask := request(18, 3, 1, "\x00\x04kgo\x021\x00")
	m := play(t, l7test.Client(ask), l7test.Server(response(1, "\x00\x23"+int32s(1)+"\x00\x12\x00\x00\x00\x02")))
	if len(m) != 2 || m[1].Error != "UNSUPPORTED_VERSION" {
		t.Errorf("%+v", m)
	}
}

// SASL tokens without heads follow SaslHandshake 0, and are no messages.
func TestBareTokens(t *testing.T) {
	beat := request(12, 0, 3, str16("billing")+int32s(1)+str16("m"))
	m := play(t, l7test.Client(request(17, 0, 1, str16("PLAIN"))), l7test.Server(response(1, "\x00\x00"+int32s(0))),
		l7test.Client(message("\x00lab\x00lab-secret", "")), l7test.Server(message("", "")),
		l7test.Client(beat[:9]), l7test.Client(beat[9:]), l7test.Server(response(3, "\x00\x00")))
	if len(m) != 4 || m[2].Op != "Heartbeat" || m[3].Match != 3 {
		t.Errorf("%+v", m)
	}
}

// Topic ids are called as Metadata of the connection says.
func TestTopicIDs(t *testing.T) {
	s, err := l7test.Load("testdata/transaction.txt")
	if err != nil {
		t.Fatal(err)
	}
	later, err := l7test.Load("testdata/zstd-produce.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := play(t, append(s.Turns, later.Turns...)...)
	last := m[len(m)-2]
	if last.Op != "Produce" || last.Resource != "orders" {
		t.Errorf("%+v", last)
	}
	wants(t, last, "messaging.destination.name=orders")
	wants(t, m[len(m)-1], "message kafka.offsets=orders/0/27-34")
}

// acks=0 is never answered.
func TestOneWay(t *testing.T) {
	beat := request(12, 0, 8, str16("billing")+int32s(1)+str16("m"))
	one := request(0, 3, 7, produceBody("\x00\x00", batchBytes(0, 0, 1, many(1, 3))))
	m := play(t, l7test.Client(one+one+beat), l7test.Server(response(8, "\x00\x00")))
	if len(m) != 4 || m[0].Kind != "oneway" || m[1].Kind != "oneway" || m[3].Match != 8 {
		t.Errorf("%+v", m)
	}
}

// Later requests of a fetch session name no topics: it has one, or it is unknown.
func TestFetchSession(t *testing.T) {
	ask := func(match, epoch int, topics ...string) l7test.Turn {
		b := int32s(-1, 500, 1, 1<<20) + "\x00" + int32s(7, epoch, len(topics))
		for _, name := range topics {
			b += str16(name) + int32s(1, 5) + strings.Repeat("\x00", 16) + int32s(1<<20)
		}
		return l7test.Client(request(1, 7, match, b+int32s(0)))
	}
	m := play(t, ask(1, 0, "orders"), ask(2, 1), ask(3, 2, "orders"), ask(4, 3, "invoices"), ask(5, 4), ask(6, 0, "orders", "invoices"), ask(7, 1))
	want := []string{"orders", "orders", "orders", "invoices", "", "orders", ""}
	if len(m) != len(want) {
		t.Fatalf("%+v", m)
	}
	for i, topic := range want {
		if m[i].Resource != topic {
			t.Errorf("request %d is for %q, want %q", i, m[i].Resource, topic)
		}
		if has(m[i], "messaging.destination.name="+topic) != (i < 3) && topic != "" {
			t.Errorf("request %d: %q", i, m[i].Attrs)
		}
	}
}

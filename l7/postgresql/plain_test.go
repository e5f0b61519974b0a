package postgresql

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const (
	clientStart   = "\x00\x00\x00\x1c\x00\x03\x00\x00user\x00u\x00database\x00db\x00\x00"
	serverStart   = "R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x11TimeZone\x00UTC\x00K\x00\x00\x00\x0c\x00\x00\x12g\x00\x00\x00\x01Z\x00\x00\x00\x05I"
	clientUnit    = "P\x00\x00\x00,\x00SELECT name FROM items WHERE id = $1\x00\x00\x00B\x00\x00\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0242\x00\x00D\x00\x00\x00\x06P\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04"
	serverUnit    = "1\x00\x00\x00\x042\x00\x00\x00\x04T\x00\x00\x00\x1d\x00\x01name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\x00\x00\x00\x00\x00\x00D\x00\x00\x00\x0d\x00\x01\x00\x00\x00\x03oneC\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I"
	clientQuery   = "Q\x00\x00\x00)SELECT name FROM items WHERE id = 42\x00"
	serverQuery   = "T\x00\x00\x00\x1d\x00\x01name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\x00\x00\x00\x00\x00\x00D\x00\x00\x00\x0d\x00\x01\x00\x00\x00\x03oneC\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I"
	clientBound   = "B\x00\x00\x00\x13\x00s1\x00\x00\x00\x00\x01\x00\x00\x00\x017\x00\x00D\x00\x00\x00\x06P\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04"
	clientPrepare = "P\x00\x00\x002s1\x00UPDATE stock SET n = n - 1 WHERE id = $1\x00\x00\x00S\x00\x00\x00\x04"
	serverPrepare = "1\x00\x00\x00\x04Z\x00\x00\x00\x05I"
	serverBound   = "2\x00\x00\x00\x04n\x00\x00\x00\x04C\x00\x00\x00\x0dUPDATE 1\x00Z\x00\x00\x00\x05I"
)

// plain is what connections are made of: a unit with its text, a simple query,
// a statement that was prepared before.
func plain() l7test.Session {
	s := l7test.TCP(
		l7test.Client(clientStart), l7test.Server(serverStart),
		l7test.Client(clientPrepare), l7test.Server(serverPrepare),
		l7test.Client(clientUnit), l7test.Server(serverUnit),
		l7test.Client(clientQuery), l7test.Server(serverQuery),
		l7test.Client(clientBound), l7test.Server(serverBound),
	)
	s.Repeat = 4
	return s
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkPostgreSQL(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		about string
		dir   l7.Dir
		b     string
		want  l7.Verdict
	}{
		{"start-up", l7.ToServer, clientStart, l7.Yes},
		{"half of it", l7.ToServer, clientStart[:6], l7.NeedMore},
		{"SSLRequest", l7.ToServer, "\x00\x00\x00\x08\x04\xd2\x16\x2f", l7.Yes},
		{"CancelRequest", l7.ToServer, "\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x02", l7.Yes},
		{"version 2", l7.ToServer, "\x00\x00\x01\x28\x00\x02\x00\x00" + "db\x00\x00\x00\x00", l7.No},
		{"unit", l7.ToServer, clientUnit, l7.Yes},
		{"query", l7.ToServer, clientQuery, l7.Yes},
		{"part of a query", l7.ToServer, clientQuery[:20], l7.Maybe},
		{"HTTP", l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{"QUIT", l7.ToServer, "QUIT\r\n", l7.No},
		{"MySQL query of 81 bytes", l7.ToServer, "Q\x00\x00\x00\x03SELECT", l7.No},
		{"TLS", l7.ToServer, "\x16\x03\x01\x02\x00\x01", l7.No},
		{"hello", l7.ToClient, serverStart, l7.Yes},
		{"refusal of TLS", l7.ToClient, "N", l7.NeedMore},
		{"refusal and hello", l7.ToClient, "N" + serverStart, l7.Yes},
		{"rows", l7.ToClient, serverQuery, l7.Yes},
		{"client's bytes from the server", l7.ToClient, clientQuery, l7.No},
		{"server's bytes from the client", l7.ToServer, serverQuery, l7.No},
		{"SMTP", l7.ToClient, "220 mail.example ESMTP\r\n", l7.No},
		{"nothing", l7.ToClient, "", l7.NeedMore},
	} {
		if got := Detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: got verdict %d, want %d", tt.about, got, tt.want)
		}
	}
}

// An error in a long pipeline answers every request behind it.
func TestLongPipeline(t *testing.T) {
	const n = 300
	up := ""
	for range n {
		up += "B\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00" + "E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
	}
	up += "S\x00\x00\x00\x04"
	down := "2\x00\x00\x00\x04" + "E\x00\x00\x00\x13SERROR\x00C23505\x00\x00" + "Z\x00\x00\x00\x05E"
	r := l7test.Play(l7test.TCP(l7test.Client(clientStart), l7test.Server(serverStart), l7test.Client(up), l7test.Server(down)), Proto())
	got := map[string]int{}
	for _, m := range r.Conns[0].Messages {
		if m.Kind == "response" {
			got[m.Error]++
		}
	}
	if len(r.Faults) > 0 || got["23505"] != 1 || got["pipeline_aborted"] != n-1 {
		t.Errorf("%v %v", got, r.Faults)
	}
}

// Texts beyond the bounds are forgotten, the oldest first; what was closed is
// not known any more.
func TestShelf(t *testing.T) {
	var s shelf
	r := (&parser{ids: l7test.Options().IDs}).reader()
	name := func(i int) []byte { return []byte{'s', byte(i), byte(i >> 8)} }
	for i := range maxStatements + 5 {
		s.put(name(i), r.Read([]byte("SELECT a FROM b")))
	}
	if len(s.order) > maxStatements || s.get(name(3)) != nil || s.get(name(5)) == nil {
		t.Errorf("%d statements are kept", len(s.order))
	}
	s.bind(nil, s.get(name(7)))
	s.close(name(7))
	if s.get(name(7)) != nil || s.of(nil) != nil {
		t.Error("a closed statement is known")
	}
	for i := range 10 * maxPortals {
		s.bind(name(i), s.get(name(9)))
	}
	if len(s.portals) > maxPortals {
		t.Errorf("%d portals are kept", len(s.portals))
	}
}

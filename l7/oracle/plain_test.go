package oracle

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
)

// load returns the turns of a session.
func load(tb testing.TB, file string) []l7test.Turn {
	tb.Helper()
	s, err := l7test.Load("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Turns
}

// from returns the turns from the first of the client that has a text on.
func from(tb testing.TB, turns []l7test.Turn, text string, n int) []l7test.Turn {
	tb.Helper()
	for i, t := range turns {
		if t.Dir == l7.ToServer && strings.Contains(string(t.Bytes), text) {
			return turns[i : i+n]
		}
	}
	tb.Fatalf("no request with %q", text)
	return nil
}

// plain is what connections are made of: a statement with its text, and the
// execution of a cursor.
func plain(tb testing.TB) l7test.Session {
	turns := load(tb, "session-go-ora.txt")
	s := l7test.TCP(turns[:2]...)
	s.Port = 1521
	s.Repeat = 2
	s.Turns = append(s.Turns, from(tb, turns, "WHERE id = :1", 4)...)
	return s
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain(t)) }

func BenchmarkOracle(b *testing.B) { l7test.Bench(b, Proto(), plain(b)) }

// packet16 is a packet whose length has two bytes.
func packet16(kind byte, body string) string {
	n := len(body) + packetHead
	return string([]byte{byte(n >> 8), byte(n), 0, 0, kind, 0, 0, 0}) + body
}

// data16 and data32 are data packets.
func data16(body string) string { return packet16(typeData, "\x00\x00"+body) }

func data32(body string) string {
	n := len(body) + dataHead
	return string([]byte{0, byte(n >> 16), byte(n >> 8), byte(n), typeData, 0, 0, 0, 0, 0}) + body
}

// connectTo is CONNECT; with its data in a packet of its own if that is apart.
func connectTo(data string, apart bool) string {
	const head = "\x01\x3e\x01\x2c\x00\x41\x20\x00\xff\xff\x4f\x98\x00\x00\x00\x01"
	fill := "\x00\x46\x00\x00\x08\x00\x04\x04" + strings.Repeat("\x00", 36)
	b := head + string([]byte{byte(len(data) >> 8), byte(len(data))}) + fill
	if apart {
		return packet16(typeConnect, b) + data16(data)
	}
	return packet16(typeConnect, b+data)
}

// accept is ACCEPT of a version and a size of packets.
func accept(version, sdu int) string {
	b := []byte{byte(version >> 8), byte(version), 0, 1, byte(sdu >> 8), byte(sdu), 255, 255, 1, 0, 0, 0, 0, 45, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0}
	b = append(b, 0, 0, byte(sdu>>8), byte(sdu), 0, 0, 255, 255, 0, 0, 0, 0, 0)
	return packet16(typeAccept, string(b))
}

const descriptor = "(DESCRIPTION=(CONNECT_DATA=(SID=shop)(CID=(PROGRAM=C:\\app.exe)(HOST=host1)(USER=u1)))(ADDRESS=(PROTOCOL=TCP)(HOST=192.0.2.50)(PORT=1521)))"

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		about string
		dir   l7.Dir
		b     string
		want  l7.Verdict
	}{
		{"connect", l7.ToServer, connectTo(descriptor, false), l7.Yes},
		{"connect without its data", l7.ToServer, connectTo(descriptor, true), l7.Yes},
		{"part of it", l7.ToServer, connectTo(descriptor, false)[:20], l7.NeedMore},
		{"a few bytes", l7.ToServer, connectTo(descriptor, false)[:5], l7.NeedMore},
		{"from the server", l7.ToClient, connectTo(descriptor, false), l7.No},
		{"accept", l7.ToClient, accept(318, 8192), l7.Yes},
		{"refuse", l7.ToClient, packet16(typeRefuse, "\x22\x00\x00\x11(DESCRIPTION=(X))"), l7.Yes},
		{"redirect", l7.ToClient, packet16(typeRedirect, "\x00\x0b(ADDRESS=())"[:13]), l7.Yes},
		{"resend", l7.ToClient, packet16(typeResend, ""), l7.Maybe},
		{"execute", l7.ToServer, data32("\x03\x5e\x05" + head(18) + "\x12SELECT * FROM dual" + rest), l7.Yes},
		{"commit", l7.ToServer, data16("\x03\x0e\x05"), l7.Maybe},
		{"unknown function", l7.ToServer, data16("\x03\xff\x05"), l7.No},
		{"error", l7.ToClient, data16(string(record(16, 2, 942, 0, 1, 0, "ORA-00942: table or view does not exist\n"))), l7.Yes},
		{"native services", l7.ToServer, data16("\xde\xad\xbe\xef\x00\x00\x00\x00\x00\x00"), l7.Yes},
		{"checksum of a packet", l7.ToServer, "\x00\x20\x12\x34\x06\x00\x00\x00\x00\x00\x03\x5e", l7.No},
		{"DNS", l7.ToServer, "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", l7.No},
		{"TDS", l7.ToServer, "\x12\x01\x00\x20\x00\x00\x01\x00\x00\x00\x10\x00\x06\x01\x00\x16", l7.No},
		{"Kafka", l7.ToServer, "\x00\x00\x00\x23\x00\x03\x00\x01\x00\x00\x00\x07\x00\x04test", l7.No},
		{"HTTP", l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{"TLS", l7.ToServer, "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", l7.No},
		{"zeros", l7.ToServer, strings.Repeat("\x00", 64), l7.No},
		{"nothing", l7.ToServer, "", l7.NeedMore},
	} {
		if got := Detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: got verdict %d, want %d", tt.about, got, tt.want)
		}
	}
}

// messages plays turns and returns the messages as text.
func messages(t *testing.T, turns ...l7test.Turn) []l7test.Message {
	t.Helper()
	s := l7test.TCP(turns...)
	s.Port = 1521
	r := l7test.Play(s, Proto())
	if len(r.Faults) > 0 || len(r.Conns) != 1 {
		t.Fatal(r)
	}
	return r.Conns[0].Messages
}

func has(m l7test.Message, attr string) bool {
	for _, a := range m.Attrs {
		if a == attr {
			return true
		}
	}
	return false
}

// Texts may come in packets of their own.
func TestApart(t *testing.T) {
	refused := "(DESCRIPTION=(ERR=12505)(ERROR_STACK=(ERROR=(CODE=12505))))"
	m := messages(t, l7test.Client(connectTo(descriptor, true)), l7test.Server(packet16(typeResend, "")), l7test.Client(connectTo(descriptor, true)),
		l7test.Server(packet16(typeRefuse, "\x22\x00\x00\x3b")), l7test.Server(data16(refused)))
	if len(m) != 2 || m[0].Resource != "shop" || !has(m[0], `wirespan.oracle.program=C:\app.exe`) || !has(m[0], "wirespan.oracle.client.host=host1") ||
		m[1].Code != 12505 || m[1].Match != m[0].Match {
		t.Error(m)
	}
	to := "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=198.51.100.7)(PORT=1523)))"
	m = messages(t, l7test.Client(connectTo(descriptor, false)), l7test.Server(packet16(typeRedirect, "\x00\x44")), l7test.Server(data16(to)))
	if len(m) != 2 || !has(m[1], "wirespan.oracle.redirect=198.51.100.7:1523") || m[1].Match != m[0].Match {
		t.Error(m)
	}
}

// services answers the negotiation: encryption and checksum of these numbers.
func services(encryption, checksum byte) string {
	version := "\x00\x04\x00\x05\x0c\x10\x02\x00"
	return "\xde\xad\xbe\xef\x00\x3f\x0c\x10\x02\x00\x00\x02\x00" +
		"\x00\x02\x00\x02\x00\x00\x00\x00" + version + "\x00\x01\x00\x02" + string([]byte{encryption}) +
		"\x00\x03\x00\x02\x00\x00\x00\x00" + version + "\x00\x01\x00\x02" + string([]byte{checksum})
}

// What is encrypted is given up, and counted; checksums are passed over.
func TestNativeServices(t *testing.T) {
	turns := []l7test.Turn{
		l7test.Client(connectTo(descriptor, false)), l7test.Server(accept(314, 8192)),
		l7test.Client(data16("\xde\xad\xbe\xef\x00\x0d\x00\x00\x00\x00\x00\x00\x00")), l7test.Server(data16(services(17, 0))),
		l7test.Client(data16("encrypted")), l7test.Server(data16("encrypted")),
	}
	s := l7test.TCP(turns...)
	r := l7test.Play(s, Proto())
	if n := len(r.Conns[0].Messages); n != 2 || r.Stats.Opaque[engine.Declared] != 1 || len(r.Faults) > 0 {
		t.Error(r)
	}
	sum := strings.Repeat("\x04", 21)
	turns[3] = l7test.Server(data16(services(0, 3)))
	turns[4] = l7test.Client(data16("\x03\x5e\x05" + head(18) + "\x12SELECT * FROM dual" + rest + sum))
	turns[5] = l7test.Server(data16(string(record(6, 2, 942, 0, 1, 0, "ORA-00942: table or view does not exist\n")) + sum))
	m := messages(t, turns...)
	if len(m) != 4 || m[2].Op != "SELECT" || m[3].Code != 942 {
		t.Error(m)
	}
}

// wide is a call of an OCI client: numbers as they are in memory.
func wide(sql string) string {
	pointer := string(pointers)
	n := string([]byte{byte(len(sql)), 0, 0, 0})
	b := "\x03\x5e\x09\x61\x80\x00\x00\x00\x00\x00\x00" + pointer + n + pointer + "\x0d\x00\x00\x00" + strings.Repeat("\x00", 16) + pointer + strings.Repeat("\x00", 80)
	if len(sql) > 64 {
		return b + "\xfe" + chunked(sql, 64, false)
	}
	return b + string([]byte{byte(len(sql))}) + sql + "\x01\x00\x00\x00" + strings.Repeat("\x00", 48)
}

// Of OCI clients texts are read.
func TestOCI(t *testing.T) {
	login := "\x03\x76\x02" + string(pointers) + "\x0f\x00\x00\x00\x21\x00\x00\x00" + string(pointers) + "\x05\x00\x00\x00" + string(pointers) + string(pointers) +
		"\x05scott\x27\x00\x00\x00\x0dAUTH_TERMINAL\x0f\x00\x00\x00\x05pts/0\x00\x00\x00\x00"
	failed := "\x04\x01\x00\x00\x00\x14\x00\x00\x00\x00\x00\xae\x03\x00\x00\x00\x00\x02\x00\x0e\x00\x03\x00" + strings.Repeat("\x00", 60) + "\x28ORA-00942: table or view does not exist\n"
	long := "SELECT id FROM items WHERE name IN ('one', 'two', 'three', 'four', 'five', 'six')"
	m := messages(t,
		l7test.Client(connectTo(descriptor, false)), l7test.Server(accept(314, 8192)),
		l7test.Client(data16(login)), l7test.Server(data16("\x08\x05\x00\x0c\x00\x00\x00\x0cAUTH_SESSKEY")),
		l7test.Client(data16("\x03\x73\x03"+string(pointers)+"\x0f\x00\x00\x00")), l7test.Server(data16("\x08\x01\x00\x00")),
		l7test.Client(data16(wide("SELECT id FROM nowhere WHERE name = 'x'"))), l7test.Server(data16(failed)),
		l7test.Client(data16("\x11\x69\x0a"+string(pointers)+"\x01\x00\x00\x00\x02\x00\x00\x00"+wide(long))), l7test.Server(data16("\x10\x17\x00\x00")),
	)
	if len(m) != 8 || m[2].Op != "LOGIN" || !has(m[2], "wirespan.oracle.user=scott") || m[4].Resource != "nowhere" ||
		!has(m[4], "db.query.text=SELECT id FROM nowhere WHERE name = ?") || m[5].Code != 942 || m[6].Resource != "items" || m[7].Match != m[6].Match {
		t.Error(m)
	}
}

// A request of many packets is announced, and so is an answer; losses in their
// middle cost nothing.
func TestLarge(t *testing.T) {
	const sdu = 2048
	text := "INSERT INTO files (id, content) VALUES (:1, :2)"
	first := "\x03\x5e\x05" + head(len(text)) + string(rune(len(text))) + text + rest
	first += strings.Repeat("v", sdu-dataHead-len(first))
	value := data32(strings.Repeat("\x03", sdu-dataHead))
	rows := data32("\x06" + strings.Repeat("\x04", sdu-dataHead-1))
	turns := []l7test.Turn{l7test.Client(connectTo(descriptor, false)), l7test.Server(accept(318, sdu)), l7test.Client(data32(first))}
	for range 5 {
		turns = append(turns, l7test.Client(value))
	}
	turns = append(turns, l7test.Client(value[:20]), l7test.Lost(l7.ToServer, sdu-20-7), l7test.Client("last bit"[:7]))
	for range 8 {
		turns = append(turns, l7test.Server(rows))
	}
	turns = append(turns, l7test.Server(data32(string(record(16, 2, 0, 1, 7, 0, "")))), l7test.Client(data32("\x03\x0e\x06")), l7test.Server(data32("\x09\x01\x01")))
	m := messages(t, turns...)
	if len(m) != 6 || m[2].Resource != "files" || m[2].Trailer == nil || m[3].Trailer == nil || m[3].Match != m[2].Match || m[5].Match != m[4].Match {
		t.Error(m)
	}
}

// A byte out of band may stand in front of a marker.
func TestUrgentByte(t *testing.T) {
	m := messages(t, l7test.Client(connectTo(descriptor, false)), l7test.Server(accept(314, 8192)),
		l7test.Client(data16("\x03\x5e\x05"+head(18)+"\x12SELECT * FROM dual"+rest)), l7test.Client("!"+packet16(typeMarker, "\x01\x00\x01")),
		l7test.Server(packet16(typeMarker, "\x01\x00\x01")), l7test.Server(packet16(typeMarker, "\x01\x00\x02")), l7test.Client(packet16(typeMarker, "\x01\x00\x02")),
		l7test.Server(data16(string(record(6, 2, 1013, 0, 1, 0, "ORA-01013: user requested cancel of current operation\n")))))
	if len(m) != 4 || m[3].Code != 1013 || !has(m[3], "wirespan.oracle.cancelled=true") {
		t.Error(m)
	}
}

// An abort answers what waits.
func TestAbort(t *testing.T) {
	m := messages(t, l7test.Client(connectTo(descriptor, false)), l7test.Server(accept(314, 8192)),
		l7test.Client(data16("\x03\x0e\x05")), l7test.Server(packet16(typeAbort, "\x00\x00")))
	if len(m) != 4 || m[3].Error != "_OTHER" || m[3].Match != m[2].Match {
		t.Error(m)
	}
}

// Secrets of the recorded sessions do not get out of the parser.
func TestHidden(t *testing.T) {
	for _, name := range []string{"session-go-ora", "session-node-oracledb", "session-parts", "session-pipeline"} {
		s, err := l7test.Load("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		text := string(l7test.Play(s, Proto()).JSON())
		for _, secret := range []string{"'secret'", "private", "tiger", "AUTH_", "name of row", "long value", "4711", "customer"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
	}
}

// The oldest statements go.
func TestShelf(t *testing.T) {
	var s shelf
	for i := range 3 * maxCursors {
		k := kept{}
		k.plan.Query = append(k.plan.Query, "SELECT 1"...)
		s.put(i+1, &k)
	}
	if len(s.byCursor) > maxCursors || len(s.order) != len(s.byCursor) || s.get(1) != nil || s.get(3*maxCursors) == nil || s.bytes > maxKept {
		t.Errorf("%d statements, %d in order, %d bytes", len(s.byCursor), len(s.order), s.bytes)
	}
}

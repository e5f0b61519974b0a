package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// veil is a protocol of records, '~', a length, and as many bytes with their
// case turned, whose plaintext is another protocol. The first record of the
// client is a request of its own; a record of length 0 ends the plaintext.
type veil struct {
	greeted bool
	waits   [2]int
	left    [2]int
	lost    [2]int64
	swap    []byte
}

func veilProto() l7.Proto {
	return l7.Proto{
		Name: "veil", Transport: l7.TCP, Window: 300,
		Detect: func(_ l7.Dir, b []byte) l7.Verdict {
			if b[0] != '~' {
				return l7.No
			}
			return l7.Yes
		},
		New: func(l7.Options) l7.Parser { return &veil{} },
	}
}

// record veils a piece of plaintext.
func record(s string) string { return "~" + string(rune(len(s))) + string(turn(nil, []byte(s))) }

func turn(dst, b []byte) []byte {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			c ^= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

func (v *veil) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if n := v.left[dir]; n > 0 {
		v.left[dir] = 0
		return l7.Step{Skip: int64(n)}, nil
	}
	if b[0] != '~' {
		return l7.Step{}, l7.ErrDesync
	}
	if len(b) < 2 {
		return l7.Step{}, nil
	}
	end := 2 + int(b[1])
	if v.waits[dir] = end; len(b) < end {
		return l7.Step{Need: end}, nil
	}
	v.waits[dir] = 0
	if !v.greeted {
		v.greeted = true
		m := out.Begin(l7.OneWay)
		m.Op = b[2:end]
		out.Emit(dir)
		out.Handshake(77)
		return l7.Step{Consumed: end}, nil
	}
	if end == 2 {
		out.PlainEnd(dir)
		return l7.Step{Consumed: 2}, nil
	}
	v.swap = turn(out.Buffer(end)[:0], b[2:end])
	if v.lost[dir] > 0 {
		out.PlainGap(dir, v.lost[dir])
		v.lost[dir] = 0
	}
	out.Plain(dir, v.swap)
	return l7.Step{Consumed: end}, nil
}

func (v *veil) Gap(dir l7.Dir, lost int64) bool {
	n := int64(v.waits[dir])
	if lost > n {
		return false
	}
	v.left[dir], v.waits[dir] = int(n-lost), 0
	v.lost[dir] += n - 2
	return true
}

func (v *veil) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }
func (v *veil) Cut(l7.Dir, []byte, *l7.Emitter)       {}
func (v *veil) End(dir l7.Dir, _ []byte, out *l7.Emitter) {
	out.PlainEnd(dir)
}
func (v *veil) Finish(*l7.Emitter) {}

func veiled(turns ...l7test.Turn) l7test.Session {
	for i := range turns {
		if len(turns[i].Bytes) > 0 {
			turns[i].Bytes = []byte(record(string(turns[i].Bytes)))
		}
	}
	return l7test.TCP(append([]l7test.Turn{client("~\x05HELLO")}, turns...)...)
}

// What a parser deciphers is a stream with a protocol of its own.
func TestNested(t *testing.T) {
	for _, c := range []struct {
		name string
		s    l7test.Session
		want []string
	}{
		{
			"plain", veiled(client("GET a\n"), server("OK 5\nhello"), client("GET b\n"), server("OK 0\n")),
			[]string{"oneway HELLO", "request GET a", "response", "request GET b", "response"},
		},
		{
			"in pieces", veiled(client("GE"), client("T a\nGET b\n"), server("OK 5\nhel"), server("loOK 0\n")),
			[]string{"oneway HELLO", "request GET a", "request GET b", "response", "response"},
		},
		{
			"until the end", veiled(client("TAIL a\n"), server("ALL\n"), server("and so on"), l7test.Fin(l7.ToClient)),
			[]string{"oneway HELLO", "request TAIL a", "response"},
		},
		{"unknown inside", veiled(client(strings.Repeat("\xff", 200)), server("rubbish\n"), client("rubbish\n")), []string{"oneway HELLO"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := play(t, c.s, veilProto(), toy.Proto())
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			var bytes []l7test.Turn
			for _, turn := range c.s.Turns {
				if turn.Fin {
					bytes = append(bytes, turn)
				}
				for _, b := range turn.Bytes {
					bytes = append(bytes, l7test.Turn{Dir: turn.Dir, Bytes: []byte{b}})
				}
			}
			got, _ = play(t, l7test.TCP(bytes...), veilProto(), toy.Proto())
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("byte by byte: %s", d)
			}
		})
	}
}

// A gap within a record costs its plaintext, whose length is known: bodies do
// not mind.
func TestNestedGap(t *testing.T) {
	r := newRig(t, engine.Config{Protos: []l7.Proto{veilProto(), toy.Proto()}})
	c := r.open(9999)
	pos := [2]int64{}
	data := func(d flows.Dir, s string) {
		r.e.Data(c, d, []byte(s), flows.Stamp{Time: 5, Offset: pos[d]})
		pos[d] += int64(len(s))
	}
	data(flows.ToServer, "~\x05HELLO"+record("GET a\n"))
	if ns := engine.StateOf(c).Handshake(); ns != 77 || engine.StateOf(c).Handshake() != 0 {
		t.Errorf("handshake took %d", ns)
	}
	data(flows.ToClient, record("OK 100\n"))
	body := record(strings.Repeat("x", 100))
	data(flows.ToClient, body[:30])
	r.e.Gap(c, flows.ToClient, 50, flows.Stamp{Time: 6, Offset: pos[1]})
	pos[1] += 50
	data(flows.ToClient, body[80:])
	data(flows.ToServer, record("GET b\n"))
	data(flows.ToClient, record("OK 0\n"))
	r.balance(t)
	r.e.Close(c, flows.CloseEnded, 9)
	m := r.Conns[0].Messages
	if len(m) != 5 || m[2].Lost != 100 || m[2].Cut || m[4].Lost != 0 {
		t.Errorf("%+v", m)
	}
	if n := len(r.Faults); n > 0 {
		t.Error(r.Faults)
	}
	r.balance(t)
	if st := r.e.Stats(); st.Deciphered == 0 || st.Held != 0 {
		t.Errorf("%+v", st)
	}
}

// A panic inside costs the inside alone.
func TestNestedPanic(t *testing.T) {
	told := 0
	r := newRig(t, engine.Config{Protos: []l7.Proto{veilProto(), bomb("Parse")}, Panicked: func(*l7.Proto, any, l7.Dir, []byte) { told++ }})
	c := r.open(9999)
	r.e.Data(c, flows.ToServer, []byte("~\x05HELLO"+record("GET a\n")+record("GET b\n")), flows.Stamp{})
	r.balance(t)
	r.e.Close(c, flows.CloseEnded, 9)
	if told != 1 || r.e.Stats().Panics != 1 {
		t.Errorf("told %d times", told)
	}
	r.balance(t)
}

// herald names a client for what follows.
type herald struct{ veil }

func (h *herald) Parse(_ l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	out.Forwarded(b[1:10])
	return l7.Step{Consumed: 10}, l7.ErrSwitch
}

// What a PROXY header says is on every request behind it, also within what is
// deciphered.
func TestForwarded(t *testing.T) {
	p := veilProto()
	p.Name = "herald"
	p.Detect = func(_ l7.Dir, b []byte) l7.Verdict {
		if b[0] != '^' {
			return l7.No
		}
		return l7.Yes
	}
	p.New = func(l7.Options) l7.Parser { return &herald{} }
	s := l7test.TCP(client("^192.0.2.9"), client("~\x05HELLO"), client(record("GET a\n")), client(record("GET b\n")))
	r := l7test.Play(s, p, veilProto(), toy.Proto())
	for _, m := range r.Conns[0].Messages {
		if d := cmp.Diff([]string{"forwarded PROXY=192.0.2.9"}, m.IDs); d != "" {
			t.Errorf("%s: %s", m.Op, d)
		}
	}
	if n := len(r.Conns[0].Messages); n != 3 {
		t.Errorf("%d messages", n)
	}
}

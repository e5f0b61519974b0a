package engine_test

import (
	"encoding/binary"
	"testing"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
)

// streams is a protocol of messages that are open at once: 'o' opens the one
// with the number that follows in two bytes, 'e' ends it.
type streams struct{}

func streamsProto() l7.Proto {
	return l7.Proto{
		Name: "streams", Transport: l7.TCP, Window: 1 << 10, Pairing: l7.ByMatch,
		Detect: func(l7.Dir, []byte) l7.Verdict { return l7.Yes },
		New:    func(l7.Options) l7.Parser { return streams{} },
	}
}

func (streams) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < 3 {
		return l7.Step{}, nil
	}
	kind := l7.Request
	if b[0] == 'e' {
		kind = l7.End
	}
	m := out.Begin(kind)
	m.Match, m.More = uint64(binary.BigEndian.Uint16(b[1:])), b[0] == 'o'
	out.Emit(dir)
	return l7.Step{Consumed: 3}, nil
}

func (streams) Gap(l7.Dir, int64) bool               { return true }
func (streams) Resync(l7.Dir, []byte) (int, bool)    { return 0, true }
func (streams) Cut(l7.Dir, []byte, *l7.Emitter)      {}
func (streams) End(l7.Dir, []byte, *l7.Emitter)      {}
func (streams) Finish(*l7.Emitter)                   {}
func stream(kind byte, n int) []byte                 { return []byte{kind, byte(n >> 8), byte(n)} }
func send(e *engine.Engine, c *flows.Conn, b []byte) { e.Data(c, flows.ToServer, b, flows.Stamp{}) }

// TestOpenAtOnce ends each of many messages that are open at once, in another
// order than they began.
func TestOpenAtOnce(t *testing.T) {
	const n = 1000
	r := newRig(t, engine.Config{Protos: []l7.Proto{streamsProto()}})
	c := r.open(80)
	for i := range n {
		send(r.e, c, stream('o', i))
	}
	for i := range n {
		send(r.e, c, stream('e', i*7%n))
	}
	if st := r.e.Stats(); st.Forgotten != 0 || st.StrayEnds != 0 || st.Cut != 0 {
		t.Errorf("got %d forgotten, %d stray ends, %d cut, want none", st.Forgotten, st.StrayEnds, st.Cut)
	}
}

// TestOpenBounds forgets the oldest open message of a connection beyond the
// bounds of the connection and of the engine, and has room again afterwards.
func TestOpenBounds(t *testing.T) {
	const mine, most, all = 256, 4096, 64 << 10
	r := newRig(t, engine.Config{Protos: []l7.Proto{streamsProto()}})
	var conns []*flows.Conn
	for i := range all / most {
		c := r.open(uint16(1000 + i))
		conns = append(conns, c)
		for k := range most {
			send(r.e, c, stream('o', k))
		}
	}
	if n := r.e.Stats().Forgotten; n != 0 {
		t.Fatalf("got %d forgotten within the bounds", n)
	}
	send(r.e, conns[0], stream('o', most))
	if n := r.e.Stats().Forgotten; n != 1 {
		t.Errorf("got %d forgotten of %d on a connection, want 1", n, most+1)
	}
	late := r.open(2000)
	for k := range mine + 10 {
		send(r.e, late, stream('o', k))
	}
	if n := r.e.Stats().Forgotten; n != 11 {
		t.Errorf("got %d forgotten, want 11: a connection has %d when there are many", n, mine)
	}
	r.e.Close(conns[0], flows.CloseNormal, 0)
	for k := range 10 {
		send(r.e, late, stream('o', mine+10+k))
	}
	if n := r.e.Stats().Forgotten; n != 11 {
		t.Errorf("got %d forgotten after a connection was closed, want 11", n)
	}
}

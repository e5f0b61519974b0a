package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// rig is an Engine whose calls a test makes itself.
type rig struct {
	*l7test.Recorder
	e     *engine.Engine
	first []l7.Stamp
	last  []l7.Stamp
}

// Message meets engine.Sink.
func (r *rig) Message(c *flows.Conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	r.first = append(r.first, m.First)
	if whole {
		r.last = append(r.last, m.Last)
	}
	r.Recorder.Message(c, p, dir, m, head, whole)
}

// Done meets engine.Sink.
func (r *rig) Done(c *flows.Conn, dir l7.Dir, match uint64, m *l7.Message, last l7.Stamp, lost int64, cut bool) {
	r.last = append(r.last, last)
	r.Recorder.Done(c, dir, match, m, last, lost, cut)
}

func newRig(t *testing.T, cfg engine.Config) *rig {
	t.Helper()
	r := &rig{Recorder: &l7test.Recorder{}}
	if cfg.Protos == nil {
		cfg.Protos = []l7.Proto{toy.Proto()}
	}
	if cfg.MaxCarry == 0 {
		cfg.MaxCarry = 1 << 20
	}
	cfg.Options = l7test.Options()
	e, err := engine.New(cfg, r)
	if err != nil {
		t.Fatal(err)
	}
	r.e = e
	return r
}

// open opens a TCP connection from port 40000.
func (r *rig) open(port uint16) *flows.Conn {
	c := &flows.Conn{Proto: wire.ProtoTCP, Roles: flows.Observed, Client: flows.Endpoint{Port: 40000}, Server: flows.Endpoint{Port: port}}
	r.e.Open(c)
	return c
}

func (r *rig) balance(t *testing.T) {
	t.Helper()
	if st := r.e.Stats(); st.Seen != st.Accounted() {
		t.Errorf("%d bytes seen, %d accounted for: %+v", st.Seen, st.Accounted(), st)
	}
}

func TestForce(t *testing.T) {
	x := says("x", l7.Yes, 0)
	r := newRig(t, engine.Config{
		Protos: []l7.Proto{x, toy.Proto()},
		Force:  map[uint16]string{9999: "x", 80: engine.Off, 81: "toy"},
	})
	for _, port := range []uint16{80, 81} {
		c := r.open(port)
		r.e.Data(c, flows.ToServer, []byte("GET a\n"), flows.Stamp{})
		r.e.Close(c, flows.CloseEnded, 0)
	}
	if r.Conns[0].Opaque != engine.TurnedOff.String() || len(r.Conns[0].Messages) != 0 {
		t.Errorf("port 80: %+v", r.Conns[0])
	}
	if len(r.Conns[1].Messages) != 1 || r.e.Stats().Protos[0].Refused != 0 {
		t.Errorf("port 81: %+v", r.Conns[1])
	}
	c := r.open(9999)
	r.e.Data(c, flows.ToServer, []byte("GET a\n"), flows.Stamp{})
	if st := r.e.Stats(); st.Protos[0].Refused != 0 || st.Protos[1].Messages != 1 || st.Desynced == 0 {
		t.Errorf("port 9999: forced protocol was left: %+v", st)
	}
	r.balance(t)
}

func TestConfigFaults(t *testing.T) {
	_, err := engine.New(engine.Config{
		Protos: []l7.Proto{{Name: "half", Window: 1 << 30}},
		Force:  map[uint16]string{1: "nobody"},
	}, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"Detect and New are required", "window", `"nobody" is not known`, "max carry", "IDs is nil"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestMemoryBound(t *testing.T) {
	r := newRig(t, engine.Config{MaxCarry: 1 << 10}) // two buffers
	var conns []*flows.Conn
	for range 3 {
		c := r.open(9999)
		r.e.Data(c, flows.ToServer, []byte("GET a\nGET unfin"), flows.Stamp{})
		conns = append(conns, c)
	}
	if n := r.e.Stats().Discarded[engine.OfMemory]; n != 9 {
		t.Errorf("%d bytes discarded for want of memory, want 9", n)
	}
	r.balance(t)
	for _, c := range conns {
		r.e.Data(c, flows.ToServer, []byte("ished\nGET b\n"), flows.Stamp{Offset: 15})
		r.e.Close(c, flows.CloseEnded, 0)
	}
	var got []int
	for _, c := range r.Conns {
		got = append(got, len(c.Messages))
	}
	if diff := cmp.Diff([]int{3, 3, 3}, got); diff != "" {
		t.Errorf("messages per connection (-want +got):\n%s", diff)
	}
	r.balance(t)
}

func TestStamps(t *testing.T) {
	r := newRig(t, engine.Config{})
	c := r.open(9999)
	pos := int64(0)
	for i, b := range []string{"GET a\nGE", "T b\nSET c\nk", " v\n", "\nPUT d 6\n12", "345", "6GET e\n"} {
		at := flows.Stamp{Time: int64(i + 1), Offset: pos, Seq: uint32(pos) - 5, Ack: uint32(100 * (i + 1))}
		r.e.Data(c, flows.ToServer, []byte(b), at)
		pos += int64(len(b))
	}
	at := func(time, off int64) l7.Stamp {
		return l7.Stamp{Time: time, Offset: off, Seq: uint32(off) - 5, Ack: uint32(100 * time)}
	}
	if diff := cmp.Diff([]l7.Stamp{at(1, 0), at(1, 6), at(2, 12), at(4, 23), at(6, 37)}, r.first); diff != "" {
		t.Errorf("first bytes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]l7.Stamp{at(1, 5), at(2, 11), at(4, 22), at(6, 37-1), at(6, 42)}, r.last); diff != "" {
		t.Errorf("last bytes (-want +got):\n%s", diff)
	}
	if got := r.Conns[0].Messages[2].Head; got != "SET c\nk v\n\n" {
		t.Errorf("head of a message of several steps is %q", got)
	}
}

func TestPanicsAreCountedAndReported(t *testing.T) {
	for _, where := range []string{"Detect", "New", "Parse", "Gap", "Resync", "Cut", "End", "Finish"} {
		t.Run(where, func(t *testing.T) {
			var told []any
			r := newRig(t, engine.Config{
				Protos:   []l7.Proto{bomb(where)},
				Panicked: func(_ *l7.Proto, v any, _ l7.Dir, _ []byte) { told = append(told, v) },
			})
			c := r.open(9999)
			r.e.Data(c, flows.ToServer, []byte("GET a\nLOG b 5\n"), flows.Stamp{})
			r.e.Gap(c, flows.ToServer, 100, flows.Stamp{Offset: 14})
			r.e.Data(c, flows.ToServer, []byte("GET c\n"), flows.Stamp{Offset: 114})
			r.e.Data(c, flows.ToClient, []byte("O"), flows.Stamp{})
			r.e.Gap(c, flows.ToClient, 9, flows.Stamp{Offset: 1})
			r.e.EOF(c, flows.ToServer, flows.Stamp{})
			r.e.Close(c, flows.CloseEnded, 0)
			st := r.e.Stats()
			if st.Panics != 1 || st.Opaque[engine.Panic] != 1 || len(told) != 1 || told[0] != where {
				t.Errorf("panics %d, opaque %v, told %v", st.Panics, st.Opaque, told)
			}
			r.balance(t)

			c = r.open(80)
			r.e.Close(c, flows.CloseEnded, 0)
			if st.Closed != 2 || st.Silent != 1 {
				t.Errorf("the engine does not go on: %+v", st)
			}
		})
	}
}

// bomb is toy with a method that panics.
func bomb(where string) l7.Proto {
	p := toy.Proto()
	detect, create := p.Detect, p.New
	p.Detect = func(dir l7.Dir, b []byte) l7.Verdict {
		explode(where, "Detect")
		return detect(dir, b)
	}
	p.New = func(o l7.Options) l7.Parser {
		explode(where, "New")
		return bombParser{create(o), where}
	}
	return p
}

func explode(where, here string) {
	if where == here {
		panic(here)
	}
}

type bombParser struct {
	l7.Parser
	where string
}

func (b bombParser) Parse(dir l7.Dir, in []byte, out *l7.Emitter) (l7.Step, error) {
	explode(b.where, "Parse")
	return b.Parser.Parse(dir, in, out)
}

func (b bombParser) Gap(dir l7.Dir, n int64) bool {
	explode(b.where, "Gap")
	return b.Parser.Gap(dir, n)
}

func (b bombParser) Resync(dir l7.Dir, in []byte) (int, bool) {
	explode(b.where, "Resync")
	return b.Parser.Resync(dir, in)
}
func (b bombParser) Cut(dir l7.Dir, in []byte, out *l7.Emitter) { explode(b.where, "Cut") }
func (b bombParser) End(dir l7.Dir, in []byte, out *l7.Emitter) { explode(b.where, "End") }
func (b bombParser) Finish(out *l7.Emitter)                     { explode(b.where, "Finish") }

type faultySink struct{ *l7test.Recorder }

func (faultySink) Message(*flows.Conn, *l7.Proto, l7.Dir, *l7.Message, []byte, bool) { panic("sink") }

func TestPanicOfTheSinkIsNotTheParsers(t *testing.T) {
	e, err := engine.New(engine.Config{Protos: []l7.Proto{toy.Proto()}, Options: l7test.Options(), MaxCarry: 1 << 20}, faultySink{&l7test.Recorder{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() != "sink" {
			t.Error("the sink's panic was swallowed")
		}
	}()
	c := &flows.Conn{Proto: wire.ProtoTCP, Roles: flows.Observed}
	e.Open(c)
	e.Data(c, flows.ToServer, []byte("GET a\n"), flows.Stamp{})
}

func TestStatsAdd(t *testing.T) {
	_, r := play(t, l7test.TCP(client("GET a\nrubbish\n"), server("OK 9\n"), l7test.Lost(l7.ToClient, 12), client("GE")))
	var sum engine.Stats
	sum.Add(&r.Stats)
	if diff := cmp.Diff(r.Stats, sum); diff != "" {
		t.Errorf("one added to nothing (-want +got):\n%s", diff)
	}
	sum.Add(&r.Stats)
	if sum.Seen != 2*r.Stats.Seen || sum.Protos[0].Messages != 2*r.Stats.Protos[0].Messages || sum.Accounted() != sum.Seen {
		t.Errorf("two added: %+v", sum)
	}
}

package l7test

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/ids"
)

// Result is what a run found.
type Result struct {
	Conns  []*Connection
	Stats  engine.Stats
	Faults []string // broken promises of the parser or the engine
}

// JSON is the stable form of the golden files. Connections without protocol
// are left out.
func (r *Result) JSON() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	found := []*Connection{}
	for _, c := range r.Conns {
		if c.Proto != "" {
			found = append(found, c)
		}
	}
	if err := enc.Encode(found); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// messages are those of all connections, in order.
func (r *Result) messages() (all []Message) {
	for _, c := range r.Conns {
		all = append(all, c.Messages...)
	}
	return all
}

// Options are those that tests give to parsers: the IDs that are recognised
// without configuration, no bodies.
func Options() l7.Options {
	m, err := ids.New(ids.Default())
	if err != nil {
		panic(err)
	}
	return l7.Options{IDs: m}
}

// Endpoints of a played Session, from the documentation ranges.
func endpoints(s Session) (client, server flows.Endpoint) {
	port := s.Port
	if port == 0 {
		port = 9999
	}
	mapped := wire.Addr{10: 0xff, 11: 0xff}
	client = flows.Endpoint{Addr: mapped, Port: 40001}
	server = flows.Endpoint{Addr: mapped, Port: port}
	copy(client.Addr[12:], []byte{192, 0, 2, 1})
	copy(server.Addr[12:], []byte{198, 51, 100, 1})
	return client, server
}

// start is the time of the first turn, and first sequence numbers.
const (
	start     = int64(1_600_000_000_000_000_000)
	step      = int64(1_000_000)
	firstSeq  = uint32(0xffff_ff00)
	testCarry = 16 << 20

	defaultWindow = 72 << 10 // of protocols that do not say
)

// player feeds a Session to an Engine, as flows would.
type player struct {
	e       *engine.Engine
	c       *flows.Conn
	client  flows.Endpoint
	pos     [2]int64 // by direction of the Session
	ended   [2]bool
	turn    int64
	scratch []byte
}

func newPlayer(e *engine.Engine, s Session, p *l7.Proto) *player {
	pl := &player{e: e}
	client, server := endpoints(s)
	pl.client = client
	pl.c = &flows.Conn{ID: 1, Client: client, Server: server, Proto: wire.ProtoTCP, Version: 4, Roles: flows.Observed, Handshake: true, First: start}
	if s.UDP {
		pl.c.Proto = wire.ProtoUDP
	}
	if s.UDP && p.Transport == l7.ICMP {
		pl.c.Proto = wire.ProtoICMP
	}
	if s.UDP || s.Midstream {
		pl.c.Roles, pl.c.Handshake = flows.Guessed, false
	}
	e.Open(pl.c)
	return pl
}

// play feeds one turn from a buffer that is overwritten afterwards.
func (pl *player) play(t Turn) {
	dir := flows.Dir(t.Dir)
	at := flows.Stamp{
		Time: start + pl.turn*step, Offset: pl.pos[t.Dir],
		Seq: firstSeq + uint32(pl.pos[t.Dir]), Ack: firstSeq + uint32(pl.pos[t.Dir.Opposite()]),
	}
	pl.turn++
	if pl.c.Client != pl.client {
		dir = dir.Opposite()
	}
	switch {
	case t.Fin:
		pl.ended[t.Dir] = true
		pl.e.EOF(pl.c, dir, at)
	case t.Lost > 0:
		pl.pos[t.Dir] += t.Lost
		pl.e.Gap(pl.c, dir, t.Lost, at)
	default:
		pl.pos[t.Dir] += int64(len(t.Bytes))
		pl.scratch = append(pl.scratch[:0], t.Bytes...)
		pl.e.Data(pl.c, dir, pl.scratch, at)
		for i := range pl.scratch {
			pl.scratch[i] = 0xdb
		}
	}
}

func (pl *player) close() {
	why := flows.CloseEnded
	if pl.ended[0] && pl.ended[1] {
		why = flows.CloseNormal
	}
	pl.e.Close(pl.c, why, start+pl.turn*step)
}

// newEngine returns an Engine whose parsers' panics and broken promises go to
// the recorder.
func newEngine(protos []l7.Proto, force map[uint16]string, r *Recorder) *engine.Engine {
	e, err := engine.New(engine.Config{
		Protos: protos, Force: force, Options: Options(), MaxCarry: testCarry,
		Panicked: func(p *l7.Proto, v any, dir l7.Dir, b []byte) {
			r.fault("panic: %v, in direction %d with %q", v, dir, b)
		},
	}, r)
	if err != nil {
		panic(err)
	}
	return e
}

// Play runs a Session through an Engine with these protocols.
func Play(s Session, protos ...l7.Proto) *Result {
	r := &Recorder{}
	for _, p := range protos {
		r.bound = max(r.bound, 2*int64(max(p.Window, defaultWindow)))
	}
	e := newEngine(protos, nil, r)
	pl := newPlayer(e, s, &protos[0])
	for _, t := range s.Turns {
		pl.play(t)
		r.account(e, false)
	}
	pl.close()
	return r.result(e)
}

// account checks that the Engine knows where every byte went.
func (r *Recorder) account(e *engine.Engine, closed bool) {
	st := e.Stats()
	if st.Accounted() != st.Seen {
		r.fault("engine: %d bytes seen, %d accounted for", st.Seen, st.Accounted())
	}
	if st.Held < 0 || closed && st.Held != 0 || r.bound > 0 && st.Held > r.bound {
		r.fault("engine: %d bytes held", st.Held)
	}
}

func (r *Recorder) result(e *engine.Engine) *Result {
	r.account(e, true)
	if n := e.Stats().Opaque[engine.Breach]; n > 0 {
		r.fault("the parser consumed more than it was given")
	}
	return &Result{Conns: r.Conns, Stats: *e.Stats(), Faults: r.Faults}
}

// String sums a Result up for messages of failed tests.
func (r *Result) String() string { return fmt.Sprintf("%s%v", r.JSON(), r.Faults) }

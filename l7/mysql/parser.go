package mysql

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// phase is how far a connection has come (MySQL, "Connection Lifecycle").
type phase uint8

const (
	fresh   phase = iota // nothing was seen
	greeted              // the server has spoken; the login follows
	ready                // commands, or a login under way
)

// Bounds per connection.
const (
	maxWaiting = 64
	maxSchema  = 256
)

// waiting is a command that has no response yet.
type waiting struct {
	code    byte
	seq     uint8              // of the response's first packet
	any     bool               // seq is not known
	sent    uint32             // TCP sequence number of the command
	acked   uint32             // of the server, what the client had when it sent it
	text    *sqltext.Statement // of a PREPARE
	schema  []byte             // that holds when the command succeeds
	changes bool               // rows: a number of 0 says something
}

// side is what a direction needs to know between packets.
type side struct {
	big  bool  // the packet before was as long as can be: its payload goes on
	cut  int64 // length of the packet that a loss has cut
	skip int64 // bytes that are left of it
}

// parser reads one connection.
type parser struct {
	opts   l7.Options
	sql    *sqltext.Reader
	phase  phase
	maria  bool
	caps   capabilities
	schema []byte
	name   []byte // of a span, made here

	found   bool
	emitted bool // by the packet just read
	queue   []waiting
	stmts   statements
	side    [2]side
	data    bool    // the client sends a file (LOCAL INFILE)
	paired  bool    // a response was
	holed   [2]bool // bytes were lost since a response was paired
	res     response
	packed  packing
	unpack  [2]*unpacker
}

func newParser(o l7.Options) l7.Parser {
	p := &parser{opts: o}
	if o.After == "tls" {
		p.phase = greeted
	}
	return p
}

// Parse reads one packet, or a run of rows.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if n := p.side[dir].skip; n > 0 {
		p.side[dir].skip = 0
		return l7.Step{Skip: n}, nil
	}
	switch p.isPacked(dir, b) {
	case undecided:
		return l7.Step{Need: len(b) + 1}, nil
	case yes:
		return p.inner(dir, b, out)
	}
	return p.plain(dir, b, out)
}

// plain reads what is not compressed.
func (p *parser) plain(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	p.emitted = false
	if dir == l7.ToClient && p.res.hunting {
		return p.hunt(b, out)
	}
	if len(b) < headLen {
		return l7.Step{Need: headLen}, nil
	}
	h := head(b)
	if dir == l7.ToServer {
		return p.request(h, b, out)
	}
	return p.reply(h, b, out)
}

// pass goes over a packet.
func pass(h header) (l7.Step, error) {
	return l7.Step{Consumed: headLen, Skip: int64(h.size)}, nil
}

// lost is the error for bytes that begin no packet.
func (p *parser) lost() error {
	if p.found || p.phase == greeted {
		p.holed = [2]bool{true, true} // what was taken for an answer may have been none
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// emit hands a message on.
func (p *parser) emit(dir l7.Dir, out *l7.Emitter) {
	p.found, p.emitted = true, true
	out.Emit(dir)
}

// place is the Match of a command: its place in the stream, which is the same
// wherever the connection is captured.
func place(seq uint32) uint64 { return 1<<32 | uint64(seq) }

// begin starts a message; in the compressed protocol it may have begun in an
// earlier packet.
func (p *parser) begin(dir l7.Dir, k l7.Kind, out *l7.Emitter) *l7.Message {
	m := out.Begin(k)
	if u := p.unpack[dir]; u != nil && u.carried {
		m.First = u.at
	}
	switch {
	case k == l7.Request:
		m.Match = place(m.First.Seq)
	case dir == l7.ToClient && p.res.match != 0:
		m.Match = p.res.match
	default:
		m.Match = 1<<33 | place(m.First.Seq) // of nothing
	}
	return m
}

// Gap goes on behind a packet that was cut, and within a result set; else the
// place is lost.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	s := &p.side[dir]
	cut := s.cut
	*s = side{}
	p.holed[dir] = true
	if u := p.unpack[dir]; u != nil {
		u.reset()
		p.forget(dir)
		return false
	}
	if cut >= lost {
		s.skip = cut - lost
		return true
	}
	if dir == l7.ToClient && p.res.state != idle {
		p.res.hunting = true
		return true
	}
	p.forget(dir)
	return false
}

// forget drops what a direction was doing.
func (p *parser) forget(dir l7.Dir) {
	p.side[dir] = side{}
	if dir == l7.ToServer {
		p.data = false
		return
	}
	if p.res.state != idle {
		p.answered()
	}
	p.start(idle, 0)
}

// Cut tells what is there of a packet that was cut.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if p.isPacked(dir, b) != no || len(b) < headLen {
		return
	}
	h := head(b)
	p.side[dir].cut = headLen + int64(h.size)
	if len(b) == headLen || h.size == 0 {
		return
	}
	body := b[headLen:min(len(b), headLen+h.size)]
	if dir == l7.ToServer {
		if h.seq == 0 && !p.passes() && fits(body[0], h.size) {
			p.command(h, body, out)
		}
		return
	}
	p.cutReply(h, body, out)
}

// End is a Cut: nothing lasts until the end of the connection.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	if p.side[dir].skip > 0 {
		return
	}
	p.Cut(dir, b, out)
}

// Finish finds nothing half done: the engine ends what was announced.
func (p *parser) Finish(*l7.Emitter) {}

package amqp

import "github.com/wirespan/wirespan/l7"

// half is one direction.
type half struct {
	tail  bool // the end of a frame whose payload was skipped comes next
	over  bool // with it the content ends
	match uint64
	open  []body
}

// body is a content whose body goes on.
type body struct {
	channel uint16
	left    int64
	match   uint64
}

// maxOpen bounds the contents that go on at once in a direction.
const maxOpen = 64

// parser reads one connection.
type parser struct {
	ids      l7.IDMatcher
	found    bool
	greeted  bool // the protocol header has passed
	half     [2]half
	waits    waits
	channels map[uint16]*state
	vhost    []byte
	name     []byte // exchange and routing key
	text     []byte // a value of the message that is emitted
	reason   []byte
	idBuf    []byte
	op       []byte
}

func newParser(o l7.Options) *parser {
	return &parser{ids: o.IDs, idBuf: make([]byte, 0, 80)}
}

// greeting is how long the protocol header is (4.2.2).
const greeting = 8

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	if h.tail {
		return p.endFrame(dir, b, out)
	}
	if b[0] == 'A' {
		return p.greet(dir, b, out)
	}
	f, o := readFrame(b)
	switch {
	case o == more:
		return l7.Step{Need: frameHead}, nil
	case o == bad:
		return l7.Step{}, p.lost()
	}
	switch f.kind {
	case frameMethod:
		return p.method(dir, &f, b, out)
	case frameBody:
		return p.goOn(dir, &f), nil
	}
	return p.skip(dir, 0, int64(f.size)), nil
}

// greet reads a protocol header. A server sends one when it refuses that of the
// client.
func (p *parser) greet(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	switch v := version(b); {
	case v == more:
		return l7.Step{Need: greeting}, nil
	case v == bad && (dir == l7.ToServer || !p.greeted):
		return l7.Step{}, p.lost()
	}
	p.greeted = true
	if dir == l7.ToServer {
		return l7.Step{Consumed: greeting}, nil
	}
	m := p.begin(out, dir, l7.Pushed, "Protocol-Header")
	m.Match, m.Status, m.Error = p.waits.next(), l7.ServerError, []byte("version_refused")
	return l7.Step{Consumed: greeting}, nil
}

// skip passes over a frame of which n bytes behind its head are read.
func (p *parser) skip(dir l7.Dir, n int, size int64) l7.Step {
	p.half[dir].tail, p.half[dir].over = true, false
	return l7.Step{Consumed: frameHead + n, Skip: size - int64(n)}
}

// endFrame reads the end of a frame, and that of a content with it.
func (p *parser) endFrame(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	if b[0] != frameEnd {
		h.tail = false
		return l7.Step{}, p.lost()
	}
	h.tail = false
	if h.over {
		h.over = false
		out.Begin(l7.End).Match = h.match
		out.Emit(dir)
	}
	return l7.Step{Consumed: 1}, nil
}

// goOn passes over a body frame.
func (p *parser) goOn(dir l7.Dir, f *frame) l7.Step {
	h := &p.half[dir]
	s := p.skip(dir, 0, int64(f.size))
	for i := range h.open {
		o := &h.open[i]
		if o.channel != f.channel {
			continue
		}
		if o.left -= int64(f.size); o.left <= 0 {
			h.over, h.match = true, o.match
			h.open = append(h.open[:i], h.open[i+1:]...)
		}
		break
	}
	return s
}

// begin starts a message.
func (p *parser) begin(out *l7.Emitter, dir l7.Dir, kind l7.Kind, op string) *l7.Message {
	p.found = true
	m := out.Begin(kind)
	p.op = append(p.op[:0], op...)
	m.Op = p.op
	if kind != l7.Response {
		m.Version = protocolVersion
		m.Str(keySystem, system)
		m.Str(keyOperation, m.Op)
		if len(p.vhost) > 0 {
			m.Str(keyVirtualHost, p.vhost)
		}
	}
	out.Emit(dir)
	return m
}

var (
	system          = []byte("rabbitmq")
	protocolVersion = []byte("0-9-1")
)

// lost is the error for bytes that are no frame.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser. Messages that were lost had numbers, so that
// confirmations cannot be told any more.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	h := &p.half[dir]
	h.tail, h.over, h.open = false, false, h.open[:0]
	p.waits.age(dir == l7.ToServer)
	if dir == l7.ToServer {
		for _, s := range p.channels {
			s.confirms = false
		}
	}
	return false
}

// Cut meets l7.Parser: of a method that is whole, its content may be missing.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	f, o := readFrame(b)
	if h.tail || o != good || f.kind != frameMethod || len(b) < frameHead+f.size+1 || b[frameHead+f.size] != frameEnd {
		return
	}
	a := fields{b: b[frameHead : frameHead+f.size], ok: true}
	if c := a.number(2); c != uint64(basic) {
		return
	}
	if m := find(basic, uint16(a.number(2))); m == nil || m.traits&content == 0 || !m.mayCome(dir) {
		return
	}
	p.content(dir, &f, b, len(b), nil, false, out)
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}

package cassandra

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
	"github.com/wirespan/wirespan/l7/unpack"
)

// side is what a direction needs to know between frames.
type side struct {
	cut     int64 // what a loss has cut of a frame, and what follows it in its segment
	skip    int64 // bytes that are left of that
	left    int   // bytes of the payload of the segment that is open
	wasLeft int   // the same behind the frame that was cut
	rest    int   // bytes of a frame that come in the segments that follow
	stream  uint16
	ending  bool   // the last of them ends with the segment that is skipped
	buffer  []byte // of unpack
	unpack  []byte // frames of a compressed segment
	at      int    // of them that is the next
	tail    int64  // bytes of that segment that are not consumed
}

// parser reads one connection.
type parser struct {
	opts     l7.Options
	cql      *sqltext.Reader
	found    bool
	codec    codec
	old      bool // version 3 or 4: no segments
	keyspace []byte
	side     [2]side
	waiting  [64]waiting
	next     int
	prepared shelf

	plain []byte // an unpacked body
	batch sqltext.Statement
	name  []byte
	code  []byte
	trace [36]byte
}

func newParser(o l7.Options) l7.Parser {
	return &parser{opts: o, cql: sqltext.NewReader(sqltext.CQL, o.IDs)}
}

// Parse reads one frame, or the header of a segment.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	s := &p.side[dir]
	if n := s.skip; n > 0 {
		s.skip = 0
		return l7.Step{Skip: n}, nil
	}
	switch {
	case s.tail > 0:
		return p.inner(dir, out), nil
	case s.ending:
		return s.end(dir, b, out), nil
	}
	if s.left == 0 && !p.old {
		if len(b) < packedHead {
			return l7.Step{Need: packedHead}, nil
		}
		if g, ok := readSegment(b); ok {
			return p.open(dir, g, b, out), nil
		}
	}
	if s.left > 0 && s.left < headLen {
		return p.close(s, 0), nil // no frame is as short
	}
	if len(b) < headLen {
		return l7.Step{Need: headLen}, nil
	}
	f, ok := readFrame(dir == l7.ToServer, b)
	if !ok {
		return l7.Step{}, p.lost()
	}
	return p.frame(dir, &f, b, out)
}

// frame reads a frame that is not in a compressed segment.
func (p *parser) frame(dir l7.Dir, f *frame, b []byte, out *l7.Emitter) (l7.Step, error) {
	s := &p.side[dir]
	here := f.size
	if s.left > 0 {
		here = min(here, s.left)
	}
	n := min(here, headLen+look(dir))
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	p.old = p.old || f.version < 5
	p.message(dir, f, b[headLen:n], f.size > here, out)
	if f.size > here {
		s.rest, s.stream = f.size-here, f.stream
	}
	if s.left == 0 {
		return l7.Step{Consumed: n, Skip: int64(here - n)}, nil
	}
	s.left -= here
	if s.left > 0 {
		return l7.Step{Consumed: n, Skip: int64(here - n)}, nil
	}
	return l7.Step{Consumed: n, Skip: int64(here - n + trailer)}, nil
}

// close passes over what is left of a segment.
func (p *parser) close(s *side, consumed int) l7.Step {
	n := s.left
	s.left = 0
	return l7.Step{Consumed: consumed, Skip: int64(n + trailer)}
}

// open reads the header of a segment, and all of it if it is compressed.
func (p *parser) open(dir l7.Dir, g segment, b []byte, out *l7.Emitter) l7.Step {
	s := &p.side[dir]
	if s.rest > 0 && g.whole {
		s.rest = 0 // the end of that frame was lost
	}
	if s.rest > 0 {
		n := g.size
		if g.packed > 0 {
			n = g.packed
		}
		if s.rest -= n; s.rest <= 0 {
			s.rest, s.ending = 0, true
			return l7.Step{Consumed: g.head, Skip: int64(g.size)}
		}
		return l7.Step{Consumed: g.head, Skip: int64(g.size + trailer)}
	}
	if g.head == plainHead {
		s.left = g.size
		return l7.Step{Consumed: g.head}
	}
	n := g.head + g.size + trailer
	if len(b) < n {
		return l7.Step{Need: n}
	}
	if s.buffer == nil {
		s.buffer = make([]byte, 0, maxPayload)
	}
	payload := b[g.head : g.head+g.size]
	if g.packed > 0 {
		s.unpack = unpack.LZ4(s.buffer[:0:g.packed], payload)
	} else {
		s.unpack = append(s.buffer[:0], payload...)
	}
	s.at, s.tail = 0, int64(n)
	return p.inner(dir, out)
}

// end reads the checksum behind the last piece of a frame.
func (s *side) end(dir l7.Dir, b []byte, out *l7.Emitter) l7.Step {
	if len(b) < trailer {
		return l7.Step{Need: trailer}
	}
	s.ending = false
	m := out.Begin(l7.End)
	m.Match = uint64(s.stream)
	out.Emit(dir)
	return l7.Step{Consumed: trailer}
}

// inner reads the next frame of a compressed segment. All but the last take one
// byte of it, for the engine wants to see that it goes on.
func (p *parser) inner(dir l7.Dir, out *l7.Emitter) l7.Step {
	s := &p.side[dir]
	rest := s.unpack[s.at:]
	if len(rest) >= headLen {
		if f, ok := readFrame(dir == l7.ToServer, rest); ok {
			n := min(f.size, len(rest))
			if n < f.size {
				s.rest, s.stream = f.size-n, f.stream
			}
			p.message(dir, &f, rest[headLen:n], n < f.size, out)
			s.at += n
			if s.at < len(s.unpack) && s.tail > 1 {
				s.tail--
				return l7.Step{Skip: 1}
			}
		}
	}
	n := s.tail
	s.tail = 0
	return l7.Step{Skip: n}
}

// look is how much of a body is looked at.
func look(dir l7.Dir) int {
	if dir == l7.ToServer {
		return maxRequest
	}
	return maxReply
}

// message emits what is told of a frame. body may end before it does; more says
// that the rest comes in other segments.
func (p *parser) message(dir l7.Dir, f *frame, body []byte, more bool, out *l7.Emitter) {
	p.found = true
	if f.flags&flagCompressed != 0 {
		if p.plain == nil {
			p.plain = make([]byte, 0, maxRequest)
		}
		body = p.unpackBody(p.plain[:0:look(dir)], body)
	}
	var m *l7.Message
	if dir == l7.ToServer {
		m = p.request(f, &fields{b: body}, out)
	} else {
		m = p.answer(f, &fields{b: body}, out)
	}
	m.More = more
	out.Emit(dir)
}

// lost is the error for bytes that begin no frame.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap goes on behind a frame that was cut; else the place is lost.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	s := &p.side[dir]
	cut, left := s.cut, s.wasLeft
	p.reset(dir)
	if cut >= lost {
		s.skip, s.left = cut-lost, left
		return true
	}
	return false
}

// reset forgets what a direction was doing, but for its buffer.
func (p *parser) reset(dir l7.Dir) {
	p.side[dir] = side{buffer: p.side[dir].buffer}
}

// Resync looks for a header.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	p.reset(dir)
	for ; off < len(b); off++ {
		switch detect(dir, b[off:]) {
		case l7.NeedMore:
			return off, false
		case l7.Yes:
			return off, true
		case l7.Maybe: // alone it is too little: the next frame must fit, too
			if v := p.chain(dir, b[off:]); v == l7.Yes {
				return off, true
			} else if v == l7.NeedMore {
				return off, false
			}
		}
	}
	return off, false
}

// maxChain is how long a frame may be that Resync waits for the end of.
const maxChain = 4 << 10

// chain judges a frame by the one behind it, if it ends within b.
func (p *parser) chain(dir l7.Dir, b []byte) l7.Verdict {
	f, ok := readFrame(dir == l7.ToServer, b)
	switch {
	case !ok, f.size > maxChain:
		return l7.No
	case len(b) == f.size:
		return l7.Yes
	case len(b) < f.size+headLen:
		return l7.NeedMore
	}
	if _, ok := readFrame(dir == l7.ToServer, b[f.size:]); !ok {
		return l7.No
	}
	return l7.Yes
}

// Cut tells what is there of a frame that was cut.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	s := &p.side[dir]
	if len(b) < headLen || s.skip > 0 || s.tail > 0 || s.ending {
		return
	}
	if s.left == 0 && !p.old {
		if _, ok := readSegment(b); ok {
			return
		}
	}
	f, ok := readFrame(dir == l7.ToServer, b)
	if !ok {
		return
	}
	here := f.size
	if s.left > 0 {
		here = min(here, s.left)
		s.wasLeft = s.left - here
	}
	s.cut = int64(here)
	if s.left > 0 && s.wasLeft == 0 {
		s.cut += trailer
	}
	p.message(dir, &f, b[headLen:max(headLen, min(len(b), here))], false, out)
}

// End is a Cut: nothing lasts until the end of the connection.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}

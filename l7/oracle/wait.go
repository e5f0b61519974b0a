package oracle

import "github.com/wirespan/wirespan/l7"

// op is a request that waits for its answer.
type op struct {
	seq, ack  uint32
	token     uint64 // of calls in a pipeline; 0 if it has none
	end       uint32 // sequence number behind the request
	connect   bool
	login     bool
	challenge bool // the answer that comes asks for the password
	cancelled bool // the client broke it off
	fast      bool // the answer begins with what is negotiated
	query     bool // rows are expected
	changes   bool // rows are changed
	statement bool // it runs a statement
	cursor    int  // that it uses; 0 if the answer gives it one
	kept      kept // its statement, if it came with it
	has       bool
}

// fits reports whether what the server sent at a place may answer o. Where
// requests may be missing, it must not have seen more than o: a connection has
// one request at a time.
func (o *op) fits(s l7.Stamp, missing bool) bool {
	switch {
	case s.Seq|s.Ack == 0 || o.seq|o.ack == 0:
		return true
	case before(s.Seq, o.ack) || !before(o.seq, s.Ack):
		return false
	}
	return !missing || !before(o.end, s.Ack)
}

// before compares sequence numbers.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// await notes that a request waits for its answer.
func (p *parser) await(first l7.Stamp, size uint32) *op {
	if !p.piped {
		p.forget()
	}
	if len(p.waits) >= maxWaits {
		p.done(&p.waits[0])
	}
	if n := len(p.waits); n < cap(p.waits) {
		p.waits = p.waits[:n+1]
	} else {
		p.waits = append(p.waits, op{})
	}
	w := &p.waits[len(p.waits)-1]
	*w = op{seq: first.Seq, ack: first.Ack, end: first.Seq + size, kept: w.kept} // keeps its buffers
	return w
}

// oldest is the request whose answer comes next, nil if none waits.
func (p *parser) oldest() *op {
	if len(p.waits) == 0 {
		return nil
	}
	return &p.waits[0]
}

// newest is the request that was seen last, nil if none waits.
func (p *parser) newest() *op {
	if len(p.waits) == 0 {
		return nil
	}
	return &p.waits[len(p.waits)-1]
}

// done takes the oldest request off the list; its buffers stay.
func (p *parser) done(w *op) {
	if w == nil || len(p.waits) == 0 {
		return
	}
	first := p.waits[0]
	n := copy(p.waits, p.waits[1:])
	p.waits[n] = first
	p.waits = p.waits[:n]
}

// forget takes all off.
func (p *parser) forget() { p.waits = p.waits[:0] }

// answering is the request that the answer with a token belongs to; those before
// it will have none. Without tokens it is the oldest.
func (p *parser) answering(token uint64) *op {
	for i := range p.waits {
		if p.waits[i].token == token {
			for range i {
				p.done(&p.waits[0])
			}
			return p.oldest()
		}
	}
	if token != 0 {
		return nil
	}
	return p.oldest()
}

// extend notes that bytes of the client belong to the request before them.
func (p *parser) extend(dir l7.Dir, at l7.Stamp, size int) {
	if w := p.newest(); w != nil && dir == l7.ToServer {
		w.end = at.Seq + uint32(size)
	}
}

// matchOf is what request and answer have in common; that of an orphan is no
// request's. It is made of what is on the wire, for it becomes part of the
// exchange key.
func (p *parser) matchOf(w *op, at l7.Stamp) uint64 {
	if w == nil {
		return 2<<32 | uint64(at.Seq)
	}
	return 1<<32 | uint64(w.seq)
}

// begin begins a request.
func (p *parser) begin(k l7.Kind, w *op, out *l7.Emitter) *l7.Message {
	m := out.Begin(k)
	m.First, m.Match, m.Version = p.first, p.matchOf(w, p.first), p.label
	m.Str(keySystem, oracleDB)
	return m
}

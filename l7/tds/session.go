package tds

import "github.com/wirespan/wirespan/l7"

// session is a conversation: the connection, or one of several on it.
type session struct {
	id      uint16
	several bool

	request message
	text    []byte // what was collected of the request
	wait    op

	answer message
	to     op
	orphan bool
	walk   walker
}

// message is a message that has begun.
type message struct {
	on        bool
	kind      byte
	first     l7.Stamp
	bytes     int64
	size      uint32 // of its packets so far
	announced bool
	silent    bool // nothing is to be emitted
	torn      bool // bytes of it were lost
	unsure    bool // its first packet is the first one after a loss
}

// op is a request that waits for its answer.
type op struct {
	on        bool
	seq, ack  uint32
	end       uint32 // sequence number behind the request, if it is in one piece
	login     bool
	statement *statement // that the answer gives a number to
}

// fits reports whether what the server sent at a place may answer o. Where
// requests may be missing, it must not have seen more than o, and an Attention
// perhaps: a session has one request at a time.
func (o *op) fits(s l7.Stamp, missing bool) bool {
	switch {
	case !o.on:
		return false
	case s.Seq|s.Ack == 0 || o.seq|o.ack == 0:
		return true
	case before(s.Seq, o.ack) || !before(o.seq, s.Ack):
		return false
	}
	return !missing || !before(o.end+packetHead, s.Ack)
}

// session finds a session of MARS; nil when there are too many.
func (p *parser) session(id uint16) *session {
	if s := p.more[id]; s != nil {
		return s
	}
	if len(p.more) >= maxSessions {
		return nil
	}
	if p.more == nil {
		p.more = make(map[uint16]*session)
	}
	s := &session{id: id, several: true}
	s.walk.p = p
	p.more[id] = s
	return s
}

// control opens and closes sessions ([MC-SMP] 2.2.1.1).
func (p *parser) control(f smp) {
	const syn, fin = 1, 4
	switch s := p.more[f.session]; {
	case f.flags == syn && s != nil:
		s.request, s.answer, s.wait = message{}, message{}, op{}
	case f.flags == fin && s != nil && !s.wait.on && !s.request.on && !s.answer.on:
		for _, h := range p.half {
			if h.of == s && (h.left > 0 || h.due) {
				return
			}
		}
		delete(p.more, f.session)
	}
}

package tds

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// answered ends an answer.
func (p *parser) answered(s *session, out *l7.Emitter) {
	a, w := &s.answer, &s.walk
	a.on = false
	w.end()
	o := &w.out
	if !s.orphan && s.wait.login && o.challenge && !o.login && !o.failed && !w.blind {
		return // the login goes on
	}
	switch {
	case !s.orphan:
	case o.cancelled && o.tokens == 0: // what was cancelled had been answered
		return
	case w.blind && !w.ended: // that of PRELOGIN, or the middle of one
		return
	}
	if !s.orphan {
		if s.wait.seq == s.to.seq {
			s.wait.on = false
		}
		if st := s.to.statement; st != nil && o.handled && !w.torn {
			p.shelf.put(o.handle, st)
		}
	}
	if a.silent {
		return
	}
	k := l7.Response
	if a.announced {
		k = l7.End
	}
	m := out.Begin(k)
	p.fill(s, m)
	p.emit(out, l7.ToClient)
}

// fill puts what is known into the message of an answer.
func (p *parser) fill(s *session, m *l7.Message) {
	o := &s.walk.out
	m.Match, m.First, m.HeadSize = s.match(), s.answer.first, packetHead
	if !s.walk.torn {
		m.Status = l7.OK
	}
	if s.orphan {
		m.Version = p.label
	}
	switch {
	case o.number != 0:
		m.Status = l7.ClientError
		if o.class >= severityOfServer {
			m.Status = l7.ServerError
		}
		m.Code = int32(o.number)
		p.name = strconv.AppendUint(p.name[:0], uint64(o.number), 10)
		m.Error = p.name
		m.Str(keyCode, p.name)
		m.Int(keyState, int64(o.state))
		m.Int(keySeverity, int64(o.class))
	case o.failed:
		m.Status, m.Error = l7.ServerError, otherError
	case o.cancelled:
		m.Status, m.Error = l7.ClientError, cancelled
	}
	if o.cancelled {
		m.Bool(keyCancelled, true)
	}
	if o.returned >= 0 {
		m.Int(keyReturned, o.returned)
	}
	if o.affected >= 0 {
		m.Int(keyAffected, o.affected)
	}
	if s.to.login && !s.orphan {
		p.namespace(m)
	}
}

// values of error.type without number: the conventions' for what is not known,
// and a request that the client cancelled.
var (
	otherError = []byte("_OTHER")
	cancelled  = []byte("cancelled")
)

// match is Message.Match of an answer; that of an orphan is no request's.
func (s *session) match() uint64 {
	if s.orphan {
		return 2<<32 | uint64(s.answer.first.Seq)
	}
	return 1<<32 | uint64(s.to.seq)
}

// announce emits a message that goes on. Requests are described by what there
// is of them.
func (p *parser) announce(dir l7.Dir, s *session, out *l7.Emitter) {
	if dir == l7.ToServer {
		r := &s.request
		if r.kind != typeBulk && len(s.text) < maxText {
			return // more of the text is wanted
		}
		r.announced = true
		if m := p.describe(s, out); m != nil {
			m.More = true
		}
		return
	}
	s.answer.announced = true
	m := out.Begin(l7.Response)
	m.Match, m.First, m.HeadSize, m.More = s.match(), s.answer.first, packetHead, true
	p.emit(out, l7.ToClient)
}

// breakOff emits a message whose end will not come.
func (p *parser) breakOff(dir l7.Dir, s *session, out *l7.Emitter) {
	if dir == l7.ToServer {
		r := &s.request
		r.on = false
		if r.announced || r.silent || r.kind == typeAttention {
			return
		}
		if m := p.describe(s, out); m != nil {
			m.More = true
		}
		return
	}
	a := &s.answer
	a.on = false
	if a.announced || a.silent || s.orphan && s.walk.out.tokens == 0 {
		return
	}
	s.walk.torn = true
	m := out.Begin(l7.Response)
	p.fill(s, m)
	m.More = true
	p.emit(out, l7.ToClient)
}

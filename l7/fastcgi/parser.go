package fastcgi

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// parser reads one connection.
type parser struct {
	ids   l7.IDMatcher
	slots []slot
	found bool
	holes uint64 // times that bytes from the application were lost
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < headSize {
		if len(b) > 0 && b[0] != 1 {
			return l7.Step{}, p.lost()
		}
		return l7.Step{Need: headSize}, nil
	}
	r, ok := readRecord(b, dir == l7.ToServer)
	if !ok {
		return l7.Step{}, p.lost()
	}
	body := l7.Step{Consumed: headSize, Skip: int64(r.size + r.pad)}
	switch r.kind {
	case beginRequest, endRequest:
		if len(b) < headSize+r.size {
			return l7.Step{Need: headSize + r.size}, nil
		}
		if r.kind == beginRequest {
			p.begins(&r, b[headSize:], out)
		} else {
			p.ends(&r, b[headSize:], out)
		}
		return l7.Step{Consumed: headSize + r.size, Skip: int64(r.pad)}, nil
	case params:
		if len(b) < headSize+r.size {
			return l7.Step{Need: headSize + r.size}, nil
		}
		if s := p.slot(r.id); r.size > 0 && s != nil {
			s.add(b[headSize:headSize+r.size], maxParams)
		} else if r.size == 0 {
			p.request(&r, out)
		}
		return l7.Step{Consumed: headSize + r.size, Skip: int64(r.pad)}, nil
	case stdin:
		if r.size == 0 {
			p.inputEnds(&r, out)
		}
		return body, nil
	case stderr:
		p.answerer(&r, out).errors += int64(r.size)
		return body, nil
	case stdout:
		return p.output(&r, b, body, out)
	case getValues, getValuesResult:
		p.manage(dir, &r, out)
	}
	return body, nil
}

func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// output reads a record of output: the header of a response, as far as the
// record has it, and then nothing.
func (p *parser) output(r *record, b []byte, body l7.Step, out *l7.Emitter) (l7.Step, error) {
	if s := p.slot(r.id); s != nil && s.told || r.size == 0 {
		p.answerer(r, out)
		return body, nil
	}
	c := b[headSize:min(len(b), headSize+r.size)]
	var held []byte
	if s := p.slot(r.id); s != nil && s.answering {
		held = s.buf
	}
	end := headerEnd(held, c)
	if end == 0 && len(c) < r.size && len(held)+len(c) < maxHeader {
		return l7.Step{}, nil
	}
	if end == 0 {
		end = min(r.size, max(maxHeader-len(held), 0))
	}
	s := p.answerer(r, out)
	whole := headerEnd(held, c) > 0 || len(held)+end >= maxHeader
	s.add(c[:end], maxHeader)
	if whole {
		p.respond(s, true, out)
	}
	return l7.Step{Consumed: headSize + end, Skip: int64(r.size - end + r.pad)}, nil
}

// inputEnds takes the end of the input of a request.
func (p *parser) inputEnds(r *record, out *l7.Emitter) {
	s := p.slot(r.id)
	if s == nil || !s.open {
		return
	}
	s.open = false
	out.Begin(l7.End).Match = s.match
	out.Emit(l7.ToServer)
	if s.over {
		p.free(s)
	}
}

// begins takes a BEGIN_REQUEST (section 5.1).
func (p *parser) begins(r *record, b []byte, out *l7.Emitter) {
	s := p.begin(r.id)
	s.role, s.since = binary.BigEndian.Uint16(b), out.Here()
}

// answerer is the request that a record answers. The capture may have begun
// behind the request.
func (p *parser) answerer(r *record, out *l7.Emitter) *slot {
	s := p.slot(r.id)
	if s == nil || s.over {
		s = p.begin(r.id)
		s.asked = true
	}
	if !s.answering {
		s.answering, s.answer, s.buf = true, out.Here(), s.buf[:0]
	}
	return s
}

// request emits a request when its parameters are complete.
func (p *parser) request(r *record, out *l7.Emitter) {
	s := p.slot(r.id)
	if s == nil || s.asked {
		return
	}
	s.asked, p.found = true, true
	m := out.Begin(l7.Request)
	m.Match, m.First, m.HeadSize = s.match, s.since, 64
	m.Str(keySystem, system)
	m.Int(keyRequestID, int64(s.id))
	p.describe(m, s.buf)
	if s.role != authorizer {
		m.More, s.open = true, true
	}
	out.Emit(l7.ToServer)
}

// respond emits a response when its header is complete.
func (p *parser) respond(s *slot, more bool, out *l7.Emitter) *l7.Message {
	s.told, p.found = true, true
	m := out.Begin(l7.Response)
	m.Match, m.First, m.HeadSize, m.More = s.match, s.answer, 64, more
	if len(s.buf) > 0 {
		p.header(m, s.buf)
	}
	out.Emit(l7.ToClient)
	return m
}

// ends takes an END_REQUEST (section 5.5): exit status, protocol status.
func (p *parser) ends(r *record, b []byte, out *l7.Emitter) {
	s := p.slot(r.id)
	switch {
	case s == nil && p.found: // nothing is known of it
		return
	case s != nil && s.lost && !s.told: // its header may be among what was lost
		p.free(s)
		return
	}
	s = p.answerer(r, out)
	var m *l7.Message
	if s.told {
		m = out.Begin(l7.End)
		m.Match = s.match
		out.Emit(l7.ToClient)
	} else {
		m = p.respond(s, false, out)
	}
	if n := int32(binary.BigEndian.Uint32(b)); n != 0 {
		m.Int(keyAppStatus, int64(n))
	}
	if s.errors > 0 {
		m.Int(keyStderr, s.errors)
	}
	if e := protocolError(b[4]); len(e) > 0 {
		m.Status, m.Error = l7.ServerError, e
	}
	if s.over = true; !s.open {
		p.free(s)
	}
}

// protocolError names a protocolStatus other than REQUEST_COMPLETE.
func protocolError(status byte) []byte {
	switch status {
	case 0:
		return nil
	case 1:
		return cantMultiplex
	case 2:
		return overloaded
	case 3:
		return unknownRole
	}
	return otherStatus
}

var (
	cantMultiplex = []byte("CANT_MPX_CONN")
	overloaded    = []byte("OVERLOADED")
	unknownRole   = []byte("UNKNOWN_ROLE")
	otherStatus   = []byte("UNKNOWN_STATUS")
)

// management is the Match of what belongs to no request (section 4).
const management = 1 << 62

// manage emits GET_VALUES and its answer.
func (p *parser) manage(dir l7.Dir, r *record, out *l7.Emitter) {
	kind := l7.Request
	if r.kind == getValuesResult {
		kind = l7.Response
	}
	m := out.Begin(kind)
	m.Match, m.Class, m.HeadSize = management, l7.ClassRPC, headSize
	if kind == l7.Request {
		m.Op, m.Name = getValuesName, getValuesName
		m.Str(keySystem, system)
	}
	p.found = true
	out.Emit(dir)
}

var getValuesName = []byte("GET_VALUES")

// Gap meets l7.Parser: what the lost bytes belonged to is not known. Headers
// that were being read are incomplete.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	if dir == l7.ToClient {
		p.holes++
	}
	for i := 0; i < len(p.slots); i++ {
		if s := &p.slots[i]; dir == l7.ToServer && !s.asked || dir == l7.ToClient && s.told {
			p.free(s)
			i--
		} else if dir == l7.ToClient {
			s.lost = true
			if s.answering {
				s.answering, s.buf = false, s.buf[:0]
			}
		} else if dir == l7.ToServer {
			s.open = false
		}
	}
	return false
}

// Resync looks for a BEGIN_REQUEST, or for a record of a request that waits.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	for ; off < len(b); off++ {
		if b[off] != 1 {
			continue
		}
		v := detect(dir, b[off:])
		if v == l7.NeedMore {
			return off, false
		}
		if v != l7.Yes {
			continue
		}
		r, _ := readRecord(b[off:], dir == l7.ToServer)
		if dir == l7.ToServer || p.slot(r.id) != nil || len(p.slots) == 0 {
			return off, true
		}
	}
	return off, false
}

// Cut meets l7.Parser: parameters that came so far name a request.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if dir == l7.ToClient || len(b) < headSize {
		return
	}
	r, ok := readRecord(b, true)
	s := p.slot(r.id)
	if !ok || r.kind != params || s == nil || s.asked || len(b) == headSize && len(s.buf) == 0 {
		return
	}
	s.add(b[headSize:min(len(b), headSize+r.size)], maxParams)
	p.request(&r, out)
	s.open = false
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing that a record would not have ended.
func (p *parser) Finish(*l7.Emitter) {}

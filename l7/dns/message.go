package dns

import "github.com/wirespan/wirespan/l7"

// message reads one message, which has at least headerLen bytes, and emits it.
// cut says that its end is missing.
func (c *conversation) message(dir l7.Dir, msg []byte, cut bool, out *l7.Emitter) {
	c.started = true
	h := readHeader(msg)
	m := out.Begin(l7.Request)
	m.Protocol = c.protocol

	r := reading{msg: msg, header: h, broken: cut}
	c.question(m, &r)
	m.Kind = c.kind(h)
	m.Match = matchOf(h.id, &r.question)
	if h.response() {
		if match, ok := c.asked.find(h.id); ok && !r.question.asked {
			m.Match = match
		}
	} else {
		c.asked.add(h.id, m.Match)
		c.zone.restart(h.id, dir)
	}
	c.records(m, &r)
	c.outcome(m, &r)
	if c.stream && m.Kind == l7.Response && r.soa.goesOn(r.question.typ) {
		m.More = c.zone.begin(h.id, dir, m.Match)
	}
	m.Int(keyID, int64(h.id))
	c.flags(m, &r)
	out.Emit(dir)
}

// kind tells what the message is. Nothing answers a multicast query where it
// was asked, and what is multicast answers nobody in particular, nor does what
// repeats no question (RFC 6762, sections 6 and 6.7); stateful messages with
// id 0 want no answer (RFC 8490, section 5.4).
func (c *conversation) kind(h header) l7.Kind {
	switch {
	case h.response() && (c.broadcast || c.protocol == nameMDNS && h.count[questions] == 0):
		return l7.Pushed
	case h.response():
		return l7.Response
	case c.broadcast || h.opcode() == opStateful && h.id == 0:
		return l7.OneWay
	}
	return l7.Request
}

// question reads the first question and passes the others.
func (c *conversation) question(m *l7.Message, r *reading) {
	r.next = headerLen
	for i := range r.header.count[questions] {
		if i > 0 {
			next, ok := skipName(r.msg, r.next)
			if !ok || next+questionLen > len(r.msg) {
				r.broken = true
				return
			}
			r.next = next + questionLen
			continue
		}
		r.question = readQuestion(c.name[:0], r.msg, r.next, c.keepUTF8)
		c.name = r.question.text
		if r.next = r.question.next; r.next == 0 {
			r.broken = true
			break
		}
	}
	q := &r.question
	if n := r.header.count[questions]; n > 1 {
		m.Int(keyQuestions, int64(n))
	}
	if !q.ok {
		r.broken = r.broken || r.header.count[questions] > 0
		return
	}
	m.Resource = q.text
	m.Str(keyName, q.text)
	if !q.asked {
		return
	}
	c.op = appendType(c.op[:0], q.typ)
	m.Op = c.op
	m.Str(keyType, c.op)
	if q.class != classIN {
		c.class = appendClass(c.class[:0], q.class)
		m.Str(keyClass, c.class)
	}
}

// outcome sets the response code.
func (c *conversation) outcome(m *l7.Message, r *reading) {
	if !r.header.response() {
		return
	}
	m.Code = int32(r.extended<<4) | int32(r.header.flags&codeLow)
	c.rcode = appendRcode(c.rcode[:0], m.Code)
	m.Str(keyRcode, c.rcode)
	switch m.Code {
	case rcodeOK:
		m.Status = l7.OK
	case rcodeNXDOMAIN:
		m.Status, m.Error = l7.OK, c.rcode
	default:
		m.Status, m.Error = l7.ServerError, c.rcode
	}
}

// flags adds what is out of the ordinary.
func (c *conversation) flags(m *l7.Message, r *reading) {
	h := r.header
	if o := h.opcode(); o != opQuery {
		c.opcode = append(c.opcode[:0], opcodeNames[o]...)
		m.Str(keyOpcode, c.opcode)
	}
	if h.response() && h.has(flagAA) {
		m.Bool(keyAuthoritative, true)
	}
	if h.has(flagTC) {
		m.Bool(keyTruncated, true)
	}
	if r.opt && !h.response() {
		m.Int(keyEDNSSize, int64(r.size))
	}
	if r.broken || r.garbled {
		m.Bool(keyMalformed, true)
	}
}

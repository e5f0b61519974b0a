package dns

import (
	"net/netip"

	"github.com/wirespan/wirespan/l7"
)

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

// reading is a message on its way through the sections.
type reading struct {
	msg      []byte
	header   header
	question question
	next     int    // offset of what is to be read
	broken   bool   // it cannot be read to the end
	garbled  bool   // the data of a record breaks the format
	extended uint32 // high bits of the response code, from EDNS
	size     uint16 // of UDP payloads, from EDNS
	opt      bool   // EDNS was there
	soa      soaCount
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

// records reads the resource records as far as they are whole.
func (c *conversation) records(m *l7.Message, r *reading) {
	if r.next == 0 {
		return
	}
	c.texts = c.texts[:0]
	var listed, rare int
	show := r.header.response() && r.header.opcode() == opQuery
	for section := answers; section < sections; section++ {
		for i := range r.header.count[section] {
			rec, ok := readRecord(r.msg, r.next)
			if !ok {
				r.broken = true
				break
			}
			r.next = rec.end
			switch {
			case section == additionals && rec.typ == typeOPT:
				r.opt, r.extended, r.size = true, rec.ttl>>24, rec.class
			case section == answers && show:
				r.soa.add(&rec)
				c.address(m, r, &rec, i == 0)
				if listed < maxAnswers && len(c.texts) < maxTexts {
					listed += c.answer(m, r, &rec, &rare)
				}
			}
		}
		if r.broken {
			break
		}
	}
	if n := int(r.header.count[answers]); show && n > listed {
		m.Int(keyAnswerCount, int64(n))
	}
	r.broken = r.broken || r.next < len(r.msg)
}

// answer lists the record's data; it returns how many texts it added.
func (c *conversation) answer(m *l7.Message, r *reading, rec *record, rare *int) int {
	from := len(c.texts)
	texts, fate := appendData(c.texts, r.msg, *rec, c.keepUTF8, rare)
	if fate != shown || len(texts) == from {
		c.texts = texts[:from]
		r.garbled = r.garbled || fate == garbled
		return 0
	}
	c.texts = texts[:min(len(texts), from+maxText)]
	m.Str(keyAnswers, c.texts[from:])
	return 1
}

// address adds the record to the Answers if it is an address. Its name is the
// one that was asked for, at the start of any chain of aliases; multicast
// answers repeat no question, there it is the record's own. Such a message is
// known by the name of its first record.
func (c *conversation) address(m *l7.Message, r *reading, rec *record, first bool) {
	name := r.question.text
	if !r.question.ok {
		from := len(c.texts)
		if from >= maxTexts {
			return
		}
		d := appendName(c.texts, r.msg, rec.name, c.keepUTF8)
		if c.texts = d.text; !d.ok {
			return
		}
		name = c.texts[from:]
		if first && r.header.count[questions] == 0 {
			c.op = appendType(c.op[:0], rec.typ)
			m.Op, m.Resource = c.op, name
		}
	}
	size := rec.end - rec.data
	if rec.class&classMask != classIN || len(m.Answers) == maxAnswers {
		return
	}
	a := l7.Answer{Name: name, TTL: rec.ttl}
	switch {
	case rec.typ == typeA && size == 4:
		a.Addr = netip.AddrFrom4([4]byte(r.msg[rec.data:rec.end])).As16()
	case rec.typ == typeAAAA && size == 16:
		a.Addr = [16]byte(r.msg[rec.data:rec.end])
	default:
		return
	}
	m.Answers = append(m.Answers, a)
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

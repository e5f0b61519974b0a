package dns

import (
	"net/netip"

	"github.com/wirespan/wirespan/l7"
)

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

// records reads the resource records as far as they are whole.
func (c *conversation) records(m *l7.Message, r *reading) {
	if r.next == 0 {
		return
	}
	c.texts = c.texts[:0]
	whole := c.answers(m, r) && r.pass(authorities) && r.additionals()
	r.broken = r.broken || !whole || r.next < len(r.msg)
}

// record reads the next record.
func (r *reading) record() (rec record, ok bool) {
	if rec, ok = readRecord(r.msg, r.next); ok {
		r.next = rec.end
	}
	return rec, ok
}

// pass reads over a section; it returns false if the section is not whole.
func (r *reading) pass(section int) bool {
	for range r.header.count[section] {
		if _, ok := r.record(); !ok {
			return false
		}
	}
	return true
}

// additionals looks for EDNS, RFC 6891, section 6.1.
func (r *reading) additionals() bool {
	for range r.header.count[additionals] {
		rec, ok := r.record()
		if !ok {
			return false
		}
		if rec.typ == typeOPT {
			r.opt, r.extended, r.size = true, rec.ttl>>24, rec.class
		}
	}
	return true
}

// answers reads the answers of a response; what queries and updates have in
// their place is passed over.
func (c *conversation) answers(m *l7.Message, r *reading) (whole bool) {
	if !r.header.response() || r.header.opcode() != opQuery {
		return r.pass(answers)
	}
	var listed, rare int
	count := int(r.header.count[answers])
	for i := range count {
		rec, ok := r.record()
		if !ok {
			break
		}
		whole = i+1 == count
		r.soa.add(&rec)
		c.address(m, r, &rec, i == 0)
		if listed < maxAnswers && len(c.texts) < maxTexts {
			listed += c.answer(m, r, &rec, &rare)
		}
	}
	if count > listed {
		m.Int(keyAnswerCount, int64(count))
	}
	return whole || count == 0
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
	switch {
	case rec.class&classMask != classIN || len(m.Answers) == maxAnswers:
		return
	case r.question.asked && (r.question.typ == typeAXFR || r.question.typ == typeIXFR): // other names than the zone's
		return
	case c.protocol == nameMDNS && rec.ttl == 0: // a farewell, RFC 6762, section 10.1
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

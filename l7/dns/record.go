package dns

import "encoding/binary"

// Record types that are read here.
const (
	typeA     = 1
	typeNS    = 2
	typeCNAME = 5
	typeSOA   = 6
	typeNULL  = 10
	typePTR   = 12
	typeAAAA  = 28
	typeDNAME = 39
	typeOPT   = 41
	typeIXFR  = 251
	typeAXFR  = 252
)

// Classes, RFC 1035, section 3.2.4.
const (
	classIN   = 1
	classCH   = 3
	classHS   = 4
	classNONE = 254 // RFC 2136
	classANY  = 255

	// classMask clears the top bit, which multicast DNS uses: a question asks
	// for a unicast answer (QU), a record replaces what is cached (RFC 6762,
	// sections 5.4 and 10.2).
	classMask = 0x7fff
)

// fixedLen is type, class, TTL and length of data: what follows a record's
// name, RFC 1035, section 4.1.3. A question has the first questionLen of them.
const (
	questionLen = 4
	fixedLen    = 10
)

// record is a resource record in place: offsets into the message.
type record struct {
	name       int // of the owner name
	typ, class uint16
	ttl        uint32 // seconds; extended flags for OPT
	data, end  int    // msg[data:end] is its data; end is the next record
}

// readRecord reads the record at off. ok is false if it does not fit.
func readRecord(msg []byte, off int) (r record, ok bool) {
	r.name = off
	off, ok = skipName(msg, off)
	if !ok || off+fixedLen > len(msg) {
		return r, false
	}
	r.typ = binary.BigEndian.Uint16(msg[off:])
	r.class = binary.BigEndian.Uint16(msg[off+2:])
	r.ttl = binary.BigEndian.Uint32(msg[off+4:])
	r.data = off + fixedLen
	r.end = r.data + int(binary.BigEndian.Uint16(msg[off+8:]))
	return r, r.end <= len(msg)
}

// question is the first question of a message.
type question struct {
	domain
	typ, class uint16 // valid iff next > 0; class without the QU bit
	asked      bool   // name, type and class are whole
}

// readQuestion reads the question at off; its text is appended to dst. The
// domain's next is behind the whole question, 0 if it has no end.
func readQuestion(dst, msg []byte, off int, keepUTF8 bool) (q question) {
	q.domain = appendName(dst, msg, off, keepUTF8)
	if q.next == 0 || q.next+questionLen > len(msg) {
		q.next = 0
		return q
	}
	q.typ = binary.BigEndian.Uint16(msg[q.next:])
	q.class = binary.BigEndian.Uint16(msg[q.next+2:]) & classMask
	q.next += questionLen
	q.asked = q.ok
	return q
}

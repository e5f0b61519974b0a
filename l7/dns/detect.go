package dns

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Detection weighs doubts: each is something that real DNS does rarely.
const maxDoubts = 2

// detectUDP looks at one datagram.
func detectUDP(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < headerLen {
		return l7.No
	}
	return judge(dir, b, true)
}

// detectTCP looks at the first message of a stream. The question suffices.
func detectTCP(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < lengthLen {
		return l7.NeedMore
	}
	n := int(binary.BigEndian.Uint16(b))
	if n < headerLen {
		return l7.No
	}
	if msg := b[lengthLen:]; len(msg) >= offCounts+2 && binary.BigEndian.Uint16(msg[offCounts:]) > 1 {
		return l7.No // several questions are the way of multicast DNS
	}
	if len(b) >= lengthLen+n {
		return judge(dir, b[lengthLen:lengthLen+n], true)
	}
	return judge(dir, b[lengthLen:], false)
}

// judge looks at a message; whole says that msg is all of it.
func judge(dir l7.Dir, msg []byte, whole bool) l7.Verdict {
	if len(msg) < headerLen {
		return judgeStart(dir, msg)
	}
	h := readHeader(msg)
	doubts, ok := h.doubts(dir)
	if !ok {
		return l7.No
	}
	var text [4 * maxName]byte
	off := headerLen
	if h.count[questions] == 0 {
		if r := readQuestion(text[:0], msg, off, true); isNetBIOS(msg, off, &r) {
			return l7.No
		}
	}
	for i := range h.count[questions] {
		q := readQuestion(text[:0], msg, off, true)
		switch {
		case q.next == 0 && !whole && i == 0:
			return l7.NeedMore
		case q.next == 0 && !whole:
			return verdict(doubts)
		case isNetBIOS(msg, off, &q):
			return l7.No
		case !q.asked:
			return broken(h, &q, doubts)
		}
		d, ok := questionDoubts(&q)
		if !ok {
			return l7.No
		}
		doubts += d
		off = q.next
	}
	return verdict(doubts + recordDoubts(h, msg, off, whole))
}

func verdict(doubts int) l7.Verdict {
	switch {
	case doubts == 0:
		return l7.Yes
	case doubts <= maxDoubts:
		return l7.Maybe
	}
	return l7.No
}

// judgeStart looks at a header that is not there yet, as far as it is.
func judgeStart(dir l7.Dir, msg []byte) l7.Verdict {
	if len(msg) < offCounts {
		return l7.NeedMore
	}
	flags := binary.BigEndian.Uint16(msg[offFlags:])
	h := header{flags: flags}
	if h.response() != (dir == l7.ToClient) || opcodeNames[h.opcode()] == "" || !h.response() && flags&codeLow != rcodeOK {
		return l7.No
	}
	return l7.NeedMore
}

// doubts judges the header. ok is false if it cannot be DNS in that direction.
func (h header) doubts(dir l7.Dir) (n int, ok bool) {
	if !h.plausible() || h.response() != (dir == l7.ToClient) {
		return 0, false
	}
	op, qd := h.opcode(), h.count[questions]
	records := int(h.count[answers]) + int(h.count[authorities]) + int(h.count[additionals])
	if op != opQuery && op != opNotify && op != opUpdate {
		n++
	}
	if h.has(flagZ) {
		n++
	}
	if qd > 1 && (h.id != 0 || h.response()) {
		n++
	}
	if h.response() {
		if qd == 0 && records == 0 { // an error with nothing but a header
			n++
			ok = h.flags&codeLow != rcodeOK || op == opUpdate || op == opNotify
			return n, ok
		}
		return n, true
	}
	if h.has(flagRA) || h.has(flagAA) && op == opQuery {
		n++
	}
	if h.flags&codeLow != rcodeOK {
		n++
	}
	if op == opQuery && h.id != 0 && h.count[answers]+h.count[authorities] > 0 {
		n++
	}
	return n, qd > 0
}

// questionDoubts judges a question; ok is false if it cannot be one.
func questionDoubts(q *question) (n int, ok bool) {
	switch q.class {
	case classIN:
	case classCH, classHS, classNONE, classANY:
		n++
	default:
		return 0, false
	}
	if !knownType(q.typ) {
		n++
	}
	return n, true
}

// recordDoubts walks the records, which should fill the message.
func recordDoubts(h header, msg []byte, off int, whole bool) (n int) {
	for section := answers; section < sections; section++ {
		for range h.count[section] {
			r, ok := readRecord(msg, off)
			switch {
			case !ok && h.count[questions] == 0: // nothing speaks for it
				return maxDoubts + 1
			case !ok && !whole:
				return n
			case !ok:
				return n + 1
			}
			if c := r.class & classMask; r.typ != typeOPT && c != classIN && c != classCH && c != classHS && c < classNONE {
				n++
			}
			if !knownType(r.typ) {
				n++
			}
			if off = r.end; n > maxDoubts {
				return n
			}
		}
	}
	if whole && off < len(msg) {
		n++
	}
	return n
}

// broken judges a message whose first question is cut by snaplen or breaks the
// format: the header of an ordinary query speaks for it, or what follows the
// name.
func broken(h header, q *question, doubts int) l7.Verdict {
	if doubts > 0 || h.opcode() != opQuery || h.count[questions] != 1 {
		return l7.No
	}
	if q.next > 0 && q.class == classIN && knownType(q.typ) {
		return l7.Maybe
	}
	if !h.response() && q.next == 0 && h.count[answers]+h.count[authorities] == 0 && h.count[additionals] <= 2 {
		return l7.Maybe
	}
	return l7.No
}

// isNetBIOS says whether the question at off is of the NetBIOS name service,
// whose header and questions look like DNS: the name is 16 bytes in the form of
// 32 letters A to P, the type NB or NBSTAT (RFC 1001, section 14.1; RFC 1002,
// section 4.2.1.2). Its answers repeat no question; their first record begins
// like one. A name that is cut counts as well.
func isNetBIOS(msg []byte, off int, q *question) bool {
	const (
		encoded = 32
		nb      = 0x20
		nbstat  = 0x21
	)
	if off >= len(msg) || int(msg[off]) != encoded || q.asked && q.typ != nb && q.typ != nbstat {
		return false
	}
	for _, c := range msg[off+1 : min(off+1+encoded, len(msg))] {
		if c < 'A' || c > 'P' {
			return false
		}
	}
	return true
}

package dns

import "github.com/wirespan/wirespan/l7"

// maxTransfers bounds the zone transfers of one connection that are under way.
const maxTransfers = 8

// transfers are answers that go on over several messages: AXFR (RFC 5936,
// section 2.2) and IXFR (RFC 1995). The first message of such an answer is
// emitted with More, the last one as its End, those between not at all.
type transfers struct {
	id    [maxTransfers]uint16
	match [maxTransfers]uint64
	dir   [maxTransfers]l7.Dir
	cut   [maxTransfers]bool // bytes were lost: the engine has ended the answer
	n     int
}

func (t *transfers) find(id uint16, dir l7.Dir) int {
	for i := range t.n {
		if t.id[i] == id && t.dir[i] == dir {
			return i
		}
	}
	return -1
}

func (t *transfers) remove(i int) {
	t.n--
	t.id[i], t.match[i], t.dir[i], t.cut[i] = t.id[t.n], t.match[t.n], t.dir[t.n], t.cut[t.n]
}

// lose marks the transfers of a direction that has lost bytes. The rest of
// such a transfer is still passed over.
func (t *transfers) lose(dir l7.Dir) {
	for i := range t.n {
		t.cut[i] = t.cut[i] || t.dir[i] == dir
	}
}

// restart forgets the transfer of an id that asks anew.
func (t *transfers) restart(id uint16, query l7.Dir) {
	if i := t.find(id, query.Opposite()); i >= 0 {
		t.remove(i)
	}
}

// soaCount follows the answers of a message to see whether a transfer ends
// with it.
type soaCount struct {
	records int
	last    bool // the last record was a SOA
}

func (s *soaCount) add(r *record) {
	s.records++
	s.last = r.typ == typeSOA
}

// goesOn says whether the answer to a question of that type continues after
// its first message: a transfer begins with the SOA and ends with it; a SOA
// alone says that there is nothing new.
func (s soaCount) goesOn(typ uint16) bool {
	switch typ {
	case typeAXFR:
		return s.records == 1 && s.last || s.records > 1 && !s.last
	case typeIXFR:
		return s.records > 1 && !s.last
	}
	return false
}

// begin notes an answer that goes on.
func (t *transfers) begin(id uint16, dir l7.Dir, match uint64) (ok bool) {
	if t.n == maxTransfers {
		return false
	}
	t.id[t.n], t.match[t.n], t.dir[t.n], t.cut[t.n] = id, match, dir, false
	t.n++
	return true
}

// transfer takes a message that continues a zone transfer; it returns false if
// msg is not one.
func (c *conversation) transfer(dir l7.Dir, msg []byte, out *l7.Emitter) bool {
	if c.zone.n == 0 {
		return false
	}
	h := readHeader(msg)
	i := c.zone.find(h.id, dir)
	if i < 0 || !h.response() {
		return false
	}
	if last, ok := lastAnswer(h, msg); ok && last != typeSOA && h.flags&codeLow == rcodeOK {
		return true
	}
	if !c.zone.cut[i] {
		m := out.Begin(l7.End)
		m.Protocol = c.protocol
		m.Match = c.zone.match[i]
		out.Emit(dir)
	}
	c.zone.remove(i)
	return true
}

// lastAnswer returns the type of the last answer; ok is false if there is
// none, or the message is broken.
func lastAnswer(h header, msg []byte) (typ uint16, ok bool) {
	off := headerLen
	for range h.count[questions] {
		next, whole := skipName(msg, off)
		if !whole || next+questionLen > len(msg) {
			return 0, false
		}
		off = next + questionLen
	}
	for range h.count[answers] {
		r, whole := readRecord(msg, off)
		if !whole {
			return 0, false
		}
		typ, off, ok = r.typ, r.end, true
	}
	return typ, ok
}

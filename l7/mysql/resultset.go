package mysql

import "github.com/wirespan/wirespan/l7"

// state is where a response of several packets stands.
type state uint8

const (
	idle        state = iota
	columns           // definitions of columns (MySQL, "Text Resultset")
	afterColumn       // an EOF, or already what follows
	rows
	nextResult  // the first packet of a further result
	definitions // of a prepared statement's parameters and columns
	between     // an EOF after them, or already what follows
	lastEOF     // an EOF that is known to come
	fields      // definitions up to an EOF
	events      // of the binary log
)

// response is what is being answered.
type response struct {
	state   state
	seq     uint8 // of the next packet
	told    bool  // the response was announced
	match   uint64
	orphan  bool // it answers no command that was seen
	hunting bool // packets were lost: the next one must be looked for

	left, later int // definitions to come, and those of the next block
	counted     bool
	rows        int64
	changed     bool
	affected    int64
	warnings    int64

	plain  bool   // NO_BACKSLASH_ESCAPES; lasts for the connection
	eof    eofUse // lasts too
	digits []byte // of an error number
}

// eofUse says whether definitions end with an EOF packet.
type eofUse uint8

const (
	eofUnknown eofUse = iota
	eofSent
	eofLeftOut
)

// start begins a response of several packets that was announced.
func (p *parser) start(s state, seq uint8) {
	r := &p.res
	*r = response{state: s, seq: seq, told: true, match: r.match, orphan: r.orphan, plain: r.plain, eof: r.eof, digits: r.digits}
	if p.caps.known {
		r.eof = eofSent
		if p.caps.has(capNoEOF) {
			r.eof = eofLeftOut
		}
	}
}

// open announces a response of several packets.
func (p *parser) open(out *l7.Emitter, w *waiting, kind answer) {
	m := p.begin(l7.ToClient, l7.Response, out)
	m.Status, m.More = l7.OK, true
	s := rows
	switch kind {
	case ansFields:
		s = fields
	case ansEvents:
		s = events
	}
	p.start(s, 0)
	p.res.counted = kind == ansRows
	p.emit(l7.ToClient, out)
}

// resultSet reads the number of columns that begins a result set.
func (p *parser) resultSet(h header, body []byte, w *waiting, out *l7.Emitter) error {
	n, ok := p.columnCount(h, body)
	if !ok {
		return p.lost()
	}
	p.open(out, w, ansResult)
	p.result(n, h.seq)
	return nil
}

// result begins the definitions of n columns.
func (p *parser) result(n int, seq uint8) {
	r := &p.res
	r.counted, r.left, r.state, r.seq = true, n, columns, seq+1
	if n == 0 {
		r.state = afterColumn
	}
}

// columnCount reads it, and whether definitions follow, where that was agreed
// on (MySQL, resultset_metadata; MariaDB, metadata that the client has cached).
// Without those it is 0.
func (p *parser) columnCount(h header, body []byte) (n int, ok bool) {
	r := reader{b: body}
	c := r.lenenc()
	if r.bad || c == 0 || c > maxColumns || h.size > 10 {
		return 0, false
	}
	if (p.caps.has(capMetadata) || p.caps.has(capCache)) && len(r.b) == 1 && r.b[0] == 0 {
		return 0, true
	}
	return int(c), true
}

// results reads packets of a response as far as they go.
func (p *parser) results(b []byte, out *l7.Emitter) (l7.Step, error) {
	pos := 0
	for {
		rest := b[pos:]
		if len(rest) < headLen || len(rest) == headLen && head(rest).size > 0 {
			return l7.Step{Consumed: pos, Need: headLen + 1}, nil
		}
		h := head(rest)
		if h.seq != p.res.seq && p.res.state != events {
			if pos > 0 {
				return l7.Step{Consumed: pos}, nil
			}
			p.answered()
			p.res.state = idle
			return l7.Step{}, l7.ErrDesync
		}
		body := rest[headLen:min(len(rest), headLen+h.size)]
		if need := p.needs(h, body); len(body) < need {
			return l7.Step{Consumed: pos, Need: headLen + need}, nil
		}
		over := p.packet(h, body, out)
		p.res.seq = h.seq + 1
		p.side[l7.ToClient].big = h.size == maxPacket
		end := pos + headLen + h.size
		if over || end >= len(b) || p.side[l7.ToClient].big {
			used := min(end, len(b))
			return l7.Step{Consumed: used, Skip: int64(end - used)}, nil
		}
		pos = end
	}
}

// needs is how much of a packet must be there: packets that end something are
// read, the others passed over.
func (p *parser) needs(h header, body []byte) int {
	r := &p.res
	switch {
	case h.size == 0:
		return 0
	case body[0] == markErr, body[0] == markEOF && h.size < maxPacket, r.state == nextResult, r.state == lastEOF,
		(r.state == definitions || r.state == between) && r.left == 1 && r.later == 0:
		return min(h.size, maxLast)
	}
	return 1
}

// packet takes one packet of a response. It reports whether the response is
// over; then its end was emitted.
func (p *parser) packet(h header, body []byte, out *l7.Emitter) (over bool) {
	r := &p.res
	mark := byte(0)
	if len(body) > 0 {
		mark = body[0]
	}
	eof := mark == markEOF && h.size < maxPacket && (h.size < 9 || r.state != columns && r.state != definitions)
	switch {
	case mark == markErr && r.state != columns && r.state != definitions:
		if isProgress(body) {
			return false
		}
		return p.end(out, body)
	case r.state == columns:
		if r.left--; r.left == 0 {
			r.state = afterColumn
		}
	case r.state == afterColumn:
		return p.afterColumns(h, body, eof, out)
	case r.state == nextResult:
		return p.next(h, body, out)
	case r.state == definitions, r.state == between, r.state == lastEOF:
		return p.definition(h, eof, out)
	case r.state == events:
		if eof && h.size < 9 {
			return p.end(out, nil)
		}
	case eof:
		return p.endRows(body, out)
	case r.state == rows:
		r.rows++
	}
	return false
}

// afterColumns takes the packet behind the definitions: an EOF packet, or, if
// those are left out, the first row or the end.
func (p *parser) afterColumns(h header, body []byte, eof bool, out *l7.Emitter) bool {
	r := &p.res
	r.state = rows
	switch {
	case eof && h.size == eofLen:
		r.eof = eofSent
		if p.okay(body)&cursorOpen != 0 {
			return p.end(out, nil)
		}
		return false
	case eof:
		r.eof = eofLeftOut
		return p.endRows(body, out)
	}
	r.eof = eofLeftOut
	r.rows++
	return false
}

// endRows takes the packet behind the last row.
func (p *parser) endRows(body []byte, out *l7.Emitter) bool {
	if p.okay(body)&moreResults != 0 {
		p.res.state = nextResult
		return false
	}
	return p.end(out, nil)
}

// next takes the first packet of a further result.
func (p *parser) next(h header, body []byte, out *l7.Emitter) bool {
	if len(body) == 0 {
		return p.end(out, nil)
	}
	switch body[0] {
	case markOK:
		if p.okay(body)&moreResults == 0 {
			return p.end(out, nil)
		}
	case markFile:
		p.data = true
	default:
		n, ok := p.columnCount(h, body)
		if !ok {
			return p.end(out, nil)
		}
		p.result(n, h.seq)
	}
	return false
}

// definition takes a packet of the answer to a PREPARE. Where it is not known
// whether an EOF packet ends the last block, the response ends without it.
func (p *parser) definition(h header, eof bool, out *l7.Emitter) bool {
	r := &p.res
	if r.state == lastEOF {
		return p.end(out, nil)
	}
	if r.state == between {
		r.state = definitions
		if eof && h.size == eofLen {
			r.eof = eofSent
			return false
		}
		r.eof = eofLeftOut
	}
	if r.left--; r.left > 0 {
		return false
	}
	switch {
	case r.later == 0 && r.eof == eofSent:
		r.state = lastEOF
	case r.later == 0:
		return p.end(out, nil)
	default:
		r.left, r.later = r.later, 0
		if r.eof != eofLeftOut {
			r.state = between
		}
	}
	return false
}

// end emits the end of the response, with the error that ended it, if one did.
func (p *parser) end(out *l7.Emitter, failure []byte) bool {
	if p.res.told {
		m := p.begin(l7.ToClient, l7.End, out)
		m.Status = l7.OK
		p.total(m)
		if failure != nil {
			p.failure(m, failure)
		}
		p.emit(l7.ToClient, out)
	}
	p.answered()
	p.res.state, p.res.hunting = idle, false
	return true
}

// total adds the numbers of rows.
func (p *parser) total(m *l7.Message) {
	r := &p.res
	if r.counted {
		m.Int(keyRows, r.rows)
	}
	if r.changed && (r.affected > 0 || len(p.queue) > 0 && p.queue[0].changes) {
		m.Int(keyAffected, r.affected)
	}
	if r.warnings > 0 {
		m.Int(keyWarnings, r.warnings)
	}
	r.counted, r.changed = false, false
}

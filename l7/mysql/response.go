package mysql

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// First bytes of the server's packets (MySQL, "Generic Response Packets").
const (
	markOK   = 0x00
	markMore = 0x01 // more authentication data
	markFile = 0xfb // LOCAL INFILE
	markEOF  = 0xfe // also OK in the place of EOF, and a change of method
	markErr  = 0xff

	progress = 0xffff // as the number of an error: none, a report of progress (MariaDB, "ERR_Packet")
)

// Status flags (MySQL, "SERVER_STATUS_flags_enum").
const (
	moreResults = 1 << 3
	cursorOpen  = 1 << 6 // rows will be fetched
	plainSlash  = 1 << 9 // NO_BACKSLASH_ESCAPES
)

// Bounds of what is read of a packet.
const (
	maxReply   = 64      // the first one
	maxLast    = 4 << 10 // the last one
	maxColumns = 1 << 16
	eofLen     = 5 // an EOF packet; an OK in its place has at least 7 bytes
)

// reply reads a packet that belongs to no result set.
func (p *parser) reply(h header, b []byte, out *l7.Emitter) (l7.Step, error) {
	s := &p.side[l7.ToClient]
	switch {
	case s.big:
		s.big = h.size == maxPacket
		p.res.seq = h.seq + 1
		return pass(h)
	case p.res.state != idle:
		return p.results(b, out)
	case h.size == 0:
		return l7.Step{}, p.lost()
	case len(b) == headLen:
		return l7.Step{Need: headLen + 1}, nil
	case p.phase == fresh && h.seq == 0 && isGreeting(h, b[headLen:]):
		return p.greeting(h, b, out)
	}
	n := headLen + min(h.size, maxReply)
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	w, ok := p.awaited(h, out.Here())
	if !ok {
		return p.stray(h, b[headLen:n], out)
	}
	return p.answer(h, b[headLen:n], w, out)
}

// awaited returns the command that a packet answers; ok is false if it cannot
// answer any that is known.
func (p *parser) awaited(h header, at l7.Stamp) (w *waiting, ok bool) {
	if !p.paired { // what came before the protocol was known may have been lost
		p.holed[l7.ToClient] = true
	}
	if p.holed != [2]bool{} && at.Ack != 0 {
		p.passUnseen(at)
	}
	if len(p.queue) == 0 {
		return nil, false
	}
	w = &p.queue[0]
	if at.Ack != 0 && p.holed[l7.ToClient] && !w.any && before(w.acked, at.Seq) {
		p.pop() // its response began in what was lost; this one answers a command that was lost
		return nil, false
	}
	if at.Ack != 0 && p.holed != [2]bool{} && (!before(w.sent, at.Ack) || before(at.Seq, w.acked)) {
		return nil, false
	}
	if !w.any && h.seq != w.seq {
		return nil, false
	}
	p.holed, p.paired = [2]bool{}, true
	p.res.match, p.res.orphan = place(w.sent), false
	return w, true
}

// passUnseen takes commands off the queue whose responses went with bytes that
// were lost. TCP tells: a client that acknowledged more than is known here,
// before it sent its next command, had got the response. Of commands that were
// sent without a wait, nobody can say which one is answered behind a loss: they
// are given up.
func (p *parser) passUnseen(at l7.Stamp) {
	for len(p.queue) > 1 {
		first, next := &p.queue[0], &p.queue[1]
		switch {
		case !before(next.sent, at.Ack), !p.holed[l7.ToServer] && at.Seq == first.acked:
			return // nothing but first can be answered
		case first.acked == next.acked:
			for len(p.queue) > 0 && before(p.queue[0].sent, at.Ack) {
				p.pop()
			}
			return
		case before(at.Seq, next.acked):
			return // sent before next was
		}
		p.pop()
	}
}

// before compares sequence numbers (RFC 9293, section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// stray reads a packet that answers nothing known: an orphan if it begins a
// response, else what is left of one.
func (p *parser) stray(h header, body []byte, out *l7.Emitter) (l7.Step, error) {
	if h.seq != 1 || !beginsReply(h, body) {
		if !p.found && p.phase == fresh {
			return l7.Step{}, l7.ErrNotMine
		}
		return pass(h)
	}
	p.res.match, p.res.orphan = 1<<33|place(out.Here().Seq), true
	orphan := waiting{code: comQuery, seq: 1}
	return p.answer(h, body, &orphan, out)
}

// answer reads the first packet of a response.
func (p *parser) answer(h header, body []byte, w *waiting, out *l7.Emitter) (l7.Step, error) {
	step := l7.Step{Consumed: headLen + len(body), Skip: int64(h.size - len(body))}
	kind := commands[w.code].answer
	p.phase = ready
	switch mark := body[0]; {
	case mark == markErr && kind != ansText:
		if isProgress(body) {
			return pass(h)
		}
		p.refused(body, out)
		return step, nil
	case kind == ansRows, kind == ansFields, kind == ansEvents:
		p.open(out, w, kind)
		p.res.seq = h.seq
		return l7.Step{}, nil // the packet is read as one of many
	case kind == ansAuth && mark != markOK:
		w.any = true
		return pass(h)
	case kind == ansPrepare && mark == markOK && h.size >= 12:
		p.prepared(h, body, w, out)
		return step, nil
	case kind == ansText:
		p.single(out, body, false, false)
		return step, nil
	case mark == markOK, mark == markEOF && h.size < 9:
		if kind == ansAuth {
			p.loggedIn(w.code)
		}
		p.succeeded(h, body, w, out)
		return step, nil
	case kind == ansResult && mark == markFile:
		p.data, w.any = len(p.queue) > 0, true
		return pass(h)
	case kind == ansResult:
		return step, p.resultSet(h, body, w, out)
	}
	return l7.Step{}, p.lost()
}

// refused emits an error as the response.
func (p *parser) refused(body []byte, out *l7.Emitter) {
	m := p.begin(l7.ToClient, l7.Response, out)
	p.failure(m, body)
	p.answered()
	p.emit(l7.ToClient, out)
}

// failure reads an error (MySQL, "ERR_Packet").
func (p *parser) failure(m *l7.Message, body []byte) {
	m.Status = l7.ServerError
	r := reader{b: body[1:]}
	code := r.u16()
	if r.bad {
		return
	}
	m.Code = int32(code)
	p.res.digits = strconv.AppendUint(p.res.digits[:0], uint64(code), 10)
	m.Str(keyCode, p.res.digits)
	if len(r.b) >= 6 && r.b[0] == '#' {
		m.Str(keyState, r.b[1:6])
	}
}

func isProgress(body []byte) bool {
	return len(body) >= 3 && int(body[1])|int(body[2])<<8 == progress
}

// single emits a response of one packet. Of an OK packet it says the numbers, if
// there can be any.
func (p *parser) single(out *l7.Emitter, body []byte, ok, numbers bool) {
	m := p.begin(l7.ToClient, l7.Response, out)
	m.Status = l7.OK
	if ok {
		p.start(idle, 0)
		p.okay(body)
		p.res.changed = p.res.changed && numbers
		p.total(m)
	}
	p.answered()
	p.emit(l7.ToClient, out)
}

// succeeded reads an OK, or EOF in its place.
func (p *parser) succeeded(h header, body []byte, w *waiting, out *l7.Emitter) {
	if w.schema != nil {
		p.setSchema(w.schema)
	}
	if flagsOf(body)&moreResults != 0 && commands[w.code].answer == ansResult {
		p.open(out, w, ansResult)
		p.okay(body)
		p.res.state, p.res.seq = nextResult, h.seq+1
		return
	}
	p.single(out, body, true, commands[w.code].answer == ansResult)
}

// flagsOf are the status flags of an OK or EOF packet.
func flagsOf(body []byte) uint16 {
	r := reader{b: body[1:]}
	if len(body) == eofLen && body[0] == markEOF {
		r.u16()
		return r.u16()
	}
	r.lenenc()
	r.lenenc()
	return r.u16()
}

// okay reads an OK or EOF packet into the response (MySQL, "OK_Packet",
// "EOF_Packet") and returns its flags.
func (p *parser) okay(body []byte) (flags uint16) {
	r := reader{b: body[1:]}
	var warnings uint16
	if len(body) == eofLen && body[0] == markEOF {
		warnings, flags = r.u16(), r.u16()
	} else {
		affected := r.lenenc()
		r.lenenc() // last inserted id
		flags, warnings = r.u16(), r.u16()
		if body[0] == markOK && !r.bad {
			p.res.affected += int64(affected)
			p.res.changed = true
		}
	}
	p.res.warnings = max(p.res.warnings, int64(warnings))
	if !r.bad {
		p.res.plain = flags&plainSlash != 0
	}
	return flags
}

// answered takes the command off the queue that the response at hand answers.
func (p *parser) answered() {
	if !p.res.orphan {
		p.pop()
	}
	p.res.orphan = false
}

// pop takes the oldest command off the queue.
func (p *parser) pop() {
	if n := len(p.queue); n > 0 {
		copy(p.queue, p.queue[1:])
		p.queue[n-1] = waiting{}
		p.queue = p.queue[:n-1]
	}
}

// prepared reads the answer to a PREPARE (MySQL, "COM_STMT_PREPARE Response").
func (p *parser) prepared(h header, body []byte, w *waiting, out *l7.Emitter) {
	r := reader{b: body[1:]}
	id := r.u32()
	columns, params := int(r.u16()), int(r.u16())
	r.u8()
	warnings := r.u16()
	if p.caps.has(capMetadata) && r.u8() == 0 && !r.bad {
		columns, params = 0, 0
	}
	if w.text != nil {
		p.stmts.put(id, w.text)
		p.stmts.last = w.text
	}
	m := p.begin(l7.ToClient, l7.Response, out)
	m.Status = l7.OK
	m.Int(keyStatement, int64(id))
	if warnings > 0 {
		m.Int(keyWarnings, int64(warnings))
	}
	m.More = params+columns > 0
	p.emit(l7.ToClient, out)
	if !m.More {
		p.answered()
		return
	}
	p.start(definitions, h.seq+1)
	p.res.left, p.res.later = params, columns
	if params == 0 {
		p.res.left, p.res.later = columns, 0
	}
}

// cutReply tells what is there of a packet that a loss has cut.
func (p *parser) cutReply(h header, body []byte, out *l7.Emitter) {
	if p.res.state != idle || p.phase == fresh && h.seq == 0 {
		p.side[l7.ToClient].cut = 0
		return
	}
	w, ok := p.awaited(h, out.Here())
	if !ok {
		return
	}
	kind := commands[w.code].answer
	switch mark := body[0]; {
	case mark == markErr:
		if !isProgress(body) {
			p.refused(body, out)
		}
	case kind == ansAuth && mark != markOK, kind == ansRows, kind == ansFields, kind == ansEvents, mark == markFile:
	case kind == ansPrepare && len(body) >= 12:
		p.prepared(h, body, w, out)
		p.res.told = false
	case mark == markOK, mark == markEOF, kind == ansText:
		p.single(out, body, kind != ansText && kind != ansPrepare, kind == ansResult)
	}
}

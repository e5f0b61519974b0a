package postgresql

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// backend reads messages of the server. An answer begins where the Emitter
// is; what belongs to none is skipped, see frontend.
func (p *parser) backend(b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.asked && len(b) > 0 {
		p.asked = false
		switch b[0] {
		case 'S', 'G': // 55.2.10, 55.2.11: encrypted from here on
			return l7.Step{Consumed: 1}, l7.ErrSwitch
		case 'N':
			return l7.Step{Skip: 1}, nil
		}
	}
	a := &p.answer
	i := 0
	for i < len(b) {
		rest := b[i:]
		if len(rest) < header {
			return l7.Step{Consumed: i, Need: header}, nil
		}
		n, ok := size(&back, rest)
		if !ok {
			return l7.Step{Consumed: i}, p.astray()
		}
		if rest[0] == bRow && a.on && !a.done && !a.torn && !a.orphan && len(rest) >= n && (a.announced || a.silent || a.bytes < bulk) {
			a.rows++
			a.said = true
			a.bytes += int64(n)
			i += n
			continue
		}
		s, err := p.reply(rest, n, i, out)
		s.Consumed += i
		if err != nil || s.Skip > 0 || s.Need > 0 || s.Consumed == i || p.sent {
			return s, err
		}
		i = s.Consumed
	}
	return l7.Step{Consumed: i}, nil
}

// reply reads the message of n bytes that begins b, i bytes behind the place
// of the Emitter. A zero Step asks for it again at that place.
func (p *parser) reply(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	a := &p.answer
	if a.on && (a.torn || a.orphan) {
		if i > 0 {
			return l7.Step{}, nil
		}
		p.settle(out.Here())
	}
	switch t := b[0]; t {
	case bStatus, bKeyData, bNegotiate, bNotice:
		return p.aside(b, n, i, out)
	case bNotification:
		return p.notification(b, n, i, out)
	case bReady:
		return p.ready(b, n, i, out)
	case bCloseComplete:
		if !a.on {
			return l7.Step{Skip: int64(n)}, nil
		}
	}
	if p.stream {
		p.stream = b[0] != bError
		if p.stream {
			return l7.Step{Skip: int64(n)}, nil
		}
	}
	if !a.on {
		if i > 0 {
			return l7.Step{}, nil
		}
		want := min(n, maxReport)
		if b[0] == bError && len(b) < want {
			return l7.Step{Need: want}, nil
		}
		if x := p.next(out.Here()); x != nil && x.kind != boundary {
			a.start(x, out.Here())
		} else if b[0] == bError && p.unasked(b[header:want]) {
			return p.complaint(b[:want], n, out)
		} else {
			a.start(nil, out.Here())
		}
	}
	return p.piece(b, n, i, out)
}

// next is what the server answers now.
func (p *parser) next(s l7.Stamp) *op { return p.ops.find(s, p.lost[l7.ToClient]) }

// settle drops an answer whose end was lost: what begins here answers a later
// request.
func (p *parser) settle(s l7.Stamp) {
	a := &p.answer
	switch {
	case p.ops.n == 0:
	case a.orphan:
		if x := p.ops.at(0); x.fits(s) && before(a.first.Seq, x.ack) {
			a.on = false
		}
	case p.ops.passed(&a.to, s) > 0:
		a.on = false
	}
}

// aside reads what may come at any time (55.2.7) or belongs to the start-up.
func (p *parser) aside(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	a := &p.answer
	if !a.on {
		if i > 0 {
			return l7.Step{}, nil
		}
		x := p.next(out.Here())
		if b[0] != bNotice || x == nil || x.kind == boundary {
			return l7.Step{Skip: int64(n)}, nil
		}
		a.start(x, out.Here()) // notices come before what they are about
	}
	switch b[0] {
	case bNotice:
		want := min(n, maxReport)
		if len(b) < want {
			return l7.Step{Need: want}, nil
		}
		a.report(bNotice, b[header:want])
	case bKeyData: // the key stays hidden
		if len(b) < header+4 {
			return l7.Step{Need: header + 4}, nil
		}
		a.pid = int64(binary.BigEndian.Uint32(b[header:]))
		a.said = true
	}
	return pass(b, n), nil
}

// pass goes over a message of which part may not be there yet.
func pass(b []byte, n int) l7.Step {
	if len(b) >= n {
		return l7.Step{Consumed: n}
	}
	return l7.Step{Consumed: header, Skip: int64(n - header)}
}

var opNotification = []byte("NOTIFICATION")

// notification tells of NOTIFY by another session; what it says stays hidden.
func (p *parser) notification(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	if i > 0 {
		return l7.Step{}, nil
	}
	want := min(n, header+4+maxName)
	if len(b) < want {
		return l7.Step{Need: want}, nil
	}
	channel, _, ok := cstring(b[header+4 : want])
	if !ok {
		return l7.Step{}, p.astray()
	}
	p.answer.parted = true
	m := out.Begin(l7.Pushed)
	m.Op, m.Resource, m.Side, m.HeadSize = opNotification, channel, l7.Consumer, header
	m.Version = p.version
	m.Str(keySystem, product)
	m.Str(keyOperation, opNotification)
	if len(p.database) > 0 {
		m.Str(keyNamespace, p.database)
	}
	m.Str(keyChannel, channel)
	m.Int(keyBackend, int64(binary.BigEndian.Uint32(b[header:])))
	p.emit(out, l7.ToClient)
	return l7.Step{Consumed: want, Skip: int64(n - want)}, nil
}

// unasked reports whether an error that answers nothing we know answers nothing
// at all.
func (p *parser) unasked(fields []byte) bool {
	_, fatal := readReport(fields)
	return fatal || !p.lost[l7.ToServer]
}

var opError = []byte("ERROR")

// complaint tells of an error that answers no request: the server shuts down,
// or what Sync commits fails.
func (p *parser) complaint(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	state, _ := readReport(b[header:])
	p.skipping = true
	m := out.Begin(l7.Pushed)
	m.Op, m.Status, m.Error, m.HeadSize = opError, statusOf(state[:]), state[:], header
	m.Version = p.version
	m.Str(keySystem, product)
	m.Str(keyOperation, opError)
	if len(p.database) > 0 {
		m.Str(keyNamespace, p.database)
	}
	m.Str(keyState, state[:])
	p.emit(out, l7.ToClient)
	return l7.Step{Consumed: len(b), Skip: int64(n - len(b))}, nil
}

// piece reads a message of an answer.
func (p *parser) piece(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	a := &p.answer
	if a.bytes >= bulk && !a.announced && !a.silent && !a.done {
		p.announce(out)
		return l7.Step{}, nil
	}
	t, take := b[0], header
	switch t {
	case bComplete:
		take = n
	case bError:
		take = min(n, maxReport)
	}
	if len(b) < take {
		return l7.Step{Need: take}, nil
	}
	ends := p.ends(t)
	if ends && a.parted && i > 0 {
		return l7.Step{}, nil // the first bytes must be found without the engine's help
	}
	a.note(t, b[header:take], n)
	if t == bError && !a.orphan && a.to.kind == unit {
		p.skipping = true
	}
	s := pass(b, n)
	if take > header {
		s = l7.Step{Consumed: take, Skip: int64(n - take)}
	}
	switch {
	case !ends && !a.fatal:
	case !a.orphan && a.to.kind == unit && p.ops.boundaryNext() && !a.fatal:
		a.done = true
	default:
		p.over(out, 0)
	}
	return s, nil
}

// over ends the answer.
func (p *parser) over(out *l7.Emitter, transaction byte) {
	p.answer.copied += p.copied
	p.copied = 0
	if !p.answer.orphan && p.ops.n > 0 {
		p.ops.drop(1)
	}
	p.emitAnswer(out, transaction)
}

// ends reports whether a message of this type ends the answer, apart from
// ReadyForQuery.
func (p *parser) ends(t byte) bool {
	a := &p.answer
	if a.done {
		return false
	}
	if t == bCopyBoth {
		p.stream = true
		return true
	}
	if a.orphan || a.to.kind != unit {
		return t == bError && !a.orphan && a.to.kind == startup
	}
	switch {
	case t == bError:
		return true
	case a.to.last == fExecute:
		return t == bComplete || t == bEmpty || t == bSuspended
	case a.to.last == fParse:
		return t == bParseComplete
	case a.to.last == fBind:
		return t == bBindComplete
	}
	return t == bRowDescription || t == bNoData
}

// note takes what a message says.
func (a *answer) note(t byte, in []byte, n int) {
	a.bytes += int64(n)
	a.said = a.said || t != bAuthentication
	switch t {
	case bRow:
		a.rows++
	case bCopyData:
		a.copied += int64(n - header)
	case bCopyOut:
		a.outward = true
	case bComplete:
		a.complete(in)
	case bSuspended:
		a.suspend()
	case bError:
		a.report(t, in)
	}
}

// ready reads ReadyForQuery: everything up to the Sync that it answers is
// over, also what the server passed over because of an error.
func (p *parser) ready(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	a := &p.answer
	if !a.on {
		if i > 0 {
			return l7.Step{}, nil
		}
		p.stream = false
		x := p.next(out.Here())
		switch {
		case x == nil:
			p.skipping = false
			return l7.Step{Skip: int64(n)}, nil
		case x.kind == boundary:
			p.ops.drop(1)
			p.skipping = false
			return l7.Step{Skip: int64(n)}, nil
		}
		a.start(x, out.Here())
		a.said, a.aborted, a.torn = true, p.skipping, !p.skipping
	}
	if a.parted && i > 0 {
		return l7.Step{}, nil
	}
	alone := a.orphan || a.to.kind != unit
	p.over(out, b[header])
	switch {
	case alone || p.ops.n == 0:
	case p.ops.at(0).kind == boundary:
		p.ops.drop(1)
	case p.sent:
		return l7.Step{}, nil // again, for the next one that was passed over
	default:
		return p.ready(b, n, i, out)
	}
	p.skipping = false
	return l7.Step{Consumed: n}, nil
}

package memcached

import (
	be "encoding/binary"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// frameSize is the size of the header of a datagram: request id, number,
// datagrams in all, reserved.
const frameSize = 8

// datagrams reads memcached over UDP: every call of Parse is given one datagram.
type datagrams struct {
	found bool
	query []byte
	one   binary // of the datagram at hand
}

// frame is the header of a datagram.
type frame struct {
	id     uint64
	number uint16
	total  uint16
}

func readFrame(b []byte) (f frame, ok bool) {
	if len(b) <= frameSize {
		return f, false
	}
	f = frame{id: uint64(be.BigEndian.Uint16(b)), number: be.BigEndian.Uint16(b[2:]), total: be.BigEndian.Uint16(b[4:])}
	return f, f.number < f.total && b[6] == 0 && b[7] == 0
}

// Parse reads one datagram.
func (p *datagrams) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	f, ok := readFrame(b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case f.number > 0 && dir == l7.ToClient: // further datagrams of a response
		if !p.found {
			return l7.Step{}, l7.ErrNotMine
		}
		if f.number == f.total-1 {
			out.Begin(l7.End).Match = f.id
			out.Emit(dir)
		}
		return l7.Step{Consumed: len(b)}, nil
	}
	if dir == l7.ToServer {
		ok = p.request(&f, b, out)
	} else {
		ok = p.reply(&f, b, out)
	}
	if !ok {
		return l7.Step{}, p.lost()
	}
	p.found = true
	out.Emit(dir)
	return l7.Step{Consumed: len(b)}, nil
}

func (p *datagrams) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// request begins the message of a command.
func (p *datagrams) request(f *frame, b []byte, out *l7.Emitter) bool {
	d := b[frameSize:]
	if d[0] == magicRequest && len(d) >= headSize {
		h, ok := readHead(d, magicRequest)
		size := headSize + h.extras + h.key
		if !ok || len(d) < size {
			return false
		}
		p.one.waiting = p.one.waiting[:0]
		m := p.one.describe(&h, d, size, out)
		m.Match, m.HeadSize = f.id, frameSize+size
		return true
	}
	raw, size, _ := cursor.Line(d)
	l, ok := readLine(raw)
	if !ok || !printable(raw) {
		return false
	}
	kind := l7.Request
	if l.quiet {
		kind = l7.OneWay
	}
	m := out.Begin(kind)
	p.query = l.appendText(p.query[:0])
	describe(m, l.op, p.query, frameSize+size)
	m.Match = f.id
	return true
}

// reply begins the message of a response.
func (p *datagrams) reply(f *frame, b []byte, out *l7.Emitter) bool {
	d := b[frameSize:]
	if d[0] == magicResponse && len(d) >= headSize {
		h, ok := readHead(d, magicResponse)
		if !ok {
			return false
		}
		m := p.one.describeResponse(&h, out.Here(), out)
		m.Match, m.More = f.id, f.total > 1
		return true
	}
	raw, size, ok := cursor.Line(d)
	a, word, _ := answerOf(raw)
	if !ok || a == foreign {
		return false
	}
	m := out.Begin(l7.Response)
	m.Match, m.More, m.HeadSize, m.Status = f.id, f.total > 1, frameSize+size, l7.OK
	switch a {
	case failed:
		m.Status, m.Error = l7.ServerError, word
		m.Str(keyStatus, word)
	case value, list, final:
		var l listing
		if _, _, o := l.run(d); o == good {
			m.Int(keyHits, l.hits)
		}
	default:
		if len(word) > 0 {
			m.Str(keyStatus, word)
		}
	}
	return true
}

// Gap is met by keeping on: a datagram is whole or absent.
func (p *datagrams) Gap(l7.Dir, int64) bool { return true }

// Resync passes over the datagram.
func (p *datagrams) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }

// Cut does nothing: a datagram that snaplen cut was given to Parse as it is.
func (p *datagrams) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End does nothing: UDP has no end.
func (p *datagrams) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish does nothing: every message was emitted with its datagram.
func (p *datagrams) Finish(*l7.Emitter) {}

// detectDatagram wants the header and, behind it, a command or the beginning of
// a reply.
func detectDatagram(dir l7.Dir, b []byte) l7.Verdict {
	f, ok := readFrame(b)
	if !ok || f.number > 0 {
		return l7.No
	}
	d := b[frameSize:]
	if v := detectBinary(dir, d); v == l7.Yes {
		return v
	}
	if _, _, whole := cursor.Line(d); !whole {
		return l7.No
	}
	if v := detectText(dir, d); v == l7.No || dir == l7.ToClient && v == l7.NeedMore {
		return l7.No
	}
	return l7.Yes
}

package thrift

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// half is one direction.
type half struct {
	mode  mode
	known bool // mode is
	w     walker
	open  bool   // a message goes on: the walker is within it
	match uint64 // of that message
}

// waiting is a call whose reply may come. Many clients never change the
// sequence id, and a reply repeats the method's name: both find the call.
type waiting struct {
	seq   uint32
	name  uint64
	match uint64
	doubt bool // replies were lost: it may have been answered
}

// maxWaiting bounds the calls that are remembered.
const maxWaiting = 1024

// parser reads one connection.
type parser struct {
	ids   l7.IDMatcher
	half  [2]half
	calls []waiting
	holes uint64 // times that replies were lost: calls that waited then may be open for ever
	found bool
	name  []byte // rpc.method of the message that is being emitted
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) == 0 {
		return l7.Step{}, nil
	}
	h := &p.half[dir]
	if h.open {
		return p.goOn(dir, b, out)
	}
	if !h.known {
		m, v := modeOf(dir, b)
		switch v {
		case l7.No:
			return l7.Step{}, p.lost()
		case l7.NeedMore:
			return l7.Step{}, nil
		}
		h.mode, h.known = m, true
	}
	t, o := readHead(b, h.mode)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad || !t.dark && toServer(t.kind) != (dir == l7.ToServer):
		h.known = false // servers take several modes on one port, but not on one connection
		return l7.Step{}, p.lost()
	}
	return p.message(dir, &t, b, out)
}

func toServer(kind uint8) bool { return kind == call || kind == oneway }

func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// message emits a message; of what follows its head only a result is looked at.
func (p *parser) message(dir l7.Dir, t *head, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	body := b[t.size:]
	step := l7.Step{Consumed: t.size, Skip: t.body}
	over := true
	if t.body < 0 {
		view := body[:min(len(body), peekMax)]
		h.w.start(t.mode&encoding == compact)
		n, skip, o := h.w.run(view)
		switch {
		case o == bad:
			return l7.Step{}, p.lost()
		case o == more && len(view) < peekMax:
			return l7.Step{}, nil
		}
		body, over = view[:n], o == good
		step = l7.Step{Consumed: t.size + n, Skip: skip}
	} else {
		need := int64(0)
		switch {
		case t.dark:
		case t.kind == reply:
			need = min(t.body, 16)
		case t.kind == exception:
			need = min(t.body, peekMax)
		}
		if int64(len(body)) < need {
			return l7.Step{Need: t.size + int(need)}, nil
		}
		body = body[:min(int64(len(body)), max(need, 0))]
	}
	m := p.describe(dir, t, body, out)
	if !over {
		m.More, h.open, h.match = true, true, m.Match
	}
	p.found = true
	out.Emit(dir)
	return step, nil
}

// goOn passes over the rest of arguments or a result.
func (p *parser) goOn(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	n, skip, o := h.w.run(b)
	switch o {
	case bad:
		h.open = false
		return l7.Step{Consumed: n}, l7.ErrDesync
	case good:
		h.open = false
		out.Begin(l7.End).Match = h.match
		out.Emit(dir)
	}
	return l7.Step{Consumed: n, Skip: skip}, nil
}

// describe begins the message.
func (p *parser) describe(dir l7.Dir, t *head, body []byte, out *l7.Emitter) *l7.Message {
	if dir == l7.ToClient {
		return p.describeReply(t, body, out)
	}
	kind := l7.Request
	if t.kind == oneway {
		kind = l7.OneWay
	}
	m := out.Begin(kind)
	m.HeadSize = t.size
	m.Match = p.ask(t)
	p.name = append(p.name[:0], t.name...)
	if i := bytes.IndexByte(p.name, ':'); i > 0 {
		p.name[i] = '/' // TMultiplexedProtocol: service and method
	}
	m.Op, m.Name = p.name, p.name
	m.Str(keySystem, system)
	if t.dark {
		m.Op, m.Name = system, system
	} else {
		m.Str(keyMethod, p.name)
	}
	m.Int(keySequence, int64(int32(t.seq)))
	m.Str(keyEncoding, modeName(t.mode))
	p.identify(m, t.info)
	return m
}

// describeReply begins the message of a reply.
func (p *parser) describeReply(t *head, body []byte, out *l7.Emitter) *l7.Message {
	m := out.Begin(l7.Response)
	m.HeadSize, m.Match, m.Status = t.size, p.answer(t), l7.OK
	p.identify(m, t.info)
	switch {
	case t.dark:
	case t.kind == exception:
		m.Status, m.Error = l7.ServerError, applicationType(body, t.mode)
		m.Str(keyStatus, m.Error)
	default:
		if id, o := thrown(body, t.mode); o == good && id > 0 {
			m.Status, m.Error = l7.ServerError, declared
			m.Int(keyException, id)
			m.Str(keyStatus, declared)
		} else {
			m.Str(keyStatus, okay)
		}
	}
	return m
}

var (
	declared = []byte("EXCEPTION")
	okay     = []byte("OK")
)

// identify adds the ids among the key-value pairs of a THeader: kind 1, their
// number, and strings with their lengths.
func (p *parser) identify(m *l7.Message, info []byte) {
	kind, at, o := varint(info, 0)
	if o != good || kind != 1 && kind != 2 {
		return
	}
	n, at, o := varint(info, at)
	for ; o == good && n > 0 && n < 64; n-- {
		var pair [2][]byte
		for i := range pair {
			var size uint64
			if size, at, o = varint(info, at); o != good || size > uint64(len(info)-at) {
				return
			}
			pair[i] = info[at : at+int(size)]
			at += int(size)
		}
		if c := p.ids.Match(pair[0]); c != l7.IDNone {
			m.ID(c, pair[0], pair[1])
		}
	}
}

// modeName names a mode for people.
func modeName(m mode) []byte { return modeNames[m] }

var modeNames = [...][]byte{
	strict: []byte("binary"), old: []byte("old binary"), compact: []byte("compact"),
	framed | strict: []byte("framed binary"), framed | old: []byte("framed old binary"), framed | compact: []byte("framed compact"),
	header | strict: []byte("header binary"), header | old: []byte("header"), header | compact: []byte("header compact"),
}

// ask gives a call its Match: the sequence id, and in the upper half how many
// calls with the same one wait.
func (p *parser) ask(t *head) uint64 {
	match, name := uint64(t.seq)|p.holes&0xffff<<40, hash(t.name)
	for i := 0; i < len(p.calls); i++ {
		c := p.calls[i]
		if c.seq != t.seq {
			continue
		}
		match = max(match, c.match+1<<32)
		if c.doubt && c.name == name {
			p.calls = append(p.calls[:i], p.calls[i+1:]...)
			i--
		}
	}
	if t.kind == oneway {
		return match
	}
	if len(p.calls) >= maxWaiting {
		p.calls = p.calls[:copy(p.calls, p.calls[1:])]
	}
	p.calls = append(p.calls, waiting{seq: t.seq, name: name, match: match})
	return match
}

// unknownMatch marks replies whose call is not known.
const unknownMatch = 1 << 63

// answer takes the call off that a reply answers.
func (p *parser) answer(t *head) uint64 {
	name := hash(t.name)
	for i, c := range p.calls {
		if c.seq == t.seq && (c.name == name || t.dark) {
			p.calls = append(p.calls[:i], p.calls[i+1:]...)
			return c.match
		}
	}
	return unknownMatch | uint64(t.seq)
}

// hash is FNV-1a of a method's name without its service: servers that are
// multiplexed answer without it.
func hash(name []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range name[bytes.IndexByte(name, ':')+1:] {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}

// Gap meets l7.Parser. Calls whose reply may be lost would be taken for later
// ones with the same id and name.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.half[dir].open = false
	if dir == l7.ToClient {
		p.holes++
		for i := range p.calls {
			p.calls[i].doubt = true
		}
	}
	return false
}

// Resync looks for a message in the mode of the direction.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	h := &p.half[dir]
	for ; off < len(b); off++ {
		m, v := modeOf(dir, b[off:])
		switch {
		case v == l7.NeedMore && len(b)-off < 64:
			return off, false
		case v == l7.Yes && (!h.known || m == h.mode), v == l7.Maybe && off == 0 && (!h.known || m == h.mode):
			return off, true
		}
	}
	return off, false
}

// Cut meets l7.Parser: the head is enough.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	if h.open || !h.known || dir == l7.ToClient {
		return
	}
	if t, o := readHead(b, h.mode); o == good && toServer(t.kind) {
		p.describe(dir, &t, nil, out).More = true
		p.found = true
		out.Emit(dir)
	}
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}

package mqtt

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// maxFilters bounds the topic filters that are named.
const maxFilters = 16

// filters are the topic filters of a SUBSCRIBE or UNSUBSCRIBE (3.8.3, 3.10.3).
type filters struct {
	id   int
	user []byte // properties
	list [maxFilters][]byte
	n    int // in all
	qos  byte
}

// readFilters reads a packet; cut says that not all of it is there.
func readFilters(b []byte, k kind, version byte, cut bool) (l filters, ok bool) {
	f := &fields{b, true}
	if l.id = f.uint16(); l.id == 0 {
		return l, false
	}
	if version == 5 {
		l.user = f.take(f.varint())
		if _, ok := readProperties(l.user); !ok {
			return l, false
		}
	}
	for f.ok && len(f.b) > 0 {
		name, options := f.text(), byte(0)
		if k == subscribe {
			options = f.byte()
		}
		if !f.ok {
			break
		}
		if len(name) == 0 || !printable(name) || options&3 == 3 || options&0xc0 != 0 || version < 5 && options > 2 {
			return l, false
		}
		if l.n < maxFilters {
			l.list[l.n] = name
		}
		l.n++
		l.qos = max(l.qos, options&3)
	}
	return l, l.n > 0 && (f.ok || cut)
}

// subscribe reads SUBSCRIBE and UNSUBSCRIBE.
func (p *parser) subscribe(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	cut := h.rest > len(f.b)
	l, ok := readFilters(f.b, h.kind, p.version, cut)
	if p.version == 0 { // which one it is shows by what fits
		if ok {
			p.version = 4
		} else if l, ok = readFilters(f.b, h.kind, 5, cut); ok {
			p.version = 5
		}
	}
	if !ok {
		return false
	}
	m := p.begin(dir, h.kind, l7.Request, out)
	m.Match = p.waits.add(key(h.kind, dir, l.id), h.flags&8 != 0)
	m.Int(keyPacketID, int64(l.id))
	group, filter := shared(l.list[0])
	m.Resource = filter
	m.Str(keyDestination, filter)
	if len(group) > 0 {
		m.Str(keyGroup, group)
	}
	if h.kind == subscribe {
		m.Int(keyQoS, int64(l.qos))
	}
	wild := false
	for i := range min(l.n, maxFilters) {
		wild = wild || bytes.ContainsAny(l.list[i], "+#")
		if l.n > 1 {
			m.Str(keyFilters, l.list[i])
		}
	}
	if wild {
		m.Bool(keyWildcard, true)
	}
	p.identify(m, l.user)
	return true
}

// shared splits the filter of a shared subscription, $share/group/filter
// (4.8.2).
func shared(name []byte) (group, filter []byte) {
	rest, ok := bytes.CutPrefix(name, []byte("$share/"))
	if !ok {
		return nil, name
	}
	i := bytes.IndexByte(rest, '/')
	if i <= 0 || i+1 == len(rest) {
		return nil, name
	}
	return rest[:i], rest[i+1:]
}

// granted reads SUBACK and UNSUBACK (3.9, 3.11). One filter that is refused
// makes an error of the exchange.
func (p *parser) granted(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	id := f.uint16()
	if id == 0 {
		return false
	}
	if p.version == 5 {
		f.take(f.varint())
		if !f.ok {
			return false
		}
	}
	asked := subscribe
	if h.kind == unsuback {
		asked = unsubscribe
	}
	m := p.begin(dir, h.kind, l7.Response, out)
	m.Match, m.Status = p.waits.take(key(asked, dir.Opposite(), id)), l7.OK
	if p.version == 0 && len(f.b) > 0 { // properties may come first
		f.b = f.b[len(f.b)-1:]
	}
	worst := byte(0)
	for _, code := range f.b[:min(len(f.b), maxFilters)] {
		worst = max(worst, code)
		if h.kind == suback {
			m.Int(keyGranted, int64(code))
		}
	}
	switch {
	case worst == 0x80 && p.version < 5:
		m.Code = int32(worst)
		p.fail(m, "refused") // 3.1.1: 3.9.3
	case worst > 2:
		p.judge(m, worst)
	}
	return true
}

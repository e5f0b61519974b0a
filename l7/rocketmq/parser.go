package rocketmq

import (
	"github.com/wirespan/wirespan/l7"
)

// maxWhole is the longest command with messages that is held until it is all
// there. Bodies of longer ones are walked in pieces.
const maxWhole = 32 << 10

// half is one direction of a connection.
type half struct {
	left    int64 // bytes of the command that are not consumed; 0 between commands
	swallow bool  // what is left was told of already
	owed    bool  // a command lost its end, and was not told of
	walks   bool

	first    l7.Stamp
	match    uint64
	kind     l7.Kind
	code     int32
	opaque   int32
	version  int32
	size     int // bytes of the head
	language text
	remark   text

	w walker
	f facts
}

// parser reads one connection. Both ends may ask.
type parser struct {
	match l7.IDMatcher
	half  [2]half
	sent  [2]pending // by who asked
	found bool
	value []byte // of a field, as it is meant
	name  []byte
}

func newParser(o l7.Options) *parser { return &parser{match: o.IDs} }

// Parse reads the next command of a direction, or goes on with it.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	switch {
	case h.owed:
		h.owed = false
		p.emit(dir, h, out)
		return h.rest(0), nil
	case h.swallow:
		h.swallow = false
		return h.rest(0), nil
	case h.left > 0:
		return p.advance(dir, h, b, 0, out), nil
	}
	fr, ok := frame(b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case fr.size == 0:
		return l7.Step{Need: fixed}, nil
	case len(b) < fr.size:
		return l7.Step{Need: fr.size}, nil
	}
	c, ok := readHead(b)
	switch {
	case !ok || !p.found && !c.rightWay(dir):
		return l7.Step{}, p.lost()
	case c.total <= maxWhole && int64(len(b)) < c.total && mayHold(&c):
		return l7.Step{Need: int(c.total)}, nil
	}
	p.begin(dir, h, &c, b, out)
	return p.advance(dir, h, b, h.size, out), nil
}

// lost is the error for bytes that begin no command.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// mayHold reports whether the body of a command may have messages.
func mayHold(c *head) bool {
	return c.response() && c.code == 0 || !c.response() && c.code == sendBatch
}

// begin readies a half for a command whose head is all there.
func (p *parser) begin(dir l7.Dir, h *half, c *head, b []byte, out *l7.Emitter) {
	p.found = true
	h.first, h.left, h.size = out.Here(), c.total, c.size
	h.match, h.kind = c.match(dir), c.kind(dir)
	h.code, h.opaque, h.version = c.code, c.opaque, c.version
	f := &h.f
	f.reset()
	p.fields(c, f)
	h.language, h.remark = f.put(language(c)), text{}
	if len(c.remark) <= maxRemark {
		if c.form == formJSON {
			p.value = unescape(p.value[:0], c.remark)
			h.remark = f.put(p.value)
		} else {
			h.remark = f.put(c.remark)
		}
	}
	h.w = walker{left: c.total - int64(c.size), batch: !c.response()}
	h.walks = h.w.left > 0 && mayHold(c) && (h.w.batch || holds(b[c.size:]) || len(b) < c.size+atMagic+4)
	if sends(c.code) && !c.response() && c.code != sendBatch {
		f.messages = 1
	}
}

// rest is done with n bytes and passes over what is left of the command.
func (h *half) rest(n int) l7.Step {
	s := l7.Step{Consumed: n, Skip: h.left}
	h.left = 0
	return s
}

// advance goes on with a command, from a place in b. What is at hand of a body
// that is not whole is used but for one byte, so that a gap behind it finds
// something unread.
func (p *parser) advance(dir l7.Dir, h *half, b []byte, from int, out *l7.Emitter) l7.Step {
	if !h.walks {
		p.emit(dir, h, out)
		h.left -= int64(from)
		return h.rest(from)
	}
	whole, end := int64(len(b)) >= h.left, len(b)-1
	if whole {
		end = int(h.left)
	}
	n, v := h.w.walk(b[from:max(end, from)], &h.f, p.match)
	n += from
	h.left -= int64(n)
	skip := h.w.skip
	if v == starved && skip > 0 {
		h.w.skip = 0
		_, v = h.w.walk(nil, &h.f, p.match) // is it over behind that?
	}
	if v == done || v == broken || whole {
		p.emit(dir, h, out)
		return h.rest(n)
	}
	h.left -= skip
	s := l7.Step{Consumed: n, Skip: skip}
	if skip == 0 {
		s.Need = max(int(min(int64(h.w.need)+1, h.left)), len(b)-n+1)
	}
	return s
}

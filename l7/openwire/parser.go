package openwire

import "github.com/wirespan/wirespan/l7"

// Bounds of commands.
const (
	maxWhole = 32 << 10       // longest command that is held to find its format
	endless  = int64(1) << 61 // size of one without size
)

// half is one direction of a connection.
type half struct {
	left    int64 // bytes of the command that are not consumed; 0 between commands
	swallow bool  // what is left was told of already
	owed    bool  // a command lost its end, and was not told of

	c     command
	first l7.Stamp
	walks bool
	cache cache
	offer format // of this side
	asked bool   // offer is known

	w walker
	f facts
}

// parser reads one connection.
type parser struct {
	half    [2]half
	trial   facts
	guesses guesses // formats that fit, while it was not agreed upon one
	guessed bool    // guesses is valid
	agreed  format
	settled bool // agreed is valid
	version []byte
	found   bool
	op      []byte
	idBuf   []byte
	last    [2]uint32 // numbers messages without answer
	done    [2]uint32 // command that was answered last; ActiveMQ answers the last one again when it shuts down
}

func newParser(o l7.Options) *parser {
	p := &parser{idBuf: make([]byte, 0, 160)}
	for i := range p.half {
		h := &p.half[i]
		h.w.f, h.w.cache, h.w.match = &h.f, &h.cache, o.IDs
	}
	return p
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	switch {
	case h.owed:
		h.owed = false
		p.emit(dir, h, out)
		return p.rest(h, 0), nil
	case h.swallow:
		h.swallow = false
		return p.rest(h, 0), nil
	case h.left > 0:
		return p.advance(dir, h, b, 0, out), nil
	case p.waits(h, b):
		return l7.Step{}, nil
	}
	c, o := p.read(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad:
		return l7.Step{}, p.lost()
	case p.tries(&c) && len(b) < c.size:
		return l7.Step{Need: c.size}, nil
	}
	p.begin(h, &c, b, out)
	return p.advance(dir, h, b, c.head, out), nil
}

// waits reports whether it takes the other side's offer to find the next command:
// this side would do without sizes, and the next command seems to have none.
func (p *parser) waits(h *half, b []byte) bool {
	if p.settled || !h.asked || !h.offer.bare {
		return false
	}
	c, o := readCommand(b)
	return o != good || c.size > maxWhole
}

// read reads the head of the next command.
func (p *parser) read(b []byte) (c command, o outcome) {
	switch {
	case !p.settled:
		return readCommand(b)
	case p.agreed.bare:
		o = c.read(b, 0, &p.agreed)
		return c, o
	}
	if c, o = readCommand(b); o != good || c.kind == wireFormatInfo {
		return c, o
	}
	o = c.read(b, prefix, &p.agreed) // by the encoding that was agreed upon
	return c, o
}

// tries reports whether the format of a command must be found from its bytes.
func (p *parser) tries(c *command) bool {
	return !p.settled && c.kind != wireFormatInfo && c.size > 0 && c.size <= maxWhole
}

// begin readies a half for a command.
func (p *parser) begin(h *half, c *command, b []byte, out *l7.Emitter) {
	p.found = true
	h.f.reset()
	h.first, h.c, h.left = out.Here(), *c, int64(c.size)
	if c.size == 0 {
		h.left = endless
	}
	switch {
	case c.kind == wireFormatInfo:
		h.walks = h.w.begin(c, b, format{version: maxVersion}, h.left)
	case p.settled:
		h.walks = h.w.begin(c, b, p.agreed, h.left)
	case p.tries(c) && len(b) >= c.size:
		f, ok := p.try(h, b)
		h.walks = ok && h.w.begin(c, b, f, h.left)
	default:
		h.walks = false
	}
	if !h.walks {
		h.cache.lost(h.left)
	}
}

// try finds the format of a connection whose agreement was not captured: the
// one whose schema a command fits to the last byte. While several do, they
// must read the same.
func (p *parser) try(h *half, b []byte) (format, bool) {
	if !p.guessed {
		p.guesses, p.guessed = guess(p.offer()), true
	}
	keep, best, same := guesses(0), 0, true
	w := &h.w
	w.f, w.dry = &p.trial, true
	var sum uint64
	for i := numGuesses - 1; i >= 0; i-- {
		if !p.guesses.has(i) {
			continue
		}
		if keep.has(i+1) && i&1 == 0 && !w.threw { // only the frames of exceptions would differ
			keep |= 1 << i
			continue
		}
		p.trial.reset()
		if !w.begin(&h.c, b, guessed(i), h.left) {
			break
		}
		if _, v := w.walk(b[h.c.head:h.c.size]); v != done || !w.exact() {
			w.threw = true
			continue
		}
		if keep == 0 {
			best, sum = i, w.sum
		}
		same = same && sum == w.sum
		keep |= 1 << i
	}
	w.f, w.dry = &h.f, false
	if keep == 0 {
		p.guessed = false
		return format{}, false
	}
	p.guesses = keep
	return guessed(best), same
}

// offer is what one side offered, nil if neither did.
func (p *parser) offer() *format {
	for i := range p.half {
		if p.half[i].asked {
			return &p.half[i].offer
		}
	}
	return nil
}

// advance walks on with a command, from a place in b. What is at hand of one that
// is not whole is used but for one byte, so that a gap behind it finds
// something unread.
func (p *parser) advance(dir l7.Dir, h *half, b []byte, from int, out *l7.Emitter) l7.Step {
	if !h.walks {
		p.emit(dir, h, out)
		h.left -= int64(from)
		return p.rest(h, from)
	}
	whole, end := int64(len(b)) >= h.left, len(b)-1
	if whole {
		end = int(h.left)
	}
	if h.left >= endless/2 {
		end = len(b)
	}
	n, v := h.w.walk(b[from:max(end, from)])
	n += from
	h.left -= int64(n)
	skip := h.w.skip
	if v == starved && skip > 0 {
		h.w.skip = 0
		_, v = h.w.walk(nil) // is it over behind that?
		h.left -= skip
		if v == starved {
			return l7.Step{Consumed: n, Skip: skip}
		}
	}
	if v == starved && !whole {
		return l7.Step{Consumed: n, Need: max(int(min(int64(h.w.need)+1, h.left)), len(b)-n+1)}
	}
	p.conclude(h, v)
	p.emit(dir, h, out)
	if skip == 0 {
		return p.rest(h, n)
	}
	s := p.rest(h, n)
	s.Skip += skip
	return s
}

// conclude ends a walk. What does not fit its schema says nothing, and has left
// nothing that is known in the cache.
func (p *parser) conclude(h *half, v verdict) {
	if v == done && h.w.exact() || v == done && h.left >= endless/4 {
		if h.left >= endless/4 {
			h.left = 0
		}
		if h.c.kind == wireFormatInfo {
			p.offered(h)
		}
		return
	}
	h.f.reset()
	h.cache.forget()
}

// offered takes what a side offers.
func (p *parser) offered(h *half) {
	if h.f.offer.version == 0 {
		return
	}
	h.offer, h.asked, p.guessed = h.f.offer, true, false
	h.offer.version = min(h.offer.version, maxVersion)
	if !p.half[0].asked || !p.half[1].asked {
		return
	}
	p.agreed, p.settled = p.half[0].offer.with(p.half[1].offer), true
	p.version = appendVersion(p.version[:0], p.agreed.version)
	for i := range p.half {
		p.half[i].cache.size = p.agreed.size
	}
}

// rest is done with n bytes and passes over what is left of the command.
func (p *parser) rest(h *half, n int) l7.Step {
	s := l7.Step{Consumed: n, Skip: h.left}
	if h.left >= endless/4 { // where the next command begins is not known
		s.Skip = l7.SkipAll
	}
	h.left = 0
	return s
}

// lost is the error for bytes that are no command.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

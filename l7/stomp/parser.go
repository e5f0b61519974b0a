package stomp

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// maxPending bounds the frames that wait for an answer; beyond, the oldest is
// forgotten.
const maxPending = 4096

// wait is a frame that waits for its answer.
type wait struct {
	key   uint64 // hash of the receipt, 0 for CONNECT
	match uint64
}

// parser reads one connection.
type parser struct {
	ids     l7.IDMatcher
	found   bool
	open    [2]bool // a body goes on until a zero
	match   [2]uint64
	waits   []wait
	last    uint64
	version []byte
	idBuf   []byte
}

func newParser(o l7.Options) *parser {
	return &parser{ids: o.IDs, idBuf: make([]byte, 0, 80)}
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.open[dir] {
		return p.goOn(dir, b, out), nil
	}
	if b[0] == '\n' || b[0] == '\r' || b[0] == 0 { // heart-beats, and the end of the frame before
		return l7.Step{Consumed: 1}, nil
	}
	f, o := readFrame(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad || !f.command.mayCome(dir):
		return l7.Step{}, p.lost()
	case f.size >= 0:
		need := f.end + int(min(f.size, digestSize))
		if len(b) < need {
			return l7.Step{Need: need}, nil
		}
		p.frame(dir, &f, b[f.end:need], out)
		return l7.Step{Consumed: need, Skip: f.size - int64(need-f.end) + 1}, nil
	}
	body := b[f.end:min(len(b), f.end+maxSearch)]
	i := bytes.IndexByte(body, 0)
	if i < 0 && len(body) < maxSearch {
		return l7.Step{}, nil
	}
	if i >= 0 {
		f.size = int64(i)
		p.frame(dir, &f, body[:min(i, digestSize)], out)
		return l7.Step{Consumed: f.end + i + 1}, nil
	}
	m := p.frame(dir, &f, nil, out)
	m.More = true
	p.open[dir], p.match[dir] = true, m.Match
	return l7.Step{Consumed: f.end}, nil
}

// goOn looks for the end of a body without length.
func (p *parser) goOn(dir l7.Dir, b []byte, out *l7.Emitter) l7.Step {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return l7.Step{Consumed: len(b)}
	}
	p.open[dir] = false
	out.Begin(l7.End).Match = p.match[dir]
	out.Emit(dir)
	return l7.Step{Consumed: i + 1}
}

// wait remembers a frame that will be answered.
func (p *parser) wait(key uint64) uint64 {
	if len(p.waits) >= maxPending {
		p.waits = p.waits[:copy(p.waits, p.waits[1:])]
	}
	p.last++
	p.waits = append(p.waits, wait{key, p.last})
	return p.last
}

// answered finds what an answer answers.
func (p *parser) answered(key uint64) (match uint64, ok bool) {
	for i := range p.waits {
		if p.waits[i].key == key {
			match = p.waits[i].match
			p.waits = append(p.waits[:i], p.waits[i+1:]...)
			return match, true
		}
	}
	p.last++
	return p.last, false
}

// lost is the error for bytes that are no frame.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.open[dir] = false
	return false
}

// Resync meets l7.Parser: it looks for a command behind the end of a frame,
// with headers.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	for off := 0; off < len(b); {
		f, o := readFrame(b[off:])
		switch {
		case o == more && len(b)-off < maxHead:
			return off, false
		case o == good && f.command.mayCome(dir):
			return off, true
		}
		i := bytes.IndexAny(b[off:], "\x00\n")
		if i < 0 {
			return len(b), false
		}
		off += i + 1
	}
	return len(b), false
}

// Cut meets l7.Parser: of a frame its head is enough.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if p.open[dir] {
		return
	}
	if f, o := readFrame(b); o == good && f.command.mayCome(dir) {
		p.frame(dir, &f, nil, out)
	}
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}

package template

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// Attributes, as indexes into the keys of Proto.
const (
	keyLanguage uint8 = iota
)

// Proto describes the protocol. A real one is called Proto as well: l7/all
// lists it.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "quote",
		Depth:     "requests with their language, and the quote that answers",
		Class:     l7.ClassRPC,
		Transport: l7.TCP,
		Ports:     []uint16{17},
		Window:    maxHead,
		Pairing:   l7.InOrder,
		Keys: []l7.Key{
			keyLanguage: {Name: "quote.language", Type: l7.String, Doc: "language the client asks for"},
		},
		Detect: detect,
		New:    func(l7.Options) l7.Parser { return &parser{} },
	}
}

// parser reads one connection. This one needs to know no more than whether it
// has seen a message; others keep a state per direction.
type parser struct {
	found bool
}

// Parse reads one head and skips its body.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return l7.Step{}, nil // more, please: the engine stops at the window
	}
	h, ok := readHead(dir, b[:i+1])
	if !ok {
		return l7.Step{}, p.lost()
	}
	p.found = true
	m := out.Begin(h.kind(dir))
	m.Op, m.Resource, m.Size, m.HeadSize = h.word, h.subject, h.size, i+1
	m.Code, m.Status = h.code, h.status()
	if len(h.language) > 0 {
		m.Str(keyLanguage, h.language)
	}
	out.Emit(dir)
	return l7.Step{Consumed: i + 1, Skip: h.size}, nil
}

// lost is the error for bytes that begin no message.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap: what was lost was not a body, for bodies are skipped.
func (p *parser) Gap(l7.Dir, int64) bool { return false }

// Resync looks for a line that is a head.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	off := 0
	for {
		i := bytes.IndexByte(b[off:], '\n')
		if i < 0 {
			return off, false
		}
		if _, ok := readHead(dir, b[off:off+i+1]); ok {
			return off, true
		}
		off += i + 1
	}
}

// Cut has nothing to say of a line whose end was not seen: the word alone is no
// message. Protocols with longer heads emit what they know.
func (p *parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End finds nothing half done: a message is emitted with its head.
func (p *parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish finds nothing half done either.
func (p *parser) Finish(*l7.Emitter) {}

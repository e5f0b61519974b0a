package l7test

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// Poison plays every session with a parser whose input is a copy that is
// overwritten as soon as the message was delivered: a parser that keeps a
// reference to its input gives other messages.
func Poison(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	eachSession(t, p, dir, func(t *testing.T, s Session) {
		want := baseline(t, s, p)
		same(t, "input overwritten", want, Play(s, poisoned(p)))
		if !s.UDP {
			c := s.chopped(func(n int) int { return min(n, 7) })
			same(t, "input overwritten, in pieces", want, Play(c, poisoned(p)))
		}
	})
}

// poisoned wraps the parsers of a protocol.
func poisoned(p l7.Proto) l7.Proto {
	inner := p.New
	p.New = func(o l7.Options) l7.Parser { return &poisonParser{inner: inner(o)} }
	return p
}

// poisonParser gives its inner parser copies of the input. A copy is spoiled
// when the next call comes: by then the Sink has seen what was emitted.
type poisonParser struct {
	inner l7.Parser
	given []byte
}

func (pp *poisonParser) copied(b []byte) []byte {
	pp.spoil()
	pp.given = append(make([]byte, 0, len(b)), b...)
	return pp.given
}

func (pp *poisonParser) spoil() {
	for i := range pp.given {
		pp.given[i] = 0xdb
	}
}

func (pp *poisonParser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	return pp.inner.Parse(dir, pp.copied(b), out)
}

func (pp *poisonParser) Gap(dir l7.Dir, lost int64) bool {
	pp.spoil()
	return pp.inner.Gap(dir, lost)
}

func (pp *poisonParser) Resync(dir l7.Dir, b []byte) (int, bool) {
	return pp.inner.Resync(dir, pp.copied(b))
}

func (pp *poisonParser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	pp.inner.Cut(dir, pp.copied(b), out)
}

func (pp *poisonParser) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	pp.inner.End(dir, pp.copied(b), out)
}

func (pp *poisonParser) Finish(out *l7.Emitter) {
	pp.spoil()
	pp.inner.Finish(out)
}

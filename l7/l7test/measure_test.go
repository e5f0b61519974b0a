package l7test

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// What parses the first round only must not be measured.
func TestPerRound(t *testing.T) {
	s := TCP(Client("GET a\n"), Server("ERR 404\n"), Client("GET b\n"), Server("ERR 404\n"))
	s.Repeat = 2
	if each, ok := perRound(toy.Proto(), s); each != 2 || !ok {
		t.Errorf("got %d messages, %v, want 2", each, ok)
	}
	for most := range 3 { // messages until the parser falls silent
		n := 0
		p := faultyProto(func(inner l7.Parser, dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
			step, err := inner.Parse(dir, b, out)
			if _, d, ok := out.Take(); ok && n < 3+most {
				n++
				out.Emit(d)
			}
			return step, err
		})
		inner := p.New
		p.New = func(o l7.Options) l7.Parser { n = 0; return inner(o) }
		if each, ok := perRound(p, s); ok {
			t.Errorf("silent after %d: got %d messages", 3+most, each)
		}
	}
}

package openwire

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// TestCutUntold tells the head of a command that is cut while its format is not
// known.
func TestCutUntold(t *testing.T) {
	lines := marshalledSessions(t)[7].lines[2:]
	for _, l := range lines {
		if len(l.b) < 24 { // no more than a head
			continue
		}
		p := newParser(l7.Options{IDs: matcher(t)})
		var out l7.Emitter
		out.Reset(l7.Stamp{})
		p.Cut(l.dir, l.b[:len(l.b)-1], &out)
		if m, _, ok := out.Take(); !ok || !m.More || len(m.Op) == 0 || len(m.Resource) > 0 {
			t.Errorf("%x: got message %v %+v, want the head of one that goes on", l.b, ok, m)
		}
	}
}

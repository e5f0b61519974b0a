package executor

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// silent takes everything.
type silent struct {
	t    *testing.T
	told map[uint64]bool
}

func (s *silent) Message(m *Message) { s.told[m.ID] = true }
func (s *silent) Label(l Label) {
	if !s.told[l.Call] || !s.told[l.Request] || l.Class == 0 || l.Rule == 0 {
		s.t.Errorf("label %+v of messages that were not told", l)
	}
}

// Whatever events come, in whatever order: no panic, labels name messages that
// were told, and every call is accounted for.
func FuzzTracker(f *testing.F) {
	w := newWorld(&testing.T{}, 9)
	who := Thread{TGID: 1, TID: 2}
	w.read(w.accept(), who, 10)
	w.write(w.connect(who), who, 20)
	var seed []byte
	for i := range w.events {
		seed = w.events[i].Append(seed)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		cfg := Default()
		cfg.MaxConns, cfg.MaxExecs = 4, 3
		tr, err := New(cfg, &silent{t, map[uint64]bool{}})
		if err != nil {
			t.Fatal(err)
		}
		var e sys.Event
		for ; len(b) >= sys.EventSize; b = b[sys.EventSize:] {
			if sys.Decode(b, &e) {
				tr.Event(&e)
				tr.Tick(e.Time)
			}
		}
		tr.Flush()
		s := tr.Stats()
		if s.Labels[Certain]+s.Labels[Inferred]+s.Labels[Weak]+s.Unlabeled != s.Calls {
			t.Errorf("%+v", s)
		}
	})
}

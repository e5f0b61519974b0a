package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInferenceIsSwitched: while it is off, what only timing tells is not
// looked for, and counted.
func TestInferenceIsSwitched(t *testing.T) {
	const cl, gw, sa = "10.0.0.1", "10.0.0.2", "10.0.0.3"
	s := newScene(t)
	var i Inference
	s.cfg.Inference = &i
	s.start()
	round := func(at int64, near, far string) {
		s.feed(call{name: near, from: cl, to: gw, at: at, end: at + 90}, call{name: far, from: gw, to: sa, at: at + 10, end: at + 80})
	}
	round(0, "a", "b")
	i.Infer(false)
	round(10_000, "c", "d")
	i.Infer(true)
	round(20_000, "e", "f")
	s.flush()
	if d := cmp.Diff([]string{"1 a", "2 b ~ a sole_candidate 0.5", "3 c", "4 d", "5 e", "6 f ~ e sole_candidate 0.5"}, s.tell(s.spans)); d != "" {
		t.Error(d)
	}
	if n := i.LeftOut(); n != 2 {
		t.Errorf("%d were left out, want 2", n)
	}
}

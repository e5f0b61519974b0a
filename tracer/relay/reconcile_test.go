package relay

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
)

// TestReconcile: every span that is heard of is sent, was left out by sampling, or is
// counted as dropped, and every trace is one of those, whenever its spans come and
// whenever the collector takes none.
func TestReconcile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		cfg := Default()
		cfg.Pending = 15
		cfg.Sampling = Sampling{Errors: true, Rate: 0.5}
		d := newDesk(t, cfg)
		go d.Run(t.Context())
		size := map[string]int{}
		for i := range 300 {
			name := fmt.Sprintf("%03d", i)
			root := scene.SDK("shop", name, name+"root", "", span.Server, int64(i), int64(i+50))
			if i%10 == 0 {
				root.Status = span.Error
			}
			d.take(root)
			size[name] = 1 + r.IntN(4)
			for k := 1; k < size[name]; k++ {
				d.take(scene.SDK("shop", name, fmt.Sprintf("%sc%d", name, k), name+"root", span.Internal, int64(i+k), int64(i+k+5)))
			}
			time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
			d.out.full.Store(i%50 > 40)
		}
		d.out.full.Store(false)
		synctest.Wait()
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := d.Stats()
		sent, noted := len(d.out.spans()), 0
		for _, n := range size {
			noted += n
		}
		if s.Noted != uint64(noted) || s.Spans != uint64(sent) || s.Pending != 0 {
			t.Errorf("%d spans came, %d are at the collector: %+v", noted, sent, s)
		}
		if s.Traces+s.Sampled+s.Failed != 300 || s.Failed != 0 || s.Sampled < 90 || s.Sampled > 180 || s.Early == 0 || s.Dropped == 0 {
			t.Errorf("of 300 traces: %+v", s)
		}
		left := 0 // spans of traces that sampling left out
		for name, n := range size {
			if !chosen(scene.TraceOf(name), cfg.Sampling.Rate) && name[2] != '0' {
				left += n
			}
		}
		if uint64(sent+left)+s.Dropped != s.Noted {
			t.Errorf("%d sent, %d left out, %d dropped of %d", sent, left, s.Dropped, s.Noted)
		}
	})
}

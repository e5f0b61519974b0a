package link

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/span"
)

// FuzzSystem tells of messages, labels and exchanges in any order, with any
// relation between them: no panic, nothing left behind, spans with ids of their
// own, and no span above itself.
func FuzzSystem(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{4, 40, 9, 17, 5, 3, 200, 129, 64, 77, 12, 8, 8, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 300 {
			return
		}
		s := newScene(t)
		s.start()
		to := s.l.System(SystemHost{Tier: sys.Sock})
		ends := [...]string{web, svc, out, dbs}
		at := int64(10)
		for i := 0; i+1 < len(b); i += 2 {
			what, v := b[i], b[i+1]
			at += int64(v % 3)
			n := int64(v>>2)%16 + 1
			server := 1 + 2*int(v&1)
			switch what % 4 {
			case 0:
				s.feed(call{name: "x", key: uint64(i + 1), from: ends[server-1], to: ends[server], at: at, end: at + int64(what>>2), seq: uint32(100 * n), rseq: uint32(1000 * n), target: "x"})
			case 1, 2:
				d := deed{id: uint64(1 + what>>2), local: ends[server], remote: ends[server-1], role: executor.Serving, seq: uint32(100 * n), length: uint32(v), at: at, pid: 7, tid: uint32(v & 3)}
				if what%4 == 2 {
					d.local, d.remote, d.role = d.remote, d.local, executor.Calling
				}
				if v&2 != 0 {
					d.sent = d.role == executor.Serving
					d.seq *= 10
				} else {
					d.sent = d.role == executor.Calling
				}
				s.acts(d)
			case 3:
				to.Label(executor.Label{Call: uint64(1 + what>>2), Request: uint64(1 + v>>2), Rule: executor.Rule(1 + v%6), Class: executor.Class(1 + v%3)})
			}
		}
		s.flush()
		parents := make(map[span.SpanID]span.SpanID)
		for i := range s.spans {
			p := &s.spans[i]
			if _, twice := parents[p.ID]; twice {
				t.Fatalf("two spans %s", p.ID)
			}
			parents[p.ID] = p.Parent
		}
		for id := range parents {
			above := parents[id]
			for n := 0; !above.IsZero(); n++ {
				if above == id || n > len(parents) {
					t.Fatalf("span %s is above itself", id)
				}
				above = parents[above]
			}
		}
		if y := &s.l.system; y.sides.live() != 0 || len(y.served)+len(y.eager) != 0 {
			t.Errorf("left: %d sides, %d requests, %d calls that wait", y.sides.live(), len(y.served), len(y.eager))
		}
	})
}

//go:build linux && (amd64 || arm64)

package kernel

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// TestLongMessages has the kernel tell of two calls of a message and of its
// last: each event is still right, says how many calls before it were left
// out, and every message ends where the packets end it.
func TestLongMessages(t *testing.T) {
	for _, tier := range []sys.Tier{sys.Sock, sys.Syscall, sys.Legacy} {
		t.Run(tier.String(), func(t *testing.T) {
			if tier == sys.Legacy && inTracefs(t) {
				return
			}
			l := newLab(t)
			nginx(t, l)
			cfg := Default()
			cfg.Tiers, cfg.Every = []sys.Tier{tier}, 2
			c := collect(open(t, cfg))
			ask(t, l, ":8080/big")
			events := c.stop()
			l.end(t)
			v := l.compare(events)
			for _, n := range v.notes {
				t.Error(n)
			}
			late, left := 0, uint64(0)
			for i := range events {
				e := &events[i]
				if e.Flags&sys.Late != 0 {
					late++
				}
				left += uint64(e.Skipped)
				if e.Type == sys.IO && (e.Flags&sys.First != 0) != (e.Position == 0) {
					t.Fatalf("first of a message, but behind others, or the reverse: %+v", e)
				}
			}
			st, err := c.src.Stats()
			if err != nil || st.Dropped > 0 || st.Seen != st.Filtered+st.Skipped+st.Emitted+st.Dropped+st.Bad {
				t.Errorf("%+v, %v", st, err)
			}
			t.Logf("%d right, %d wrong, %d late, %d calls left out of %d", v.right, v.wrong, late, left, st.Seen)
			if late == 0 || left == 0 || left > st.Skipped {
				t.Errorf("%d late events, %d calls left out, %+v", late, left, st)
			}
			missing := 0
			for w, s := range l.streams {
				if !l.ends(v, w, s) {
					missing++
				}
			}
			if missing > 0 {
				t.Errorf("the end of %d streams of %d was not told", missing, len(l.streams))
			}
		})
	}
}

// ends reports whether the last bytes of a stream were told by its sender.
func (l *lab) ends(v *verdict, w way, s *stream) bool {
	if len(s.seen) == 0 {
		return true
	}
	told := v.told[w]
	return told != nil && (*told)[len(*told)-1].to == s.seen[len(s.seen)-1].to
}

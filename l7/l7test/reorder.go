package l7test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7"
)

// reorderCut is the longest segment that Reorder makes, so that short sessions
// have several to exchange.
const reorderCut = 24

// Reorder plays every session as packets through flows: as they are, with each
// two neighbours of a direction exchanged, and with each segment repeated. The
// messages must stay the same.
func Reorder(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	if p.Transport&l7.TCP == 0 {
		t.Skip("datagrams have no order")
	}
	p.Transport = l7.TCP
	eachSession(t, p, dir, func(t *testing.T, s Session) { ReorderSession(t, p, s) })
}

// ReorderSession is Reorder for one Session.
func ReorderSession(t *testing.T, p l7.Proto, s Session) {
	t.Helper()
	if s.Midstream || slices.ContainsFunc(s.Turns, func(t Turn) bool { return t.Lost > 0 }) {
		t.Skip("the session has losses of its own")
	}
	want := baseline(t, s, p)
	for _, session := range []Session{s, s.chopped(func(n int) int { return min(n, reorderCut) })} {
		frames := session.frames()
		if !sameFrames(t, "in order", want, frames, p) {
			return
		}
		for i := range frames {
			if len(frames[i].Payload) == 0 {
				continue
			}
			if !sameFrames(t, fmt.Sprintf("frame %d repeated", i), want, slices.Insert(slices.Clone(frames), i+1, frames[i]), p) {
				return
			}
			if j := follower(frames, i); j > 0 {
				swapped := slices.Clone(frames)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				swapped[i].Time, swapped[j].Time = frames[i].Time, frames[j].Time
				if !sameFrames(t, fmt.Sprintf("frames %d and %d exchanged", i, j), want, swapped, p) {
					return
				}
			}
		}
	}
}

// follower is the next frame with payload if it goes the same way with only
// bare acknowledgements in between; else 0.
func follower(frames []wire.Frame, i int) int {
	for j := i + 1; j < len(frames); j++ {
		if len(frames[j].Payload) > 0 {
			if frames[j].SrcPort == frames[i].SrcPort && frames[j].Src == frames[i].Src {
				return j
			}
			return 0
		}
	}
	return 0
}

func sameFrames(t *testing.T, what string, want []Message, frames []wire.Frame, p l7.Proto) bool {
	t.Helper()
	r, err := playFrames(frames, p)
	if err != nil {
		t.Fatal(err)
	}
	return same(t, what, want, r)
}

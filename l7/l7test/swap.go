package l7test

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// Swap plays every session as if the handshake had not been captured and the
// roles had been guessed wrong: the content must set them right. A session
// whose first bytes do not tell who is the client is out of place here.
func Swap(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	eachSession(t, p, dir, func(t *testing.T, s Session) { SwapSession(t, p, s) })
}

// SwapSession is Swap for one Session.
func SwapSession(t *testing.T, p l7.Proto, s Session) {
	t.Helper()
	want := baseline(t, s, p)
	s.Midstream = true
	straight := Play(s, p)
	same(t, "roles unknown", want, straight)
	turns := append([]Turn{}, s.Turns...)
	for i := range turns {
		turns[i].Dir = turns[i].Dir.Opposite()
	}
	swapped := Play(s.with(turns), p)
	same(t, "roles exchanged", want, swapped)
	if n := straight.Stats.Flipped + swapped.Stats.Flipped; n != 1 {
		t.Errorf("of two runs with opposite roles %d were set right, want one", n)
	}
}

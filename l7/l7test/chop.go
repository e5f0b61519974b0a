package l7test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// How much Chop tries per session.
const (
	chopPlaces = 4096 // two-way splits; of longer sessions every n-th place
	chopRandom = 60   // random splits
)

// Chop plays every session with each segment cut in two at every place, byte
// by byte, and cut at random: the messages must stay the same. Datagrams are
// never cut, so sessions of datagrams are left out.
func Chop(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	if p.Transport&l7.TCP == 0 {
		t.Skip("datagrams are never cut")
	}
	p.Transport = l7.TCP
	eachSession(t, p, dir, func(t *testing.T, s Session) { ChopSession(t, p, s) })
}

// ChopSession is Chop for one Session.
func ChopSession(t *testing.T, p l7.Proto, s Session) {
	t.Helper()
	want := baseline(t, s, p)
	stride := 1 + s.size()/chopPlaces
	for i, turn := range s.Turns {
		for at := 1; at < len(turn.Bytes); at += stride {
			if !same(t, fmt.Sprintf("segment %d cut at %d", i, at), want, Play(s.split(i, at), p)) {
				return
			}
		}
	}
	if !same(t, "neighbours joined", want, Play(s.joined(), p)) {
		return
	}
	if !same(t, "byte by byte", want, Play(s.chopped(func(int) int { return 1 }), p)) {
		return
	}
	for seed := range uint64(chopRandom) {
		rng := rand.New(rand.NewPCG(seed, 1))
		most := 1 + rng.IntN(200)
		c := s.joined().chopped(func(n int) int { return 1 + rng.IntN(min(most, n)) })
		if !same(t, fmt.Sprintf("random cut %d", seed), want, Play(c, p)) {
			return
		}
	}
}

// chopped cuts every segment into pieces; next says how long the next is, of n
// bytes left.
func (s Session) chopped(next func(n int) int) Session {
	var turns []Turn
	for _, t := range s.Turns {
		if len(t.Bytes) == 0 {
			turns = append(turns, t)
			continue
		}
		for b := t.Bytes; len(b) > 0; {
			n := next(len(b))
			turns = append(turns, Turn{Dir: t.Dir, Bytes: b[:n]})
			b = b[n:]
		}
	}
	return s.with(turns)
}

package l7test

import (
	"fmt"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// Drop plays every session with each segment lost in turn. Exchanges of which
// the segment held a part may be missing or halved, at most one if it held
// none, and where order pairs them also those that waited behind a lost
// response; no exchange may appear that was not there before. Messages are equal
// if their Identity is; one that was cut is the one that began there.
func Drop(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	DropBy(t, p, dir, Identity)
}

// DropBy is Drop with another notion of equal messages.
func DropBy(t *testing.T, p l7.Proto, dir string, identity func(Message) string) {
	t.Helper()
	eachSession(t, p, dir, func(t *testing.T, s Session) { DropSession(t, p, s, identity) })
}

// DropSession is Drop for one Session.
func DropSession(t *testing.T, p l7.Proto, s Session, identity func(Message) string) {
	t.Helper()
	baseline(t, s, p)
	undisturbed := Play(s, p)
	want := found(undisturbed, identity)
	known := knowing(undisturbed, identity)
	var pos [2]int64
	for i, turn := range s.Turns {
		n := int64(len(turn.Bytes))
		from := pos[turn.Dir]
		pos[turn.Dir] += n + turn.Lost
		if n == 0 {
			continue
		}
		turns := append([]Turn{}, s.Turns[:i]...)
		if !s.UDP {
			turns = append(turns, Lost(turn.Dir, n))
		}
		r := Play(s.with(append(turns, s.Turns[i+1:]...)), p)
		for _, f := range r.Faults {
			t.Errorf("segment %d lost: %s", i, f)
		}
		if msg := lossFault(want, found(r, known), touched(want, turn.Dir, from, from+n, waitingAt(p, turn, i))); msg != "" {
			t.Errorf("segment %d lost (%.60q): %s", i, turn.Bytes, msg)
		}
	}
}

// knowing is an identity that gives messages which were cut that of the
// message of r that begins at the same place.
func knowing(r *Result, identity func(Message) string) func(Message) string {
	type beginning struct {
		dir   l7.Dir
		kind  l7.Kind
		first int64
	}
	whole := map[beginning]string{}
	for _, m := range r.messages() {
		whole[beginning{m.dir, m.kind, m.First}] = identity(m)
	}
	return func(m Message) string {
		if id, ok := whole[beginning{m.dir, m.kind, m.First}]; ok && m.Cut {
			return id
		}
		return identity(m)
	}
}

// found lists the exchanges of all connections.
func found(r *Result, identity func(Message) string) (all []Exchange) {
	for _, c := range r.Conns {
		if c.proto != nil {
			all = append(all, exchanges(c, identity)...)
		}
	}
	return all
}

// waitingAt is the time of turn i if losing it makes order unsure for what
// waits then; else 0.
func waitingAt(p l7.Proto, turn Turn, i int) int64 {
	if p.Pairing == l7.ByMatch || turn.Dir == l7.ToServer {
		return 0
	}
	return start + int64(i)*step
}

// touched counts the exchanges that have bytes between two places, or that
// wait for their response at a time.
func touched(all []Exchange, dir l7.Dir, from, to, at int64) (n int) {
	for _, x := range all {
		hit := false
		for _, m := range x.parts {
			hit = hit || m.dir == dir && m.First < to && m.Last >= from
		}
		if len(x.parts) == 2 {
			hit = hit || x.parts[1].at < at && at < x.parts[0].at
		}
		if hit {
			n++
		}
	}
	return n
}

// lossFault says what is wrong with the exchanges found after a loss that may
// cost as many as allowed, and at least one.
func lossFault(want, got []Exchange, allowed int) string {
	rest := append([]Exchange{}, want...)
	var halves []Exchange
	for _, x := range got {
		if i := index(rest, func(w Exchange) bool { return w.Request == x.Request && w.Response == x.Response }); i >= 0 {
			rest = append(rest[:i], rest[i+1:]...)
		} else {
			halves = append(halves, x)
		}
	}
	for _, x := range halves {
		half := func(w Exchange) bool {
			return x.Response == "" && x.Request == w.Request || x.Request == "" && x.Response == w.Response
		}
		if index(rest, half) < 0 {
			return fmt.Sprintf("exchange %q -> %q was not there before", x.Request, x.Response)
		}
	}
	if len(rest) > max(allowed, 1) {
		return fmt.Sprintf("%d exchanges are missing or halved, of %d that it may cost: %q", len(rest), max(allowed, 1), names(rest))
	}
	return ""
}

func index(all []Exchange, is func(Exchange) bool) int {
	for i, x := range all {
		if is(x) {
			return i
		}
	}
	return -1
}

func names(all []Exchange) (list []string) {
	for _, x := range all {
		list = append(list, x.Request+" -> "+x.Response)
	}
	return list
}

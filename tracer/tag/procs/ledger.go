package procs

import (
	"maps"
	"time"
)

// maxRecent bounds what is published on top of the last whole look; beyond it
// everything is published anew.
const maxRecent = 1024

// ledger remembers who had which socket, and for how long that still counts.
type ledger struct {
	conns   map[connection]entry
	binds   map[binding]entry
	lone    map[uint32]*Process // containers that have a namespace for themselves
	news    sockets             // changed since the last whole publication
	looked  time.Time           // the last whole look
	dropped uint64              // beyond the bound
}

type entry struct {
	p     *Process
	inode uint32
	seen  time.Time
}

func newLedger() ledger {
	return ledger{
		conns: make(map[connection]entry), binds: make(map[binding]entry),
		news: sockets{make(map[connection]owner), make(map[binding]owner)},
	}
}

// note enters a socket that exists now, with its owner.
func (l *ledger) note(netns uint32, s *socket, p *Process, now time.Time, bound int) {
	ok := false
	if s.bound() {
		k := binding{netns: netns, proto: s.proto, port: s.port, addr: s.addr}
		ok = put(l.binds, l.news.binds, k, entry{p, s.inode, now}, bound)
	} else {
		k := connection{netns: netns, proto: s.proto, port: s.port, peer: s.peer, addr: s.addr, from: s.from}
		ok = put(l.conns, l.news.conns, k, entry{p, s.inode, now}, bound)
	}
	if !ok {
		l.dropped++
	}
}

// put is false when there is no room.
func put[K comparable](m map[K]entry, news map[K]owner, k K, e entry, bound int) bool {
	old, had := m[k]
	if !had && len(m) >= bound {
		return false
	}
	if had {
		e.p = choose(old, e)
	}
	m[k] = e
	news[k] = owner{p: e.p}
	return true
}

// choose decides between what was known of an endpoint and what is seen now. A
// socket does not lose its owner because it cannot be seen any more. Of several
// sockets at one port (SO_REUSEPORT) the one of the oldest process counts.
func choose(old, e entry) *Process {
	switch {
	case e.p.PID == 0 && old.inode == e.inode:
		return old.p
	case old.seen.Equal(e.seen) && old.p.PID != 0 && (e.p.PID == 0 || old.p.Start <= e.p.Start):
		return old.p
	}
	return e.p
}

// expire forgets what was not seen for a while; when there are many, what is
// gone makes room at once.
func (l *ledger) expire(now time.Time, keep, keepListener time.Duration, bound int) {
	if len(l.conns) >= bound {
		keep = 0
	}
	if len(l.binds) >= bound {
		keepListener = 0
	}
	maps.DeleteFunc(l.conns, func(_ connection, e entry) bool { return now.Sub(e.seen) > keep })
	maps.DeleteFunc(l.binds, func(_ binding, e entry) bool { return now.Sub(e.seen) > keepListener })
}

// whole copies what lookups need, after a whole look at a time.
func (l *ledger) whole(looked time.Time, own uint32, holders map[Addr][]uint32) *snapshot {
	s := &snapshot{
		own: own, holders: holders, soles: l.keepSoles(own),
		sockets: sockets{make(map[connection]owner, len(l.conns)), make(map[binding]owner, len(l.binds))},
	}
	for k, e := range l.conns {
		s.conns[k] = owner{e.p, e.seen.Before(looked)}
	}
	for k, e := range l.binds {
		s.binds[k] = owner{e.p, e.seen.Before(looked)}
	}
	s.follow(s.binds)
	clear(l.news.conns)
	clear(l.news.binds)
	l.looked = looked
	return s
}

// onTop publishes what is new since the last whole look on top of that, nil if
// nothing is.
func (l *ledger) onTop(of *snapshot) *snapshot {
	n := len(l.news.conns) + len(l.news.binds)
	switch {
	case of == nil || n == 0:
		return nil
	case n > maxRecent:
		return l.whole(l.looked, of.own, of.holders)
	}
	s := *of
	s.recent = sockets{maps.Clone(l.news.conns), maps.Clone(l.news.binds)}
	s.follow(s.recent.binds)
	return &s
}

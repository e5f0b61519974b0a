package procs

import "time"

// ledger remembers who had which socket, and for how long that still counts.
type ledger struct {
	conns   map[connection]entry
	binds   map[binding]entry
	lone    map[uint32]*Process // containers that have a namespace for themselves
	changed bool
	dropped uint64 // beyond the bound
}

type entry struct {
	p     *Process
	inode uint32
	seen  time.Time
}

func newLedger() ledger {
	return ledger{conns: make(map[connection]entry), binds: make(map[binding]entry)}
}

// note enters a socket that exists now, with its owner.
func (l *ledger) note(netns uint32, s *socket, p *Process, now time.Time, bound int) {
	ok := false
	if s.bound() {
		ok = put(l, l.binds, binding{netns: netns, proto: s.proto, port: s.port, addr: s.addr}, entry{p, s.inode, now}, bound)
	} else {
		ok = put(l, l.conns, connection{
			netns: netns, proto: s.proto, port: s.port, peer: s.peer, addr: s.addr, from: s.from,
		}, entry{p, s.inode, now}, bound)
	}
	if !ok {
		l.dropped++
	}
}

// put is false when there is no room.
func put[K comparable](l *ledger, m map[K]entry, k K, e entry, bound int) bool {
	old, had := m[k]
	if !had && len(m) >= bound {
		return false
	}
	if had {
		e.p = choose(old, e)
	}
	m[k] = e
	l.changed = l.changed || !had || old.p != e.p
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
	for k, e := range l.conns {
		if now.Sub(e.seen) > keep {
			delete(l.conns, k)
			l.changed = true
		}
	}
	for k, e := range l.binds {
		if now.Sub(e.seen) > keepListener {
			delete(l.binds, k)
			l.changed = true
		}
	}
}

// publish copies what lookups need.
func (l *ledger) publish(own uint32, holders map[Addr][]uint32) *snapshot {
	s := &snapshot{
		own: own, holders: holders, soles: l.keepSoles(own),
		conns: make(map[connection]*Process, len(l.conns)),
		binds: make(map[binding]*Process, len(l.binds)),
	}
	for k, e := range l.conns {
		s.conns[k] = e.p
	}
	for k, e := range l.binds {
		s.binds[k] = e.p
	}
	s.follow()
	return s
}

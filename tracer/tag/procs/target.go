package procs

import (
	"slices"
	"time"
)

// target looks for the sockets that lookups asked for, and for their owners
// only: on a host with many connections a whole look costs a hundred times as
// much. It returns what lookups shall see, nil if nothing is new.
func (r *refresher) target(asked []Endpoint, of *snapshot, now time.Time, rep *Report) *snapshot {
	r.sock = listing{list: r.sock.list[:0], bound: r.cfg.MaxSockets}
	files := make(map[uint32][]Endpoint) // of namespaces that sock_diag does not answer for
	for i := range asked {
		for _, netns := range r.where(&asked[i]) {
			s := r.spaces[netns]
			switch {
			case s == nil:
			case !s.own || r.diag == nil || !r.exactly(s, &asked[i]):
				files[netns] = append(files[netns], asked[i])
			}
		}
	}
	for netns, list := range files {
		r.sock.pick(r.spaces[netns], r.cfg.Root, list)
	}
	if wanted := r.wanted(); len(wanted) > 0 {
		r.find(wanted, rep)
	}
	r.enter(now)
	rep.Refreshes++
	return r.ledger.onTop(of)
}

// where lists the namespaces in which an endpoint can be.
func (r *refresher) where(e *Endpoint) []uint32 {
	ns := e.Netns
	if ns == 0 {
		ns = r.own
	}
	if isLoopback(e.Addr) || len(r.addrs[e.Addr]) == 0 {
		return []uint32{ns}
	}
	return r.addrs[e.Addr]
}

// exactly asks sock_diag for one socket; false if that does not answer. For
// UDP the file has the last word: kernels differ in which end they look for.
func (r *refresher) exactly(s *space, e *Endpoint) bool {
	found := false
	err := r.diag.exact(e, func(k *socket) {
		if matches(k, e) {
			found = true
			r.sock.take(s.netns, k)
		}
	})
	return err == nil && (found || e.Proto == TCP)
}

// matches reports whether a socket is the one at an endpoint.
func matches(k *socket, e *Endpoint) bool {
	if k.proto != e.Proto || k.port != e.Port {
		return false
	}
	if k.bound() {
		return k.addr == e.Addr || isWild(k.addr)
	}
	return k.addr == e.Addr && k.from == e.PeerAddr && k.peer == e.PeerPort
}

// pick lists those sockets of a namespace that were asked for.
func (l *listing) pick(s *space, root string, asked []Endpoint) {
	for _, f := range netFiles {
		if slices.ContainsFunc(asked, func(e Endpoint) bool { return e.Proto == f.proto }) {
			l.file(s, root, f.name, f.proto, func(k *socket) bool {
				return slices.ContainsFunc(asked, func(e Endpoint) bool { return matches(k, &e) })
			})
		}
	}
}

// wanted returns the listed sockets whose owner is not known and was not looked
// for in vain.
func (r *refresher) wanted() map[uint32]struct{} {
	w := make(map[uint32]struct{})
	for i := range r.sock.list {
		inode := r.sock.list[i].inode
		_, lost := r.lost[inode]
		if r.owners[inode] == nil && !lost {
			w[inode] = struct{}{}
		}
	}
	return w
}

// find walks until the owners of all wanted sockets are found.
func (r *refresher) find(wanted map[uint32]struct{}, rep *Report) {
	w := walk{d: &r.details, found: make(map[uint32]int)}
	for _, pid := range r.likely(r.pids(&w, rep)) {
		more := w.process(pid, func(inode uint32) {
			if _, ok := wanted[inode]; ok {
				w.claim(inode, pid)
			}
		})
		if !more || len(w.found) == len(wanted) {
			break
		}
	}
	rep.walked(&w.count, false)
	r.resolve(&w, r.procs, false)
}

// likely orders processes for a walk that ends when it has found what it looks
// for: those that had sockets before, then the newest.
func (r *refresher) likely(pids []int) []int {
	list := make([]int, 0, len(pids))
	for _, pid := range pids {
		if _, ok := r.procs[pid]; ok {
			list = append(list, pid)
		}
	}
	for _, pid := range slices.Backward(pids) {
		if _, ok := r.procs[pid]; !ok {
			list = append(list, pid)
		}
	}
	return list
}

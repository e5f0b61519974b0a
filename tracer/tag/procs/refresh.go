package procs

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

// refresher is the state of the goroutine that refreshes.
type refresher struct {
	cfg     *Config
	details details
	diag    *diag
	noDiag  error // why there is none

	own    uint32
	spaces map[uint32]*space
	owners map[uint32]*Process // by socket
	lost   map[uint32]struct{} // sockets that no process was found for
	procs  map[int]running
	nobody map[uint32]*Process // by user: owners that cannot be seen
	ledger ledger
	sock   listing
	walked time.Time // the last whole walk
}

// running is a process that has sockets.
type running struct {
	p     *Process
	start uint64
}

func (r *refresher) init(cfg *Config) {
	r.cfg, r.details = cfg, newDetails(cfg)
	if cfg.Diag {
		r.diag, r.noDiag = openDiag()
	}
	r.own, _ = r.details.netnsOf("self")
	r.spaces = map[uint32]*space{r.own: {netns: r.own, own: true, witnesses: []string{"self"}}}
	r.owners = make(map[uint32]*Process)
	r.procs = make(map[int]running)
	r.nobody = make(map[uint32]*Process)
	r.ledger = newLedger()
	r.sock.bound = cfg.MaxSockets
}

// run is one refresh; it returns what lookups shall see, nil if nothing has
// changed.
func (r *refresher) run(now time.Time, whole bool, rep *Report) *snapshot {
	whole = whole || now.Sub(r.walked) >= r.cfg.FullInterval
	r.sock = listing{list: r.sock.list[:0], bound: r.cfg.MaxSockets}
	before := r.spaces
	if whole {
		r.details.refresh()
		r.forgetSpaces()
	}
	for _, s := range r.spaces {
		s.listed = false
		if len(s.witnesses) > 0 {
			r.sock.add(s, r.cfg.Root, r.diag)
		}
	}
	wanted := r.wanted()
	if whole || len(wanted) > 0 {
		r.walk(whole, wanted, before, now, rep)
	}
	for _, s := range r.spaces {
		if whole {
			s.addresses(r.cfg.Root)
		}
	}
	unowned := r.enter(now)
	r.ledger.expire(now, r.cfg.Keep, r.cfg.KeepListener, r.cfg.MaxSockets)
	r.tell(rep, now, whole, unowned)
	if !r.ledger.changed && !whole {
		return nil
	}
	r.ledger.changed = false
	return r.ledger.publish(r.own, r.holders())
}

// forgetSpaces drops namespaces, which the walk finds again if they still have
// processes. Own stays.
func (r *refresher) forgetSpaces() {
	r.spaces = map[uint32]*space{r.own: r.spaces[r.own]}
}

// wanted returns the sockets whose owner is not known and was not looked for
// in vain.
func (r *refresher) wanted() map[uint32]struct{} {
	var w map[uint32]struct{}
	for i := range r.sock.list {
		inode := r.sock.list[i].inode
		if r.owners[inode] != nil {
			continue
		}
		if _, lost := r.lost[inode]; lost {
			continue
		}
		if w == nil {
			w = make(map[uint32]struct{})
		}
		w[inode] = struct{}{}
	}
	return w
}

// walk looks for owners. A whole walk looks at all processes and finds
// namespaces; another ends when it has found what is wanted.
func (r *refresher) walk(whole bool, wanted map[uint32]struct{}, before map[uint32]*space, now time.Time, rep *Report) {
	w := walk{d: &r.details, found: make(map[uint32]int)}
	pids, err := r.details.pids()
	if err != nil {
		rep.Error = err.Error()
		return
	}
	if !whole {
		pids = r.likely(pids)
	}
	if len(pids) > r.cfg.MaxProcesses {
		pids, w.count.cut = pids[len(pids)-r.cfg.MaxProcesses:], true
	}
	for _, pid := range pids {
		if whole {
			r.discover(pid, rep)
		}
		more := w.process(pid, func(inode uint32) {
			_, want := wanted[inode]
			if whole || want {
				w.claim(inode, pid)
			}
		})
		if !more || !whole && len(w.found) == len(wanted) {
			break
		}
	}
	if whole {
		r.keepHidden(before)
		for _, s := range r.spaces {
			if !s.listed {
				r.sock.add(s, r.cfg.Root, r.diag)
			}
		}
		r.walked, r.lost = now, nil
	}
	r.resolve(&w, whole)
	rep.walked(&w.count, whole)
}

// keepHidden takes over namespaces that were found when there were more rights:
// their processes still show their sockets, and no longer where they are.
func (r *refresher) keepHidden(before map[uint32]*space) {
	for netns, s := range before {
		if r.spaces[netns] != nil {
			continue
		}
		s.witnesses = slices.DeleteFunc(s.witnesses, func(w string) bool {
			_, err := os.Readlink(r.cfg.Root + "/" + w + "/ns/net")
			return !errors.Is(err, fs.ErrPermission)
		})
		if len(s.witnesses) > 0 {
			s.listed = false
			r.spaces[netns] = s
		}
	}
}

// discover notes the namespace of a process.
func (r *refresher) discover(pid int, rep *Report) {
	netns, ok := r.details.netnsOf(itoa(pid))
	if !ok {
		return
	}
	s := r.spaces[netns]
	if s == nil {
		if len(r.spaces) >= r.cfg.MaxSpaces {
			rep.SpacesRefused++
			return
		}
		s = &space{netns: netns}
		r.spaces[netns] = s
	}
	if !s.own {
		s.witness(pid)
	}
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

// resolve turns the pids that a walk found into owners.
func (r *refresher) resolve(w *walk, whole bool) {
	was := r.procs
	if whole {
		r.procs = make(map[int]running, len(was))
		r.owners = make(map[uint32]*Process, len(r.sock.list))
	}
	if r.lost == nil {
		r.lost = make(map[uint32]struct{})
	}
	for i := range r.sock.list {
		s := &r.sock.list[i]
		if r.owners[s.inode] != nil {
			continue
		}
		pid, ok := w.found[s.inode]
		if !ok {
			if !w.count.cut && len(r.lost) < 2*r.cfg.MaxSockets {
				r.lost[s.inode] = struct{}{}
			}
			continue
		}
		if p := r.process(pid, s.netns, was, whole); p != nil {
			r.owners[s.inode] = p
		}
	}
}

// process describes a process, once. A whole walk looks again, as a process may
// have executed another program or moved to another control group.
func (r *refresher) process(pid int, netns uint32, was map[int]running, whole bool) *Process {
	if k, ok := r.procs[pid]; ok {
		if whole {
			return k.p // read in this walk
		}
		if start, ok := r.details.start(pid); ok && start == k.start {
			return k.p
		}
	}
	p, start, ok := r.details.read(pid, netns)
	if !ok {
		return nil
	}
	if k, ok := was[pid]; ok && k.start == start && *k.p == *p {
		p = k.p
	}
	r.procs[pid] = running{p, start}
	return p
}

// enter brings the sockets of this refresh into the ledger.
func (r *refresher) enter(now time.Time) (unowned int) {
	alive := make(map[uint32]*Process, len(r.owners))
	for i := range r.sock.list {
		s := &r.sock.list[i]
		p := r.owners[s.inode]
		if p != nil {
			alive[s.inode] = p
		} else {
			if _, lost := r.lost[s.inode]; !lost {
				continue
			}
			unowned++
			p = r.nobodyOf(s.uid)
		}
		r.ledger.note(s.netns, &s.socket, p, now, r.cfg.MaxSockets)
	}
	r.owners = alive
	return unowned
}

// nobodyOf is an owner of whom only the user is known.
func (r *refresher) nobodyOf(uid uint32) *Process {
	p := r.nobody[uid]
	if p == nil {
		if len(r.nobody) >= maxUsers {
			clear(r.nobody)
		}
		p = &Process{UID: uid, User: r.details.users.name(uid)}
		r.nobody[uid] = p
	}
	return p
}

// holders lists the namespaces of each local address. Those of connections
// count too: a transparent proxy has addresses that no interface has.
func (r *refresher) holders() map[Addr][]uint32 {
	m := make(map[Addr][]uint32)
	add := func(a Addr, netns uint32) {
		if !isLoopback(a) && !isWild(a) && !slices.Contains(m[a], netns) {
			m[a] = append(m[a], netns)
		}
	}
	for netns, s := range r.spaces {
		for a := range s.addrs {
			add(a, netns)
		}
	}
	for k := range r.ledger.conns {
		add(k.addr, k.netns)
	}
	return m
}

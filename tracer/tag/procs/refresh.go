package procs

import (
	"errors"
	"fmt"
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
	addrs  map[Addr][]uint32 // namespaces of local addresses, as published
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

// whole looks at all sockets and all processes, and returns what lookups shall
// see.
func (r *refresher) whole(now time.Time, rep *Report) *snapshot {
	r.sock = listing{list: r.sock.list[:0], bound: r.cfg.MaxSockets}
	r.details.refresh()
	before := r.spaces
	r.spaces = map[uint32]*space{r.own: before[r.own]}
	w := walk{d: &r.details, found: make(map[uint32]int)}
	if pids := r.pids(&w, rep); pids != nil {
		r.lost = nil
		for _, pid := range pids {
			r.discover(pid, rep)
			if !w.process(pid, func(inode uint32) { w.claim(inode, pid) }) {
				break
			}
		}
		rep.walked(&w.count, true)
	}
	r.keepHidden(before)
	for _, s := range r.spaces {
		r.sock.add(s, r.cfg.Root, r.diag)
		s.addresses(r.cfg.Root)
	}
	was := r.procs
	r.procs = make(map[int]running, len(was))
	r.owners = make(map[uint32]*Process, len(r.sock.list))
	r.resolve(&w, was, true)
	unowned := r.enter(now)
	r.ledger.expire(now, r.cfg.Keep, r.cfg.KeepListener, r.cfg.MaxSockets)
	r.tell(rep, now, unowned)
	r.addrs = r.holders()
	return r.ledger.whole(now, r.own, r.addrs)
}

// pids lists the processes that a walk may look at.
func (r *refresher) pids(w *walk, rep *Report) []int {
	pids, err := r.details.pids()
	if err != nil {
		rep.Error = fmt.Sprintf("list processes: %v", err)
		return nil
	}
	if len(pids) > r.cfg.MaxProcesses {
		pids, w.count.cut = pids[len(pids)-r.cfg.MaxProcesses:], true
	}
	return pids
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

// resolve turns the pids that a walk found into owners of the listed sockets.
func (r *refresher) resolve(w *walk, was map[int]running, whole bool) {
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

// enter brings the listed sockets into the ledger.
func (r *refresher) enter(now time.Time) (unowned int) {
	for i := range r.sock.list {
		s := &r.sock.list[i]
		p := r.owners[s.inode]
		if p == nil {
			if _, lost := r.lost[s.inode]; !lost {
				continue
			}
			unowned++
			p = r.nobodyOf(s.uid)
		}
		r.ledger.note(s.netns, &s.socket, p, now, r.cfg.MaxSockets)
	}
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

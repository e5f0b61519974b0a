package procs

import (
	"sync/atomic"
	"time"
)

// known processes by number, for those who learn numbers from the kernel.
type numbered struct {
	seen   atomic.Pointer[map[int]*Process] // what lookups see; never changes
	asked  chan int
	denied [numDenied]atomic.Uint64
	hosts  atomic.Bool // numbers are those of the first process namespace

	all map[int]entry // of the goroutine that refreshes
}

func (n *numbered) init() {
	n.asked = make(chan int, maxAsked)
	n.all = make(map[int]entry)
	n.seen.Store(&map[int]*Process{})
}

// Process returns the process with a number in the first process namespace, nil
// if it is not known. Like Lookup it may be called by any goroutine, takes no
// lock, allocates nothing, and has a process that is not known looked for, so
// that a later call may know. Where Config.Root shows another process
// namespace, nothing is known.
func (t *Table) Process(pid int) *Process {
	n := &t.byPID
	if p := (*n.seen.Load())[pid]; p != nil {
		return p
	}
	if pid <= 0 || !n.hosts.Load() {
		return nil
	}
	if d := &n.denied[pid%numDenied]; d.Load() != uint64(pid) {
		d.Store(uint64(pid))
		select {
		case n.asked <- pid:
		default:
			d.Store(0) // another time
		}
	}
	return nil
}

// refreshPIDs looks for processes that were asked for, and in a whole look at
// all that are known again: they may have ended, or be other programs.
func (t *Table) refreshPIDs(whole bool, now time.Time) {
	n, r := &t.byPID, &t.refresh
	changed := false
	if whole {
		n.hosts.Store(r.details.isFirstNamespace())
		for pid, e := range n.all {
			p, ok := r.numbered(pid, e.p)
			switch {
			case ok:
				n.all[pid] = entry{p: p, seen: now}
			case now.Sub(e.seen) > r.cfg.Keep:
				delete(n.all, pid)
			}
		}
		for i := range n.denied {
			n.denied[i].Store(0)
		}
		changed = true
	}
	for range len(n.asked) {
		pid := <-n.asked
		if _, ok := n.all[pid]; !ok && len(n.all) >= r.cfg.MaxProcesses {
			continue
		}
		if p, ok := r.numbered(pid, nil); ok {
			n.all[pid] = entry{p: p, seen: now}
			changed = true
		}
	}
	if changed {
		m := make(map[int]*Process, len(n.all))
		for pid, e := range n.all {
			m[pid] = e.p
		}
		n.seen.Store(&m)
	}
}

// numbered describes a process. One that has sockets is described already; was
// is what was known of it, which stays if it did not change.
func (r *refresher) numbered(pid int, was *Process) (*Process, bool) {
	netns, _ := r.details.netnsOf(itoa(pid))
	if k, ok := r.procs[pid]; ok {
		if start, ok := r.details.start(pid); ok && start == k.start && k.p.Netns == netns {
			return k.p, true
		}
	}
	p, _, ok := r.details.read(pid, netns)
	if ok && was != nil && *was == *p {
		p = was
	}
	return p, ok
}

// isFirstNamespace reports whether the numbers in procfs are those of the first
// process namespace, by a thread of the kernel that only that one shows.
func (d *details) isFirstNamespace() bool {
	b, err := readBounded(d.path(2, "stat"), maxStat)
	if err != nil {
		return false
	}
	comm, parent, _, err := parseStat(b)
	return err == nil && comm == "kthreadd" && parent == 0
}

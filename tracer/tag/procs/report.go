package procs

import (
	"fmt"
	"strconv"
	"time"
)

// Report says what a Table knows, what it cannot see, and what that costs. All
// counts but those of the last whole look are cumulative.
type Report struct {
	At          time.Time // of the last whole look
	Source      string    // sock_diag, procfs, or both
	NoDiag      string    // why sock_diag is not used
	Namespaces  int       // network namespaces that are looked into
	Sockets     int       // that have an owner, in the last whole look
	Unowned     int       // whose owner could not be seen, in the last whole look
	Processes   int       // whose descriptors were read, in the last whole look
	Unreadable  int       // that belong to other users, in the last whole look
	Connections int       // remembered
	Listeners   int       // remembered

	Hits, Misses   uint64 // lookups of local endpoints
	Unasked        uint64 // misses that came too fast to be looked for one by one
	Refreshes      uint64 // whole looks, and looks for what lookups missed
	Walks          uint64 // over processes
	WalksCut       uint64 // that a bound ended
	SocketsRefused uint64 // beyond Config.MaxSockets
	SpacesRefused  uint64 // beyond Config.MaxSpaces
	BadLines       uint64 // of /proc/PID/net
	Interrupted    uint64 // dumps during which the kernel's tables changed
	Cost, LastCost time.Duration
	Error          string // of the last list that could not be read
}

// Report returns the figures. It waits for a refresh that is under way.
func (t *Table) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.report
	r.Hits, r.Misses, r.Unasked = t.hits.Load(), t.misses.Load(), t.unasked.Load()
	return r
}

func (r *Report) walked(c *walkCount, whole bool) {
	r.Walks++
	if c.cut {
		r.WalksCut++
	}
	if whole {
		r.Processes, r.Unreadable = c.processes, c.unreadable
	}
}

func (r *refresher) tell(rep *Report, now time.Time, unowned int) {
	rep.At = now
	rep.Refreshes++
	rep.Namespaces = len(r.spaces)
	rep.Sockets, rep.Unowned = len(r.owners), unowned
	rep.Connections, rep.Listeners = len(r.ledger.conns), len(r.ledger.binds)
	rep.SocketsRefused += uint64(r.sock.lost) + r.ledger.dropped
	r.ledger.dropped = 0
	rep.BadLines += uint64(r.sock.bad)
	rep.Interrupted += uint64(r.sock.intr)
	switch used := r.sock.used; {
	case used[byDiag] > 0 && used[byProc] > 0:
		rep.Source = "sock_diag and procfs"
	case used[byDiag] > 0:
		rep.Source = "sock_diag"
	default:
		rep.Source = "procfs"
	}
	if r.noDiag != nil {
		rep.NoDiag = r.noDiag.Error()
	} else if !r.cfg.Diag {
		rep.NoDiag = "switched off"
	}
	if r.sock.err != nil {
		rep.Error = r.sock.err.Error()
	} else {
		rep.Error = ""
	}
}

// Lost says in sentences what cannot be told here, and what would help. Empty
// if nothing is lost.
func (r *Report) Lost() []string {
	var list []string
	add := func(format string, a ...any) { list = append(list, fmt.Sprintf(format, a...)) }
	if r.Unreadable > 0 {
		add("%d of %d processes belong to other users: their sockets have a user and no process; "+
			"CAP_SYS_PTRACE together with CAP_DAC_READ_SEARCH shows them", r.Unreadable, r.Unreadable+r.Processes)
	}
	if r.Unowned > 0 && r.Unreadable == 0 {
		add("%d sockets belong to processes that procfs does not show: in another process namespace, "+
			"hidden by its mount option hidepid, or the kernel itself", r.Unowned)
	}
	if r.NoDiag != "" {
		add("sockets are listed from procfs, which costs more: %s", r.NoDiag)
	}
	if r.SocketsRefused > 0 {
		add("%d sockets were beyond the bound of the table", r.SocketsRefused)
	}
	if r.SpacesRefused > 0 {
		add("%d network namespaces were beyond the bound", r.SpacesRefused)
	}
	if r.WalksCut > 0 {
		add("%d walks over processes ended at their bound", r.WalksCut)
	}
	if r.Error != "" {
		add("sockets could not be listed: %s", r.Error)
	}
	return list
}

func itoa(n int) string { return strconv.Itoa(n) }

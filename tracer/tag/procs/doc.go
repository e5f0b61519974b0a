// Package procs says which process of this machine is at a local endpoint,
// without eBPF: it joins the sockets that the kernel lists (sock_diag, or
// /proc/PID/net where the kernel or a container has none) with the file
// descriptors in /proc/PID/fd, and reads of the owners what describes them:
// executable, user, container, service unit.
//
// It stands beside tracer/link. One goroutine (Table.Run) reads the kernel's
// lists; it publishes an immutable snapshot, so that Lookup takes no lock and
// allocates nothing, but for a few bytes sent to that goroutine when it misses
// a local endpoint for the first time. There are two kinds of looks: at
// everything, now and then, and at what lookups have missed, at once; both are
// bounded in their share of a core. What was known of a socket that is gone
// is kept for a while: spans are named when their trace is complete, and then
// a short connection has no socket any more.
//
// Process values are immutable and shared; who holds one may keep it.
//
// It does not see threads, it does not see a connection that lived and died
// between two refreshes, and it does not see the descriptors of other users'
// processes without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: Report counts
// those, and says so.
package procs

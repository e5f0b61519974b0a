package procs

// Owns reports whether an address is local to this machine, in whatever network
// namespace: of the host or of one of its containers. Before the first look it
// is false for all but loopback. It may be called by any goroutine; it takes no
// lock and allocates nothing.
func (t *Table) Owns(a Addr) bool {
	if isLoopback(a) {
		return true
	}
	s := t.snap.Load()
	return s != nil && len(s.holders[a]) > 0
}

package main

// owns says which addresses are of the machine that captures, for the places of
// capture points on spans; nil if that is not known. A mirror appliance has no
// part in what it sees.
func (r *liveRun) owns() func([16]byte) bool {
	if r.o.mirror != nil {
		return func([16]byte) bool { return false }
	}
	if i := r.parts.ids; i != nil && i.procs != nil {
		return i.procs.Owns
	}
	return nil
}

// oneClock reports whether the times of all points are by the clock of this
// machine: those of network adapters and of other machines' captures are not.
func (r *liveRun) oneClock() bool {
	m := r.o.mirror
	return r.o.stamps == "host" && (m == nil || len(m.listen)+len(m.connect)+len(m.watch) == 0)
}

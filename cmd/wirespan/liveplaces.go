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

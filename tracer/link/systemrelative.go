package link

// relative is where an exchange lies in a message of a source that counts bytes
// from the beginning of a connection (sys.RelativeSeq): at the first byte of its
// request, when packets showed the beginning, too. Where a response begins is
// not known so; it is what the process moved next after the request.
func (l *Linker) relative(r *Facts, a *act) (seq uint32, known bool) {
	if r.Flags&Handshake == 0 || a.m.End < r.ConnStart-actLife || r.End != 0 && a.m.Begin > r.End+actLife {
		return 0, false // or it is another connection of the same ports
	}
	if a.m.Request() {
		return r.Trail.Offset, true
	}
	asked := l.system.acts.at(a.older)
	if a.older == 0 || !asked.used || asked.m.Cookie != a.m.Cookie || asked.unplaced() || !asked.m.Request() || !asked.has(r.Trail.Offset) {
		return 0, false
	}
	return a.m.Seq, true
}

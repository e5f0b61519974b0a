package sqltext

import "bytes"

// add puts a word behind a space, in upper case if it is a keyword. It reports
// whether there was room.
func (s *summary) add(w []byte, upper bool) bool {
	if s.full || len(s.buf)+1+len(w) > maxSummary || upper && len(w) > maxOp {
		s.full = true
		return false
	}
	if len(s.buf) > 0 {
		s.buf = append(s.buf, ' ')
	}
	for _, c := range w {
		if upper && c >= 'a' && c <= 'z' {
			c -= 0x20
		}
		s.buf = append(s.buf, c)
	}
	return true
}

// target begins the name of a target, which may go on behind a dot.
func (s *summary) target(w []byte) {
	s.expect = nothing
	if s.first == 0 {
		return
	}
	at := len(s.buf)
	if s.add(w, false) {
		s.last, s.naming, s.named = at+1, true, true
	}
}

// dot goes on with the name of a target.
func (s *summary) dot() {
	s.joined = true
	s.extend([]byte{'.'})
}

// part takes what stands behind a dot.
func (s *summary) part(w []byte) {
	if s.naming {
		s.extend(w)
	}
	s.joined, s.named, s.prev = false, true, plain
}

// extend adds to the target that is being read; one that is too long is
// dropped, for half a name is a wrong one.
func (s *summary) extend(w []byte) {
	if len(s.buf)+len(w) <= maxSummary {
		s.buf = append(s.buf, w...)
		return
	}
	s.buf, s.full, s.naming = s.buf[:max(s.last-1, 0)], true, false
}

// settle ends the target that was being read.
func (s *summary) settle() {
	if !s.naming {
		s.joined = false
		return
	}
	s.naming, s.joined = false, false
	if !s.tables {
		return
	}
	name := s.buf[s.last:]
	switch {
	case !s.found:
		s.found, s.one, s.oneEnd = true, s.last, len(s.buf)
	case !bytes.Equal(name, s.buf[s.one:s.oneEnd]):
		s.other = true
	}
}

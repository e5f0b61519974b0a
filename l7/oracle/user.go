package oracle

import "bytes"

// who reads the user of a login.
func (p *parser) who(c call) {
	b := c.body
	if i := bytes.LastIndex(b[:min(len(b), 96)], pointers); i >= 0 { // of an OCI client
		p.wide = true
		r := reader{b: b, at: i + len(pointers)}
		if v, _ := r.clr(); isName(v) {
			p.user = append(p.user[:0], v...)
		}
		return
	}
	r := reader{b: b}
	r.skip(1)
	n := r.ub4()
	r.ub4() // mode
	r.skip(1)
	r.ub4() // number of pairs
	r.skip(2)
	rest := r.rest()
	if len(rest) > 0 && int(rest[0]) == n {
		rest = rest[1:]
	}
	if n > 0 && n <= len(rest) && isName(rest[:n]) {
		p.user = append(p.user[:0], rest[:n]...)
	}
}

// pointers is a pointer of an OCI client that is set.
var pointers = []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// isName reports whether v may be the name of a user.
func isName(v []byte) bool {
	if len(v) == 0 || len(v) > maxName {
		return false
	}
	for _, c := range v {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

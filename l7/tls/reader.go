package tls

// reader takes numbers and vectors (RFC 8446, section 3.4) off its bytes. What
// is not all there gives what there is, and short is set: captures cut packets.
type reader struct {
	b     []byte
	short bool
}

// next takes n bytes.
func (r *reader) next(n int) []byte {
	if n > len(r.b) {
		n, r.short = len(r.b), true
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// number takes a number of n bytes.
func (r *reader) number(n int) (v int) {
	for _, c := range r.next(n) {
		v = v<<8 | int(c)
	}
	if r.short {
		return 0
	}
	return v
}

// vector takes a vector whose length has n bytes.
func (r *reader) vector(n int) []byte { return r.next(r.number(n)) }

// extension takes a type and what belongs to it.
func (r *reader) extension() (kind int, body reader) {
	kind = r.number(2)
	size := r.number(2)
	body.short = r.short || size > len(r.b)
	body.b = r.next(size)
	return kind, body
}

package main

// buffer writes and reads fields of TTC as thin clients do.
type buffer struct {
	b  []byte
	at int
}

func (w *buffer) put(b ...byte) { w.b = append(w.b, b...) }

// ub writes a number with its length in front.
func (w *buffer) ub(n int) {
	size := 0
	for v := n; v > 0; v >>= 8 {
		size++
	}
	w.put(byte(size))
	for i := size - 1; i >= 0; i-- {
		w.put(byte(n >> (8 * i)))
	}
}

// clr writes bytes with their length in front, in chunks if they are many.
func (w *buffer) clr(s string) {
	if len(s) < 253 {
		w.put(byte(len(s)))
		w.put([]byte(s)...)
		return
	}
	w.put(0xfe)
	for len(s) > 0 {
		n := min(len(s), 32767)
		w.ub(n)
		w.put([]byte(s[:n])...)
		s = s[n:]
	}
	w.put(0)
}

// dlc writes bytes with their number in front.
func (w *buffer) dlc(s string) {
	w.ub(len(s))
	if len(s) > 0 {
		w.clr(s)
	}
}

func (w *buffer) pair(key, value string, flags int) {
	w.dlc(key)
	w.dlc(value)
	w.ub(flags)
}

func (r *buffer) byte() byte {
	if r.at >= len(r.b) {
		panic("request ends early")
	}
	r.at++
	return r.b[r.at-1]
}

func (r *buffer) skip(n int) { r.at += n }

func (r *buffer) num() (v int) {
	for n := r.byte() & 0x7f; n > 0; n-- {
		v = v<<8 | int(r.byte())
	}
	return v
}

func (r *buffer) text() string {
	n := int(r.byte())
	if n != 0xfe {
		r.at += n
		return string(r.b[r.at-n : r.at])
	}
	var s string
	for {
		n := r.num()
		if n == 0 {
			return s
		}
		r.at += n
		s += string(r.b[r.at-n : r.at])
	}
}

func (r *buffer) counted() string {
	if r.num() == 0 {
		return ""
	}
	return r.text()
}

func (r *buffer) done() bool { return r.at >= len(r.b) }

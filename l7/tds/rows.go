package tds

// begin reads the token of a row: ROW or NBCROW (2.2.7.17, 2.2.7.14).
func (w *walker) begin(b []byte) int {
	if !w.known {
		return -1
	}
	n := 1
	if w.nulls = b[0] == tokRowNBC; w.nulls {
		bits := (len(w.cols) + 7) / 8
		if len(b) < 1+bits {
			return 0
		}
		copy(w.null[:], b[1:1+bits])
		n += bits
	}
	w.row, w.at, w.plp = true, 0, false
	w.finish()
	return n
}

// finish ends the row if it has no more columns.
func (w *walker) finish() {
	for w.nulls && w.at < len(w.cols) && w.null[w.at/8]>>(w.at%8)&1 != 0 {
		w.at++
	}
	if w.at >= len(w.cols) {
		w.row = false
		w.out.rows++
	}
}

// values passes over values of a row, as far as b goes.
func (w *walker) values(b []byte) int {
	i := 0
	for w.row {
		if w.plp {
			n := w.chunk(b[i:])
			if n <= 0 {
				return i
			}
			i += n
		} else if c := w.cols[w.at]; c.form == partial {
			if len(b) < i+8 {
				return i
			}
			null := u32(b[i:]) == 0xffffffff && u32(b[i+4:]) == 0xffffffff
			i += 8
			if w.plp = !null; null {
				w.next()
			}
		} else {
			n := valueSize(b[i:], c)
			if n < 0 {
				return -1
			}
			if n == 0 && c.form != unwritten {
				return i
			}
			w.next()
			if i += n; i > len(b) {
				w.skip = i - len(b)
				return len(b)
			}
		}
		if w.skip > 0 {
			n := min(w.skip, len(b)-i)
			w.skip -= n
			i += n
			if w.skip > 0 {
				return i
			}
		}
	}
	return i
}

// chunk reads the length of a chunk; one of 0 ends the value.
func (w *walker) chunk(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	u := u32(b)
	if u == 0 {
		w.plp = false
		w.next()
	}
	w.skip = int(u)
	return 4
}

func (w *walker) next() {
	w.at++
	w.finish()
}

// valueSize is the size of the value that begins b, its length included; 0 if
// too little is there to tell, -1 if it makes no sense.
func valueSize(b []byte, c column) int {
	switch c.form {
	case fixed:
		return int(c.size)
	case byteLen:
		if len(b) < 1 {
			return 0
		}
		return 1 + int(b[0])
	case shortLen:
		if len(b) < 2 {
			return 0
		}
		if n := u16(b); n != 0xffff {
			return 2 + n
		}
		return 2
	case longLen:
		return sized(b, 0)
	case textPtr:
		switch {
		case len(b) < 1:
			return 0
		case b[0] == 0:
			return 1
		}
		return sized(b, 1+int(b[0])+8)
	}
	return 0
}

// sized is a length of 4 bytes at a place, with what it counts.
func sized(b []byte, at int) int {
	if len(b) < at+4 {
		return 0
	}
	switch n := u32(b[at:]); {
	case n == 0xffffffff:
		return at + 4
	case n > 1<<31-1<<10:
		return -1
	default:
		return at + 4 + int(n)
	}
}

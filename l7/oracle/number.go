package oracle

// reader reads fields of TTC as thin clients marshal them: numbers have their
// length in front, and no leading zeros. After an error everything is zero.
type reader struct {
	b   []byte
	at  int
	bad bool
}

// rest are the bytes that are left.
func (r *reader) rest() []byte {
	if r.bad {
		return nil
	}
	return r.b[r.at:]
}

// byte reads a byte.
func (r *reader) byte() byte {
	if r.bad || r.at >= len(r.b) {
		r.bad = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

// skip passes over bytes.
func (r *reader) skip(n int) {
	if r.bad || n < 0 || n > len(r.b)-r.at {
		r.bad = true
		return
	}
	r.at += n
}

// number reads a number of at most so many bytes.
func (r *reader) number(most int) (v uint64) {
	n := int(r.byte())
	if n&0x80 != 0 { // negative
		n &= 0x7f
	}
	if r.bad || n > most || n > len(r.b)-r.at || n > 1 && r.b[r.at] == 0 {
		r.bad = true
		return 0
	}
	for range n {
		v = v<<8 | uint64(r.b[r.at])
		r.at++
	}
	return v
}

func (r *reader) ub2() int { return int(r.number(2)) }
func (r *reader) ub4() int { return int(r.number(4)) }

// clr reads bytes that follow their length; chunked is true if they come in
// pieces, which are passed over.
func (r *reader) clr() (v []byte, chunked bool) {
	switch n := r.byte(); n {
	case 0, 0xff:
	case longForm:
		for !r.bad {
			c := r.ub4()
			if c == 0 {
				break
			}
			r.skip(c)
		}
		return nil, true
	default:
		from := r.at
		if r.skip(int(n)); !r.bad {
			v = r.b[from:r.at]
		}
	}
	return v, false
}

// counted reads bytes that follow a number, and their length if that is not 0.
func (r *reader) counted() []byte {
	if r.ub4() == 0 {
		return nil
	}
	v, _ := r.clr()
	return v
}

// longForm is the length of bytes that come in chunks.
const longForm = 0xfe

package block

// readTexts reads what putTexts wrote.
func (d *decoder) readTexts() {
	n := d.count(len(d.code), "texts")
	size := d.count(maxSection, "size of texts")
	if d.err != nil || size > len(d.char)+2*len(d.raw)+32*len(d.code)+36*len(d.char) {
		d.fail("size of texts")
		return
	}
	all := d.all[:0]
	d.c.textEnd = make([]uint32, n)
	for i := range d.c.textEnd {
		k := d.count(len(d.char), "length of a text")
		b := d.char[:k]
		d.char = d.char[k:]
		all = d.text(all, b)
		if d.err != nil {
			return
		}
		if len(all) > size {
			d.fail("texts are longer than all of them")
			return
		}
		d.c.textEnd[i] = uint32(len(all))
	}
	if len(all) != size || n == 0 || d.c.textEnd[0] != 0 {
		d.fail("size of texts")
	}
	d.c.all, d.all = string(all), all
}

// text appends a text whose runs of digits were taken out.
func (d *decoder) text(dst, b []byte) []byte {
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] >= numMarks {
			n++
		}
		if dst, b = append(dst, b[:n]...), b[n:]; len(b) == 0 {
			break
		}
		c := b[0]
		b = b[1:]
		if (c == literal || c == hexRun) && len(b) == 0 {
			d.fail("mark at the end of a text")
			return dst
		}
		switch c {
		case literal:
			dst, b = append(dst, b[0]), b[1:]
		case hexRun:
			dst, b = appendHex(dst, d.rawBytes(int(b[0]))), b[1:]
		case uuid:
			dst = appendUUID(dst, d.rawBytes(16))
		case traceID:
			n := d.uvarint()
			if n >= uint64(len(d.traces)) {
				d.fail("trace within a text")
				return dst
			}
			dst = appendHex(dst, d.traces[n][:])
		}
	}
	return dst
}

func appendUUID(dst, b []byte) []byte {
	if len(b) < 16 {
		return dst
	}
	for i, part := range [...][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = appendHex(dst, b[part[0]:part[1]])
	}
	return dst
}

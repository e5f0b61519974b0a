package tds

// metadata reads the types of the rows that follow (2.2.7.4).
func (w *walker) metadata(b []byte) int {
	if w.p.sybase() {
		return -1
	}
	if len(b) < 3 {
		return 0
	}
	count, n := u16(b[1:]), 3
	if count == noColumns {
		return n
	}
	if count > maxColumns {
		return -1
	}
	w.cols = w.cols[:0]
	for range count {
		c, l := w.describe(b[n:])
		if l <= 0 {
			return l
		}
		n += l
		w.cols = append(w.cols, c)
	}
	w.known = true
	return n
}

// describe reads one column.
func (w *walker) describe(b []byte) (column, int) {
	head := 4 // UserType, Flags
	if w.p.wide() {
		head = 6
	}
	if len(b) <= head {
		return column{}, 0
	}
	c, n := typeInfo(b[head:], w.p.collations())
	if n <= 0 {
		return c, n
	}
	n += head
	if c.old {
		parts := 1
		if w.p.wide() {
			if len(b) <= n {
				return c, 0
			}
			parts = int(b[n])
			n++
		}
		for range parts {
			if n = names(b, n, 2); n == 0 {
				return c, 0
			}
		}
	}
	return c, names(b, n, 1)
}

// returned reads an output parameter (2.2.7.19); the first integer behind a
// prepare is the handle of the statement.
func (w *walker) returned(b []byte) int {
	n := names(b, 3, 1)
	if n == 0 {
		return 0
	}
	n += 1 + 4 // Status, UserType, Flags
	if w.p.wide() {
		n += 2
	}
	if len(b) <= n {
		return 0
	}
	kind := b[n]
	c, l := typeInfo(b[n:], w.p.collations())
	if l <= 0 {
		return l
	}
	n += l
	if c.old || c.form == partial {
		return -1
	}
	size := valueSize(b[n:], c)
	if size <= 0 || len(b) < n+size {
		return min(size, 0)
	}
	if kind == 0x26 && size == 5 && !w.out.handled {
		w.out.handle, w.out.handled = u32(b[n+1:]), true
	}
	return n + size
}

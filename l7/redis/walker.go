package redis

import "bytes"

// maxDepth bounds how deep aggregates nest; servers stop at about ten.
const maxDepth = 32

// streamed stands for a count that is not known ahead (RESP3, "Streamed
// aggregated data types").
const streamed = int64(-1)

// maxLine bounds simple strings, errors and big numbers.
const maxLine = window - 64

// element is the head of one RESP value.
type element struct {
	kind     byte
	head     int   // bytes up to and with the CRLF
	body     int64 // bytes of a string behind it, CRLF included
	children int64 // values of an aggregate behind it
}

// readElement reads the head of the value at the start of b.
func readElement(b []byte) (e element, o outcome) {
	if len(b) == 0 {
		return e, more
	}
	e.kind = b[0]
	switch e.kind {
	case '+', '-', ':', ',', '#', '_', '(':
		return e, e.line(b)
	case '.': // end of a streamed aggregate
		_, o = expect(b, 1)
		e.head = 3
		return e, o
	case '$', '!', '=', ';', '*', '~', '>', '%', '|':
	default:
		return e, bad
	}
	if len(b) > 1 && b[1] == '?' {
		_, o = expect(b, 2)
		e.head, e.children = 4, streamed
		return e, o
	}
	n, next, o := number(b, 1)
	if o != good {
		return e, o
	}
	if n < -1 {
		return e, bad
	}
	e.head = next
	switch e.kind {
	case '$', '!', '=', ';':
		if n >= 0 && (e.kind != ';' || n > 0) {
			e.body = n + 2
		}
	case '%', '|':
		e.children = 2 * max(n, 0)
	default:
		e.children = max(n, 0)
	}
	return e, good
}

// expect wants a CRLF at b[at:].
func expect(b []byte, at int) (next int, o outcome) {
	for i, c := range [2]byte{'\r', '\n'} {
		if at+i >= len(b) {
			return 0, more
		}
		if b[at+i] != c {
			return 0, bad
		}
	}
	return at + 2, good
}

// line reads a value that is one line.
func (e *element) line(b []byte) outcome {
	i := bytes.IndexByte(b, '\n')
	switch {
	case i < 0 && len(b) < maxLine:
		return more
	case i < 2 || b[i-1] != '\r' || !e.fits(b[1:i-1]):
		return bad
	}
	e.head = i + 1
	return good
}

// fits reports whether the text of a line is what its type says.
func (e *element) fits(text []byte) bool {
	switch e.kind {
	case ':':
		return len(text) > 0 && len(text) <= 20 && allDigits(text)
	case '#':
		return len(text) == 1 && (text[0] == 't' || text[0] == 'f')
	case '_':
		return len(text) == 0
	case ',':
		return len(text) > 0 && len(text) < 64
	case '(':
		return len(text) > 0 && allDigits(text)
	}
	return true
}

// allDigits reports whether text is an integer, with or without sign.
func allDigits(text []byte) bool {
	if len(text) > 1 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// walker passes over values, however they are nested and split.
type walker struct {
	depth int
	tail  bool            // the CRLF behind a string comes next
	left  [maxDepth]int64 // values that are still to come, by level; streamed if unknown
}

// start readies the walker for n values.
func (w *walker) start(n int64) { w.depth, w.left[0], w.tail = 1, n, false }

// over reports whether nothing more is to come.
func (w *walker) over() bool {
	for w.depth > 0 && w.left[w.depth-1] == 0 {
		w.depth--
	}
	return w.depth == 0 && !w.tail
}

// more reports whether values are to come.
func (w *walker) more() bool {
	tail := w.tail
	w.tail = false
	over := w.over()
	w.tail = tail
	return !over
}

// run goes over b: n bytes are done with, and skip more that are not in b. The
// outcome is more while values are to come.
func (w *walker) run(b []byte) (n int, skip int64, o outcome) {
	for {
		if w.tail {
			next, o := expect(b, n)
			if o != good {
				return n, 0, o
			}
			n, w.tail = next, false
		}
		if w.over() {
			return n, 0, good
		}
		e, o := readElement(b[n:])
		if o != good {
			return n, 0, o
		}
		if !w.enter(&e) {
			return n, 0, bad
		}
		n += e.head
		if e.body == 0 {
			continue
		}
		w.tail = true
		text := e.body - 2
		if have := int64(len(b) - n); text > have {
			return len(b), text - have, more
		}
		n += int(text)
	}
}

// enter counts a value; false if it may not stand here.
func (w *walker) enter(e *element) bool {
	top := &w.left[w.depth-1]
	switch {
	case *top == streamed && (e.kind == '.' || e.kind == ';' && e.body == 0):
		*top = 0
		return true
	case e.kind == '.' || e.kind == ';' && *top != streamed:
		return false
	case *top > 0 && e.kind != '|': // an attribute stands in front of its value
		*top--
	}
	if e.children == 0 {
		return true
	}
	if w.depth == maxDepth {
		return false
	}
	w.left[w.depth] = e.children
	w.depth++
	return true
}

package dubbo

import "encoding/binary"

// Bounds of the reader.
const (
	maxDepth   = 24
	maxClasses = 64
	maxItems   = 4096 // values that are passed over in one body
)

// hessian reads Hessian 2 from b. It allocates nothing; a value that cannot be
// read ends it.
type hessian struct {
	b       []byte
	at      int
	items   int
	classes int
	fields  [maxClasses]uint16 // number of fields of each class
	class   []byte             // name of the class defined last
}

// byte reads one byte.
func (h *hessian) byte() (c byte, ok bool) {
	if h.at >= len(h.b) {
		return 0, false
	}
	h.at++
	return h.b[h.at-1], true
}

// pass skips n bytes.
func (h *hessian) pass(n int) bool {
	if n < 0 || n > len(h.b)-h.at {
		return false
	}
	h.at += n
	return true
}

// number reads n bytes as a number.
func (h *hessian) number(n int) (v int, ok bool) {
	if n > len(h.b)-h.at {
		return 0, false
	}
	for _, c := range h.b[h.at : h.at+n] {
		v = v<<8 | int(c)
	}
	h.at += n
	return v, true
}

// text reads a string, as far as it is one chunk; of those with several, the
// last. ok is false, and nothing read, if there is none.
func (h *hessian) text() (s []byte, ok bool) {
	start := h.at
	for {
		c, more := h.byte()
		n, last := 0, true
		switch {
		case !more:
		case c <= 0x1f:
			n = int(c)
		case c >= 0x30 && c <= 0x33:
			n, more = h.number(1)
			n |= int(c-0x30) << 8
		case c == 'S' || c == 'R':
			n, more = h.number(2)
			last = c == 'S'
		case c == 'N':
			return nil, true
		default:
			more = false
		}
		if more {
			s, more = h.chars(n)
		}
		if !more {
			h.at = start
			return nil, false
		}
		if last {
			return s, true
		}
	}
}

// chars reads n UTF-16 units in UTF-8.
func (h *hessian) chars(n int) (s []byte, ok bool) {
	from := h.at
	for n > 0 {
		c, ok := h.byte()
		if !ok {
			return nil, false
		}
		n--
		switch {
		case c < 0x80:
			continue
		case c&0xe0 == 0xc0:
			ok = h.pass(1)
		case c&0xf0 == 0xe0:
			ok = h.pass(2)
		default:
			ok = h.pass(3)
			n-- // a pair of surrogates
		}
		if !ok {
			return nil, false
		}
	}
	return h.b[from:h.at], true
}

// integer reads an int.
func (h *hessian) integer() (n int, ok bool) {
	c, ok := h.byte()
	switch {
	case !ok:
		return 0, false
	case c >= 0x80 && c <= 0xbf:
		return int(c) - 0x90, true
	case c >= 0xc0 && c <= 0xcf:
		n, ok = h.number(1)
		return (int(c)-0xc8)<<8 + n, ok
	case c >= 0xd0 && c <= 0xd7:
		n, ok = h.number(2)
		return (int(c)-0xd4)<<16 + n, ok
	case c == 'I':
		n, ok = h.number(4)
		return int(int32(n)), ok
	}
	return 0, false
}

// typeName passes over the type of a list or map: a string or a reference.
func (h *hessian) typeName() bool {
	if _, ok := h.text(); ok {
		return true
	}
	_, ok := h.integer()
	return ok
}

// define reads the definition of a class: name, number of fields, their names.
func (h *hessian) define() bool {
	name, ok := h.text()
	if !ok || h.classes == maxClasses {
		return false
	}
	n, ok := h.integer()
	if !ok || n < 0 || n > 1<<10 {
		return false
	}
	for range n {
		if _, ok := h.text(); !ok {
			return false
		}
	}
	h.class = name
	h.fields[h.classes] = uint16(n)
	h.classes++
	return true
}

// skip passes over one value.
func (h *hessian) skip(depth int) bool {
	if h.items++; depth == maxDepth || h.items > maxItems || h.at >= len(h.b) {
		return false
	}
	switch c := h.b[h.at]; {
	case c <= 0x1f, c >= 0x30 && c <= 0x33, c == 'S', c == 'R':
		_, ok := h.text()
		return ok
	case c >= 0x80 && c <= 0xd7, c == 'I':
		_, ok := h.integer()
		return ok
	default:
		h.at++
		return h.skipTagged(c, depth)
	}
}

// skipTagged passes over a value behind its tag.
func (h *hessian) skipTagged(c byte, depth int) bool {
	switch {
	case c >= 0x20 && c <= 0x2f:
		return h.pass(int(c - 0x20))
	case c >= 0x34 && c <= 0x37:
		n, ok := h.number(1)
		return ok && h.pass(int(c-0x34)<<8|n)
	case c >= 0x38 && c <= 0x3f:
		return h.pass(2)
	case c >= 0x60 && c <= 0x6f:
		return h.object(int(c-0x60), depth)
	case c >= 0x70 && c <= 0x77:
		return h.typeName() && h.list(int(c-0x70), depth)
	case c >= 0x78 && c <= 0x7f:
		return h.list(int(c-0x78), depth)
	case c >= 0xd8 && c <= 0xef:
		return true
	case c >= 0xf0:
		return h.pass(1)
	}
	switch c {
	case 'F', 'N', 'T', 0x5b, 0x5c:
		return true
	case 0x5d:
		return h.pass(1)
	case 0x5e:
		return h.pass(2)
	case 0x5f, 'K', 'Y':
		return h.pass(4)
	case 'D', 'J', 'L':
		return h.pass(8)
	case 'A', 'B':
		return h.binary(c)
	case 'C':
		return h.define() && h.skip(depth+1)
	case 'H':
		return h.until(depth)
	case 'M', 'U':
		return h.typeName() && h.until(depth)
	case 'W':
		return h.until(depth)
	case 'O':
		n, ok := h.integer()
		return ok && h.object(n, depth)
	case 'Q':
		_, ok := h.integer()
		return ok
	case 'V':
		return h.typeName() && h.counted(depth)
	case 'X':
		return h.counted(depth)
	}
	return false
}

// binary passes over chunks of bytes, the first of which has tag c.
func (h *hessian) binary(c byte) bool {
	for {
		n, ok := h.number(2)
		if !ok || !h.pass(n) {
			return false
		}
		if c == 'B' {
			return true
		}
		if c, ok = h.byte(); !ok {
			return false
		}
		if c >= 0x20 && c <= 0x2f {
			return h.pass(int(c - 0x20))
		}
		if c != 'A' && c != 'B' {
			return false
		}
	}
}

func (h *hessian) counted(depth int) bool {
	n, ok := h.integer()
	return ok && h.list(n, depth)
}

func (h *hessian) list(n, depth int) bool {
	if n < 0 {
		return false
	}
	for range n {
		if !h.skip(depth + 1) {
			return false
		}
	}
	return true
}

// until passes over values up to the end mark.
func (h *hessian) until(depth int) bool {
	for h.at < len(h.b) {
		if h.b[h.at] == 'Z' {
			h.at++
			return true
		}
		if !h.skip(depth + 1) {
			return false
		}
	}
	return false
}

func (h *hessian) object(class, depth int) bool {
	if class < 0 || class >= h.classes {
		return false
	}
	return h.list(int(h.fields[class]), depth)
}

// attachments calls f with the pairs of strings of a map.
func (h *hessian) attachments(f func(key, value []byte)) {
	switch c, ok := h.byte(); {
	case !ok:
		return
	case c == 'M':
		if !h.typeName() {
			return
		}
	case c != 'H':
		return
	}
	for h.at < len(h.b) && h.b[h.at] != 'Z' {
		key, ok := h.text()
		if !ok {
			return
		}
		value, ok := h.text()
		if ok {
			f(key, value)
		} else if !h.skip(0) {
			return
		}
	}
}

// count says how many parameters a Java descriptor has.
func count(desc []byte) (n int, ok bool) {
	for i := 0; i < len(desc); i++ {
		for i < len(desc) && desc[i] == '[' {
			i++
		}
		if i == len(desc) {
			return 0, false
		}
		if desc[i] == 'L' {
			for i < len(desc) && desc[i] != ';' {
				i++
			}
			if i == len(desc) {
				return 0, false
			}
		}
		n++
	}
	return n, true
}

// uint32At reads four bytes.
func uint32At(b []byte) int64 { return int64(binary.BigEndian.Uint32(b)) }

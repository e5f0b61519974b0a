package thrift

import "encoding/binary"

// maxDepth bounds how deep structures nest; implementations stop at 64, real
// interfaces at a handful.
const maxDepth = 32

// Kinds of levels.
const (
	inStruct = iota
	inList
	inMap
)

// level is a structure, list or map that the walker is in.
type level struct {
	what    uint8
	key     uint8 // types of the elements
	value   uint8
	isValue bool  // of a map: the value comes next
	left    int64 // elements that are still to come
}

// walker passes over a structure, however it is nested and split.
type walker struct {
	compact bool
	depth   int
	levels  [maxDepth]level
}

func (w *walker) start(compact bool) {
	w.compact, w.depth = compact, 1
	w.levels[0] = level{what: inStruct}
}

// run goes over b: n bytes are done with, and skip more that are not in b. The
// outcome is more while the structure goes on.
func (w *walker) run(b []byte) (n int, skip int64, o outcome) {
	for w.depth > 0 {
		l := &w.levels[w.depth-1]
		if l.what != inStruct && l.left == 0 {
			w.depth--
			continue
		}
		typ, size := l.value, 0
		if l.what == inStruct {
			if typ, size, o = w.field(b[n:]); o != good {
				return n, 0, o
			}
			if typ == 0 {
				n += size
				w.depth--
				continue
			}
		} else if l.what == inMap && !l.isValue {
			typ = l.key
		}
		var value int64
		depth := w.depth
		if w.compact {
			value, o = w.compactValue(b[n+size:], typ, l.what == inStruct)
		} else {
			value, o = w.binaryValue(b[n+size:], typ)
		}
		if o != good {
			w.depth = depth
			return n, 0, o
		}
		l.pass()
		n += size
		if have := int64(len(b) - n); value > have {
			return len(b), value - have, more
		}
		n += int(value)
	}
	return n, 0, good
}

// pass counts an element.
func (l *level) pass() {
	switch {
	case l.what == inList, l.what == inMap && l.isValue:
		l.left--
		l.isValue = false
	case l.what == inMap:
		l.isValue = true
	}
}

// field reads the head of a field of a structure; type 0 ends it.
func (w *walker) field(b []byte) (typ uint8, size int, o outcome) {
	if len(b) == 0 {
		return 0, 0, more
	}
	if !w.compact {
		if b[0] == 0 {
			return 0, 1, good
		}
		if len(b) < 3 {
			return 0, 0, more
		}
		return b[0], 3, good
	}
	if b[0] == 0 {
		return 0, 1, good
	}
	typ, size = b[0]&15, 1
	if typ == 0 {
		return 0, 0, bad
	}
	if b[0]>>4 == 0 {
		if _, size, o = varint(b, 1); o != good {
			return 0, 0, o
		}
	}
	return typ, size, good
}

// Types of the binary protocol.
const (
	tBool   = 2
	tByte   = 3
	tDouble = 4
	tI16    = 6
	tI32    = 8
	tI64    = 10
	tString = 11
	tStruct = 12
	tMap    = 13
	tSet    = 14
	tList   = 15
	tUUID   = 16
)

// push enters a structure, list or map.
func (w *walker) push(l level) outcome {
	if w.depth == maxDepth {
		return bad
	}
	w.levels[w.depth] = l
	w.depth++
	return good
}

// binaryValue says how many bytes a value takes; of a container those of its
// head, and the walker enters it.
func (w *walker) binaryValue(b []byte, typ uint8) (size int64, o outcome) {
	switch typ {
	case tBool, tByte:
		return 1, good
	case tI16:
		return 2, good
	case tI32:
		return 4, good
	case tDouble, tI64:
		return 8, good
	case tUUID:
		return 16, good
	case tString:
		if len(b) < 4 {
			return 0, more
		}
		n := binary.BigEndian.Uint32(b)
		return 4 + int64(n), check(int64(n))
	case tStruct:
		return 0, w.push(level{what: inStruct})
	case tMap:
		if len(b) < 6 {
			return 0, more
		}
		n := int64(binary.BigEndian.Uint32(b[2:]))
		if check(n) == bad || n > 0 && (!isType(b[0]) || !isType(b[1])) {
			return 0, bad
		}
		return 6, w.push(level{what: inMap, key: b[0], value: b[1], left: n})
	case tSet, tList:
		if len(b) < 5 {
			return 0, more
		}
		n := int64(binary.BigEndian.Uint32(b[1:]))
		if check(n) == bad || n > 0 && !isType(b[0]) {
			return 0, bad
		}
		return 5, w.push(level{what: inList, value: b[0], left: n})
	}
	return 0, bad
}

func isType(t uint8) bool { return t >= tBool && t <= tUUID && t != 5 && t != 7 && t != 9 }

func check(n int64) outcome {
	if n > maxFrame {
		return bad
	}
	return good
}

// Types of the compact protocol.
const (
	cTrue   = 1
	cFalse  = 2
	cByte   = 3
	cI16    = 4
	cI64    = 6
	cDouble = 7
	cBinary = 8
	cList   = 9
	cSet    = 10
	cMap    = 11
	cStruct = 12
	cUUID   = 13
)

// compactValue is binaryValue for the compact protocol, where the type of a
// field holds its value if it is a bool.
func (w *walker) compactValue(b []byte, typ uint8, isField bool) (size int64, o outcome) {
	switch {
	case typ == cTrue || typ == cFalse:
		if isField {
			return 0, good
		}
		return 1, good
	case typ == cByte:
		return 1, good
	case typ >= cI16 && typ <= cI64:
		_, next, o := varint(b, 0)
		return int64(next), o
	case typ == cDouble:
		return 8, good
	case typ == cUUID:
		return 16, good
	case typ == cBinary:
		n, next, o := varint(b, 0)
		if o != good {
			return 0, o
		}
		if n > maxFrame {
			return 0, bad
		}
		return int64(next) + int64(n), good
	case typ == cStruct:
		return 0, w.push(level{what: inStruct})
	case typ == cList || typ == cSet:
		if len(b) == 0 {
			return 0, more
		}
		n, next := uint64(b[0]>>4), 1
		if n == 15 {
			if n, next, o = varint(b, 1); o != good {
				return 0, o
			}
		}
		if n > maxFrame || b[0]&15 > cUUID {
			return 0, bad
		}
		return int64(next), w.push(level{what: inList, value: b[0] & 15, left: int64(n)})
	case typ == cMap:
		n, next, o := varint(b, 0)
		if o != good || n == 0 {
			return int64(next), o
		}
		if next >= len(b) {
			return 0, more
		}
		if n > maxFrame || b[next]>>4 > cUUID || b[next]&15 > cUUID {
			return 0, bad
		}
		return int64(next) + 1, w.push(level{what: inMap, key: b[next] >> 4, value: b[next] & 15, left: int64(n)})
	}
	return 0, bad
}

package thrift

import "encoding/binary"

// peekMax is how much of arguments or a result is held to see its end.
const peekMax = 2 << 10

// thrown reads the first field of a result: 0 is what the method returned,
// others are exceptions that the interface declares. The outcome more is that
// of a result of which too little is there.
func thrown(b []byte, m mode) (field int64, o outcome) {
	if len(b) == 0 {
		return 0, more
	}
	if b[0] == 0 {
		return 0, good
	}
	if m&encoding == compact {
		if b[0]>>4 != 0 {
			return int64(b[0] >> 4), good // the delta to 0, where success would be 0 itself
		}
		id, _, o := varint(b, 1)
		return int64(id>>1) ^ -int64(id&1), o
	}
	if len(b) < 3 {
		return 0, more
	}
	return int64(int16(binary.BigEndian.Uint16(b[1:]))), good
}

// applicationType reads the type of a TApplicationException, {1: string
// message, 2: i32 type}, as far as b has it.
func applicationType(b []byte, m mode) []byte {
	isCompact := m&encoding == compact
	var w walker
	w.start(isCompact)
	id := int64(0)
	for at := 0; at < len(b); {
		typ, size, o := w.field(b[at:])
		if o != good || typ == 0 {
			break
		}
		if isCompact {
			if d := b[at] >> 4; d != 0 {
				id += int64(d)
			} else if n, _, o := varint(b, at+1); o == good {
				id = int64(n>>1) ^ -int64(n&1)
			}
		} else {
			id = int64(binary.BigEndian.Uint16(b[at+1:]))
		}
		at += size
		if id == 2 && isCompact && typ >= cI16 && typ <= cI64 {
			n, _, o := varint(b, at)
			if o == good {
				return typeName(uint32(n>>1) ^ -uint32(n&1))
			}
			break
		}
		if id == 2 && !isCompact && typ == tI32 && len(b) >= at+4 {
			return typeName(binary.BigEndian.Uint32(b[at:]))
		}
		var value int64
		if isCompact {
			value, o = w.compactValue(b[at:], typ, true)
		} else {
			value, o = w.binaryValue(b[at:], typ)
		}
		if o != good || w.depth > 1 || value > int64(len(b)-at) {
			break
		}
		at += int(value)
	}
	return typeName(0)
}

// typeName names the types of TApplicationException.
func typeName(n uint32) []byte {
	if n < uint32(len(typeNames)) {
		return typeNames[n]
	}
	return typeNames[0]
}

var typeNames = [...][]byte{
	[]byte("UNKNOWN"), []byte("UNKNOWN_METHOD"), []byte("INVALID_MESSAGE_TYPE"), []byte("WRONG_METHOD_NAME"), []byte("BAD_SEQUENCE_ID"),
	[]byte("MISSING_RESULT"), []byte("INTERNAL_ERROR"), []byte("PROTOCOL_ERROR"), []byte("INVALID_TRANSFORM"), []byte("INVALID_PROTOCOL"),
	[]byte("UNSUPPORTED_CLIENT_TYPE"),
}

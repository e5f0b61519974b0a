package otlp

import (
	"encoding/binary"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
)

// appendAttrs adds the attributes to the body and returns how many had a key
// that the registry does not know. Attributes whose lengths are one byte each
// are written in place; it reads the encoding of span.Attrs directly, since
// here every nanosecond is paid once per attribute.
func (e *Encoder) appendAttrs(a span.Attrs) (unknown int) {
	b, i := e.body[:cap(e.body)], len(e.body)
	for j := 0; j < len(a); {
		if len(b)-i < attrRoom {
			b = slices.Grow(b[:i], 4*attrRoom)
			b = b[:cap(b)]
		}
		in := a[j:]
		key := int(binary.LittleEndian.Uint16(in))
		if key >= len(e.prefixes) {
			_, rest := in.Next()
			j = len(a) - len(rest)
			unknown++
			continue
		}
		p := &e.prefixes[key]
		out := (*[attrRoom]byte)(b[i:])
		*(*[prefixRoom]byte)(out[:]) = p.b
		at := p.n & 63
		var n, used int
		switch t := span.Type(in[2]); t {
		case span.TypeString:
			size := int(in[3])
			if size <= 16 && len(in) >= 20 {
				lo, hi := binary.LittleEndian.Uint64(in[4:]), binary.LittleEndian.Uint64(in[12:])
				out[at], out[at+1], out[at+2] = byte(2+size), tagString, byte(size)
				binary.LittleEndian.PutUint64(out[at+3:], lo)
				binary.LittleEndian.PutUint64(out[at+11:], hi)
				m := &asciiMask[size]
				if lo&m[0]|hi&m[1] == 0 {
					n, used = 3+size, 4+size
				}
			} else if size <= shortText && copyASCII(out[at+3:at+3+size], in[4:4+size]) {
				out[at], out[at+1], out[at+2] = byte(2+size), tagString, byte(size)
				n, used = 3+size, 4+size
			}
		case span.TypeInt:
			num := binary.LittleEndian.Uint64(in[3:])
			w := sizeVarint(num)
			if used = 11; w > 8 {
				n = putInt(out[at:], num)
				break
			}
			n = 2 + w
			out[at], out[at+1] = byte(1+w), tagInt
			binary.LittleEndian.PutUint64(out[at+2:], varint8(num, w))
		case span.TypeAddr:
			n, used = putAddr(out[at:], in[3:19]), 19
		case span.TypeBool, span.TypeFloat, span.TypeHex:
			n, used = putNumber(out[at:], t, binary.LittleEndian.Uint64(in[3:])), 11
		}
		if at > 0 && n > 0 {
			out[1] = byte(at - 2 + n)
			i += at + n
			j += used
			continue
		}
		e.body = b[:i]
		j = len(a) - len(e.appendAttr(in))
		b, i = e.body[:cap(e.body)], len(e.body)
	}
	e.body = b[:i]
	return unknown
}

// putInt writes the length of an AnyValue and the AnyValue with an integer.
func putInt(v []byte, num uint64) int {
	_ = v[12]
	n := sizeVarint(num)
	v[0], v[1] = byte(1+n), tagInt
	if n <= 8 {
		binary.LittleEndian.PutUint64(v[2:], varint8(num, n))
	} else {
		binary.PutUvarint(v[2:], num)
	}
	return 2 + n
}

// putNumber writes the length of an AnyValue and the AnyValue.
func putNumber(v []byte, t span.Type, num uint64) int {
	_ = v[18]
	switch t {
	case span.TypeInt:
		return putInt(v, num)
	case span.TypeBool:
		v[0], v[1], v[2] = 2, tagBool, byte(num)
		return 3
	case span.TypeFloat:
		v[0], v[1] = 9, tagDouble
		binary.LittleEndian.PutUint64(v[2:], num)
		return 10
	default: // TypeHex
		v[0], v[1], v[2] = 18, tagString, 16
		putHex64(v[3:19], num)
		return 19
	}
}

// putAddr writes the length of an AnyValue and the AnyValue with the address
// as text, IPv4 dotted.
func putAddr(v, addr []byte) int {
	var n int
	if is4in6(addr) {
		n = putIPv4((*[20]byte)(v[3:]), (*[4]byte)(addr[12:]))
	} else {
		n = len(span.AppendIP(v[3:3], (*[16]byte)(addr)))
	}
	v[0], v[1], v[2] = byte(n+2), tagString, byte(n)
	return n + 3
}

func is4in6(a []byte) bool {
	return binary.LittleEndian.Uint64(a) == 0 && binary.LittleEndian.Uint32(a[8:]) == 0xffff0000
}

// appendAttr adds the first attribute of a in the general way and returns the
// rest.
func (e *Encoder) appendAttr(a span.Attrs) span.Attrs {
	at, rest := a.Next()
	name := e.keys.Name(at.Key)
	var v [64]byte
	switch at.Type {
	case span.TypeStrings, span.TypeInts:
		e.scratch = e.appendElems(e.scratch[:0], at)
		n := len(e.scratch)
		e.scratch = appendField(e.scratch, tagArray, e.scratch[:n])
		e.body = appendKeyValue(e.body, tagAttr, name, e.scratch[n:])
	case span.TypeAddr:
		e.body = appendKeyValue(e.body, tagAttr, name, v[1:putAddr(v[:], at.Str)])
	case span.TypeInt, span.TypeBool, span.TypeFloat, span.TypeHex:
		e.body = appendKeyValue(e.body, tagAttr, name, v[1:putNumber(v[:], at.Type, uint64(at.Num))])
	case span.TypeBytes:
		e.body = appendRunValue(e.body, tagAttr, name, tagBytes, at.Str)
	default:
		e.body = appendStringValue(e.body, tagAttr, name, e.text(at.Str))
	}
	return rest
}

// appendElems adds the content of an ArrayValue.
func (e *Encoder) appendElems(b []byte, at span.Attr) []byte {
	if at.Type == span.TypeInts {
		for n := range at.Ints {
			b = append(b, tagElem, byte(1+sizeVarint(uint64(n))), tagInt)
			b = binary.AppendUvarint(b, uint64(n))
		}
		return b
	}
	for s := range at.Strings {
		s = e.text(s)
		b = appendHeader(b, tagElem, sizeField(len(s)))
		b = appendField(b, tagString, s)
	}
	return b
}

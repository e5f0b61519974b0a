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
	for len(a) > 0 {
		if len(b)-i < attrRoom {
			b = slices.Grow(b[:i], 4*attrRoom)
			b = b[:cap(b)]
		}
		key := int(binary.LittleEndian.Uint16(a))
		if key >= len(e.prefixes) {
			_, a = a.Next()
			unknown++
			continue
		}
		p := &e.prefixes[key]
		out := b[i : i+attrRoom]
		*(*[prefixRoom]byte)(out) = p.b
		var n int
		switch t := span.Type(a[2]); {
		case p.n == 0:
		case t == span.TypeString && a[3] <= shortText:
			src := a[4 : 4+int(a[3])]
			v := out[p.n&63:]
			if !copyASCII(v[3:], src) {
				break
			}
			n = 3 + len(src)
			v[0], v[1], v[2] = byte(n-1), tagString, byte(len(src))
			a = a[4+len(src):]
		case t == span.TypeAddr:
			n = putAddr(out[p.n&63:], a[3:19])
			a = a[19:]
		case t == span.TypeInt || t == span.TypeBool || t == span.TypeFloat || t == span.TypeHex:
			n = putNumber(out[p.n&63:], t, binary.LittleEndian.Uint64(a[3:]))
			a = a[11:]
		}
		if n > 0 {
			out[1] += byte(n)
			i += p.n + n
			continue
		}
		e.body = b[:i]
		a = e.appendAttr(a)
		b, i = e.body[:cap(e.body)], len(e.body)
	}
	e.body = b[:i]
	return unknown
}

// putNumber writes the length of an AnyValue and the AnyValue.
func putNumber(v []byte, t span.Type, num uint64) int {
	_ = v[18]
	switch t {
	case span.TypeInt:
		v[1] = tagInt
		n := 2
		for ; num >= 0x80; num >>= 7 {
			v[n] = byte(num) | 0x80
			n++
		}
		v[n] = byte(num)
		v[0] = byte(n)
		return n + 1
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
		n = putIPv4(v[3:], addr[12:])
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

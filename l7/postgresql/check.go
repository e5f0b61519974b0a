package postgresql

import (
	"bytes"
	"encoding/binary"
)

// proof is what the bytes of a message say about it.
type proof uint8

const (
	wrong  proof = iota // no such message
	weak                // nothing but type and length
	part                // what is there of it fits
	strong              // complete, and its inside fits
)

// checkFront looks at the message of n bytes that begins b, which may be cut.
func checkFront(b []byte, n int) proof {
	whole := len(b) >= n
	in := b[header:min(len(b), n)]
	switch b[0] {
	case fQuery:
		return text(in, whole)
	case fParse:
		return parse(in, whole)
	case fBind:
		return bind(in, whole)
	case fExecute:
		_, rest, ok := name(in)
		return exact(ok && len(rest) == 4, ok || !whole, whole)
	case fFunction:
		if len(in) < 4 {
			return part
		}
		rest, ok := formats(in[4:])
		if ok {
			rest, ok = values(rest)
		}
		return exact(ok && len(rest) == 2, true, whole)
	case fDescribe, fClose:
		if len(in) > 0 && in[0] != 'S' && in[0] != 'P' {
			return wrong
		}
		_, rest, ok := name(in[min(1, len(in)):])
		return exact(ok && len(rest) == 0, ok || !whole, whole)
	}
	return weak
}

// checkBack is checkFront for the server's messages.
func checkBack(b []byte, n int) proof {
	whole := len(b) >= n
	in := b[header:min(len(b), n)]
	switch b[0] {
	case bReady:
		return exact(len(in) > 0 && bytes.IndexByte([]byte("ITE"), in[0]) >= 0, !whole, whole)
	case bComplete:
		return tag(in, whole)
	case bRow:
		return row(in, whole)
	case bRowDescription:
		return columns(in, whole)
	case bError, bNotice:
		return report(in, whole)
	case bStatus:
		k, rest, ok := name(in)
		_, tail, ok2 := cstring(rest)
		return exact(ok && ok2 && len(k) > 1 && len(tail) == 0, ok && !ok2 || !ok, whole)
	case bAuthentication:
		if len(in) < 4 {
			return part
		}
		c := binary.BigEndian.Uint32(in)
		return exact(c <= 12 && (c != 0 && c != 3 || n == header+4), false, whole)
	case bCopyIn, bCopyOut, bCopyBoth:
		if len(in) < 3 {
			return part
		}
		c := int(binary.BigEndian.Uint16(in[1:]))
		return exact(in[0] <= 1 && n == header+3+2*c, false, whole)
	case bParameters:
		if len(in) < 2 {
			return part
		}
		return exact(n == header+2+4*int(binary.BigEndian.Uint16(in)), false, whole)
	}
	return weak
}

// exact is strong if the inside fits, part if it may once more of it is there.
func exact(fits, may, whole bool) proof {
	switch {
	case fits && whole:
		return strong
	case (may || fits) && !whole:
		return part
	}
	return wrong
}

// name cuts a name off, which has no control characters.
func name(b []byte) (s, rest []byte, ok bool) {
	s, rest, ok = cstring(b)
	for _, c := range s {
		if c < ' ' || c == 0x7f {
			return nil, nil, false
		}
	}
	return s, rest, ok
}

// text is a query with its terminating zero.
func text(in []byte, whole bool) proof {
	i := bytes.IndexByte(in, 0)
	s := in
	if i >= 0 {
		s = in[:i]
	}
	for _, c := range s[:min(len(s), 64)] {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f' || c == 0x7f {
			return wrong
		}
	}
	return exact(i == len(in)-1, i < 0, whole)
}

// parse is a name, a query, and types of parameters (55.7, Parse).
func parse(in []byte, whole bool) proof {
	_, rest, ok := name(in)
	if !ok {
		return exact(false, bytes.IndexByte(in, 0) < 0, whole)
	}
	q, rest, ok := cstring(rest)
	if text(q, false) == wrong {
		return wrong
	}
	if !ok || len(rest) < 2 {
		return exact(false, true, whole)
	}
	n := 2 + 4*int(binary.BigEndian.Uint16(rest))
	return exact(len(rest) == n, len(rest) < n, whole)
}

// bind is two names, formats, parameters and formats (55.7, Bind).
func bind(in []byte, whole bool) proof {
	may := bytes.IndexByte(in, 0) < 0
	_, rest, ok := name(in)
	if ok {
		may = bytes.IndexByte(rest, 0) < 0
		_, rest, ok = name(rest)
	}
	if !ok {
		return exact(false, may, whole)
	}
	rest, ok = formats(rest)
	if ok {
		rest, ok = values(rest)
	}
	if ok {
		rest, ok = formats(rest)
	}
	return exact(ok && len(rest) == 0, !ok, whole)
}

// formats passes over a list of format codes.
func formats(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := 2 + 2*int(binary.BigEndian.Uint16(b))
	if len(b) < n {
		return nil, false
	}
	return b[n:], true
}

// values passes over a list of values, each with its length.
func values(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	for ; n > 0; n-- {
		if len(b) < 4 {
			return nil, false
		}
		l := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if l > 0 {
			if int(l) > len(b) {
				return nil, false
			}
			b = b[l:]
		}
	}
	return b, true
}

// row is a DataRow; the lengths of the values that are there must fit.
func row(in []byte, whole bool) proof {
	if len(in) < 2 {
		return part
	}
	if binary.BigEndian.Uint16(in) > 1664 { // MaxTupleAttributeNumber
		return wrong
	}
	rest, ok := values(in)
	return exact(ok && len(rest) == 0, !ok, whole)
}

// columns is a RowDescription: names with 18 bytes each.
func columns(in []byte, whole bool) proof {
	if len(in) < 2 {
		return part
	}
	n := int(binary.BigEndian.Uint16(in))
	if n > 1664 {
		return wrong
	}
	in = in[2:]
	for ; n > 0; n-- {
		i := bytes.IndexByte(in, 0)
		if i < 0 || len(in) < i+19 {
			return exact(false, true, whole)
		}
		in = in[i+19:]
	}
	return exact(len(in) == 0, false, whole)
}

// report is an error or notice: its first field is the severity (55.8).
func report(in []byte, whole bool) proof {
	switch {
	case len(in) < 2:
		return exact(false, true, whole)
	case in[0] != 'S' || in[1] < ' ':
		return wrong
	case !whole:
		return part
	}
	return exact(len(in) > 4 && in[len(in)-1] == 0 && in[len(in)-2] == 0, false, whole)
}

// tag is the tag of a command that was completed: INSERT 0 1.
func tag(in []byte, whole bool) proof {
	for i, c := range in {
		switch {
		case c == 0:
			return exact(i == len(in)-1 && i > 1, false, whole)
		case c >= 'A' && c <= 'Z', i > 0 && (c == ' ' || c >= '0' && c <= '9' || c == '_'):
		default:
			return wrong
		}
	}
	return exact(false, true, whole)
}

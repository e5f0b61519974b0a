package export

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/span"
)

const (
	lowerHex = "0123456789abcdef"
	flushAt  = 64 << 10 // bytes gathered before they are written
)

// appendString adds a JSON string (RFC 8259, 7). Invalid UTF-8 becomes U+FFFD.
func appendString[S []byte | string](dst []byte, s S) []byte {
	return append(appendInner(append(dst, '"'), s), '"')
}

// appendInner adds the inside of a JSON string.
func appendInner[S []byte | string](dst []byte, s S) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			_, w := decodeRune(s[i:])
			if w > 1 {
				i += w
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			dst = append(dst, "\ufffd"...)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
		}
		i++
		from = i
	}
	return append(dst, s[from:]...)
}

// decodeRune is utf8.DecodeRune for both kinds of text; an invalid byte has
// width 1.
func decodeRune[S []byte | string](s S) (rune, int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s)])
}

// appendValue adds an attribute's value in its native type.
func appendValue(dst []byte, at span.Attr) []byte {
	switch at.Type {
	case span.TypeInt:
		return strconv.AppendInt(dst, at.Num, 10)
	case span.TypeBool:
		return strconv.AppendBool(dst, at.Num != 0)
	case span.TypeFloat:
		return appendFloat(dst, at.Float())
	case span.TypeStrings:
		dst = append(dst, '[')
		sep := false
		for s := range at.Strings {
			if sep {
				dst = append(dst, ',')
			}
			dst, sep = appendString(dst, s), true
		}
		return append(dst, ']')
	case span.TypeInts:
		return append(at.AppendText(append(dst, '[')), ']')
	case span.TypeAddr, span.TypeHex, span.TypeBytes:
		return append(at.AppendText(append(dst, '"')), '"')
	default:
		return appendString(dst, at.Str)
	}
}

// appendFloat adds a number; JSON has none for infinities and NaN.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// members holds the names of all attributes as they stand in an object,
// `"name":`.
type members [][]byte

func newMembers(keys *span.Keys) members {
	m := make(members, keys.Len())
	for i := range m {
		m[i] = append(appendString(nil, keys.Name(span.Key(i))), ':')
	}
	return m
}

// appendAttrs adds all attributes as an object, each key once.
func (m members) appendAttrs(dst []byte, a span.Attrs) []byte {
	dst = append(dst, '{')
	sep, last := false, span.Key(0)
	for len(a) > 0 {
		var at span.Attr
		at, a = a.Next()
		if int(at.Key) >= len(m) || sep && at.Key == last {
			continue
		}
		if sep {
			dst = append(dst, ',')
		}
		dst = appendValue(append(dst, m[at.Key]...), at)
		sep, last = true, at.Key
	}
	return append(dst, '}')
}

// write empties a buffer into w.
func write(w io.Writer, out *[]byte, what string) error {
	if len(*out) == 0 {
		return nil
	}
	_, err := w.Write(*out)
	*out = (*out)[:0]
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

package clickhouse

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/store"
)

// Values are kept as text beside their type, so that people find them in SQL:
// strings and bytes as they are, numbers in decimal, true or false, and lists and
// maps in JSON with two additions, by which what is read is what was written:
//
//	{"$bytes":"AQI="}     bytes
//	{"$double":"NaN"}     a double that JSON has no number for
//
// A whole double has a fraction (1.0), bytes that are no UTF-8 stand in strings as
// they are, and a key that begins with "$" has one more.

// appendValue appends the text of the value of an attribute.
func appendValue(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String, store.Bytes:
		return append(b, v.Str...)
	case store.Bool:
		return strconv.AppendBool(b, v.Num != 0)
	case store.Int:
		return strconv.AppendInt(b, v.Num, 10)
	case store.Double:
		return appendDouble(b, v.Num)
	case store.Array, store.Map:
		return appendNested(b, v)
	}
	return b
}

func appendDouble(b []byte, bits int64) []byte {
	f := math.Float64frombits(uint64(bits))
	if f != f && math.Float64bits(math.NaN()) != uint64(bits) {
		return strconv.AppendUint(append(b, "NaN:"...), uint64(bits), 16)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendNested(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String:
		return appendString(b, v.Str)
	case store.Bool, store.Int:
		return appendValue(b, v)
	case store.Double:
		from := len(b)
		b = appendDouble(b, v.Num)
		if f := math.Float64frombits(uint64(v.Num)); f != f || math.IsInf(f, 0) {
			text := string(b[from:])
			return append(append(append(b[:from], `{"$double":"`...), text...), `"}`...)
		}
		if !strings.ContainsAny(string(b[from:]), ".e") {
			b = append(b, ".0"...)
		}
		return b
	case store.Bytes:
		b = base64.StdEncoding.AppendEncode(append(b, `{"$bytes":"`...), []byte(v.Str))
		return append(b, `"}`...)
	case store.Array:
		b = append(b, '[')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNested(b, &v.List[i])
		}
		return append(b, ']')
	case store.Map:
		return appendMap(b, v.Map)
	}
	return append(b, "null"...)
}

func appendMap(b []byte, m []store.Attr) []byte {
	b = append(b, '{')
	for i := range m {
		if i > 0 {
			b = append(b, ',')
		}
		key := m[i].Key
		if strings.HasPrefix(key, "$") {
			key = "$" + key
		}
		b = append(appendString(b, key), ':')
		b = appendNested(b, &m[i].Value)
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf || c >= ' ' && c != '"' && c != '\\' {
			b = append(b, c)
		} else if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
	}
	return append(b, '"')
}

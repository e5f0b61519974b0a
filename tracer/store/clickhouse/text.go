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

// nested is what stands in lists and maps.
var nested = store.JSON{Text: appendString, Int: appendInt, Double: appendNestedDouble, Bytes: appendBytes, Key: escapeKey}

func appendNested(b []byte, v *store.Value) []byte { return nested.Append(b, v) }

func appendMap(b []byte, m []store.Attr) []byte { return nested.AppendMap(b, m) }

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

func appendNestedDouble(b []byte, f float64) []byte {
	from := len(b)
	b = appendDouble(b, int64(math.Float64bits(f)))
	if f != f || math.IsInf(f, 0) {
		text := string(b[from:])
		return append(append(append(b[:from], `{"$double":"`...), text...), `"}`...)
	}
	if !strings.ContainsAny(string(b[from:]), ".e") {
		b = append(b, ".0"...)
	}
	return b
}

func appendBytes(b []byte, s string) []byte {
	b = base64.StdEncoding.AppendEncode(append(b, `{"$bytes":"`...), []byte(s))
	return append(b, `"}`...)
}

func escapeKey(key string) (string, bool) {
	if strings.HasPrefix(key, "$") {
		key = "$" + key
	}
	return key, true
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

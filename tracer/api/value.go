package api

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/wirespan/wirespan/tracer/store"
)

// maxExact is the largest whole number that JavaScript reads without loss.
const maxExact = 1<<53 - 1

// Attributes are an object of name and value in the order in which they were sent.
// Whole numbers that JavaScript would round are strings, as are NaN and the
// infinities; bytes are an object {"base64": "..."}.
type Attributes []store.Attr

// MarshalJSON writes the object; wirespan.facts is left out.
func (a Attributes) MarshalJSON() ([]byte, error) { return appendAttrs(nil, a), nil }

// UnmarshalJSON passes over attributes: programs that read them take the JSON.
func (a *Attributes) UnmarshalJSON([]byte) error { return nil }

func appendAttrs(b []byte, list []store.Attr) []byte {
	b = append(b, '{')
	sep := false
	for i := range list {
		if list[i].Key == store.AttrFacts {
			continue
		}
		if sep {
			b = append(b, ',')
		}
		sep = true
		b = append(appendText(b, list[i].Key), ':')
		b = appendValue(b, &list[i].Value)
	}
	return append(b, '}')
}

func appendValue(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String:
		return appendText(b, v.Str)
	case store.Bool:
		return strconv.AppendBool(b, v.Num != 0)
	case store.Int:
		if v.Num > maxExact || v.Num < -maxExact {
			return append(strconv.AppendInt(append(b, '"'), v.Num, 10), '"')
		}
		return strconv.AppendInt(b, v.Num, 10)
	case store.Double:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, 64), '"')
		}
		return strconv.AppendFloat(b, f, 'g', -1, 64)
	case store.Bytes:
		b = append(b, `{"base64":"`...)
		return append(base64.StdEncoding.AppendEncode(b, []byte(v.Str)), `"}`...)
	case store.Array:
		b = append(b, '[')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, &v.List[i])
		}
		return append(b, ']')
	case store.Map:
		return appendAttrs(b, v.Map)
	default:
		return append(b, "null"...)
	}
}

// appendText writes a string; bytes that are no UTF-8 become the replacement
// character.
func appendText(b []byte, s string) []byte {
	t, err := json.Marshal(s)
	if err != nil { // strings always can be
		return append(b, `""`...)
	}
	return append(b, t...)
}

// exact keeps a span of time in ns to what JavaScript reads without loss: 104 days.
func exact(n int64) int64 { return min(max(n, -maxExact), maxExact) }

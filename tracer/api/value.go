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

// form is how values are written.
var form = store.JSON{Text: appendText, Int: appendInt, Double: appendDouble, Bytes: appendBytes, Key: shownKey}

func appendAttrs(b []byte, list []store.Attr) []byte { return form.AppendMap(b, list) }

func appendValue(b []byte, v *store.Value) []byte { return form.Append(b, v) }

func shownKey(key string) (string, bool) { return key, key != store.AttrFacts }

func appendInt(b []byte, n int64) []byte {
	if n > maxExact || n < -maxExact {
		return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
	}
	return strconv.AppendInt(b, n, 10)
}

func appendDouble(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, 64), '"')
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendBytes(b []byte, s string) []byte {
	b = append(b, `{"base64":"`...)
	return append(base64.StdEncoding.AppendEncode(b, []byte(s)), `"}`...)
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

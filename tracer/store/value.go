package store

import "math"

// Type is the type of a Value.
type Type uint8

// Types (opentelemetry/proto/common/v1, AnyValue).
const (
	Empty  Type = iota
	String      // Str
	Bool        // Num is 0 or 1
	Int         // Num
	Double      // Num is math.Float64bits
	Bytes       // Str
	Array       // List
	Map         // Map
	NumTypes
)

// Value is the value of an attribute.
type Value struct {
	Type Type
	Num  int64
	Str  string
	List []Value
	Map  []Attr
}

// StringValue is a value of type String.
func StringValue(s string) Value { return Value{Type: String, Str: s} }

// BytesValue is a value of type Bytes.
func BytesValue(b string) Value { return Value{Type: Bytes, Str: b} }

// IntValue is a value of type Int.
func IntValue(n int64) Value { return Value{Type: Int, Num: n} }

// DoubleValue is a value of type Double.
func DoubleValue(f float64) Value { return Value{Type: Double, Num: int64(math.Float64bits(f))} }

// BoolValue is a value of type Bool.
func BoolValue(b bool) Value {
	v := Value{Type: Bool}
	if b {
		v.Num = 1
	}
	return v
}

// Float is the number of a Double or an Int.
func (v Value) Float() float64 {
	if v.Type == Double {
		return math.Float64frombits(uint64(v.Num))
	}
	return float64(v.Num)
}

// Texts yields the text of a String, or of the Strings of an Array.
func (v Value) Texts(yield func(string) bool) {
	if v.Type == String {
		yield(v.Str)
		return
	}
	for i := range v.List {
		if v.List[i].Type == String && !yield(v.List[i].Str) {
			return
		}
	}
}

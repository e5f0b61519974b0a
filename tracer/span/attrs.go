package span

import (
	"encoding/binary"
	"math"
)

// Type is the type of an attribute's value.
type Type uint8

// Types. Addr and SpanRef are kept in binary and shown as text.
const (
	TypeString  Type = iota
	TypeInt          // Num
	TypeBool         // Num is 0 or 1
	TypeFloat        // Num is math.Float64bits
	TypeStrings      // Str is a list, see Strings
	TypeInts         // Str is a list, see Ints
	TypeAddr         // Str is a 16 byte address, IPv4 mapped; a string for readers
	TypeHex          // Num is 64 bits, shown as 16 hex digits; a string for readers
	TypeBytes        // Str; shown as base64 (RFC 4648, 4)
)

// Attr is one attribute. Str borrows from the Attrs it was read from.
type Attr struct {
	Key  Key
	Type Type
	Num  int64
	Str  []byte
}

// Attrs is an encoded list of attributes: per attribute the key (2 bytes,
// little endian), the type, then 8 bytes of number, or a length (uvarint) and
// as many bytes.
type Attrs []byte

// Next takes the first attribute off the list. It must not be called on an
// empty list.
func (a Attrs) Next() (Attr, Attrs) {
	at := Attr{Key: Key(binary.LittleEndian.Uint16(a)), Type: Type(a[2])}
	a = a[3:]
	switch at.Type {
	case TypeInt, TypeBool, TypeFloat, TypeHex:
		at.Num = int64(binary.LittleEndian.Uint64(a))
		return at, a[8:]
	case TypeAddr:
		at.Str = a[:16]
		return at, a[16:]
	default:
		n, w := binary.Uvarint(a)
		at.Str = a[w : w+int(n)]
		return at, a[w+int(n):]
	}
}

// Find returns the first attribute of a key.
func (a Attrs) Find(k Key) (Attr, bool) {
	for len(a) > 0 {
		var at Attr
		if at, a = a.Next(); at.Key == k {
			return at, true
		}
	}
	return Attr{}, false
}

// All yields the attributes in order.
func (a Attrs) All(yield func(Attr) bool) {
	for len(a) > 0 {
		var at Attr
		if at, a = a.Next(); !yield(at) {
			return
		}
	}
}

// AppendString adds a string attribute.
func AppendString[S []byte | string](a Attrs, k Key, v S) Attrs {
	a = append(a, byte(k), byte(k>>8), byte(TypeString))
	a = binary.AppendUvarint(a, uint64(len(v)))
	return append(a, v...)
}

// AppendBytes adds an attribute of bytes that are no text.
func AppendBytes(a Attrs, k Key, v []byte) Attrs {
	a = append(a, byte(k), byte(k>>8), byte(TypeBytes))
	a = binary.AppendUvarint(a, uint64(len(v)))
	return append(a, v...)
}

// AppendInt adds an integer attribute.
func AppendInt(a Attrs, k Key, v int64) Attrs { return appendNum(a, k, TypeInt, v) }

// AppendBool adds a boolean attribute.
func AppendBool(a Attrs, k Key, v bool) Attrs {
	if v {
		return appendNum(a, k, TypeBool, 1)
	}
	return appendNum(a, k, TypeBool, 0)
}

// AppendFloat adds a double attribute.
func AppendFloat(a Attrs, k Key, v float64) Attrs {
	return appendNum(a, k, TypeFloat, int64(math.Float64bits(v)))
}

// AppendHex adds 64 bits that readers see as 16 hex digits.
func AppendHex(a Attrs, k Key, v uint64) Attrs { return appendNum(a, k, TypeHex, int64(v)) }

// AppendAddr adds an address, IPv4 mapped into IPv6.
func AppendAddr(a Attrs, k Key, v *[16]byte) Attrs {
	a = append(a, byte(k), byte(k>>8), byte(TypeAddr))
	return append(a, v[:]...)
}

func appendNum(a Attrs, k Key, t Type, v int64) Attrs {
	a = append(a, byte(k), byte(k>>8), byte(t))
	return binary.LittleEndian.AppendUint64(a, uint64(v))
}

// AppendStrings adds a list of strings; each element is given as an encoded
// element of AppendElem.
func AppendStrings(a Attrs, k Key, list []byte) Attrs { return appendList(a, k, TypeStrings, list) }

// AppendInts adds a list of integers, encoded by AppendIntElem.
func AppendInts(a Attrs, k Key, list []byte) Attrs { return appendList(a, k, TypeInts, list) }

func appendList(a Attrs, k Key, t Type, list []byte) Attrs {
	a = append(a, byte(k), byte(k>>8), byte(t))
	a = binary.AppendUvarint(a, uint64(len(list)))
	return append(a, list...)
}

// AppendElem adds a string to a list.
func AppendElem[S []byte | string](list []byte, v S) []byte {
	list = binary.AppendUvarint(list, uint64(len(v)))
	return append(list, v...)
}

// AppendIntElem adds an integer to a list.
func AppendIntElem(list []byte, v int64) []byte { return binary.AppendVarint(list, v) }

// Strings yields the elements of a TypeStrings attribute.
func (at Attr) Strings(yield func([]byte) bool) {
	for l := at.Str; len(l) > 0; {
		n, w := binary.Uvarint(l)
		if !yield(l[w : w+int(n)]) {
			return
		}
		l = l[w+int(n):]
	}
}

// Ints yields the elements of a TypeInts attribute.
func (at Attr) Ints(yield func(int64) bool) {
	for l := at.Str; len(l) > 0; {
		n, w := binary.Varint(l)
		if !yield(n) {
			return
		}
		l = l[w:]
	}
}

// Float is the value of a TypeFloat attribute.
func (at Attr) Float() float64 { return math.Float64frombits(uint64(at.Num)) }

// AppendFloatBits adds a double attribute given as math.Float64bits.
func AppendFloatBits(a Attrs, k Key, bits int64) Attrs { return appendNum(a, k, TypeFloat, bits) }

package mongodb

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Types of BSON elements (BSON 1.1, "element").
const (
	typeDouble    = 0x01
	typeString    = 0x02
	typeDocument  = 0x03
	typeArray     = 0x04
	typeBinary    = 0x05
	typeUndefined = 0x06
	typeObjectID  = 0x07
	typeBool      = 0x08
	typeDate      = 0x09
	typeNull      = 0x0a
	typeRegex     = 0x0b
	typePointer   = 0x0c
	typeCode      = 0x0d
	typeSymbol    = 0x0e
	typeScoped    = 0x0f
	typeInt32     = 0x10
	typeTimestamp = 0x11
	typeInt64     = 0x12
	typeDecimal   = 0x13
	typeMax       = 0x7f
	typeMin       = 0xff
)

// minDoc is the empty document: its length and a zero.
const minDoc = 5

// element is one of a document; it borrows from it.
type element struct {
	kind  byte
	name  []byte
	value []byte // of a string without length and end; of documents all of them
	cut   bool   // there is more of the value than can be seen
}

// elements walks over a document, which may be cut short.
type elements struct{ b []byte }

// document gives the elements of the document at the start of b, and how long
// it says it is; ok is false if it is none.
func document(b []byte) (d elements, size int, ok bool) {
	if len(b) < 4 {
		return d, 0, false
	}
	n := binary.LittleEndian.Uint32(b)
	if n < minDoc || n > maxSize {
		return d, 0, false
	}
	d.b = b[4:min(len(b), int(n))]
	return d, int(n), true
}

// next gives the next element; ok is false at the end and where nothing can be read.
func (d *elements) next() (e element, ok bool) {
	if len(d.b) < 2 || d.b[0] == 0 {
		return e, false
	}
	i := bytes.IndexByte(d.b[1:], 0)
	if i < 0 {
		return e, false
	}
	e.kind, e.name = d.b[0], d.b[1:1+i]
	rest := d.b[2+i:]
	n, from, ok := sizeOf(e.kind, rest)
	if !ok {
		d.b = nil
		return e, false
	}
	if n > len(rest) {
		e.value, e.cut, d.b = rest[min(from, len(rest)):], true, nil
		return e, true
	}
	e.value, d.b = rest[from:n], rest[n:]
	if e.kind == typeString || e.kind == typeSymbol || e.kind == typeCode {
		e.value = e.value[:len(e.value)-1]
	}
	return e, true
}

// sizeOf is the size of a value of a type, and where what matters of it begins.
func sizeOf(kind byte, b []byte) (n, from int, ok bool) {
	switch kind {
	case typeUndefined, typeNull, typeMin, typeMax:
		return 0, 0, true
	case typeBool:
		return 1, 0, true
	case typeInt32:
		return 4, 0, true
	case typeDouble, typeDate, typeTimestamp, typeInt64:
		return 8, 0, true
	case typeObjectID:
		return 12, 0, true
	case typeDecimal:
		return 16, 0, true
	case typeRegex:
		return regexSize(b), 0, true
	}
	if len(b) < 4 {
		return 4, 4, kind >= typeString && kind <= typeScoped
	}
	v := binary.LittleEndian.Uint32(b)
	if v > maxSize {
		return 0, 0, false
	}
	n = int(v)
	switch kind {
	case typeString, typeSymbol, typeCode:
		return 4 + n, 4, n >= 1
	case typeDocument, typeArray:
		return n, 0, n >= minDoc
	case typeScoped:
		return n, 0, n >= 4+minDoc+minDoc
	case typeBinary:
		return 5 + n, 4, true
	case typePointer:
		return 4 + n + 12, 4, n >= 1
	}
	return 0, 0, false
}

// regexSize is the size of two texts that end with zeros.
func regexSize(b []byte) int {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return len(b) + 1
	}
	k := bytes.IndexByte(b[i+1:], 0)
	if k < 0 {
		return len(b) + 1
	}
	return i + k + 2
}

// text is the value of a string that is there as a whole.
func (e *element) text() []byte {
	if e.kind != typeString || e.cut {
		return nil
	}
	return e.value
}

// number is the value of a number or a bool.
func (e *element) number() (n int64, ok bool) {
	if e.cut {
		return 0, false
	}
	switch e.kind {
	case typeInt32:
		return int64(int32(binary.LittleEndian.Uint32(e.value))), true
	case typeInt64:
		return int64(binary.LittleEndian.Uint64(e.value)), true
	case typeBool:
		return int64(e.value[0]), true
	case typeDouble:
		f := math.Float64frombits(binary.LittleEndian.Uint64(e.value))
		if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, false
		}
		return int64(f), true
	}
	return 0, false
}

// inner gives the elements of a document or array.
func (e *element) inner() (d elements, ok bool) {
	if e.kind != typeDocument && e.kind != typeArray {
		return d, false
	}
	d, _, ok = document(e.value)
	return d, ok
}

// count is the number of elements of an array that is there as a whole.
func (e *element) count() (n int64, ok bool) {
	d, ok := e.inner()
	if !ok || e.cut {
		return 0, false
	}
	for {
		if _, more := d.next(); !more {
			return n, len(d.b) == 1
		}
		n++
	}
}

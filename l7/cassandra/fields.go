package cassandra

import "encoding/binary"

// fields reads the notations of section 3 from a body that may be cut short;
// where there is too little, short is set and what is read is empty.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.short, f.b = true, nil
		return nil
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

// octet is a [byte].
func (f *fields) octet() int {
	v := f.take(1)
	if v == nil {
		return 0
	}
	return int(v[0])
}

// short16 is a [short].
func (f *fields) short16() int {
	v := f.take(2)
	if v == nil {
		return 0
	}
	return int(binary.BigEndian.Uint16(v))
}

// integer is an [int].
func (f *fields) integer() int {
	v := f.take(4)
	if v == nil {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(v)))
}

// text is a [string] or [short bytes].
func (f *fields) text() []byte { return f.take(f.short16()) }

// bytes are [bytes] or a [value]: null and not set are empty.
func (f *fields) bytes() []byte {
	n := f.integer()
	if n < 0 {
		return nil
	}
	return f.take(n)
}

// long is a [long string], as far as it is there.
func (f *fields) long() []byte {
	n := f.integer()
	if n > len(f.b) {
		v := f.b
		f.short, f.b = true, nil
		return v
	}
	return f.take(n)
}

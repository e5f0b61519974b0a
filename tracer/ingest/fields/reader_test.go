package fields

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// oracle lists the fields of a message as protowire reads them.
func oracle(b []byte) (list []Reader, ok bool) {
	for len(b) > 0 {
		num, t, n := protowire.ConsumeTag(b)
		if n < 0 || num > protowire.MaxValidNumber {
			return list, false
		}
		b = b[n:]
		f := Reader{Tag: uint64(num)<<3 | uint64(t)}
		switch t {
		case protowire.VarintType:
			f.Num, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			var v []byte
			v, n = protowire.ConsumeBytes(b)
			f.Str = string(v)
		case protowire.Fixed64Type:
			f.Num, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.Num = uint64(v)
		default:
			n = protowire.ConsumeFieldValue(num, t, b)
		}
		if n < 0 {
			return list, false
		}
		b = b[n:]
		if t != protowire.StartGroupType {
			list = append(list, f)
		}
	}
	return list, true
}

func compare(t *testing.T, b []byte) {
	t.Helper()
	want, ok := oracle(b)
	r := New(string(b))
	i := 0
	for r.Next() {
		if i == len(want) {
			t.Fatalf("%x: field %d more than there are", b, i)
		}
		w := want[i]
		i++
		if r.Tag != w.Tag || r.Tag&7 == Bytes && r.Str != w.Str || r.Tag&7 != Bytes && r.Num != w.Num {
			t.Fatalf("%x: field %d: tag %d num %d str %q, want %d %d %q", b, i, r.Tag, r.Num, r.Str, w.Tag, w.Num, w.Str)
		}
	}
	if ok != (r.Err() == nil) || ok && i != len(want) {
		t.Fatalf("%x: %d fields, %v; protowire: %d, %v", b, i, r.Err(), len(want), ok)
	}
}

// samples are messages with every wire type, whole and damaged.
func samples() [][]byte {
	var b []byte
	b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), 1<<63)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "text")
	b = protowire.AppendFixed64(protowire.AppendTag(b, 3, protowire.Fixed64Type), 1<<40)
	b = protowire.AppendFixed32(protowire.AppendTag(b, protowire.MaxValidNumber, protowire.Fixed32Type), 1<<30)
	g := protowire.AppendTag(nil, 5, protowire.StartGroupType)
	g = append(g, b...)
	g = protowire.AppendTag(protowire.AppendTag(g, 6, protowire.StartGroupType), 6, protowire.EndGroupType)
	g = protowire.AppendTag(g, 5, protowire.EndGroupType)
	b = append(append(b, g...), b...)
	return [][]byte{
		b, g,
		{},
		{0},
		{0x80},
		{7},
		{0x0c},
		{0x0b, 0x14},
		{0x0b, 0x08, 0x01},
		{8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		{8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0},
		{10, 5, 1},
	}
}

func TestReader(t *testing.T) {
	for _, b := range samples() {
		for n := range len(b) + 1 {
			compare(t, b[:n])
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, b := range samples() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { compare(t, b) })
}

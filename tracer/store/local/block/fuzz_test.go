package block_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
)

func encoded(t testing.TB, list []store.Span) []byte {
	t.Helper()
	e, _ := codec(t)
	b := block.NewBuilder()
	for i := range list {
		b.Add(&list[i])
	}
	return e.Encode(nil, b)
}

// resealed is a block of three sections, with sizes and checksum that are right.
func resealed(z *zstd.Encoder, code, char, raw []byte) []byte {
	a, b := z.EncodeAll(code, nil), z.EncodeAll(char, nil)
	out := []byte("wsb\x01")
	for _, n := range [...]int{len(code), len(a), len(char), len(b), len(raw)} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	out = append(append(append(out, a...), b...), raw...)
	return binary.LittleEndian.AppendUint64(out, xxhash.Sum64(out))
}

// sections takes a block apart.
func sections(t testing.TB, b []byte) (code, char, raw []byte) {
	t.Helper()
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	size := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4+4*i:]) }
	at := b[24 : len(b)-8]
	if code, err = r.DecodeAll(at[:size(1)], nil); err != nil {
		t.Fatal(err)
	}
	at = at[size(1):]
	if char, err = r.DecodeAll(at[:size(3)], nil); err != nil {
		t.Fatal(err)
	}
	return code, char, at[size(3):]
}

// FuzzDecode decodes whatever bytes with the right checksum. What is decoded must be
// readable to its end.
func FuzzDecode(f *testing.F) {
	for _, list := range [][]store.Span{odd(), traffic(40), nil} {
		code, char, raw := sections(f, encoded(f, list))
		f.Add(code, char, raw)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		f.Fatal(err)
	}
	_, d := codec(f)
	f.Fuzz(func(t *testing.T, code, char, raw []byte) {
		c, err := d.Decode(resealed(z, code, char, raw))
		if err != nil {
			if !errors.Is(err, block.ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		var r block.Reader
		r.Open(c)
		for range c.Len() {
			r.Next()
		}
		if c.Len() > 0 {
			r.Seek(c.Len() / 2)
			r.Next()
		}
		c.Pairs(nil)
		c.Keys(func(int, store.Key) {})
	})
}

// FuzzSpan puts texts of all kinds through a block.
func FuzzSpan(f *testing.F) {
	f.Add("GET /", "x-request-id=0b6de7b0a9f84ad28ac1f62a9ac27d11", int64(5), int64(7), []byte("\x00\x01"))
	f.Add("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "\x00\x01\x02\x03", int64(-1), int64(1)<<62, []byte{})
	e, d := codec(f)
	b := block.NewBuilder()
	f.Fuzz(func(t *testing.T, name, value string, n, start int64, bytes []byte) {
		list := odd()
		for i := range 3 {
			list = append(list, store.Span{Name: name, Service: value, Start: start, End: start + n, Message: name + value, Attrs: []store.Attr{
				{Key: name, Value: store.StringValue(value)},
				{Key: value, Value: store.IntValue(n * int64(i))},
				{Key: store.AttrFacts, Value: store.BytesValue(string(bytes))},
				{Key: "list", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue(value), store.StringValue(name)}}},
			}})
		}
		b.Reset()
		for i := range list {
			b.Add(&list[i])
		}
		c, err := d.Decode(e.Encode(nil, b))
		if err != nil {
			t.Fatal(err)
		}
		var r block.Reader
		r.Open(c)
		for i := range list {
			if d := cmp.Diff(list[i], *r.Next(), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("span %d (-want +got):\n%s", i, d)
			}
		}
		sameKeys(t, c, list)
	})
}

// TestDamaged flips every byte of a block in turn, and cuts it at every place.
func TestDamaged(t *testing.T) {
	_, d := codec(t)
	whole := encoded(t, traffic(20))
	for i := range whole {
		bad := append([]byte(nil), whole...)
		bad[i] ^= 0x41
		if _, err := d.Decode(bad); err == nil {
			t.Fatalf("byte %d of %d is another, and nobody sees it", i, len(whole))
		}
		if _, err := d.Decode(whole[:i]); err == nil {
			t.Fatalf("%d bytes of %d are taken for a block", i, len(whole))
		}
	}
	whole[3] = 9
	if _, err := d.Decode(whole); !errors.Is(err, block.ErrVersion) {
		t.Errorf("version 9: %v", err)
	}
}

// TestFull has builders say when they are.
func TestFull(t *testing.T) {
	b := block.NewBuilder()
	s := odd()[2]
	for n := 0; !b.Full(); n++ {
		if n > 1<<20 {
			t.Fatal("it is never full")
		}
		b.Add(&s)
	}
	b.Reset()
	if b.Full() || b.Len() != 0 {
		t.Error("full after Reset")
	}
}

package unpack

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/pierrec/lz4/v4"
)

// texts are of all kinds: empty, short, repeated, random, long.
func texts() [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return [][]byte{
		nil, []byte("a"), []byte("SELECT * FROM orders"), bytes.Repeat([]byte("x"), 100_000), bytes.Repeat([]byte("abcdefg"), 9_000), noise,
		append(append([]byte{}, noise[:300]...), bytes.Repeat(noise[100:400], 300)...),
	}
}

func packLZ4(t testing.TB, b []byte) []byte {
	var c lz4.Compressor
	packed := make([]byte, lz4.CompressBlockBound(len(b)))
	n, err := c.CompressBlock(b, packed)
	if err != nil {
		t.Fatal(err)
	}
	return packed[:n] // empty if it does not get shorter
}

// TestPrefix compares with the libraries: any part of a block gives the
// beginning of what it holds, and never more than there is room for.
func TestPrefix(t *testing.T) {
	for i, text := range texts() {
		for _, c := range []struct {
			name   string
			packed []byte
			unpack func(dst, b []byte) []byte
		}{
			{"snappy", s2.EncodeSnappy(nil, text), Snappy}, {"lz4", packLZ4(t, text), LZ4},
		} {
			if len(c.packed) == 0 {
				continue
			}
			whole := c.unpack(make([]byte, 0, len(text)), c.packed)
			if !bytes.Equal(whole, text) {
				t.Errorf("%s, text %d: got %d bytes, want the %d of the text", c.name, i, len(whole), len(text))
			}
			for cut := 0; cut < len(c.packed); cut += 1 + len(c.packed)/50 {
				room := make([]byte, 3, 3+len(text)/2)
				got := c.unpack(room, c.packed[:cut])
				if cap(got) != cap(room) || !bytes.HasPrefix(text, got[3:]) {
					t.Errorf("%s, text %d, cut at %d: got %d bytes that the text does not begin with", c.name, i, cut, len(got)-3)
				}
			}
		}
	}
}

func TestAllocs(t *testing.T) {
	text := texts()[4]
	packed, dst := s2.EncodeSnappy(nil, text), make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(10, func() { Snappy(dst, packed) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzSnappy(f *testing.F) {
	fuzz(f, Snappy, func(b []byte) []byte { return s2.EncodeSnappy(nil, b) })
}
func FuzzLZ4(f *testing.F) { fuzz(f, LZ4, func(b []byte) []byte { return packLZ4(f, b) }) }

// fuzz gives any bytes, and what any bytes are packed to.
func fuzz(f *testing.F, unpack func(dst, b []byte) []byte, pack func([]byte) []byte) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 500)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		room := make([]byte, 2, 4096)
		if got := unpack(room, b); cap(got) != cap(room) || len(got) < 2 {
			t.Errorf("got %d bytes of %d", len(got), cap(got))
		}
		if packed := pack(b); len(packed) > 0 {
			if got := unpack(make([]byte, 0, len(b)), packed); !bytes.Equal(got, b) {
				t.Errorf("got %q, want %q", got, b)
			}
		}
	})
}

//go:build linux

package kernel

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
)

// writer plays the kernel's part of a ring.
type writer struct {
	ring               record
	consumed, produced uintptr
	size               int
}

func newWriter(size int, at uintptr) *writer {
	w := &writer{size: size, consumed: at, produced: at}
	w.ring = newRecord(&w.consumed, &w.produced, make([]byte, 2*size))
	return w
}

// set writes into both mappings.
func (w *writer) set(at uintptr, b byte) {
	i := int(at % uintptr(w.size))
	w.ring.data[i], w.ring.data[i+w.size] = b, b
}

func (w *writer) head(at uintptr, v uint32) {
	for i, b := range binary.NativeEndian.AppendUint32(nil, v) {
		w.set(at+uintptr(i), b)
	}
}

// put adds a record and reports whether there was room.
func (w *writer) put(b []byte, flags uint32) bool {
	whole := uintptr(recordHeader + (len(b)+7)&^7)
	if w.produced+whole-w.consumed > uintptr(w.size)-1 {
		return false
	}
	w.head(w.produced, uint32(len(b))|flags)
	for i, c := range b {
		w.set(w.produced+recordHeader+uintptr(i), c)
	}
	w.produced += whole
	return true
}

// all reads until there is no more.
func all(t *testing.T, r *record) (got []string) {
	t.Helper()
	for {
		b, err := r.next()
		if errors.Is(err, errNoMore) {
			r.taken()
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(b))
	}
}

// Records come in order and whole, over the end of the ring and of the numbers,
// too; those that are thrown away, or being written, do not.
func TestRecords(t *testing.T) {
	w := newWriter(64, ^uintptr(0)-39)
	want := func(want ...string) {
		t.Helper()
		if got := all(t, &w.ring); !slices.Equal(got, want) {
			t.Fatalf("%q instead of %q", got, want)
		}
		if w.ring.empty != true {
			t.Error("it does not know that it is empty")
		}
	}
	want()
	w.put([]byte("one"), 0)
	w.put([]byte("not"), recordDiscard)
	w.put([]byte("eleven of it"), 0)
	want("one", "eleven of it")
	if w.consumed != w.produced {
		t.Errorf("%d of %d given back", w.consumed, w.produced)
	}
	for i := range 20 {
		s := string(rune('a'+i)) + "123456789"
		w.put([]byte(s), 0)
		w.put([]byte(s+s), 0)
		want(s, s+s)
	}
	at := w.produced
	w.put([]byte("late"), recordBusy)
	w.put([]byte("after"), 0)
	want()
	if w.ring.more() {
		t.Error("there is more than what is being written")
	}
	w.head(at, 4)
	if !w.ring.more() {
		t.Error("there is no more")
	}
	want("late", "after")
}

// Room is given back when it is said so, not before.
func TestRecordsBorrow(t *testing.T) {
	w := newWriter(64, 0)
	for w.put([]byte("12345678"), 0) {
	}
	if _, err := w.ring.next(); err != nil {
		t.Fatal(err)
	}
	if w.put([]byte("12345678"), 0) {
		t.Error("there was room before it was given back")
	}
	w.ring.taken()
	if !w.put([]byte("12345678"), 0) {
		t.Error("there was no room")
	}
}

// What the kernel never writes is an error, not a read beyond the ring.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x60\x00\x00\x00--------"), uint16(104), uint16(0))
	f.Add([]byte("\xff\xff\xff\x7f--------"), uint16(64), uint16(56))
	f.Fuzz(func(t *testing.T, b []byte, there, at uint16) {
		w := newWriter(256, uintptr(at&^7))
		for i, c := range b {
			w.set(w.produced+uintptr(i), c)
		}
		w.produced += uintptr(there)
		for range 100 {
			if _, err := w.ring.next(); err != nil {
				return
			}
			if w.ring.at-w.consumed > uintptr(there) {
				t.Fatal("read beyond the end")
			}
		}
	})
}

// stillRing is a ring whose records are there.
type stillRing struct{ record }

func (*stillRing) wait(time.Duration) error { return nil }
func (*stillRing) stop() error              { return nil }

// What it takes to read an event that is there.
func BenchmarkRead(b *testing.B) {
	w := newWriter(1<<20, 0)
	e := sys.Event{Type: sys.IO, Length: 100, Time: 1, TGID: 7, TID: 9, Cookie: 77}
	one := e.Append(nil)
	for w.put(one, 0) {
	}
	ring := &stillRing{w.ring}
	s := &kernelSource{ring: ring}
	batch := make([]sys.Event, 512)
	b.ReportAllocs()
	for n := 0; n < b.N; {
		got, err := s.Read(b.Context(), batch)
		if err != nil {
			b.Fatal(err)
		}
		if n += got; ring.at == w.produced {
			ring.at, ring.end = 0, 0 // all over again
		}
	}
}

// Reading allocates nothing.
func TestReadAllocs(t *testing.T) {
	w := newWriter(1<<16, 0)
	e := sys.Event{Type: sys.IO, Length: 100, Time: 1}
	one := e.Append(nil)
	ring := &stillRing{w.ring}
	s := &kernelSource{ring: ring}
	batch := make([]sys.Event, 512)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		for range 100 {
			w.put(one, 0)
		}
		if n, err := s.Read(ctx, batch); n != 100 || err != nil {
			t.Fatalf("%d events, %v", n, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for 100 events", n)
	}
}

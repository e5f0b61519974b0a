package engine

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestMarksAreThinned(t *testing.T) {
	var h half
	for i := range int64(1000) {
		h.mark(l7.Stamp{Time: i, Offset: 10 * i, Seq: uint32(10 * i)})
		h.buf = append(h.buf, make([]byte, 10)...)
		if len(h.marks) > maxMarks {
			t.Fatalf("%d marks, more than %d", len(h.marks), maxMarks)
		}
		for _, off := range []int64{0, 5 * i, 10*i + 9} {
			if s := h.stampAt(off); s.Offset != off || s.Seq != uint32(off) || s.Time > off/10 {
				t.Fatalf("after %d pieces the byte at %d has stamp %+v", i+1, off, s)
			}
		}
		if s := h.stampAt(10*i + 9); s.Time != i {
			t.Fatalf("the latest byte has time %d, want %d", s.Time, i)
		}
	}
}

func TestTrimKeepsStamps(t *testing.T) {
	var h half
	for i := range int64(4) {
		h.mark(l7.Stamp{Time: i, Offset: 100 + 10*i})
		h.buf = append(h.buf, "0123456789"...)
	}
	h.base, h.read = 100, 25
	h.trim(25)
	if h.base != 125 || h.read != 0 || string(h.buf) != "567890123456789" || len(h.marks) != 2 {
		t.Errorf("base %d, read %d, buf %q, %d marks", h.base, h.read, h.buf, len(h.marks))
	}
	if s := h.here(); s.Time != 2 || s.Offset != 125 {
		t.Errorf("stamp of the next byte is %+v", s)
	}
}

func TestPoolBound(t *testing.T) {
	p := pool{limit: 4 << 10}
	a, b := p.get(600), p.get(1024)
	if cap(a) != 1<<10 || cap(b) != 1<<10 {
		t.Fatalf("capacities %d and %d, want 1024", cap(a), cap(b))
	}
	if p.get(2049) != nil {
		t.Error("lent beyond the bound")
	}
	p.put(a)
	p.put(b)
	if c := p.get(2049); cap(c) != 4<<10 || p.total != 4<<10 {
		t.Errorf("free buffers were not given up for another size: capacity %d, total %d", cap(c), p.total)
	}
	if p.get(1) != nil {
		t.Error("lent beyond the bound")
	}
	if p.get(maxBuffer+1) != nil {
		t.Error("lent a buffer larger than the largest")
	}
}

func TestHeadOfSeveralSteps(t *testing.T) {
	h := half{base: 1000, buf: []byte("firstsecondthird")}
	h.note(h.buf[:5])
	h.read = 5
	h.note(h.buf[5:11])
	h.read = 11
	if got := h.head(1000, h.buf[11:], 0); string(got) != "firstsecondthird" {
		t.Errorf("head from the first step is %q", got)
	}
	h.leadLen = 11
	if got := h.head(1005, h.buf[11:], 8); string(got) != "secondth" {
		t.Errorf("head from the second step is %q", got)
	}
	if got := h.head(1011, h.buf[11:], 0); string(got) != "third" {
		t.Errorf("head of one step is %q", got)
	}
	if got := h.head(900, h.buf[11:], 0); got != nil { // another step's bytes are not its own
		t.Errorf("head from before what is kept is %q", got)
	}
}

package defrag

import (
	"bytes"
	"testing"
)

func part(offset int, data string, more bool) Fragment {
	return Fragment{Data: []byte(data), Size: len(data), Offset: offset, More: more, Proto: 17, Time: 1e18}
}

const (
	a8 = "aaaaaaaa"
	b8 = "bbbbbbbb"
	c8 = "cccccccc"
)

func TestAdd(t *testing.T) {
	cutPart := part(8, "bbb", true)
	cutPart.Size = 8
	for _, c := range []struct {
		name  string
		v6    bool
		parts []Fragment
		last  Verdict
		want  string
		cut   int
	}{
		{"in order", false, []Fragment{part(0, a8, true), part(8, "end", false)}, Complete, a8 + "end", 0},
		{"reversed", false, []Fragment{part(16, "end", false), part(8, b8, true), part(0, a8, true)}, Complete, a8 + b8 + "end", 0},
		{"repeated", true, []Fragment{part(0, a8, true), part(0, a8, true), part(8, "end", false)}, Complete, a8 + "end", 0},
		{"IPv4 overlap: the first bytes stay", false, []Fragment{part(8, b8, true), part(0, a8+c8+c8, true), part(24, "end", false)}, Complete, a8 + b8 + c8 + "end", 0},
		{"IPv4 overlap by the last", false, []Fragment{part(0, a8+b8, true), part(8, c8+"end", false)}, Complete, a8 + b8 + "end", 0},
		{"IPv4: the last tells the end and nothing else", false, []Fragment{part(0, a8+b8, true), part(8, c8, false)}, Complete, a8 + b8, 0},
		{"IPv6 overlap drops", true, []Fragment{part(0, a8+b8, true), part(8, c8+"end", false)}, Lost, "", 0},
		{"and what comes later, too", true, []Fragment{part(0, a8+b8, true), part(8, c8+"end", false), part(0, a8, true)}, Lost, "", 0},
		{"two ends", false, []Fragment{part(8, "end", false), part(8, "ends", false)}, Lost, "", 0},
		{"beyond the end", false, []Fragment{part(8, "end", false), part(16, a8, true)}, Lost, "", 0},
		{"a gap waits", false, []Fragment{part(0, a8, true), part(16, "end", false)}, Waiting, "", 0},
		{"odd length", false, []Fragment{part(0, "abc", true)}, BadLength, "", 0},
		{"empty", false, []Fragment{part(8, "", false)}, BadLength, "", 0},
		{"ping of death", false, []Fragment{part(65528, a8, false)}, BadLength, "", 0},
		{"cut by snaplen", false, []Fragment{part(0, a8, true), cutPart, part(16, "end", false)}, Complete, a8 + "bbb", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := New(Default())
			k := Key{ID: 1, Version: 4, Proto: 17}
			if c.v6 {
				k.Version = 6
			}
			var d Datagram
			var v Verdict
			for _, p := range c.parts {
				d, v = a.Add(k, p)
			}
			if v != c.last || string(d.Data) != c.want || d.Cut != c.cut {
				t.Errorf("verdict %d, %q and %d, want %d, %q and %d", v, d.Data, d.Cut, c.last, c.want, c.cut)
			}
			if v == Complete && (a.Waiting() != 0 || d.Proto != 17 || a.TakeLost() != 0) {
				t.Errorf("%d still wait, protocol %d", a.Waiting(), d.Proto)
			}
		})
	}
}

func TestKeysAreApart(t *testing.T) {
	a := New(Default())
	a.Add(Key{ID: 1}, part(0, a8, true))
	for _, k := range []Key{{ID: 2}, {ID: 1, Tap: 1}, {ID: 1, Tunnel: 1}, {ID: 1, Proto: 6}} {
		if _, v := a.Add(k, part(8, b8, false)); v != Waiting {
			t.Errorf("key %v: verdict %d", k, v)
		}
	}
	if a.Waiting() != 5 {
		t.Errorf("%d datagrams, want 5", a.Waiting())
	}
}

func TestBounds(t *testing.T) {
	l := Limits{Bytes: 8192, Datagrams: 4, Fragments: 3, Age: 30e9}
	t.Run("datagrams", func(t *testing.T) {
		a := New(l)
		for i := range 10 {
			a.Add(Key{ID: uint32(i)}, part(0, a8, true))
		}
		if a.Waiting() != 4 || a.TakeLost() != 6 {
			t.Errorf("%d wait", a.Waiting())
		}
	})
	t.Run("bytes", func(t *testing.T) {
		a := New(l)
		for i := range 100 {
			a.Add(Key{ID: uint32(i % 4)}, part(i/4*1024, string(bytes.Repeat([]byte("x"), 1024)), true))
			if a.held > l.Bytes {
				t.Fatalf("%d bytes held, limit %d", a.held, l.Bytes)
			}
		}
	})
	t.Run("fragments", func(t *testing.T) {
		a := New(l)
		var v Verdict
		for i := range 4 {
			_, v = a.Add(Key{}, part(i*8, a8, true))
		}
		if v != Lost || a.TakeLost() != 3 {
			t.Errorf("verdict %d", v)
		}
	})
	t.Run("age", func(t *testing.T) {
		a := New(l)
		a.Add(Key{}, part(0, a8, true))
		late := part(8, b8, false)
		late.Time += 31e9
		if _, v := a.Add(Key{}, late); v != Waiting || a.TakeLost() != 1 {
			t.Errorf("verdict %d", v)
		}
	})
	t.Run("zero value", func(t *testing.T) {
		var a Assembler
		if _, v := a.Add(Key{}, part(0, a8, true)); v != Lost {
			t.Errorf("verdict %d", v)
		}
		a.Flush()
	})
}

func TestFlush(t *testing.T) {
	a := New(Default())
	a.Add(Key{ID: 1}, part(0, a8, true))
	a.Add(Key{ID: 1}, part(0, a8, true))
	a.Add(Key{ID: 2}, part(0, a8, true))
	a.Flush()
	if n := a.TakeLost(); n != 3 || a.Waiting() != 0 {
		t.Errorf("%d lost, %d wait", n, a.Waiting())
	}
}

func BenchmarkAdd(b *testing.B) {
	a := New(Default())
	data := make([]byte, 1480)
	b.ReportAllocs()
	for b.Loop() {
		a.Add(Key{ID: 1}, Fragment{Data: data, Size: len(data), More: true})
		if _, v := a.Add(Key{ID: 1}, Fragment{Data: data, Size: len(data), Offset: 1480}); v != Complete {
			b.Fatal(v)
		}
	}
}

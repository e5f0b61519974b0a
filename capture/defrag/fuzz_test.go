package defrag

import "testing"

// FuzzDefrag reads the input as commands of six bytes: datagram and flags,
// offset, size, captured size, time, odd bytes. Every byte of a fragment tells
// its place in the datagram, so that a completed one can be checked.
func FuzzDefrag(f *testing.F) {
	f.Add([]byte{0x80, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0})
	f.Add([]byte{0x80, 0, 4, 2, 0, 0, 0, 2, 9, 9, 1, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		l := Limits{Bytes: 1 << 16, Datagrams: 3, Fragments: 8, Age: 30e9}
		a := New(l)
		now, waited, lost := int64(0), uint64(0), uint64(0)
		buf := make([]byte, 2048)
		for len(in) >= 6 {
			c := in[:6]
			in = in[6:]
			now += int64(c[4]) * 1e9
			size := int(c[2])*8 + int(c[5]&7)
			have := min(int(c[3])*8, size)
			for i := range size {
				buf[i] = byte(int(c[1])*8 + i) // a byte tells its place
			}
			k := Key{ID: uint32(c[0] & 3), Version: 4 + c[0]>>2&1*2}
			d, v := a.Add(k, Fragment{Data: buf[:have], Size: size, Offset: int(c[1]) * 8, More: c[0]&0x80 != 0, Time: now})
			if v == Waiting {
				waited++
			}
			lost += a.TakeLost()
			if a.held > l.Bytes || a.Waiting() > l.Datagrams || lost > waited {
				t.Fatalf("%d bytes, %d datagrams, %d lost of %d", a.held, a.Waiting(), lost, waited)
			}
			if v != Complete {
				continue
			}
			if d.Cut < 0 || len(d.Data)+d.Cut > MaxDatagram || d.Count < 1 {
				t.Fatalf("%d bytes, %d cut, %d fragments", len(d.Data), d.Cut, d.Count)
			}
			for i, b := range d.Data {
				if b != byte(i) {
					t.Fatalf("byte %d is %d", i, b)
				}
			}
		}
	})
}

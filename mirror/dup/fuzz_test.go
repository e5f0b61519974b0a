package dup

import (
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
)

// frames makes packets of bytes, two for each: few hosts, identifications and
// sequence numbers, so that many are the same; times go on and back a little.
func frames(b []byte) []wire.Frame {
	var list []wire.Frame
	at := 50 * ms
	for ; len(b) >= 2; b = b[2:] {
		f := segment(uint16(b[0]&7), uint32(b[0]>>3&3), 0)
		f.Src[15], f.Tap = b[0]>>5&1, uint16(b[0]>>6)
		switch b[1] & 7 {
		case 0:
			f.Flags = wire.SYN
		case 1:
			f.Proto, f.Payload = wire.ProtoUDP, []byte{b[0], 1, 2, 3}
		case 2:
			f.Version, f.ID = 6, 0
		}
		f.TTL = b[1]
		at += (int64(b[1]>>3) - 6) * ms / 4
		f.Time = at
		list = append(list, *f)
	}
	return list
}

// same reports whether two packets are one, but for what routers change.
func same(a, b *wire.Frame) bool {
	return keyOf(a) == keyOf(b) && a.Src == b.Src && a.Dst == b.Dst && a.Tap == b.Tap && a.ID == b.ID && a.Seq == b.Seq &&
		a.Flags == b.Flags && a.Proto == b.Proto && string(a.Payload) == string(b.Payload)
}

// FuzzDuplicates drops no packet but one that its point has shown within the
// window, counts all and those dropped, always drops a handshake's packet that
// comes twice in a row, and decides the same when it sees the same again.
func FuzzDuplicates(f *testing.F) {
	f.Add([]byte{1, 0x30, 1, 0x30, 1, 0x30, 9, 0x38, 9, 0x31, 0, 0x32, 0, 0x32, 0, 0x32, 0, 0x32, 0, 0x32})
	f.Add([]byte("\x00\x30\x00\x30\x40\x30\x40\x30\x80\x30\x00\xf8"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list := frames(b[:min(len(b), 2000)])
		d, twin := newFilter(t), newFilter(t)
		var packets, dropped [4]uint64
		for i := range list {
			p := &list[i]
			again := d.Again(p)
			if twin.Again(p) != again {
				t.Fatalf("packet %d: the same packets are not judged alike", i)
			}
			packets[p.Tap]++
			if again {
				dropped[p.Tap]++
				if !shown(list[:i], p) {
					t.Fatalf("packet %d is dropped, and none before it is the same: %+v", i, p)
				}
			}
			if i > 0 && !again && p.Flags == wire.SYN && p.Proto == wire.ProtoTCP && same(&list[i-1], p) && p.Time == list[i-1].Time && !shown(list[:i-1], p) {
				t.Fatalf("packet %d: a SYN that comes twice stays", i)
			}
		}
		for i, n := range d.Counts() {
			if n.Packets != packets[i] || n.Dropped != dropped[i] {
				t.Errorf("point %d: counted %+v, there were %d, %d of them dropped", i, n, packets[i], dropped[i])
			}
		}
	})
}

// shown reports whether one of the packets is the same, within the window.
func shown(before []wire.Frame, p *wire.Frame) bool {
	for i := range before {
		q := &before[i]
		if age := p.Time - q.Time; age <= int64(DefaultWindow) && age >= -int64(DefaultWindow) && same(q, p) {
			return true
		}
	}
	return false
}

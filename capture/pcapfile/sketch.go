package pcapfile

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
)

const (
	maxSketch   = 2048 // segments that a sketch keeps of one file
	maxSketched = 256  // files of which there are sketches
)

// segment is a TCP segment that may be met in another file. It is known by
// sequence and acknowledgement numbers, length and the first bytes, which
// address translation and tunnels leave alone.
type segment struct {
	key  uint64 // hash of these; the lowest bit says which way it went
	time int64
}

// sketch is a sample of the segments of a file. Which ones are in it depends
// on the segments alone, so that sketches of two files that have seen the same
// traffic have segments in common.
type sketch struct {
	dec   wire.Decoder
	level int // keys have so many zero bits in front
	first map[uint64]int64
	list  []segment // in order of key, once done
}

func newSketch() *sketch { return &sketch{first: make(map[uint64]int64)} }

// add looks at a packet.
func (s *sketch) add(p *capture.Packet) {
	var f wire.Frame
	if p.Time == 0 || s.dec.Decode(p, &f) != wire.OK || f.Proto != wire.ProtoTCP || f.PayloadLen < 2 {
		return // single bytes are keep-alives and window probes, the same for hours
	}
	k := keyOf(&f)
	if !s.wants(k) {
		return
	}
	if _, again := s.first[k]; again {
		return // a repetition, or a copy: the first one counts
	}
	s.first[k] = p.Time
	s.shrink()
}

// shrink takes a smaller sample until it fits.
func (s *sketch) shrink() {
	for len(s.first) > maxSketch {
		s.level++
		for k := range s.first {
			if !s.wants(k) {
				delete(s.first, k)
			}
		}
	}
}

func (s *sketch) wants(key uint64) bool { return key>>(64-s.level) == 0 }

// keyOf hashes what the segment keeps everywhere.
func keyOf(f *wire.Frame) uint64 {
	var head [8]byte
	copy(head[:], f.Payload)
	h := mix64(uint64(f.Seq)<<32|uint64(f.Ack)) ^ mix64(binary.LittleEndian.Uint64(head[:])+uint64(f.PayloadLen)<<40)
	h = mix64(h) &^ 1
	if f.SrcPort < f.DstPort {
		h |= 1
	}
	return h
}

func mix64(v uint64) uint64 {
	v ^= v >> 32
	v *= 0xd6e8feb86659fd93
	v ^= v >> 32
	v *= 0xd6e8feb86659fd93
	return v ^ v>>32
}

// done sorts the sketch.
func (s *sketch) done() *sketch {
	for k, t := range s.first {
		s.list = append(s.list, segment{k, t})
	}
	slices.SortFunc(s.list, func(a, b segment) int { return cmp.Compare(a.key, b.key) })
	s.first = nil
	return s
}

// union makes one sketch of several; nil if there is none.
func union(list []*sketch) *sketch {
	u := newSketch()
	for _, s := range list {
		if s == nil {
			continue
		}
		u.level = max(u.level, s.level)
		for _, m := range s.list {
			if t, ok := u.first[m.key]; !ok || m.time < t {
				u.first[m.key] = m.time
			}
		}
	}
	for k := range u.first {
		if !u.wants(k) {
			delete(u.first, k)
		}
	}
	if len(u.first) == 0 {
		return nil
	}
	return u.done()
}

// common calls f with the times of segments that both have seen.
func common(a, b *sketch, f func(key uint64, ta, tb int64)) {
	if a == nil || b == nil {
		return
	}
	for i, j := 0, 0; i < len(a.list) && j < len(b.list); {
		x, y := a.list[i], b.list[j]
		switch {
		case x.key < y.key:
			i++
		case x.key > y.key:
			j++
		default:
			f(x.key, x.time, y.time)
			i, j = i+1, j+1
		}
	}
}

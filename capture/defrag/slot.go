package defrag

import "slices"

// slot is one datagram that is not complete. Its buffer stays with it when it
// is idle, for the next one.
type slot struct {
	key        Key
	since      int64 // packet time of the first fragment that came
	pieces     []piece
	buf        []byte
	end        int // length of the datagram, -1 until the last fragment has come
	covered    int
	count      int // fragments that gave something
	repeats    int // fragments that gave nothing new
	prev, next int32
	proto      uint8
	spoilt     bool // overlap or bound: all that comes is lost
}

// piece is a part of the datagram that is there. Pieces are sorted by offset
// and do not overlap.
type piece struct {
	off, size int // on the wire
	pos, have int // place and length in slot.buf
}

func (s *slot) reset(k Key, now int64) {
	*s = slot{key: k, since: now, pieces: s.pieces[:0], buf: s.buf[:0], end: -1, prev: nobody, next: nobody}
}

// spoil forgets what is there and refuses what comes.
func (s *slot) spoil() {
	s.spoilt, s.pieces, s.buf = true, s.pieces[:0], s.buf[:0]
	s.count, s.repeats = 0, 0
}

func (s *slot) taken() int     { return s.count + s.repeats }
func (s *slot) complete() bool { return s.end >= 0 && s.covered == s.end }

// placing says what place found out.
type placing uint8

const (
	fresh placing = iota // has bytes that are missing
	repeated
	refuse
)

// place decides whether a fragment may enter, and notes end and protocol.
func (s *slot) place(f *Fragment, v6 bool, most int) placing {
	end := f.Offset + f.Size
	if s.spoilt || s.count >= most || s.end >= 0 && end > s.end {
		return refuse
	}
	if !f.More && (s.end >= 0 && s.end != end || s.reach() > end) {
		return refuse
	}
	v := s.overlap(f.Offset, end, v6)
	if v == refuse {
		return refuse
	}
	if !f.More {
		s.end = end
	}
	if f.Offset == 0 && v == fresh {
		s.proto = f.Proto
	}
	return v
}

// reach is the end of the last piece.
func (s *slot) reach() int {
	if len(s.pieces) == 0 {
		return 0
	}
	p := &s.pieces[len(s.pieces)-1]
	return p.off + p.size
}

func (s *slot) overlap(off, end int, v6 bool) placing {
	missing := end - off
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.off == off && p.off+p.size == end {
			return repeated
		}
		if both := min(end, p.off+p.size) - max(off, p.off); both > 0 {
			if v6 {
				return refuse
			}
			missing -= both
		}
	}
	if missing == 0 {
		return repeated
	}
	return fresh
}

// store keeps what is missing of a fragment, in as many pieces as the gaps it
// fills. It fails if memory or the bound of pieces does not allow.
func (a *Assembler) store(i int32, f *Fragment) bool {
	s := &a.slots[i]
	if !a.room(i, len(f.Data)) {
		return false
	}
	off, end := f.Offset, f.Offset+f.Size
	at := 0
	for off < end {
		for at < len(s.pieces) && s.pieces[at].off+s.pieces[at].size <= off {
			at++
		}
		stop := end
		if at < len(s.pieces) {
			if p := &s.pieces[at]; p.off <= off {
				off = p.off + p.size
				continue
			} else {
				stop = min(end, p.off)
			}
		}
		if len(s.pieces) >= a.limits.Fragments {
			return false
		}
		have := f.Data[min(off-f.Offset, len(f.Data)):min(stop-f.Offset, len(f.Data))]
		s.pieces = slices.Insert(s.pieces, at, piece{off: off, size: stop - off, pos: len(s.buf), have: len(have)})
		s.buf = append(s.buf, have...)
		s.covered += stop - off
		off = stop
	}
	return true
}

// room makes the buffer of a slot large enough for n more bytes, within the
// bound: idle buffers go first, then the oldest datagrams.
func (a *Assembler) room(i int32, n int) bool {
	s := &a.slots[i]
	need := len(s.buf) + n
	if need <= cap(s.buf) {
		return true
	}
	size := max(need, 2*cap(s.buf), 2048)
	grow := size - cap(s.buf)
	if a.held+grow > a.limits.Bytes {
		a.shed()
	}
	for a.held+grow > a.limits.Bytes && a.oldest != nobody && a.oldest != i {
		a.drop(a.oldest)
		a.shed()
	}
	if a.held+grow > a.limits.Bytes {
		return false
	}
	buf := make([]byte, len(s.buf), size)
	copy(buf, s.buf)
	a.held += grow
	s.buf = buf
	return true
}

// shed lets go of the buffers of idle slots.
func (a *Assembler) shed() {
	for i := a.free; i != nobody; i = a.slots[i].next {
		s := &a.slots[i]
		a.held -= cap(s.buf)
		s.buf = nil
	}
}

package l7test

import (
	"encoding/binary"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// Fuzz feeds both directions with whatever comes, gaps and ends included, and
// fails if the parser panics, consumes more than it was given, makes no
// progress for ever, has more kept than its window, sets what its Proto does
// not name, or writes to its input. The sessions of testdata are the seeds.
func Fuzz(f *testing.F, p l7.Proto) {
	f.Helper()
	cases, err := sessions("testdata")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	for _, c := range cases {
		if c.session.fits(p) {
			f.Add(c.session.encode())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := decode(b)
		s.UDP = p.Transport&l7.TCP == 0 || s.UDP && p.Transport&l7.UDP != 0
		watched, faults := watch(p)
		r := Play(s, watched)
		for _, fault := range append(r.Faults, *faults...) {
			t.Error(fault)
		}
	})
}

// Bits of the first byte of an encoded Session and of the first byte of each
// turn, which is followed by its length in two bytes.
const (
	fuzzUDP       = 1
	fuzzMidstream = 2

	fuzzDir  = 1
	fuzzLost = 2
	fuzzFin  = 4
)

// encode writes a Session as an input of Fuzz.
func (s Session) encode() []byte {
	b := []byte{0}
	if s.UDP {
		b[0] |= fuzzUDP
	}
	if s.Midstream {
		b[0] |= fuzzMidstream
	}
	for _, t := range s.Turns {
		bits, n := byte(t.Dir), min(len(t.Bytes), 1<<16-1)
		switch {
		case t.Fin:
			bits |= fuzzFin
		case t.Lost > 0:
			bits |= fuzzLost
			n = int(min(t.Lost, 1<<16-1))
		}
		b = append(b, bits)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		if bits&(fuzzLost|fuzzFin) == 0 {
			b = append(b, t.Bytes[:n]...)
		}
	}
	return b
}

// decode makes a Session of any bytes.
func decode(b []byte) (s Session) {
	if len(b) == 0 {
		return s
	}
	s.UDP, s.Midstream = b[0]&fuzzUDP != 0, b[0]&fuzzMidstream != 0
	b = b[1:]
	for len(b) >= 3 {
		bits, n := b[0], int(binary.LittleEndian.Uint16(b[1:]))
		dir := l7.Dir(bits & fuzzDir)
		b = b[3:]
		switch {
		case bits&fuzzFin != 0:
			s.Turns = append(s.Turns, Fin(dir))
		case bits&fuzzLost != 0:
			s.Turns = append(s.Turns, Lost(dir, int64(n)+1))
		default:
			n = min(n, len(b))
			if n > 0 {
				s.Turns = append(s.Turns, Turn{Dir: dir, Bytes: b[:n]})
			}
			b = b[n:]
		}
	}
	return s
}

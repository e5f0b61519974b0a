package engine_test

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// FuzzEngine plays small pieces to an Engine with candidates that refuse late:
// every byte must be accounted for and every message end.
func FuzzEngine(f *testing.F) {
	f.Add([]byte("\x00\x06GET a\n\x01\x05OK 0\n\x02\x05\x00\x06GET b\n"))
	f.Add([]byte("\x40\x02GE\x01\x06ERR 5\n\x00\x04T a\n\x04\x00\x05\x00"))
	f.Add([]byte("\x80\x06GET a\n\x01\x05OK 9\n\x00\x0fPUT a 5\n1234567"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := l7test.Session{}
		if len(b) > 0 {
			s.UDP, s.Midstream = b[0]&0x80 != 0, b[0]&0x40 != 0
		}
		for len(b) > 1 {
			dir, n := l7.Dir(b[0]&1), int(b[1])
			op := b[0] & 6
			b = b[2:]
			switch op {
			case 2:
				s.Turns = append(s.Turns, l7test.Lost(dir, int64(n)+1))
			case 4:
				s.Turns = append(s.Turns, l7test.Fin(dir))
			default:
				n = min(n, len(b))
				s.Turns = append(s.Turns, l7test.Turn{Dir: dir, Bytes: b[:n]})
				b = b[n:]
			}
		}
		r := l7test.Play(s, says("x", l7.Maybe, 3), says("y", l7.Yes, 9), toy.Tame())
		for _, fault := range r.Faults {
			t.Error(fault)
		}
	})
}

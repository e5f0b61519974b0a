package tls_test

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
)

// shop is three requests on one connection, with its keys.
func shop(t testing.TB, version string) (l7test.Session, l7.Proto) {
	t.Helper()
	s, err := l7test.Load("testdata/nginx-http1-" + version + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return s, keyed(keyLog(t, "testdata/keyed/nginx-http1-"+version+".keys"))
}

// Each segment is lost in turn, and then a piece of each: no exchange appears
// that was not there, and those that the segment had no part of are whole.
func TestLossWithKeys(t *testing.T) {
	for _, version := range []string{"tls12", "tls13"} {
		s, p := shop(t, version)
		want := inside(l7test.Play(s, p, http1.Proto()))
		if len(want) != 6 {
			t.Fatalf("%s: %q", version, want)
		}
		known := strings.Join(want, "\n")
		for i, turn := range s.Turns {
			n := len(turn.Bytes)
			for _, cut := range [][2]int{{0, n}, {n / 3, 2 * n / 3}, {6, n - 1}, {3, 4}} {
				if cut[1] <= cut[0] || cut[1] > n || cut[0] < 0 {
					continue
				}
				turns := append([]l7test.Turn{}, s.Turns[:i]...)
				if cut[0] > 0 {
					turns = append(turns, l7test.Turn{Dir: turn.Dir, Bytes: turn.Bytes[:cut[0]]})
				}
				turns = append(turns, l7test.Lost(turn.Dir, int64(cut[1]-cut[0])))
				if cut[1] < n {
					turns = append(turns, l7test.Turn{Dir: turn.Dir, Bytes: turn.Bytes[cut[1]:]})
				}
				lossy := s
				lossy.Turns = append(turns, s.Turns[i+1:]...)
				r := l7test.Play(lossy, p, http1.Proto())
				for _, f := range r.Faults {
					t.Errorf("%s: segment %d, %v lost: %s", version, i, cut, f)
				}
				got := inside(r)
				data := turn.Bytes != nil && n > 0 && turn.Bytes[0] == 23 && i > 2
				for _, m := range got {
					if !strings.Contains(known, m) && !strings.Contains(m, "TLS") && m != "response 0 TLS" {
						t.Errorf("%s: segment %d, %v lost: %q was not there before", version, i, cut, m)
					}
				}
				if data && len(got) < 5 {
					t.Errorf("%s: segment %d, %v lost: it cost more than its message: %q", version, i, cut, got)
				}
			}
		}
	}
}

// Any split of the bytes gives the same, with keys, too.
func TestChopWithKeys(t *testing.T) {
	for _, version := range []string{"tls12", "tls13"} {
		s, p := shop(t, version)
		want := string(l7test.Play(s, p, http1.Proto()).JSON())
		for _, step := range []int{1, 2, 7, 100} {
			var turns []l7test.Turn
			for _, turn := range s.Turns {
				if len(turn.Bytes) == 0 {
					turns = append(turns, turn)
				}
				for b := turn.Bytes; len(b) > 0; {
					n := min(step, len(b))
					turns = append(turns, l7test.Turn{Dir: turn.Dir, Bytes: b[:n]})
					b = b[n:]
				}
			}
			chopped := s
			chopped.Turns = turns
			r := l7test.Play(chopped, p, http1.Proto())
			if got := string(r.JSON()); got != want {
				t.Errorf("%s in pieces of %d: %s\nwant %s", version, step, got, want)
			}
		}
	}
}

// FuzzWithKeys deciphers what was damaged.
func FuzzWithKeys(f *testing.F) {
	s, p := shop(f, "tls13")
	f.Add(uint16(3), uint16(10), byte(1))
	f.Fuzz(func(t *testing.T, turn, at uint16, bit byte) {
		turns := append([]l7test.Turn{}, s.Turns...)
		hit := &turns[int(turn)%len(turns)]
		if len(hit.Bytes) == 0 {
			return
		}
		hit.Bytes = append([]byte(nil), hit.Bytes...)
		hit.Bytes[int(at)%len(hit.Bytes)] ^= bit
		damaged := s
		damaged.Turns = turns
		for _, fault := range l7test.Play(damaged, p, http1.Proto()).Faults {
			t.Error(fault)
		}
	})
}

// BenchmarkDecipher is a request and its answer, deciphered.
func BenchmarkDecipher(b *testing.B) {
	for _, version := range []string{"tls12", "tls13"} {
		s, p := shop(b, version)
		b.Run(version, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l7test.Play(s, p, http1.Proto())
			}
		})
	}
}

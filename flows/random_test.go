package flows

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sent is a segment of a generated stream.
type sent struct {
	off  int
	text []byte
	dir  Dir
	ack  int // what the sender had received of the other stream
}

// TestRandomStreams cuts two streams into segments, reorders, repeats and loses
// some, and compares what comes out with the truth: every byte that was
// captured in time is delivered, gaps are exactly what was lost.
func TestRandomStreams(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 7))
		isn := [2]uint32{rng.Uint32(), rng.Uint32()}
		if seed%3 == 0 {
			isn[0] = -uint32(rng.IntN(3000)) // wraps
		}
		var truth [2][]byte
		var segs []sent
		for d := range truth {
			truth[d] = make([]byte, rng.IntN(20_000))
			for i := range truth[d] {
				truth[d][i] = byte(rng.IntN(255)) + 1 // a zero byte is a gap
			}
		}
		pos := [2]int{}
		for pos[0] < len(truth[0]) || pos[1] < len(truth[1]) {
			d := rng.IntN(2)
			n := min(1+rng.IntN(1500), len(truth[d])-pos[d])
			if n > 0 {
				segs = append(segs, sent{off: pos[d], text: truth[d][pos[d] : pos[d]+n], dir: Dir(d), ack: pos[1-d]})
				pos[d] += n
			}
		}
		kept := [2][]bool{make([]bool, len(truth[0])), make([]bool, len(truth[1]))}
		var out []sent
		for _, s := range segs {
			if rng.IntN(12) == 0 && seed%2 == 0 {
				continue
			}
			for i := range s.text {
				kept[s.dir][s.off+i] = true
			}
			out = append(out, s)
			if rng.IntN(8) == 0 { // repeated with other bounds
				from := max(0, s.off-rng.IntN(500))
				n := min(len(s.text), len(truth[s.dir])-from)
				for i := range n {
					if !kept[s.dir][from+i] {
						n = i // lost stays lost
						break
					}
				}
				out = append(out, sent{off: from, text: truth[s.dir][from : from+n], dir: s.dir, ack: s.ack})
			}
		}
		for i := range out { // swaps of near neighbours: less than three later segments
			if j := i + rng.IntN(3); j < len(out) {
				out[i], out[j] = out[j], out[i]
			}
		}
		want := [2][]byte{bytes.Clone(truth[0]), bytes.Clone(truth[1])}
		for d := range want {
			for i := range want[d] {
				if !kept[d][i] {
					want[d][i] = 0
				}
			}
		}
		got, tb := replay(t, isn, out, truth)
		for d := range want {
			if !bytes.Equal(want[d], got[d]) {
				t.Fatalf("seed %d, direction %d: %d bytes, want %d; first difference at %d", seed, d, len(got[d]), len(want[d]), firstDifference(got[d], want[d]))
			}
		}
		if s := tb.Stats(); s.Closed[CloseNormal] != 1 || s.Opened != 1 {
			t.Fatalf("seed %d: %+v", seed, s)
		}
	}
}

// replay pushes a handshake, the segments and both FINs. Acknowledgements are
// left out (as in a capture of data only) so that a hole is decided by what
// comes before the end.
func replay(t *testing.T, isn [2]uint32, segs []sent, truth [2][]byte) (got [2][]byte, tb *Table) {
	r := newRecorder(t)
	r.quiet = true
	tb = newTable(t, Default(), r)
	now := epoch
	push := func(from byte, flags string, seq, ack uint32, text []byte) {
		s := pkt((now-epoch)/ms, from, flags, seq, ack, string(text))
		f := s.frame(clientEnd, serverEnd)
		tb.Push(&f, now)
		clear(f.Payload)
		reconcile(t, tb)
		now += ms / 10
	}
	push('c', "S", isn[0], 0, nil)
	push('s', "SA", isn[1], isn[0]+1, nil)
	push('c', "A", isn[0]+1, isn[1]+1, nil)
	ends := [2]byte{'c', 's'}
	for _, s := range segs {
		// Never acknowledge beyond the first byte: reordering is not loss.
		push(ends[s.dir], "PA", isn[s.dir]+1+uint32(s.off), isn[1-s.dir]+1, s.text)
	}
	for d := range truth {
		push(ends[d], "FA", isn[d]+1+uint32(len(truth[d])), isn[1-d]+1, nil)
	}
	for range 50 {
		now += 100 * ms
		tb.Tick(now)
	}
	if b := r.bytes[1]; b != nil {
		got = *b
	}
	tb.Flush(now)
	reconcile(t, tb)
	return got, tb
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestDeterministic pushes the same packets of many connections twice, with
// different seeds of the hash, and expects the same calls.
func TestDeterministic(t *testing.T) {
	var logs [2][]string
	for i := range logs {
		rng := rand.New(rand.NewPCG(5, 5))
		cfg := Default()
		cfg.Seed = uint64(i) * 0x9e3779b97f4a7c15
		cfg.MaxConns = 40
		cfg.MaxBufferedTotal = 16 * blockSize
		r := newRecorder(t)
		tb := newTable(t, cfg, r)
		now := epoch
		for range 5000 {
			now += int64(rng.IntN(30)) * ms
			tb.Tick(now / tickLength * tickLength)
			flags := []string{"S", "SA", "A", "PA", "PA", "PA", "FA", "R"}[rng.IntN(8)]
			text := "0123456789"[:rng.IntN(10)]
			s := pkt((now-epoch)/ms, "cs"[rng.IntN(2)], flags, 1000+uint32(rng.IntN(60)), 1000+uint32(rng.IntN(60)), text)
			f := s.frame(Endpoint{clientEnd.Addr, 40000 + uint16(rng.IntN(60))}, serverEnd)
			tb.Push(&f, now)
			reconcile(t, tb)
		}
		tb.Flush(now)
		logs[i] = r.log
	}
	if d := cmp.Diff(logs[0], logs[1]); d != "" {
		t.Error(d)
	}
	if !slices.ContainsFunc(logs[0], func(s string) bool { return s[0] == '1' }) {
		t.Error("nothing was delivered")
	}
}

package merge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// plan makes inputs of bytes: each byte is a packet of one of four inputs, by
// its lowest bits, so much later than the one before, or earlier; 0xff ends the
// batches of all.
func plan(b []byte) (inputs [4][][]int64, ordered bool) {
	var at, last [4]int64
	ordered = true
	for i := range inputs {
		inputs[i], at[i] = [][]int64{nil}, 1000
	}
	for _, c := range b {
		if c == 0xff {
			for i := range inputs {
				inputs[i] = append(inputs[i], nil)
			}
			continue
		}
		i := c & 3
		if at[i] += int64(c>>2) - 4; at[i] < last[i] {
			ordered = false
		}
		last[i] = at[i]
		batch := &inputs[i][len(inputs[i])-1]
		if len(*batch) < batchLen {
			*batch = append(*batch, at[i])
		}
	}
	return inputs, ordered
}

// FuzzMerge gives inputs packets in any order and batches of any size. Nothing
// is lost or comes twice, the packets of one input stay in its order, what comes
// behind a later one is counted, there is none of that where the inputs are in
// order, and all memory goes back.
func FuzzMerge(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 0xff, 0x40, 0x41, 0x42}, uint8(3), true)
	f.Add([]byte{0x40, 0x81, 0xff, 0xff, 0x00, 0x01, 0x02, 0x30}, uint8(1), false)
	f.Add([]byte("packets that come in an order which nobody expected"), uint8(40), true)
	f.Fuzz(func(t *testing.T, b []byte, room uint8, lends bool) {
		if len(b) > 2000 {
			return
		}
		inputs, ordered := plan(b)
		var list []capture.Source
		var lenders []*lender
		sent := 0
		for i, batches := range inputs {
			src := newFake(fmt.Sprint("p", i))
			src.feed = make(chan []int64, len(batches))
			for _, times := range batches {
				if len(times) > 0 {
					src.feed <- times
				}
				sent += len(times)
			}
			close(src.feed)
			l := &lender{fake: src}
			if lenders = append(lenders, l); lends {
				list = append(list, l)
			} else {
				list = append(list, src)
			}
		}
		src, m := open(t, time.Second, nil, list...)
		checkMerged(t, src, m, inputs, sent, int(room)+1, ordered)
		for i, l := range lenders {
			if n := l.out.Load(); n != 0 {
				t.Errorf("%d loans of input %d are still out", n, i)
			}
		}
	})
}

// checkMerged reads to the end and compares with what was sent.
func checkMerged(t *testing.T, src capture.Source, m *Source, inputs [4][][]int64, sent, room int, ordered bool) {
	t.Helper()
	var want [4][]int64
	for i, batches := range inputs {
		for _, times := range batches {
			want[i] = append(want[i], times...)
		}
	}
	dst := make([]capture.Packet, room)
	got, late, last := 0, uint64(0), int64(0)
	for {
		n, err := src.ReadBatch(context.Background(), dst)
		for _, p := range dst[:n] {
			var i int
			var at int64
			if _, err := fmt.Sscanf(string(p.Data), "p%d %d", &i, &at); err != nil || src.Points()[p.Tap].Name != fmt.Sprint("p", i) || at != p.Time {
				t.Fatalf("%q of time %d at %s", p.Data, p.Time, src.Points()[p.Tap].Name)
			}
			if len(want[i]) == 0 || want[i][0] != p.Time {
				t.Fatalf("input %d: got %d, want one of %v next", i, p.Time, want[i])
			}
			want[i] = want[i][1:]
			if got++; p.Time < last {
				late++
			}
			last = max(last, p.Time)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got != sent || m.Counts().Late != late || ordered && late > 0 {
		t.Errorf("%d packets of %d, %d behind later ones, %d counted; the inputs are in order: %v", got, sent, late, m.Counts().Late, ordered)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

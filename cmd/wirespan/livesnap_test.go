package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/net/bpf"
)

// TestCutAccepted holds that the tail changes how much is taken, never whether.
func TestCutAccepted(t *testing.T) {
	t.Parallel()
	prog := []bpf.RawInstruction{ // ip and (tcp or udp)
		{Op: 0x28, K: 12},
		{Op: 0x15, K: 0x800, Jf: 4},
		{Op: 0x30, K: 23},
		{Op: 0x15, K: 6, Jt: 1},
		{Op: 0x15, K: 17, Jf: 1},
		{Op: 0x06, K: 262144},
		{Op: 0x06, K: 0},
	}
	cut := cutAccepted(prog, 512)
	plain, tailed := vmOf(t, prog), vmOf(t, cut)
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[int]int)
	for range 5000 {
		b := make([]byte, 34+r.IntN(1400))
		b[12], b[13], b[23] = 8, byte(r.IntN(2)), []byte{6, 17, 1}[r.IntN(3)]
		want, err := plain.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tailed.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		if want > 0 && len(b) > 512 {
			want = 512
		}
		if got != want {
			t.Fatalf("%d bytes, % x: takes %d, want %d", len(b), b[12:24], got, want)
		}
		seen[got]++
	}
	if len(seen) != 3 {
		t.Errorf("the packets did not try everything: %v", seen)
	}
	if n := len(cutAccepted(make([]bpf.RawInstruction, bpfMaxLen), 512)); n != bpfMaxLen {
		t.Errorf("a program that is full has %d instructions", n)
	}
	computed := []bpf.RawInstruction{{Op: 0x80}, {Op: 0x16}} // ret a
	if n := len(cutAccepted(computed, 512)); n != 2 {
		t.Errorf("a program that computes its length has %d instructions", n)
	}
}

func vmOf(t *testing.T, raw []bpf.RawInstruction) *bpf.VM {
	t.Helper()
	prog, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("not a program")
	}
	vm, err := bpf.NewVM(prog)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// TestSnapSteps holds that a loss widens at once, to whole packets in the end,
// and that it takes long without one until less is taken again.
func TestSnapSteps(t *testing.T) {
	t.Parallel()
	var s snapStep
	now := time.Unix(1e9, 0)
	for i, want := range []uint32{1024, 2048, 4096, 0, 0} {
		s.look(now, uint64(i+1))
		if got := s.keep(); got != want {
			t.Errorf("after loss %d: takes %d, want %d", i+1, got, want)
		}
	}
	if s.look(now.Add(snapHold-time.Second), 5) || s.keep() != 0 {
		t.Error("narrows too early")
	}
	if !s.look(now.Add(snapHold), 5) || s.keep() != 4096 {
		t.Error("does not narrow")
	}
}

package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// TestAdaptiveProgram holds that the adaptive snap changes how much is taken,
// never whether, and leaves all but TCP whole.
func TestAdaptiveProgram(t *testing.T) {
	t.Parallel()
	o := &liveOptions{adaptive: true, user: "ip", snaplen: liveSnaplen}
	f, err := newLiveFilter(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	prog, err := f.compile(capture.LinkEthernet)
	if err != nil {
		t.Fatal(err)
	}
	vm := vmOf(t, prog)
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[int]int)
	for range 5000 {
		b := make([]byte, 54+r.IntN(1400))
		b[12], b[13], b[23] = 8, byte(r.IntN(2)), []byte{6, 17, 1}[r.IntN(3)]
		want := 0
		switch {
		case b[13] == 0 && b[23] == 6 && len(b) > 512:
			want = 512
		case b[13] == 0:
			want = liveSnaplen
		}
		got, err := vm.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		if want == liveSnaplen {
			got = max(got, len(b)) // the machine never returns more
			want = max(len(b), got)
		}
		if got != want {
			t.Fatalf("%d bytes, % x: takes %d, want %d", len(b), b[12:24], got, want)
		}
		seen[min(want, 513)]++
	}
	if len(seen) < 3 {
		t.Errorf("the packets did not try everything: %v", seen)
	}
}

// TestDropEmptyAcks holds that only segments that carry, begin and end nothing
// are refused.
func TestDropEmptyAcks(t *testing.T) {
	t.Parallel()
	o := &liveOptions{dropAcks: true, snaplen: liveSnaplen}
	f, err := newLiveFilter(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	prog, err := f.compile(capture.LinkEthernet)
	if err != nil {
		t.Fatal(err)
	}
	vm := vmOf(t, prog)
	dec := wire.NewDecoder(defrag.Default())
	refused := 0
	for _, name := range []string{"http-siblings", "http-pipeline", "dns-tcp"} {
		for i, p := range packetsOf(t, goldenCapture(name)) {
			var fr wire.Frame
			if p.Link != capture.LinkEthernet || dec.Decode(&p, &fr) != wire.OK {
				continue
			}
			n, err := vm.Run(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			empty := fr.Proto == wire.ProtoTCP && fr.PayloadLen == 0 && fr.Flags&(wire.SYN|wire.FIN|wire.RST) == 0
			if empty != (n == 0) {
				t.Errorf("%s, packet %d: empty %v, takes %d", name, i+1, empty, n)
			}
			if empty {
				refused++
			}
		}
	}
	if refused < 10 {
		t.Errorf("%d empty acknowledgements in the captures", refused)
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

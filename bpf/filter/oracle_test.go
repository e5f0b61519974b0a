package filter_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// emptyCapture writes a capture file without packets, by which tcpdump knows
// link type and that it is no live capture.
func emptyCapture(t *testing.T, link capture.LinkType) string {
	t.Helper()
	b := make([]byte, 24)
	binary.LittleEndian.PutUint32(b, 0xa1b2c3d4)
	b[4], b[6] = 2, 4
	binary.LittleEndian.PutUint32(b[16:], 262144)
	binary.LittleEndian.PutUint32(b[20:], uint32(link))
	path := filepath.Join(t.TempDir(), "empty.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func needTcpdump(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed")
	}
}

// libpcap compiles an expression by tcpdump; an error is what tcpdump says.
func libpcap(path, expr string) ([]bpf.RawInstruction, error) {
	var out, complaint bytes.Buffer
	cmd := exec.Command("tcpdump", "-ddd", "-r", path, "--", expr)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, errors.New(strings.TrimSpace(complaint.String()))
	}
	return decimal(out.String())
}

// decimal reads a program in the form of tcpdump -ddd.
func decimal(text string) ([]bpf.RawInstruction, error) {
	var program []bpf.RawInstruction
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var in bpf.RawInstruction
		if i == 0 {
			continue
		}
		if _, err := fmt.Sscan(line, &in.Op, &in.Jt, &in.Jf, &in.K); err != nil {
			return nil, err
		}
		program = append(program, in)
	}
	return program, nil
}

// verdicts runs a program in the machine of x/net/bpf, or where it has
// instructions that this lacks (neg) in ours.
func verdicts(t *testing.T, program []bpf.RawInstruction, list [][]byte) []bool {
	t.Helper()
	instructions, _ := bpf.Disassemble(program)
	vm, err := bpf.NewVM(instructions)
	foreign := err != nil
	for _, in := range program {
		foreign = foreign || in.Op == 0x84 || in.Op == 0x81 // neg, ldx len
	}
	out := make([]bool, len(list))
	for i, b := range list {
		if foreign {
			out[i] = cbpf.Run(program, b, &cbpf.Meta{}) > 0
			continue
		}
		n, err := vm.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = n > 0
	}
	return out
}

// theirFaults are refusals that we need not share: libpcap finds a constant
// where there is an index of 0 ("a % ip[0]"), and needs a register for each
// number.
var theirFaults = []string{"rejects all packets", "too many registers", "modulus by zero", "division by zero", "shift by more"}

// tally sums up comparisons.
type tally struct {
	mu                    sync.Mutex
	equal, refused, never int
	ours, theirs          int
	worst                 float64
	worstExpr             string
	short, above          int
}

// compare compiles an expression both ways and compares verdicts.
func (s *tally) compare(t *testing.T, path string, link capture.LinkType, expr string, list [][]byte) {
	t.Helper()
	theirs, refErr := libpcap(path, expr)
	ours, err := filter.Compile(expr, filter.Options{Link: link, Foreign: true})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && !errors.Is(err, filter.ErrRejectsAll) {
		if refErr == nil {
			t.Errorf("%s: %q: we refuse what libpcap takes: %v", filter.LinkName(link), expr, err)
		}
		s.refused++
		return
	}
	if errors.Is(err, filter.ErrRejectsAll) {
		s.never++
		if refErr != nil {
			return
		}
		ours = filter.RejectAll()
	}
	if refErr != nil {
		if !slices.ContainsFunc(theirFaults, func(f string) bool { return strings.Contains(refErr.Error(), f) }) {
			t.Errorf("%s: %q: we take what libpcap refuses: %v", filter.LinkName(link), expr, refErr)
		}
		s.refused++
		return
	}
	if err := filter.Check(ours.Instructions); err != nil {
		t.Errorf("%s: %q: %v", filter.LinkName(link), expr, err)
		return
	}
	want, got := verdicts(t, theirs, list), verdicts(t, ours.Instructions, list)
	for i := range want {
		if want[i] == got[i] {
			continue
		}
		// Either optimiser may leave out a load whose outcome does not matter;
		// then a packet that is too short for it is not rejected.
		long := append(bytes.Clone(list[i]), make([]byte, 300)...)
		m := &cbpf.Meta{Len: uint32(len(list[i]))}
		if (cbpf.Run(theirs, long, m) > 0) == (cbpf.Run(ours.Instructions, long, m) > 0) {
			s.short++
			break
		}
		t.Errorf("%s: %q: libpcap says %v, we %v, of %x", filter.LinkName(link), expr, want[i], got[i], list[i])
		return
	}
	s.equal++
	s.ours, s.theirs = s.ours+len(ours.Instructions), s.theirs+len(theirs)
	if ratio := float64(len(ours.Instructions)) / float64(len(theirs)); ratio > 1.3 {
		s.above++
	}
	if ratio := float64(len(ours.Instructions)) / float64(len(theirs)); ratio > s.worst {
		s.worst, s.worstExpr = ratio, fmt.Sprintf("%s %q: %d against %d", filter.LinkName(link), expr, len(ours.Instructions), len(theirs))
	}
}

func (s *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%d equal, %d refused, %d that match nothing, %d differ on short packets; %d instructions against %d (%.3f), %d of more than 1.3 times; worst %.2f: %s",
		s.equal, s.refused, s.never, s.short, s.ours, s.theirs, float64(s.ours)/float64(max(1, s.theirs)), s.above, s.worst, s.worstExpr)
	if s.short > (s.equal+99)/100 {
		t.Errorf("%d expressions differ on short packets", s.short)
	}
	if float64(s.ours) > 1.3*float64(s.theirs) {
		t.Errorf("%d instructions are more than 1.3 times libpcap's %d", s.ours, s.theirs)
	}
}

var (
	seed = flag.Uint64("seed", 7, "of generated expressions")
	each = flag.Int("each", 250, "generated expressions for each link type")
)

// Generated expressions decide as libpcap does, on every link type.
func TestGeneratedAgainstTcpdump(t *testing.T) {
	needTcpdump(t)
	n := *each
	if testing.Short() {
		n = min(n, 40)
	}
	for i, link := range filter.Links() {
		t.Run(filter.LinkName(link), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(i), *seed))
			path := emptyCapture(t, link)
			list := append(frames(r, link, 600), realFrames(t, link)...)
			s := &tally{}
			for range n {
				s.compare(t, path, link, expression(r, link, 1+r.IntN(3)), list)
			}
			s.report(t)
		})
	}
}

// realFrames are those of our own captures that have the link type.
func realFrames(t *testing.T, link capture.LinkType) [][]byte {
	t.Helper()
	const most = 400
	paths, err := filepath.Glob("../../testdata/golden/*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	var list [][]byte
	for _, path := range paths {
		src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{path}}}})
		if err != nil {
			t.Fatal(err)
		}
		batch := make([]capture.Packet, 64)
		for len(list) < most {
			n, err := src.ReadBatch(t.Context(), batch)
			for _, p := range batch[:n] {
				if p.Link == link {
					list = append(list, bytes.Clone(p.Data))
				}
			}
			if err != nil {
				break
			}
		}
		src.Close()
	}
	return list
}

package pcapfile

import (
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// isDigitThree passes frames that begin with the character 3: ldb [0]; jeq
// #0x33; ret #262144; ret #0, as tcpdump -ddd prints programs.
const isDigitThree = "4\n48 0 0 0\n21 0 1 51\n6 0 0 262144\n6 0 0 0\n"

func TestFilter(t *testing.T) {
	program, err := ParseProgram(strings.NewReader(isDigitThree))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcap", at(1, 1, 3, 2, 30, 4)))})
	if err := s.SetFilter(program); err != nil {
		t.Fatal(err)
	}
	if got := order(t, s); got != "x:3 x:30" {
		t.Errorf("packets %s", got)
	}
	if st, _ := s.Stats(); st.Packets != 5 || st.Filtered != 3 {
		t.Errorf("%d packets, %d filtered, want 5 and 3", st.Packets, st.Filtered)
	}
}

func TestFilterByLinkType(t *testing.T) {
	program, err := ParseProgram(strings.NewReader(isDigitThree))
	if err != nil {
		t.Fatal(err)
	}
	f := newNgFile(binary.LittleEndian)
	f.iface(1, 0)
	f.iface(113, 0)
	f.iface(276, 0)
	for i, data := range []string{"1", "3", "2"} {
		for iface := range uint32(3) {
			f.enhanced(iface, uint64(i), data)
		}
	}
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcap", f.Bytes()))})
	asked := 0
	s.SetFilterFunc(func(link capture.LinkType) ([]bpf.RawInstruction, error) {
		asked++
		switch link {
		case 1:
			return program, nil
		}
		return nil, nil
	})
	if got := order(t, s); got != "x#1:1 x#2:1 x#0:3 x#1:3 x#2:3 x#1:2 x#2:2" || asked != 3 {
		t.Errorf("packets %s, compiled %d times", got, asked)
	}
}

// A link type that the filter cannot be compiled for ends the reading.
func TestFilterCompileFails(t *testing.T) {
	f := newNgFile(binary.LittleEndian)
	f.iface(1, 0)
	f.iface(113, 0)
	f.enhanced(0, 1, "1")
	f.enhanced(1, 2, "2")
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcap", f.Bytes()))})
	fault := errors.New("link type does not know the word")
	s.SetFilterFunc(func(link capture.LinkType) ([]bpf.RawInstruction, error) {
		if link == 113 {
			return nil, fault
		}
		return nil, nil
	})
	batch := make([]capture.Packet, 8)
	got := 0
	for {
		n, err := s.ReadBatch(t.Context(), batch)
		got += n
		if errors.Is(err, fault) {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.EOF) {
			t.Fatalf("error %v, want that of the compiler", err)
		}
	}
	if got != 1 {
		t.Errorf("%d packets before the error, want 1", got)
	}
}

// Programs see the length on the wire and the direction.
func TestFilterKnowsMore(t *testing.T) {
	for _, c := range []struct {
		name, program string
		want          []uint32
	}{
		{"length of 100 and more", "4\n128 0 0 0\n53 0 1 100\n6 0 0 1\n6 0 0 0\n", []uint32{1500}},
		{"outgoing", "4\n40 0 0 4294963204\n21 0 1 4\n6 0 0 1\n6 0 0 0\n", []uint32{60}},
	} {
		program, err := ParseProgram(strings.NewReader(c.program))
		if err != nil {
			t.Fatal(err)
		}
		f := filter{program: program}
		n, err := f.keep([]capture.Packet{
			{Data: []byte("a"), WireLen: 1500},
			{Data: []byte("b"), WireLen: 60, Dir: capture.DirOut},
		})
		if err != nil || n != len(c.want) {
			t.Errorf("%s: %d packets, error %v, want %v", c.name, n, err, c.want)
		}
	}
}

func TestParseProgramFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "there is no program"},
		{"x\n", `line 1: "x" is not a number of instructions`},
		{"0\n", `line 1: "0" is not a number of instructions`},
		{"99999\n", "1 to 4096"},
		{"2\n6 0 0 1\n", "line 3: 1 of 2 instructions"},
		{"1\n6 0 0 1\n6 0 0 0\n", "line 3: more than the 1 instructions"},
		{"1\n6 0 0\n", `line 2: "6 0 0" is not an instruction`},
		{"1\n6 0 256 0\n", `line 2: "6 0 256 0" is not an instruction`},
		{"1\n6 0 0 0 7\n", `line 2: "6 0 0 0 7" is not an instruction`},
		{"1\n48 0 0 0\n", "check filter"},
		{"2\n5 0 0 9\n6 0 0 0\n", "check filter"},
		{"2\n255 0 0 9\n6 0 0 0\n", "instruction 0 (0xff) is unknown"},
	} {
		if _, err := ParseProgram(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}

// Our machine and tcpdump let the same packets of a file pass.
func TestFilterAgainstTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed")
	}
	paths := sharedCaptures(t, "chain")
	if len(paths) == 0 {
		t.Skip("no capture to compare with")
	}
	for _, expr := range []string{"tcp", "port 80", "tcp[tcpflags] & tcp-syn != 0", "arp"} {
		listing, err := exec.Command("tcpdump", "-ddd", "-r", paths[0], expr).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines, err := exec.Command("tcpdump", "-n", "-t", "-r", paths[0], expr).Output()
		if err != nil {
			t.Fatal(err)
		}
		program, err := ParseProgram(strings.NewReader(string(listing)))
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, Config{Inputs: files(paths[0])})
		if err := s.SetFilter(program); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Count(string(lines), "\n"), len(drain(t, s))); d != "" {
			t.Errorf("%s: packets (-tcpdump +ours):\n%s", expr, d)
		}
	}
}

func FuzzParseProgram(f *testing.F) {
	f.Add(isDigitThree)
	f.Add("1\n6 0 0 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		program, err := ParseProgram(strings.NewReader(text))
		if (err == nil) != (len(program) > 0) || len(program) > maxProgram {
			t.Errorf("%d instructions with error %v", len(program), err)
		}
	})
}

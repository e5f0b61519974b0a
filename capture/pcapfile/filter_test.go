package pcapfile

import (
	"encoding/binary"
	"errors"
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
		case 113:
			return nil, errors.New("link type does not know the word")
		}
		return nil, nil
	})
	if got := order(t, s); got != "x#1:1 x#2:1 x#0:3 x#1:3 x#2:3 x#1:2 x#2:2" || asked != 3 {
		t.Errorf("packets %s, compiled %d times", got, asked)
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

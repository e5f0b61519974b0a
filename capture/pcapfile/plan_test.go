package pcapfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// at makes a pcap file with a packet at each of these seconds.
func at(link uint32, seconds ...uint32) []byte {
	f := newPcapFile(binary.LittleEndian, magicMicro, link)
	for _, s := range seconds {
		f.add(s, 0, fmt.Sprint(s))
	}
	return f.Bytes()
}

// tree writes files below a new directory.
func tree(t *testing.T, content map[string][]byte) string {
	dir := t.TempDir()
	for name, b := range content {
		write(t, dir, name, b)
	}
	return dir
}

// order lists "point:data" of all packets.
func order(t *testing.T, s *Source) string {
	var out []string
	for _, p := range drain(t, s) {
		out = append(out, p.Point+":"+p.Data)
	}
	return strings.Join(out, " ")
}

func TestPoints(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string][]byte
		args  []string // "=" names a point, "+" joins, as on the command line
		want  string
	}{
		{"a file", map[string][]byte{"trace.pcap": at(1, 1, 2)}, []string{"trace.pcap"}, "trace:1 trace:2"},
		{"suffixes are cut", map[string][]byte{"a.b.pcapng7": at(1, 1)}, []string{"a.b.pcapng7"}, "a.b:1"},
		{
			"a rotation in any order is one point",
			map[string][]byte{"trace.pcap0": at(1, 1, 2), "trace.pcap1": at(1, 2, 3), "trace.pcap2": at(1, 4)},
			[]string{"trace.pcap2", "trace.pcap0", "trace.pcap1"},
			"trace:1 trace:2 trace:2 trace:3 trace:4",
		},
		{
			"the name of a rotation is the common prefix",
			map[string][]byte{"web_00001_2024.pcap": at(1, 1), "web_00002_2025.pcap": at(1, 2)},
			[]string{"web_00001_2024.pcap", "web_00002_2025.pcap"},
			"web:1 web:2",
		},
		{
			"files that overlap are points, merged by time",
			map[string][]byte{"a.pcap": at(1, 1, 4, 5), "b.pcap": at(1, 2, 4, 6)},
			[]string{"b.pcap", "a.pcap"},
			"a:1 b:2 b:4 a:4 a:5 b:6",
		},
		{
			"files of other link types are points",
			map[string][]byte{"a.pcap": at(1, 1), "b.pcap": at(113, 2)},
			[]string{"a.pcap", "b.pcap"},
			"a:1 b:2",
		},
		{
			"files that do not overlap are a sequence whatever their names",
			map[string][]byte{"morning.pcap": at(1, 1, 2), "evening.pcap": at(1, 3)},
			[]string{"evening.pcap", "morning.pcap"},
			"morning:1 morning:2 morning:3",
		},
		{
			"two rotations side by side stay apart",
			map[string][]byte{"a0.pcap": at(1, 1, 5), "a1.pcap": at(1, 6, 9), "b0.pcap": at(1, 2, 4), "b1.pcap": at(1, 5, 8)},
			[]string{"a0.pcap", "a1.pcap", "b0.pcap", "b1.pcap"},
			"a:1 b:2 b:4 a:5 b:5 a:6 b:8 a:9",
		},
		{
			"files without packets belong to their rotation",
			map[string][]byte{"a0.pcap": at(1, 1), "a1.pcap": at(1)},
			[]string{"a0.pcap", "a1.pcap"},
			"a:1",
		},
		{
			"files of a directory that do not overlap are one point in the order of first packets",
			map[string][]byte{"d/x.pcap": at(1, 3, 4), "d/y.cap": at(1, 1, 2), "d/README": []byte("no capture"), "d/empty": nil, "d/sub/z.pcap": at(1, 7)},
			[]string{"d"},
			"d:1 d:2 d:3 d:4",
		},
		{
			"files of a directory that overlap are points, merged by time",
			map[string][]byte{"d/x.pcap": at(1, 3, 4), "d/y.cap": at(1, 1, 9)},
			[]string{"d"},
			"y:1 x:3 x:4 y:9",
		},
		{
			"rotations of several hosts in a directory stay apart",
			map[string][]byte{"d/a0.pcap": at(1, 1, 5), "d/a1.pcap": at(1, 6, 9), "d/b0.pcap": at(1, 2, 4), "d/b1.pcap": at(1, 5, 8)},
			[]string{"d"},
			"a:1 b:2 b:4 a:5 b:5 a:6 b:8 a:9",
		},
		{
			"files of a directory of other link types are points",
			map[string][]byte{"d/a.pcap": at(1, 1), "d/b.pcap": at(113, 2)},
			[]string{"d"},
			"a:1 b:2",
		},
		{
			"a named directory is one point, merged",
			map[string][]byte{"d/x.pcap": at(1, 3, 4), "d/y.cap": at(1, 1, 9)},
			[]string{"tap=d"},
			"tap:1 tap:3 tap:4 tap:9",
		},
		{
			"equal names in directories get them in front",
			map[string][]byte{"h1/any.pcap": at(1, 1, 3), "h1/b.pcap": at(1, 1, 3), "h2/any.pcap": at(1, 2, 4), "h2/c.pcap": at(1, 2, 4)},
			[]string{"h1", "h2"},
			"h1/any:1 b:1 h2/any:2 c:2 h1/any:3 b:3 h2/any:4 c:4",
		},
		{
			"equal names get their directory",
			map[string][]byte{"h1/any.pcap": at(1, 1, 3), "h2/any.pcap": at(1, 2, 4)},
			[]string{"h1/any.pcap", "h2/any.pcap"},
			"h1/any:1 h2/any:2 h1/any:3 h2/any:4",
		},
		{
			"equal names in one directory are counted",
			map[string][]byte{"h/any.pcap": at(1, 1, 3), "h/any.cap": at(1, 2, 4)},
			[]string{"h/any.pcap", "h/any.cap"},
			"",
		},
		{"a name", map[string][]byte{"a.pcap": at(1, 1)}, []string{"eth7=a.pcap"}, "eth7:1"},
		{
			"joined taps are one point",
			map[string][]byte{"rx.pcap": at(1, 1, 3), "tx.pcap": at(1, 2, 4), "o.pcap": at(1, 2)},
			[]string{"tap=rx.pcap+tx.pcap", "o.pcap"},
			"tap:1 tap:2 o:2 tap:3 tap:4",
		},
		{
			"a name without files overrides",
			map[string][]byte{"a0.pcap": at(1, 1), "a1.pcap": at(1, 2)},
			[]string{"a0.pcap", "eth7=", "a1.pcap"},
			"eth7:1 eth7:2",
		},
		{
			"packets without time or order follow their predecessor",
			map[string][]byte{"a.pcap": at(1, 5, 0, 2, 6, 9), "b.pcap": at(1, 0, 3, 7)},
			[]string{"a.pcap", "b.pcap"},
			"b:0 b:3 a:5 a:0 a:2 a:6 b:7 a:9",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tree(t, c.files)
			s := open(t, Config{Inputs: arguments(dir, c.args)})
			got := order(t, s)
			if c.want == "" { // the directory is made up, look at the names
				if len(s.points) != 2 || s.points[0].Name == s.points[1].Name || !strings.HasSuffix(s.points[0].Name, "/h/any") {
					t.Errorf("points %v", s.points)
				}
				return
			}
			if got != c.want || len(s.Faults()) > 0 {
				t.Errorf("%s\nwant %s\nfaults %v", got, c.want, s.Faults())
			}
		})
	}
}

func arguments(dir string, args []string) []Input {
	var inputs []Input
	for _, a := range args {
		name, paths, named := strings.Cut(a, "=")
		if !named {
			name, paths = "", a
		}
		in := Input{Name: name}
		for p := range strings.SplitSeq(paths, "+") {
			if p != "" {
				in.Paths = append(in.Paths, filepath.Join(dir, p))
			}
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// One capture cut into seven files is the same as the whole, however the
// files are given.
func TestSevenFiles(t *testing.T) {
	whole := newPcapFile(binary.LittleEndian, magicMicro, 1)
	parts := make([]*pcapFile, 7)
	for i := range parts {
		parts[i] = newPcapFile(binary.LittleEndian, magicMicro, 1)
	}
	for i := range 7000 {
		at := uint32(i * 100)
		if i%1000 == 999 {
			at += 150 // out of order over the cut, as several queues write it
		}
		data := strings.Repeat("x", i%1400)
		whole.add(1700000000, at, data)
		parts[i/1000].add(1700000000, at, data)
	}
	dir := t.TempDir()
	var paths []string
	for i, p := range parts {
		paths = append(paths, write(t, dir, fmt.Sprintf("cut/trace.pcap%d", i), p.Bytes()))
	}
	slices.Reverse(paths)
	one := write(t, dir, "trace.pcap", whole.Bytes())
	want := drain(t, open(t, Config{Inputs: files(one)}))
	for name, in := range map[string][]Input{
		"files":     files(paths...),
		"joined":    {{Paths: paths}},
		"named":     {{Paths: paths, Name: "trace"}},
		"directory": {{Paths: []string{filepath.Join(dir, "cut")}, Name: "trace"}},
	} {
		s := open(t, Config{Inputs: in})
		if len(s.lanes) != 1 {
			t.Errorf("%s: %d lanes", name, len(s.lanes))
		}
		if d := cmp.Diff(want, drain(t, s)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestOneFaultyFileOfSeveral(t *testing.T) {
	dir := tree(t, map[string][]byte{
		"a.pcap": at(1, 1, 5)[:24+17+9], // cut in the second record
		"b.pcap": at(1, 2, 4),
		"c.txt":  []byte("not a capture at all"),
	})
	s := open(t, Config{Inputs: files(filepath.Join(dir, "a.pcap"), filepath.Join(dir, "c.txt"), filepath.Join(dir, "b.pcap"), filepath.Join(dir, "none"))})
	if got := order(t, s); got != "a:1 a:2 a:4" {
		t.Errorf("packets %s", got)
	}
	var got []string
	for _, f := range s.Faults() {
		got = append(got, strings.TrimPrefix(f.Error(), dir+"/"))
	}
	want := []string{
		"c.txt: not a capture file (starts with 6e 6f 74 20 61 20 63 61)",
		"none: no such file or directory",
		"a.pcap: packet record at byte 41: file ends within the record (has 9 of 16 bytes)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
	if !errors.Is(s.Faults()[1], fs.ErrNotExist) {
		t.Error("the cause of a missing file is lost")
	}
	if st, _ := s.Stats(); st.Faults != 3 || st.Packets != 3 {
		t.Errorf("stats %+v", st)
	}
}

func TestOpenFails(t *testing.T) {
	dir := tree(t, map[string][]byte{"a.pcap": at(1, 1, 5), "b.pcap": at(1, 2, 4), "d/README": []byte("text")})
	a, b := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap")
	for _, c := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"nothing", Config{}, "no input given"},
		{"an empty input", Config{Inputs: []Input{{}}}, "neither path nor name"},
		{"two bare names", Config{Inputs: append(files(a), Input{Name: "x"}, Input{Name: "y"})}, `points "x" and "y" have no files`},
		{"a bare name for two points", Config{Inputs: append(files(a, b), Input{Name: "x"})}, "the inputs are 2 points"},
		{"standard input twice", Config{Inputs: files("-", "-"), Stdin: strings.NewReader("")}, "given twice"},
		{"no standard input", Config{Inputs: files("-")}, "no standard input"},
		{"follow overlapping files", Config{Inputs: files(a, b), Follow: true}, "2 overlap"},
		{"follow a directory of several hosts", Config{Inputs: files(dir), Follow: true}, "2 overlap"},
		{"a bare name for a directory of two points", Config{Inputs: append(files(dir), Input{Name: "x"})}, "the inputs are 2 points"},
		{"a directory without captures", Config{Inputs: files(filepath.Join(dir, "d"))}, "directory has no capture files"},
		{"all files missing", Config{Inputs: files(dir+"/x", dir+"/y")}, "y: no such file or directory"},
	} {
		if _, err := Open(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(a, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), Config{Inputs: files(a)}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("unreadable file: %v", err)
		}
	}
}

// Looking at many files can take long: it ends with ctx.
func TestOpenIsInterrupted(t *testing.T) {
	dir := tree(t, map[string][]byte{"a.pcap": at(1, 1, 5), "b.pcap": at(1, 2, 4)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Config{Inputs: files(dir)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

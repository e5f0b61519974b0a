package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

var onePoint = []capture.Point{{Name: "eth0"}}

// frames makes packets of a size, so many per second.
func frames(n, size, perSecond int) []capture.Packet {
	list := make([]capture.Packet, n)
	for i := range list {
		b := bytes.Repeat([]byte{byte(i)}, size)
		copy(b, fmt.Sprintf("%08d", i))
		list[i] = capture.Packet{
			Data: b, Time: 1_700_000_000e9 + int64(i)*1e9/int64(perSecond), WireLen: uint32(size), Link: capture.LinkEthernet,
		}
	}
	return list
}

// openFiles starts a recording that the test closes.
func openFiles(t *testing.T, cfg FilesConfig) *Files {
	t.Helper()
	f, err := OpenFiles(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(context.Background()) })
	return f
}

// putAll puts packets in batches, waiting for the writer, and closes.
func putAll(t *testing.T, f *Files, list []capture.Packet) (taken int) {
	t.Helper()
	for batch := range slices.Chunk(list, 64) {
		n := f.Put(batch, onePoint)
		taken += n
		if n < len(batch) {
			break
		}
		for len(f.full) > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return taken
}

// packetsOf reads files as one recording, in its order.
func packetsOf(t *testing.T, paths ...string) (got []capture.Packet, points []string) {
	t.Helper()
	src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: inputsOf(paths)})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	batch := make([]capture.Packet, 100)
	for {
		n, err := src.ReadBatch(t.Context(), batch)
		for _, p := range batch[:n] {
			p.Data = bytes.Clone(p.Data)
			got = append(got, p)
			points = append(points, src.Points()[p.Tap].Name)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(src.Faults()) > 0 {
		t.Errorf("faults %v", src.Faults())
	}
	return got, points
}

func inputsOf(paths []string) (in []pcapfile.Input) {
	for _, p := range paths {
		in = append(in, pcapfile.Input{Paths: []string{p}})
	}
	return in
}

// namesIn lists a directory.
func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestFilesKeepPackets(t *testing.T) {
	dir := t.TempDir()
	cfg := DefaultFiles(filepath.Join(dir, "out"))
	cfg.Agent = "host1"
	cfg.Drops = func() (capture.Stats, error) { return capture.Stats{Drops: 4, IfDrops: 2}, nil }
	f := openFiles(t, cfg)
	list := frames(1000, 100, 100)
	list[3].Dir, list[4].Dir, list[5].WireLen = capture.DirIn, capture.DirOut, 1500
	list[6].VLAN = 42
	if n := putAll(t, f, list); n != len(list) {
		t.Fatalf("%d packets taken", n)
	}
	got, points := packetsOf(t, cfg.Path)
	list[6].Data = slices.Concat(list[6].Data[:12], []byte{0x81, 0, 0, 42}, list[6].Data[12:])
	list[6].VLAN, list[6].WireLen = 0, list[6].WireLen+4
	if d := cmp.Diff(list, got); d != "" {
		t.Errorf("packets (-put +read):\n%.2000s", d)
	}
	if points[0] != "eth0" {
		t.Errorf("point %q", points[0])
	}
	st := f.Stats()
	if size := sizeOf(t, cfg.Path); st.Packets != 1000 || st.Lost() != 0 || st.Files != 1 || st.Bytes != uint64(size) {
		t.Errorf("stats %+v, file of %d bytes", st, size)
	}
	src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: inputsOf([]string{cfg.Path})})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.ReadBatch(t.Context(), make([]capture.Packet, 2000)); err != nil {
		t.Fatal(err)
	}
	src.ReadBatch(t.Context(), make([]capture.Packet, 1))
	if st, _ := src.Stats(); st.Drops != 4 || st.IfDrops != 2 || !slices.Equal(src.Agents(), []string{"host1"}) {
		t.Errorf("read again: %+v, agents %v", st, src.Agents())
	}
	if fi, err := os.Stat(cfg.Path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", fi.Mode(), err)
	}
	if n := f.Put(list, onePoint); n != 0 {
		t.Errorf("a closed recording took %d packets", n)
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

// TestNamesAsTcpdump lets tcpdump write the same packets with the same -C and
// -W, and wants files of the same names.
func TestNamesAsTcpdump(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump to compare with")
	}
	in := filepath.Join(t.TempDir(), "in.pcap")
	list := frames(6000, 2000, 1000) // 12 million bytes
	writePcap(t, in, list)
	for _, c := range []struct{ size, count int }{{1, 0}, {5, 0}, {1, 1}, {1, 2}, {1, 10}, {1, 11}, {2, 100}, {4, 3}, {100, 2}, {100, 0}} {
		theirs, ours := t.TempDir(), t.TempDir()
		args := []string{"-r", in, "-w", filepath.Join(theirs, "x.pcap"), "-C", strconv.Itoa(c.size)}
		if c.count > 0 {
			args = append(args, "-W", strconv.Itoa(c.count))
		}
		if os.Getuid() == 0 {
			args = append(args, "-Z", "root")
		}
		if out, err := exec.Command(tcpdump, args...).CombinedOutput(); err != nil {
			t.Fatalf("tcpdump: %v: %s", err, out)
		}
		cfg := DefaultFiles(filepath.Join(ours, "x.pcap"))
		cfg.Size, cfg.Count = int64(c.size)*1e6, c.count
		f := openFiles(t, cfg)
		putAll(t, f, list)
		if d := cmp.Diff(namesIn(t, theirs), namesIn(t, ours)); d != "" {
			t.Errorf("-C %d -W %d (-tcpdump +wirespan):\n%s", c.size, c.count, d)
		}
		var paths []string
		for _, name := range namesIn(t, ours) {
			paths = append(paths, filepath.Join(ours, name))
			if size := sizeOf(t, paths[len(paths)-1]); size > cfg.Size+4096 {
				t.Errorf("-C %d: %s has %d bytes", c.size, name, size)
			}
		}
		got, _ := packetsOf(t, paths...)
		if len(got) == 0 || !bytes.Equal(got[len(got)-1].Data, list[len(list)-1].Data) {
			t.Errorf("-C %d -W %d: %d packets, the last is not there", c.size, c.count, len(got))
		}
		for i := range got[1:] {
			if got[i].Time >= got[i+1].Time {
				t.Fatalf("-C %d -W %d: order of files is lost at packet %d", c.size, c.count, i)
			}
		}
		if c.count == 0 && len(got) != len(list) {
			t.Errorf("-C %d: %d packets", c.size, len(got))
		}
	}
}

func writePcap(t *testing.T, path string, list []capture.Packet) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapfile.NewWriter(f, pcapfile.Pcap)
	for i := range list {
		if err := w.Write(&list[i], ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestPeriods rotates by packet time: names by strftime, numbers with a size,
// an end after so many files without one.
func TestPeriods(t *testing.T) {
	list := frames(100, 60_000, 10) // ten seconds from 22:13:20
	for _, c := range []struct {
		name  string
		cfg   FilesConfig
		files []string
		taken int
	}{
		{"named by their start", FilesConfig{Path: "a-%H%M%S", Period: 4 * time.Second}, []string{"a-221320", "a-221324", "a-221328"}, 100},
		{"without conversion the file is overwritten", FilesConfig{Path: "a", Period: 4 * time.Second}, []string{"a"}, 100},
		{"ends after so many", FilesConfig{Path: "a-%S", Period: 3 * time.Second, Count: 2}, []string{"a-20", "a-23"}, 60},
		{
			"with a size, the number follows",
			FilesConfig{Path: "a-%S", Period: 6 * time.Second, Size: 1e6},
			[]string{"a-20", "a-201", "a-202", "a-203", "a-26", "a-261", "a-262"},
			100,
		},
		{
			"and the count bounds those of one period",
			FilesConfig{Path: "a-%S", Period: 6 * time.Second, Size: 1e6, Count: 2},
			[]string{"a-200", "a-201", "a-260", "a-261"},
			100,
		},
		{
			"the first period may have begun before",
			FilesConfig{Path: "a-%S", Period: 4 * time.Second, Start: time.Unix(1_700_000_000-3, 0)},
			[]string{"a-17", "a-21", "a-25", "a-29"},
			100,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.cfg.Path, c.cfg.Location, c.cfg.Buffer = filepath.Join(dir, c.cfg.Path), time.UTC, DefaultBuffer
			f := openFiles(t, c.cfg)
			if n := putAll(t, f, list); n != c.taken {
				t.Errorf("%d packets taken, want %d", n, c.taken)
			}
			if f.Ended() != (c.taken < 100) {
				t.Errorf("ended: %v", f.Ended())
			}
			if d := cmp.Diff(c.files, namesIn(t, dir)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if st := f.Stats(); st.Packets != uint64(c.taken) || st.Lost() != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestFilesConfigFaults(t *testing.T) {
	for _, c := range []struct {
		cfg  FilesConfig
		want string
	}{
		{FilesConfig{}, "no file name"},
		{FilesConfig{Path: "x", Count: 3}, "a file count needs a file size or a period"},
		{FilesConfig{Path: "x", Count: -1, Size: 1}, "file count -1"},
		{FilesConfig{Path: "x", Size: -1}, "is negative"},
		{FilesConfig{Path: "x", Period: time.Millisecond}, "want whole seconds"},
		{FilesConfig{Path: "%Q", Period: time.Second}, `"%Q" is no conversion`},
		{FilesConfig{Path: "x", Buffer: 1}, "buffer of 1 bytes"},
		{FilesConfig{Output: io.Discard, Size: 1e6}, "standard output is one file"},
	} {
		if c.cfg.Buffer == 0 {
			c.cfg.Buffer = DefaultBuffer
		}
		_, err := OpenFiles(c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %s", c.cfg, err, c.want)
		}
	}
	if _, err := OpenFiles(DefaultFiles(filepath.Join(t.TempDir(), "no", "where"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestOthersRead lets tcpdump and capinfos read what was written.
func TestOthersRead(t *testing.T) {
	cfg := DefaultFiles(filepath.Join(t.TempDir(), "out.pcapng"))
	cfg.Agent = "host1"
	cfg.Drops = func() (capture.Stats, error) { return capture.Stats{Drops: 4, IfDrops: 2}, nil }
	f := openFiles(t, cfg)
	list := frames(100, 100, 100)
	list[7].Dir, list[8].VLAN = capture.DirOut, 7
	putAll(t, f, list)
	read := 0
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"tcpdump", "-n", "-r", cfg.Path}, nil},
		{[]string{"capinfos", cfg.Path}, []string{"Number of packets:   100", "Name = eth0", "Comment = wirespan.capture.point=eth0", "Number of stat entries = 1"}},
		{[]string{"tshark", "-r", cfg.Path, "-Y", "frame.packet_flags_direction == 2", "-T", "fields", "-e", "frame.number"}, []string{"8\n"}},
		{[]string{"tshark", "-r", cfg.Path, "-Y", "vlan.id == 7", "-T", "fields", "-e", "frame.number"}, []string{"9\n"}},
	} {
		if _, err := exec.LookPath(c.args[0]); err != nil {
			t.Logf("no %s to read with", c.args[0])
			continue
		}
		read++
		cmd := exec.Command(c.args[0], c.args[1:]...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Errorf("%v: %v: %s", c.args, err, errs.String())
		}
		for _, w := range c.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%v: no %q in\n%s%s", c.args, w, out.String(), errs.String())
			}
		}
		if c.args[0] == "tcpdump" && strings.Count(out.String(), "\n") < 100 {
			t.Errorf("tcpdump reads\n%s%s", out.String(), errs.String())
		}
	}
	if read == 0 {
		t.Skip("neither tcpdump nor tshark is installed")
	}
}

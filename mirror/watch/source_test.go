package watch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// pcap writes packets with the payloads, a second apart from a start.
func pcap(t testing.TB, from time.Time, payloads ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, p := range payloads {
		ci := gopacket.CaptureInfo{Timestamp: from.Add(time.Duration(i) * time.Second), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(ci, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func write(t testing.TB, content []byte, path ...string) string {
	t.Helper()
	p := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB, change func(*Config), dirs ...string) *Source {
	t.Helper()
	c := Default()
	c.Quiet, c.Poll, c.Gather = time.Hour, 10*time.Millisecond, 0
	for _, d := range dirs {
		c.Dirs = append(c.Dirs, Dir{Path: d})
	}
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func collect(t testing.TB, s *Source, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var all []string
	batch := make([]capture.Packet, 16)
	for len(all) < n {
		m, err := s.ReadBatch(ctx, batch)
		if err != nil {
			t.Fatalf("%d of %d packets %q: %v; %+v", len(all), n, all, err, s.Counters())
		}
		for _, p := range batch[:m] {
			all = append(all, s.Points()[p.Tap].Name+": "+string(p.Data))
		}
	}
	return all
}

// nothing makes sure that no packet waits, and that the round is over.
func nothing(t testing.TB, s *Source) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	batch := make([]capture.Packet, 16)
	if n, err := s.ReadBatch(ctx, batch); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%d packets, %v, first %q", n, err, batch[0].Data)
	}
}

func check(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// old gives a file a time that makes it whole at the start.
func old(t testing.TB, path string, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestTogether reads what is there at the start as if it had been given to
// read: merged by time, a point for each directory.
func TestTogether(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	old(t, write(t, pcap(t, start, "a1", "a3"), dir, "hosta", "1.pcap"), 3*time.Hour)
	old(t, write(t, pcap(t, start.Add(2*time.Second), "a4"), dir, "hosta", "2.pcap"), 2*time.Hour)
	old(t, write(t, pcap(t, start.Add(500*time.Millisecond), "b2"), dir, "hostb", "deep", "x.pcap"), 2*time.Hour)
	old(t, write(t, pcap(t, start.Add(time.Minute), "c"), dir, "plain.pcap"), 2*time.Hour)
	old(t, write(t, []byte("no capture"), dir, "README"), 2*time.Hour)
	old(t, write(t, pcap(t, start, "hidden"), dir, ".1.pcap.Xa3"), 2*time.Hour)
	s := open(t, nil, dir)
	check(t, collect(t, s, 5), "spool/hosta: a1", "spool/hostb/deep: b2", "spool/hosta: a3", "spool/hosta: a4", "spool: c")
	nothing(t, s)
	if n := s.Counters(); n.Read != 4 || n.Damaged != 1 || n.Again != 0 {
		t.Errorf("%+v", n)
	}
	if st, err := s.Stats(); err != nil || st.Packets != 5 || st.Faults != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestClosed reads files when they are closed, not before, and those that are
// moved in at once.
func TestClosed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, func(c *Config) { c.Dirs = []Dir{{Path: dir, Name: "core"}} })
	nothing(t, s) // the watch is there
	if s.notify.fd < 0 {
		t.Skip("no inotify here")
	}
	b := pcap(t, start, "a", "b")
	f, err := os.Create(filepath.Join(dir, "1.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(b[:50])
	nothing(t, s)
	_, _ = f.Write(b[50:])
	nothing(t, s)
	f.Close()
	check(t, collect(t, s, 2), "core: a", "core: b")
	outside := write(t, pcap(t, start, "moved"), t.TempDir(), "2.pcap")
	if err := os.Rename(outside, filepath.Join(dir, "2.pcap")); err != nil {
		t.Fatal(err)
	}
	check(t, collect(t, s, 1), "core: moved")
	write(t, pcap(t, start, "new"), dir, "sub", "3.pcap") // a directory that is new
	sub := filepath.Join(dir, "sub", "4.pcap")
	nothing(t, s)
	write(t, pcap(t, start, "newer"), sub)
	check(t, collect(t, s, 1), "core/sub: newer")
}

// TestQuiet reads files that nothing is told of when they have been quiet, and
// what comes to them later once more, without what was read.
func TestQuiet(t *testing.T) {
	dir := t.TempDir()
	s := open(t, func(c *Config) {
		c.Quiet = 300 * time.Millisecond
		c.Dirs = []Dir{{Path: dir, Name: "p"}}
		c.Filter = func(capture.LinkType) ([]bpf.RawInstruction, error) { // refuses packets that begin with x
			return bpf.Assemble([]bpf.Instruction{
				bpf.LoadAbsolute{Off: 0, Size: 1},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: 'x', SkipTrue: 1},
				bpf.RetConstant{Val: 65535},
				bpf.RetConstant{Val: 0},
			})
		}
	})
	s.notify.close()
	b := pcap(t, start, "a", "x", "b", "c", "xx", "d", "e")
	path := write(t, b[:24+17+17+17+7], dir, "slow.pcap") // within the record of c
	check(t, collect(t, s, 2), "p: a", "p: b")
	nothing(t, s)
	write(t, b[:24+17*4+18+17], dir, "slow.pcap")
	check(t, collect(t, s, 2), "p: c", "p: d")
	nothing(t, s)
	write(t, b, dir, "slow.pcap")
	check(t, collect(t, s, 1), "p: e")
	nothing(t, s)
	if n := s.Counters(); n.Again != 2 || n.Damaged != 1 || n.Read != 2 {
		t.Errorf("%+v", n)
	}
	// Written anew, shorter.
	if err := os.WriteFile(path, pcap(t, start, "new"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, collect(t, s, 1), "p: new")
}

func TestDispose(t *testing.T) {
	dir, done := t.TempDir(), t.TempDir()
	set := func(change func(*Config)) *Source {
		return open(t, func(c *Config) { c.Dirs = []Dir{{Path: dir, Name: "p"}}; change(c) })
	}
	damaged := pcap(t, start, "kept", "lost")
	for range 2 {
		old(t, write(t, pcap(t, start, "a"), dir, "sub", "1.pcap"), 2*time.Hour)
		old(t, write(t, damaged[:len(damaged)-1], dir, "2.pcap"), 2*time.Hour)
		s := set(func(c *Config) { c.Done = done })
		check(t, collect(t, s, 2), "p/sub: a", "p: kept")
		nothing(t, s)
		_ = s.Close()
	}
	for path, want := range map[string]bool{
		filepath.Join(done, "p", "sub", "1.pcap"): true, filepath.Join(done, "p", "sub", "1.pcap.1"): true,
		filepath.Join(dir, "sub", "1.pcap"): false, filepath.Join(dir, "2.pcap"): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	s := set(func(c *Config) { c.Delete = true })
	old(t, write(t, pcap(t, start, "gone"), dir, "3.pcap"), 2*time.Hour)
	collect(t, s, 2)
	nothing(t, s)
	if _, err := os.Stat(filepath.Join(dir, "3.pcap")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("3.pcap: %v", err)
	}
}

// TestStop reads the files that it is in to their ends; Close does not.
func TestStop(t *testing.T) {
	dir := t.TempDir()
	var many []string
	for range 100 {
		many = append(many, "x")
	}
	old(t, write(t, pcap(t, start, many...), dir, "1.pcap"), 2*time.Hour)
	s := open(t, nil, dir)
	collect(t, s, 1)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	n := 16
	batch := make([]capture.Packet, 16)
	for {
		m, err := s.ReadBatch(context.Background(), batch)
		if n += m; err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != 100 {
		t.Errorf("%d packets", n)
	}
	s = open(t, nil, t.TempDir())
	done := make(chan error)
	go func() {
		_, err := s.ReadBatch(context.Background(), batch)
		done <- err
	}()
	_ = s.Close()
	if err := <-done; err != io.EOF {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		change func(*Config)
		err    string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Dirs = nil }, "0 directories"},
		{func(c *Config) { c.Dirs[0].Path = filepath.Join(dir, "none") }, "no such file"},
		{func(c *Config) { c.Dirs[0].Path = write(t, nil, dir, "file") }, "--follow"},
		{func(c *Config) { c.Done = dir }, "inside of"},
		{func(c *Config) { c.Done = filepath.Join(dir, "none") }, "no such file"},
		{func(c *Config) { c.Done, c.Delete = t.TempDir(), true }, "either"},
		{func(c *Config) { c.Quiet = 0 }, "must be positive"},
	} {
		cfg := Default()
		cfg.Dirs = []Dir{{Path: dir}}
		c.change(&cfg)
		err := cfg.Validate()
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

// TestShortReads reads although no ReadBatch has as much time as files gather.
func TestShortReads(t *testing.T) {
	dir := t.TempDir()
	old(t, write(t, pcap(t, start, "a", "b"), dir, "1.pcap"), 2*time.Hour)
	s := open(t, func(c *Config) { c.Dirs, c.Gather = []Dir{{Path: dir, Name: "p"}}, 200*time.Millisecond })
	batch := make([]capture.Packet, 16)
	n := 0
	for end := time.Now().Add(20 * time.Second); n < 2 && time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		m, err := s.ReadBatch(ctx, batch)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		n += m
	}
	if n != 2 {
		t.Errorf("%d packets", n)
	}
}

// TestRelocate copies where it cannot rename.
func TestRelocate(t *testing.T) {
	from := write(t, []byte("content"), t.TempDir(), "1.pcap")
	old(t, from, time.Hour)
	before, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	to := filepath.Join(dir, "2.pcap")
	if err := relocate(from, to); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to)
	if err != nil || string(b) != "content" {
		t.Errorf("%q, %v", b, err)
	}
	if st, err := os.Stat(to); err != nil || !st.ModTime().Equal(before.ModTime()) {
		t.Errorf("time %v, %v", st, err)
	}
	if _, err := os.Stat(from); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", from, err)
	}
	if err := relocate(filepath.Join(dir, "none"), to); err == nil {
		t.Error("nothing was moved")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%v is left", names)
	}
}

// TestUnreadableDirectory reads nothing again when a directory cannot be looked
// into for a while, and says so once; what has gone is forgotten.
func TestUnreadableDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "captures")
	old(t, write(t, pcap(t, start, "a"), dir, "sub", "1.pcap"), 2*time.Hour)
	old(t, write(t, pcap(t, start, "b"), dir, "2.pcap"), 2*time.Hour)
	var log strings.Builder
	s := open(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, dir)
	check(t, collect(t, s, 2), "captures/sub: a", "captures: b")
	nothing(t, s)
	// A file in its place gives an error for everybody, root too, that is not
	// that the directory has gone.
	away := dir + ".away"
	if err := errors.Join(os.Rename(dir, away), os.WriteFile(dir, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	nothing(t, s)
	if n := strings.Count(log.String(), "cannot read directory"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	if err := errors.Join(os.Remove(dir), os.Rename(away, dir)); err != nil {
		t.Fatal(err)
	}
	nothing(t, s)
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "sub")), os.Remove(filepath.Join(dir, "2.pcap"))); err != nil {
		t.Fatal(err)
	}
	nothing(t, s)
	if len(s.files)+len(s.places) != 0 {
		t.Errorf("%d files and %d directories that have gone are remembered", len(s.files), len(s.places))
	}
}

// TestBeyond counts and tells what there is no room for.
func TestBeyond(t *testing.T) {
	dir := t.TempDir()
	deep := dir
	for range MaxDepth + 1 {
		deep = filepath.Join(deep, "d")
	}
	old(t, write(t, pcap(t, start, "deep"), deep, "1.pcap"), 2*time.Hour)
	var log strings.Builder
	s := open(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, dir)
	for range 3 {
		s.scan(time.Now())
	}
	if n := s.Counters().Beyond; n != 1 || strings.Count(log.String(), "more than is watched") != 1 {
		t.Errorf("%d beyond\n%s", n, log.String())
	}
	for i := range MaxPoints + 10 {
		if got, want := s.point("p"+strconv.Itoa(i)), min(i, MaxPoints); int(got) != want {
			t.Fatalf("point %d is %d", i, got)
		}
	}
	if n := len(s.Points()); n != MaxPoints+1 || s.Points()[MaxPoints].Name != otherPoint {
		t.Errorf("%d points", n)
	}
}

// TestCloseGivesBack leaves no descriptor open, whatever the reader does.
func TestCloseGivesBack(t *testing.T) {
	s := open(t, nil, t.TempDir())
	done := make(chan error)
	go func() {
		_, err := s.ReadBatch(context.Background(), make([]capture.Packet, 1))
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != io.EOF {
		t.Error(err)
	}
	if s.notify.fd >= 0 {
		t.Error("inotify is open")
	}
}

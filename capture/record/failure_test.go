package record

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
)

// smallDisk gives a directory on a file system of its own with so much room.
// It is mounted where nobody else sees it, and gone with the test.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	type result struct {
		dir *os.File
		err error
	}
	made := make(chan result)
	at := t.TempDir()
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = unix.Mount("tmpfs", at, "tmpfs", 0, "size="+strconv.Itoa(size))
		}
		var dir *os.File
		if err == nil {
			dir, err = os.Open(at)
		}
		made <- result{dir, err}
	}()
	r := <-made
	if r.err != nil {
		t.Skipf("no file system of our own: %v", r.err)
	}
	t.Cleanup(func() { r.dir.Close() })
	return "/proc/self/fd/" + strconv.Itoa(int(r.dir.Fd()))
}

// reports collects what a recording told.
type reports struct {
	mu   sync.Mutex
	errs []error
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
}

func (r *reports) list() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errs
}

// until waits for what the writer does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 5000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s did not come", what)
}

// clock is a wall clock that the test moves.
type clock struct{ now atomic.Int64 }

func (c *clock) time() time.Time { return time.Unix(0, c.now.Load()) }

// TestFullDisk fills a disk under one file: what is there stays sound, losses
// are counted and told once, and the file goes on when there is room.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 1<<20)
	var told reports
	var wall clock
	wall.now.Store(1e18)
	cfg := DefaultFiles(filepath.Join(dir, "out"))
	cfg.Report, cfg.Immediate, cfg.now = told.add, true, wall.time
	f := openFiles(t, cfg)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 300_000), 0o600); err != nil {
		t.Fatal(err)
	}
	list := frames(2000, 1000, 1000)
	done := func(n uint64) func() bool {
		return func() bool { s := f.Stats(); return s.Packets+s.Lost() == n }
	}
	put := func(from, to int) {
		for i := from; i < to; i += 50 {
			f.Put(list[i:i+50], onePoint)
			until(t, "a batch", done(uint64(i+50)))
		}
	}
	put(0, 1000)
	full := f.Stats()
	if full.Packets == 0 || full.LostWrite == 0 || full.Failures != 1 {
		t.Errorf("full disk: %+v", full)
	}
	if errs := told.list(); len(errs) != 1 || !errors.Is(errs[0], unix.ENOSPC) {
		t.Errorf("told: %v", errs)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	put(1000, 1050) // too early to try again
	if s := f.Stats(); s.Packets != full.Packets {
		t.Errorf("tried at once: %+v", s)
	}
	wall.now.Add(int64(retryPause) + 1)
	put(1050, 1200)
	if errs := told.list(); len(errs) != 2 || errs[1] != nil {
		t.Errorf("told: %v", errs)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	got, _ := packetsOf(t, cfg.Path)
	s := f.Stats()
	if uint64(len(got)) != s.Packets || s.Packets != full.Packets+150 || s.Packets+s.Lost() != 1200 {
		t.Errorf("%d packets read, %+v, full at %d", len(got), s, full.Packets)
	}
	if d, _, _ := strings.Cut(string(got[len(got)-1].Data), "\xaf"); !strings.HasPrefix(d, "00001199") {
		t.Errorf("last packet %.8s", got[len(got)-1].Data)
	}
}

// TestFullDiskRing goes on in the file whose turn it is, which makes room.
func TestFullDiskRing(t *testing.T) {
	dir := smallDisk(t, 1<<20)
	var wall clock
	wall.now.Store(1e18)
	cfg := DefaultFiles(filepath.Join(dir, "out"))
	cfg.Size, cfg.Count, cfg.Immediate, cfg.now = 400_000, 3, true, wall.time
	f := openFiles(t, cfg)
	list := frames(5000, 1000, 1000)
	for i := 0; i < len(list); i += 50 {
		f.Put(list[i:i+50], onePoint)
		until(t, "a batch", func() bool { s := f.Stats(); return s.Packets+s.Lost() == uint64(i+50) })
		wall.now.Add(int64(retryPause) / 4)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s := f.Stats()
	if s.LostWrite == 0 || s.LostWrite > 2500 || s.Files < 8 {
		t.Errorf("ring on a full disk: %+v", s)
	}
	got, _ := packetsOf(t, dir)
	if len(got) < 500 || string(got[len(got)-1].Data[:8]) != "00004999" {
		t.Errorf("%d packets, last %.8s", len(got), got[len(got)-1].Data)
	}
}

// TestDeviceFull writes where nothing can be written.
func TestDeviceFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	var told reports
	cfg := DefaultFiles("/dev/full")
	cfg.Report = told.add
	f := openFiles(t, cfg)
	list := frames(1000, 1000, 1000)
	for i := 0; i < len(list); i += 100 {
		f.Put(list[i:i+100], onePoint)
	}
	if err := f.Close(t.Context()); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("close: %v", err)
	}
	if s := f.Stats(); s.Packets != 0 || s.Lost() != 1000 || s.Bytes != 0 || s.LostBytes != 1_000_000 {
		t.Errorf("stats %+v", s)
	}
	if errs := told.list(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "record packets: write /dev/full") {
		t.Errorf("told: %v", errs)
	}
}

// stuck is a disk that does not answer until it is let go.
type stuck struct{ free chan struct{} }

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	return len(b), nil
}

// TestSlowDisk never waits: what does not fit into the buffers is lost.
func TestSlowDisk(t *testing.T) {
	disk := &stuck{make(chan struct{})}
	cfg := DefaultFiles("")
	cfg.Output, cfg.Buffer = disk, 4*chunkSize
	f := openFiles(t, cfg)
	list := frames(1000, 10_000, 1000) // 10 million bytes for buffers of two
	for i := 0; i < len(list); i += 100 {
		if n := f.Put(list[i:i+100], onePoint); n != 100 {
			t.Fatalf("%d packets taken", n)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := f.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close of a stuck disk: %v", err)
	}
	close(disk.free)
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s := f.Stats()
	if s.LostBuffer == 0 || s.LostWrite != 0 || s.Packets+s.Lost() != 1000 || s.Packets < 100 || s.LostBytes != s.Lost()*10_000 {
		t.Errorf("stats %+v", s)
	}
}

// half takes a part of what is written, as a pipe that is closed does.
type half struct{ n int }

func (h *half) Write(b []byte) (int, error) {
	if h.n += len(b); h.n > 100_000 {
		return len(b) / 2, io.ErrClosedPipe
	}
	return len(b), nil
}

// TestBrokenPipe writes nothing behind half a block.
func TestBrokenPipe(t *testing.T) {
	var wall clock
	pipe := &half{}
	cfg := DefaultFiles("")
	cfg.Output, cfg.Immediate, cfg.now = pipe, true, wall.time
	f := openFiles(t, cfg)
	list := frames(500, 1000, 1000)
	broken := 0
	for i := 0; i < len(list); i += 50 {
		f.Put(list[i:i+50], onePoint)
		until(t, "a batch", func() bool { s := f.Stats(); return s.Packets+s.Lost() == uint64(i+50) })
		if broken == 0 && f.Stats().Lost() > 0 {
			broken = pipe.n
		}
		wall.now.Add(int64(2 * retryPause))
	}
	if err := f.Close(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("close: %v", err)
	}
	if s := f.Stats(); broken == 0 || pipe.n != broken || s.Failures != 1 {
		t.Errorf("%d bytes were written, %d when it broke; %+v", pipe.n, broken, s)
	}
}

// TestPutAllocates nothing for packets, once there are buffers.
func TestPutAllocates(t *testing.T) {
	cfg := DefaultFiles("")
	cfg.Output = io.Discard
	f := openFiles(t, cfg)
	batch := frames(512, 200, 1000)
	for range 100 {
		f.Put(batch, onePoint)
	}
	if n := testing.AllocsPerRun(200, func() { f.Put(batch, onePoint) }); n >= 5 {
		t.Errorf("a batch of %d packets costs %v allocations", len(batch), n)
	}
}

// TestFilesOfSeveralRings puts from several goroutines.
func TestFilesOfSeveralRings(t *testing.T) {
	cfg := DefaultFiles(filepath.Join(t.TempDir(), "out"))
	cfg.Size, cfg.Count = 100_000, 1000
	f := openFiles(t, cfg)
	points := [][]capture.Point{{{Name: "eth0"}}, {{Name: "eth1"}, {Name: "eth0"}}}
	var wg sync.WaitGroup
	for i, p := range points {
		wg.Go(func() {
			list := frames(1000, 500, 1000)
			for k := range list {
				list[k].Tap = uint16(i)
			}
			for k := 0; k < len(list); k += 10 {
				f.Put(list[k:k+10], p)
			}
		})
	}
	wg.Wait()
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	got, at := packetsOf(t, filepath.Dir(cfg.Path))
	if len(got) != 2000 || f.Stats().Files < 10 {
		t.Errorf("%d packets, %+v", len(got), f.Stats())
	}
	for _, p := range at {
		if p != "eth0" {
			t.Fatalf("point %q", p)
		}
	}
}

package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// wait waits for a condition, at most half a minute.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func stats(t *testing.T, s *local.Store) store.Stats {
	t.Helper()
	st, err := s.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestRetentionBytes writes three times what may be kept.
func TestRetentionBytes(t *testing.T) {
	ctx := context.Background()
	cfg := small()
	cfg.MaxBytes, cfg.BlockSpans, cfg.RunBlocks = 4<<20, 512, 16
	cfg.Partition = time.Minute
	s := open(t, t.TempDir(), cfg)
	defer s.Close(ctx)
	gen := storetest.NewTraffic(1, crashStart, 20) // a partition has 4,800 spans
	written, first := uint64(0), []store.Key(nil)
	for written < 120_000 {
		list := gen.Next()
		if first == nil {
			first = []store.Key{store.TraceKey(list[0].Trace)}
		}
		if err := s.Write(ctx, list); err != nil {
			t.Fatal(err)
		}
		written += uint64(len(list))
	}
	wait(t, "old spans to leave", func() bool { return stats(t, s).Expired > written/4 })
	if got, _, err := s.Related(ctx, first, store.Window{}, 10); err != nil || len(got) > 0 {
		t.Errorf("the first trace has %d spans, %v", len(got), err)
	}
	usable(t, s)
	wait(t, "the rest to stay", func() bool { return uint64(count(t, s)) == stats(t, s).Spans })
	st := stats(t, s)
	if st.Spans+st.Expired != written+4 || st.Oldest <= crashStart {
		t.Errorf("%+v, of %d spans", st, written+4)
	}
	wait(t, "room on the disk", func() bool { return stats(t, s).Bytes < 8*cfg.MaxBytes })
}

// TestRetentionAge has spans of an hour ago, which came just now: they stay. Those of
// a partition that was made long ago leave.
func TestRetentionAge(t *testing.T) {
	ctx := context.Background()
	cfg := small()
	cfg.MaxAge = time.Minute
	dir := t.TempDir()
	s := open(t, dir, cfg)
	defer s.Close(ctx)
	usable(t, s) // spans of long ago
	if err := s.Keep(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 4 {
		t.Fatalf("%d spans", n)
	}
	later := time.Now().Add(2 * time.Minute)
	wait(t, "spans to leave", func() bool {
		if err := s.Keep(ctx, later); err != nil {
			t.Fatal(err)
		}
		return count(t, s) == 0
	})
	if st := stats(t, s); st.Expired != 4 || st.Spans != 0 {
		t.Errorf("%+v", st)
	}
	usable(t, s)
}

// TestFull fills a small file system.
func TestFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small file system")
	}
	ctx := context.Background()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=20m"); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	}()
	for _, reserve := range []int64{8 << 20, 0} { // 0: the writes themselves find that there is no room
		sub := filepath.Join(dir, "store")
		cfg := small()
		cfg.BlockSpans, cfg.Reserve, cfg.Memory = 512, reserve, 8<<20
		s := open(t, sub, cfg)
		gen := storetest.NewTraffic(3, crashStart, 1000)
		first := []store.Key{store.TraceKey(fillUp(t, s, gen))}
		wait(t, "it to be said", func() bool { return stats(t, s).Full != "" })
		st := stats(t, s)
		if st.Refused == 0 {
			t.Errorf("reserve %d: %+v", reserve, st)
		}
		if got, _, err := s.Related(ctx, first, store.Window{}, 10); err != nil || len(got) != 4 {
			t.Errorf("reserve %d: full, and %d spans of a trace are read, %v", reserve, len(got), err)
		}
		if n := count(t, s); uint64(n) != st.Spans {
			t.Errorf("reserve %d: %d spans of %d", reserve, n, st.Spans)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=200m"); err != nil {
			t.Fatal(err)
		}
		wait(t, "room", func() bool { return stats(t, s).Full == "" })
		usable(t, s)
		n := count(t, s)
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
		again := open(t, sub, cfg)
		if m := count(t, again); m != n {
			t.Errorf("reserve %d: opened again, %d spans of %d", reserve, m, n)
		}
		if err := again.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(sub); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
			t.Fatal(err)
		}
	}
}

// fillUp writes until the store refuses, and returns the first trace.
func fillUp(t *testing.T, s *local.Store, gen *storetest.Traffic) [16]byte {
	t.Helper()
	list := gen.Next()
	first := list[0].Trace
	for range 1_000_000 {
		err := s.Write(context.Background(), list)
		if errors.Is(err, store.ErrFull) {
			return first
		}
		if err != nil {
			t.Fatal(err)
		}
		list = gen.Next()
	}
	t.Fatal("it is never full")
	return first
}

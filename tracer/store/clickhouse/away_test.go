package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
)

const testTime = int64(1_790_000_000_000_000_000)

// sample spans, number n of a series.
func sampleSpan(series byte, n int) store.Span {
	start := testTime + int64(n)*1e6
	return store.Span{
		Trace: span.TraceID{series, 15: byte(n)}, ID: span.SpanID{series, byte(n >> 8), byte(n)}, Start: start, End: start + 1e6,
		Kind: span.Server, Signal: store.NET, Service: "shop", Agent: "a", Name: fmt.Sprintf("op %d", n%7),
		Attrs: []store.Attr{{Key: "network.protocol.name", Value: store.StringValue("http")}},
	}
}

func sampleSpans(series byte, n int) (list []store.Span) {
	for i := range n {
		list = append(list, sampleSpan(series, i))
	}
	return list
}

func countSpans(t *testing.T, s *Store) (n int) {
	t.Helper()
	err := s.Search(t.Context(), &store.Query{}, func(*store.Span) bool { n++; return true })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAway kills the server: Write waits and says that the server is away, or that
// it took the spans once it is back; what was acknowledged before is there.
func TestAway(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	cfg := quick(sv.DSN("away"))
	cfg.RetryFor = 300 * time.Millisecond
	s := mustOpen(t, cfg)
	defer s.Close(t.Context())
	if err := s.Write(t.Context(), sampleSpans(1, 100)); err != nil {
		t.Fatal(err)
	}
	cfg.RetryFor = time.Minute
	patient := mustOpen(t, cfg)
	defer patient.Close(t.Context())
	chtest.Kill(sv.Cmd)
	err := s.Write(t.Context(), sampleSpans(2, 10))
	if err == nil || errors.Is(err, store.ErrFull) {
		t.Fatalf("a server that is away: %v", err)
	}
	if s.w.refused.Load() != 10 || s.w.why.Load() == nil {
		t.Errorf("%d spans refused", s.w.refused.Load())
	}
	if _, _, err := s.Related(t.Context(), []store.Key{store.TraceKey(span.TraceID{1})}, store.Window{}, 1); err == nil {
		t.Error("an answer of a server that is away")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Write(ctx, sampleSpans(3, 5)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a Write that is given up: %v", err)
	}

	done := make(chan error, 1)
	go func() { done <- patient.Write(t.Context(), sampleSpans(4, 10)) }()
	sv.Run(t)
	if err := <-done; err != nil {
		t.Fatalf("the server is back: %v", err)
	}
	if err := s.Write(t.Context(), sampleSpans(5, 1)); err != nil {
		t.Fatal(err)
	}
	if n := countSpans(t, s); n != 111 {
		t.Errorf("%d spans, want 111", n)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Full != "" || st.Written != 101 || st.Refused != 15 {
		t.Errorf("stats %+v, %v", st, err)
	}
}

// TestTogether opens one new database by several processes' worth of stores at the
// same moment, all of which write.
func TestTogether(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	const stores, each = 4, 50
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			s, err := Open(t.Context(), quick(sv.DSN("together")))
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer s.Close(t.Context())
			if err := s.Write(t.Context(), sampleSpans(byte(i), each)); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	wg.Wait()
	s := mustOpen(t, quick(sv.DSN("together")))
	defer s.Close(t.Context())
	if n := countSpans(t, s); n != stores*each {
		t.Errorf("%d spans, want %d", n, stores*each)
	}
	rates, err := s.Rates(t.Context(), &store.RateQuery{Window: store.Window{From: testTime - 1e12}, Step: 3600e9})
	if err != nil || len(rates) != 1 || rates[0].Count != stores*each {
		t.Errorf("rates %+v, %v", rates, err)
	}
	if err := s.conn.Exec(t.Context(), "INSERT INTO together.schema_versions SELECT toUInt32(99), 'base', now()"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), quick(sv.DSN("together"))); err == nil {
		t.Error("a schema of a newer wirespan was opened")
	}
}

// TestSweep drops days by age and by size.
func TestSweep(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	s := mustOpen(t, quick(sv.DSN("sweep")))
	defer s.Close(t.Context())
	list := sampleSpans(1, 30)
	for i := range list { // ten days of three
		list[i].Start -= int64(i/3) * day
	}
	if err := s.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	s.cfg.Retention = 5 * 24 * time.Hour
	if err := s.sweep(t.Context(), time.Unix(0, testTime)); err != nil {
		t.Fatal(err)
	}
	if n := countSpans(t, s); n != 18 || s.expired.Load() != 12 {
		t.Errorf("%d spans stay, %d left", n, s.expired.Load())
	}
	s.cfg.Retention, s.cfg.MaxBytes = 0, 1
	if err := s.sweep(t.Context(), time.Unix(0, testTime)); err != nil {
		t.Fatal(err)
	}
	if n := countSpans(t, s); n != 3 {
		t.Errorf("%d spans of the last day", n)
	}
	for _, k := range []store.Key{store.SpanKey(list[29].ID), store.TraceKey(list[29].Trace)} {
		if got, _, err := s.Related(t.Context(), []store.Key{k}, store.Window{}, 10); err != nil || len(got) > 0 {
			t.Errorf("%d spans of a day that left, %v", len(got), err)
		}
	}
}

// TestClose closes a store while others write: what was acknowledged is there, and no
// Write waits for ever.
func TestClose(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	s := mustOpen(t, quick(sv.DSN("closing")))
	var wg sync.WaitGroup
	var taken atomic.Int64
	first := make(chan struct{}, 100)
	for i := range 8 {
		wg.Go(func() {
			for n := range 1000 {
				if err := s.Write(t.Context(), []store.Span{sampleSpan(byte(i), n)}); err != nil {
					return
				}
				taken.Add(1)
				select {
				case first <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 20 {
		<-first
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	again := mustOpen(t, quick(sv.DSN("closing")))
	defer again.Close(t.Context())
	if n := countSpans(t, again); int64(n) < taken.Load() || n > 8000 {
		t.Errorf("%d spans, %d were acknowledged", n, taken.Load())
	}
}

// TestFull gives the server a small disk: writes say that there is no room, questions
// are answered, and writes go on when there is room again.
func TestFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root, who may mount a small disk")
	}
	sv := chtest.New(t)
	disk := filepath.Join(sv.Dir, "data")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("no small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	sv.Start(t, "")
	s := mustOpen(t, quick(sv.DSN("small")))
	defer s.Close(t.Context())
	seed := rand.New(rand.NewPCG(1, 2))
	var err error
	var taken int
	for n := 0; n < 100 && err == nil; n++ {
		noise := make([]byte, 1<<20)
		for i := range noise {
			noise[i] = byte(seed.Uint32())
		}
		sp := sampleSpan(1, n)
		sp.Attrs = append(sp.Attrs, store.Attr{Key: "noise", Value: store.BytesValue(string(noise))})
		if err = s.Write(t.Context(), []store.Span{sp}); err == nil {
			taken++
		}
	}
	if !errors.Is(err, store.ErrFull) || taken == 0 {
		t.Fatalf("after %d spans: %v", taken, err)
	}
	if n := countSpans(t, s); n < taken {
		t.Errorf("%d spans, %d were acknowledged", n, taken)
	}
	st, err := s.Stats(t.Context())
	if err != nil || st.Full == "" || st.Refused != 1 {
		t.Errorf("stats %+v, %v", st, err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=200m"); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), sampleSpans(2, 10)); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Full != "" {
		t.Errorf("stats %+v, %v", st, err)
	}
}

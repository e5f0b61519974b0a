package local_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// fill writes n spans of traffic, and returns the store closed.
func fill(t *testing.T, dir string, cfg local.Config, n int) {
	t.Helper()
	ctx := context.Background()
	s := open(t, dir, cfg)
	gen := storetest.NewTraffic(7, crashStart, 1000)
	for i := 0; i < n; i += 4 {
		if err := s.Write(ctx, gen.Next()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *local.Store) (n int) {
	t.Helper()
	err := s.Search(context.Background(), &store.Query{}, func(*store.Span) bool {
		n++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// files are those of the database whose names match.
func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "spans", pattern))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func edit(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func half(b []byte) []byte { return b[:len(b)/2] }

func flip(b []byte) []byte {
	for i := len(b) / 2; i < len(b)/2+64 && i < len(b); i++ {
		b[i] ^= 0x55
	}
	return b
}

func largest(list []string) string {
	return slices.MaxFunc(list, func(a, b string) int {
		x, _ := os.Stat(a)
		y, _ := os.Stat(b)
		return int(x.Size() - y.Size())
	})
}

// TestDamage damages a file of each kind. The store must open again, say what it did,
// and have what was not in the damaged part.
func TestDamage(t *testing.T) {
	const spans = 20_000
	for _, c := range []struct {
		name    string
		pattern string
		change  func([]byte) []byte // nil: the file is removed
		least   int                 // spans that must be there
	}{
		{"manifest is cut", "MANIFEST-*", half, spans},
		{"manifest is gone", "MANIFEST-*", nil, spans},
		{"manifest is garbage", "MANIFEST-*", flip, spans},
		{"table is cut", "*.sst", half, 0},
		{"table is gone", "*.sst", nil, 0},
		{"table has wrong bytes", "*.sst", flip, spans / 2},
		{"log has wrong bytes", "*.log", flip, spans / 8},
		{"end of the log is torn", "*.log", func(b []byte) []byte { return b[:len(b)-100] }, spans / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cfg := small()
			cfg.BlockSpans, cfg.Memory = 256, 8<<20 // tables of 1 MiB
			fill(t, dir, cfg, spans)
			list := files(t, dir, c.pattern)
			if len(list) == 0 {
				t.Fatalf("no file %s", c.pattern)
			}
			name := largest(list)
			if c.pattern == "*.log" {
				name = list[len(list)-1] // others were flushed, and wait to be used again
			}
			if c.change == nil {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			} else {
				edit(t, name, c.change)
			}
			s := open(t, dir, cfg)
			defer s.Close(context.Background())
			n := count(t, s)
			st, err := s.Stats(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d of %d spans: %q", n, spans, st.Repairs)
			if n < c.least || n > spans {
				t.Errorf("%d of %d spans", n, spans)
			}
			if len(st.Repairs) == 0 {
				t.Error("nothing is said of it")
			}
			usable(t, s)
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			again := open(t, dir, cfg)
			defer again.Close(context.Background())
			if m := count(t, again); m < n {
				t.Errorf("opened again, %d spans of %d", m, n)
			}
			if st, _ := again.Stats(context.Background()); len(st.Repairs) > 0 && n == spans {
				t.Errorf("still in need of repair: %q", st.Repairs)
			}
		})
	}
}

// usable writes a trace and finds it.
func usable(t *testing.T, s *local.Store) {
	t.Helper()
	gen := storetest.NewTraffic(99, crashStart, 1000)
	list := gen.Next()
	if err := s.Write(context.Background(), list); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Related(context.Background(), []store.Key{store.TraceKey(list[0].Trace)}, store.Window{}, 10)
	if err != nil || len(got) != len(list) {
		t.Fatalf("%d spans of a new trace, %v", len(got), err)
	}
}

func TestFormat(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ file, text, want string }{
		{"FORMAT", "wirespan spans 2\n", "is of format 2, and this wirespan knows formats up to 1"},
		{"FORMAT", "something else\n", "is no store of wirespan"},
		{"FORMAT", "wirespan spans x\n", "is no store of wirespan"},
		{"FORMAT", "wirespan spans 0\n", "format 0"},
		{"photos.zip", "", "holds photos.zip and is no store of wirespan"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := local.Open(ctx, dir, small())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v", c.file, c.text, err)
		}
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, small())
	defer s.Close(context.Background())
	if _, err := local.Open(context.Background(), dir, small()); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("opened twice: %v", err)
	}
	usable(t, s)
}

// TestInUseByAnother: another process has the store open, and is named.
func TestInUseByAnother(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "open") {
		t.Fatalf("%q %v", line, err)
	}
	_, err = local.Open(t.Context(), dir, small())
	if want := fmt.Sprintf("another process has it open: process %d (", child.Process.Pid); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--server") {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestConfig(t *testing.T) {
	var none local.Config
	err := none.Validate()
	for _, key := range []string{"partition", "block-spans", "run-blocks", "memory", "sync-every"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
	d := local.Default()
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
}

// TestRepairAsked repairs a store that is whole, and one whose repair was interrupted
// when it was done.
func TestRepairAsked(t *testing.T) {
	const spans = 4000
	dir := t.TempDir()
	fill(t, dir, small(), spans)
	mark := filepath.Join(dir, "REPAIR")
	if err := os.WriteFile(mark, []byte("for a test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(repairs bool) {
		t.Helper()
		s := open(t, dir, small())
		defer s.Close(context.Background())
		if n := count(t, s); n != spans {
			t.Errorf("%d spans", n)
		}
		if st := stats(t, s); st.Spans != spans || len(st.Repairs) > 0 != repairs {
			t.Errorf("%+v", st)
		}
		if _, err := os.Stat(mark); err == nil {
			t.Error("a repair is still asked for")
		}
	}
	check(true)
	check(false)
	if err := os.Rename(filepath.Join(dir, "spans"), filepath.Join(dir, "repaired")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "spans"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spans", "CURRENT"), []byte("of the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(false)
}

// TestCloseUnderReaders closes a store while others search: they end with what they
// have, or an error, and nothing breaks.
func TestCloseUnderReaders(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, small(), 4000)
	s := open(t, dir, small())
	started, done := make(chan struct{}, 4), make(chan error, 4)
	for range 4 {
		go func() {
			once := false
			done <- s.Search(context.Background(), &store.Query{}, func(*store.Span) bool {
				if !once {
					once = true
					started <- struct{}{}
				}
				return true
			})
		}()
	}
	for range 4 {
		<-started
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Errorf("a search under way: %v", err)
		}
	}
	if err := s.Search(context.Background(), &store.Query{}, func(*store.Span) bool { return true }); err == nil {
		t.Error("a closed store is searched")
	}
}

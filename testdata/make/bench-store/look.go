package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
)

// look asks for traces in no order: as the store alone finds them, and assembled;
// with nothing of the store's files in memory, with its files in the page cache, and
// again for traces that were asked for just before.
func (b *bench) look(ctx context.Context, s *local.Store, dir string, spans int) error {
	traces := spans/perTrace - rate/perTrace // of the last second not all is there
	if traces <= 0 {
		return errors.New("too few spans to look at")
	}
	a, err := assemble.New(s, assemble.Default())
	if err != nil {
		return err
	}
	related := func(id span.TraceID) (int, error) {
		got, _, err := s.Related(ctx, []store.Key{store.TraceKey(id)}, store.Window{}, 1000)
		return len(got), err
	}
	assembled := func(id span.TraceID) (int, error) {
		t, err := a.Trace(ctx, id, store.Window{})
		if err != nil {
			return 0, err
		}
		if t.Nodes[0].Parent >= 0 || len(t.Nodes) > 1 && t.Nodes[len(t.Nodes)-1].Parent < 0 || len(t.Limits) > 0 {
			return 0, fmt.Errorf("trace %v is not one tree: %v", id, t.Limits)
		}
		return len(t.Nodes), nil
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	some := func(n int) []span.TraceID {
		list := make([]span.TraceID, n)
		for i := range list {
			list[i], _ = traceOf(rnd.IntN(traces))
		}
		return list
	}
	if err := forget(dir); err != nil {
		return err
	}
	if err := ask("assembled, files not in memory", some(min(200, b.looks)), assembled); err != nil {
		return err
	}
	if err := warm(dir); err != nil {
		return err
	}
	for range b.rounds {
		if err := ask("store alone", some(b.looks), related); err != nil {
			return err
		}
		err := b.profiled("look", func() error { return ask("assembled", some(b.looks), assembled) })
		if err != nil {
			return err
		}
		again := some(20) // whose blocks the cache holds
		if _, _, err := measured(again, assembled); err != nil {
			return err
		}
		if err := ask("assembled, asked for before", again, assembled); err != nil {
			return err
		}
	}
	return nil
}

// ask prints how long answers took, and the CPU of the whole process meanwhile: that is
// what they take where nobody else wants the cores.
func ask(what string, ids []span.TraceID, find func(span.TraceID) (int, error)) error {
	took, used, err := measured(ids, find)
	if err != nil {
		return err
	}
	slices.Sort(took)
	slices.Sort(used)
	n := len(took)
	fmt.Printf("trace by id, %s: median %.2f ms, p99 %.2f ms; of CPU %.2f and %.2f ms\n", what, ms(took[n/2]), ms(took[n*99/100]), ms(used[n/2]), ms(used[n*99/100]))
	return nil
}

func measured(ids []span.TraceID, find func(span.TraceID) (int, error)) (took, used []time.Duration, err error) {
	for _, id := range ids {
		at, from := time.Now(), cpu()
		n, err := find(id)
		took, used = append(took, time.Since(at)), append(used, cpu()-from)
		if err != nil || n != perTrace {
			return nil, nil, fmt.Errorf("%d spans of trace %v: %w", n, id, err)
		}
	}
	return took, used, nil
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// forget has the kernel drop the files from its page cache.
func forget(dir string) error {
	return eachFile(dir, func(f *os.File) error { return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) })
}

// warm reads the files.
func warm(dir string) error {
	buf := make([]byte, 1<<20)
	return eachFile(dir, func(f *os.File) error {
		for {
			if n, err := f.Read(buf); n == 0 || err != nil {
				return nil // its end
			}
		}
	})
}

func eachFile(dir string, do func(*os.File) error) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // compacted meanwhile
		}
		if err != nil {
			return err
		}
		defer f.Close()
		return do(f)
	})
}

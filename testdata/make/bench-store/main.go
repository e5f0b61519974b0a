// Command bench-store measures the embedded store with plain HTTP spans, as agents at
// both ends of each connection send them: what a span costs to write, in CPU time of
// the whole process, with all indexes; what it takes on disk; how soon a trace is
// found by its id, and how soon it is assembled.
//
//	go run ./testdata/make/bench-store -spans 10000000 -dir /var/tmp/bench-store
//
// With -plain it writes each span as one key of a plain Pebble database, with one
// more for each of its keys, for comparison.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
)

func main() {
	spans := flag.Int("spans", 1_000_000, "spans to write")
	dir := flag.String("dir", "", "directory for the store (default: a temporary one)")
	plain := flag.Bool("plain", false, "write to a plain Pebble database instead")
	profile := flag.String("profile", "", "write CPU profiles of writing and looking to this name, .write and .look behind it")
	again := flag.Bool("again", false, "write nothing: -dir is that of a run before with as many spans")
	looks := flag.Int("look", 2000, "traces to look up")
	block := flag.Int("block", local.Default().BlockSpans, "spans of a block")
	runBlocks := flag.Int("run", local.Default().RunBlocks, "blocks of an index run")
	rounds := flag.Int("rounds", 3, "times to do so")
	flag.Parse()
	if err := run(bench{*spans, *looks, *rounds, *block, *runBlocks, *plain, *again, *profile}, *dir); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	spans, looks, rounds, block, runBlocks int
	plain, again                           bool
	profile                                string
}

// profiled runs something under the profiler, if that was asked for.
func (b *bench) profiled(what string, run func() error) error {
	if b.profile == "" {
		return run()
	}
	f, err := os.Create(b.profile + "." + what)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return run()
}

func run(b bench, dir string) error {
	if dir == "" {
		d, err := os.MkdirTemp("", "bench-store")
		if err != nil {
			return err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	g := newAgents()
	if b.plain {
		return writePlain(dir, g, b.spans)
	}
	return b.store(dir, g)
}

// cpu is the time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (b *bench) store(dir string, g *agents) error {
	ctx := context.Background()
	cfg := local.Default()
	cfg.MaxAge, cfg.MaxBytes, cfg.BlockSpans, cfg.RunBlocks = 0, 0, b.block, b.runBlocks
	s, err := local.Open(ctx, dir, cfg)
	if err != nil {
		return err
	}
	from, wall := cpu(), time.Now()
	if b.again {
		g.sent = b.spans
	}
	err = b.profiled("write", func() error {
		for g.sent < b.spans {
			if err := s.Write(ctx, g.next()); err != nil {
				return err
			}
		}
		return s.Sync(ctx)
	})
	if err != nil {
		return err
	}
	if !b.again {
		report("store", g.sent, cpu()-from, time.Since(wall))
	}
	if err := s.Close(ctx); err != nil {
		return err
	}
	from, wall = cpu(), time.Now()
	if s, err = local.Open(ctx, dir, cfg); err != nil {
		return err
	}
	fmt.Printf("opened again in %v, %v of CPU\n", time.Since(wall).Round(time.Millisecond), (cpu() - from).Round(time.Millisecond))
	if err := b.look(ctx, s, dir, g.sent); err != nil {
		return err
	}
	if err := s.Close(ctx); err != nil {
		return err
	}
	return size(dir, g.sent)
}

func report(what string, n int, used, wall time.Duration) {
	fmt.Printf("%s: %d spans, %.2f us of CPU each: %.0f k spans/s per core; wall %v\n",
		what, n, used.Seconds()*1e6/float64(n), float64(n)/used.Seconds()/1e3, wall.Round(time.Millisecond))
}

func size(dir string, n int) error {
	total := int64(0)
	err := filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			total += i.Size()
		}
		return err
	})
	fmt.Printf("on disk: %d MiB, %.1f bytes a span\n", total>>20, float64(total)/float64(n))
	return err
}

// writePlain is what one would write first: a span per key, an index entry per key.
func writePlain(dir string, g *agents, spans int) error {
	db, err := pebble.Open(dir, &pebble.Options{MemTableSize: 64 << 20, Logger: quiet{}})
	if err != nil {
		return err
	}
	from, wall := cpu(), time.Now()
	var keys []store.Key
	var v, k []byte
	for g.sent < spans {
		b := db.NewBatch()
		for i, s := range g.next() {
			id := binary.BigEndian.AppendUint64([]byte{'s'}, uint64(g.sent-i))
			v = appendPlain(v[:0], &s)
			if err := b.Set(id, v, nil); err != nil {
				return err
			}
			keys = store.AppendKeys(keys[:0], &s)
			for _, key := range keys {
				k = binary.BigEndian.AppendUint64(append(k[:0], 'k', byte(key.Kind)), key.Hash)
				if err := b.Set(append(k, id[1:]...), nil, nil); err != nil {
					return err
				}
			}
		}
		if err := b.Commit(pebble.NoSync); err != nil {
			return err
		}
	}
	if err := db.Flush(); err != nil {
		return err
	}
	report("plain pebble", g.sent, cpu()-from, time.Since(wall))
	if err := db.Close(); err != nil {
		return err
	}
	return size(dir, g.sent)
}

func appendPlain(b []byte, s *store.Span) []byte {
	b = append(append(append(b, s.Trace[:]...), s.ID[:]...), s.Parent[:]...)
	b = binary.AppendVarint(binary.AppendVarint(b, s.Start), s.End-s.Start)
	for _, t := range [...]string{s.Service, s.Instance, s.Agent, s.Name, s.Scope} {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	for i := range s.Attrs {
		a := &s.Attrs[i]
		b = append(binary.AppendUvarint(b, uint64(len(a.Key))), a.Key...)
		b = binary.AppendVarint(append(b, byte(a.Value.Type)), a.Value.Num)
		for t := range a.Value.Texts {
			b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
		}
		if a.Value.Type == store.Bytes {
			b = append(b, a.Value.Str...)
		}
	}
	return b
}

type quiet struct{}

func (quiet) Infof(string, ...any)         {}
func (quiet) Errorf(string, ...any)        {}
func (quiet) Fatalf(f string, args ...any) { log.Fatalf(f, args...) }

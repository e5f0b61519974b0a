// Command bench-store measures the embedded store with plain HTTP spans: what a span
// costs to write, in CPU time of the whole process, with all indexes; what it takes on
// disk; and how soon a trace is found by its id.
//
//	go run ./testdata/make/bench-store -spans 10000000 -dir /var/tmp/bench-store
//
// With -plain it writes each span as one key of a plain Pebble database, with one
// more for each of its keys, for comparison.
package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

const (
	start = int64(1_790_000_000_000_000_000)
	pool  = 32 << 10 // spans that are written again and again, with new ids and times
	batch = 512
	rate  = 60_000 // spans per second of their own time
)

func main() {
	spans := flag.Int("spans", 1_000_000, "spans to write")
	dir := flag.String("dir", "", "directory for the store (default: a temporary one)")
	plain := flag.Bool("plain", false, "write to a plain Pebble database instead")
	profile := flag.String("profile", "", "write CPU profiles of writing and looking to this name, .write and .look behind it")
	again := flag.Bool("again", false, "write nothing: -dir is that of a run before with as many spans")
	looks := flag.Int("look", 2000, "traces to look up")
	flag.Parse()
	if err := run(bench{*spans, *looks, *plain, *again, *profile}, *dir); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	spans, looks int
	plain, again bool
	profile      string
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
	g := newGenerator()
	if b.plain {
		return writePlain(dir, g, b.spans)
	}
	return b.store(dir, g)
}

// generator gives spans that cost next to nothing to make.
type generator struct {
	spans []store.Span
	rnd   *rand.PCG
	n     int
	id    string // request ID of the trace
	buf   []byte
}

func newGenerator() *generator {
	t := storetest.NewTraffic(1, start, rate/4)
	g := &generator{rnd: rand.NewPCG(1, 2)}
	for len(g.spans) < pool {
		for _, s := range t.Next() {
			g.spans = append(g.spans, s.Clone())
		}
	}
	return g
}

// traceOf is the trace of span n.
func traceOf(n int) (id [16]byte) {
	r := rand.NewPCG(uint64(n/4), 77)
	binary.LittleEndian.PutUint64(id[:], r.Uint64())
	binary.LittleEndian.PutUint64(id[8:], r.Uint64())
	return id
}

func (g *generator) next() []store.Span {
	at := g.n % pool
	list := g.spans[at : at+batch]
	for i := range list {
		s := &list[i]
		took := s.End - s.Start
		s.Trace = traceOf(g.n + i)
		binary.LittleEndian.PutUint64(s.ID[:], g.rnd.Uint64())
		s.Parent = [8]byte{}
		if i%4 > 0 {
			s.Parent = list[i-1].ID
		}
		s.Start = start + int64(g.n+i)*int64(time.Second)/rate
		s.End = s.Start + took
		g.renew(s, i%4 == 0)
	}
	g.n += batch
	return list
}

// renew gives a span another exchange, request ID and first bytes: what is unique in
// traffic shall not come again, or indexes would look smaller than they are.
func (g *generator) renew(s *store.Span, first bool) {
	var b [16]byte
	if first {
		binary.LittleEndian.PutUint64(b[:], g.rnd.Uint64())
		binary.LittleEndian.PutUint64(b[8:], g.rnd.Uint64())
		g.id = hex.EncodeToString(b[:])
	}
	for i := range s.Attrs {
		v := &s.Attrs[i].Value
		switch s.Attrs[i].Key {
		case "wirespan.exchange":
			binary.LittleEndian.PutUint64(b[:], g.rnd.Uint64())
			v.Str = hex.EncodeToString(b[:8])
		case "wirespan.request_id":
			v.List[0].Str = "x-request-id=" + g.id
		case "wirespan.link.evidence":
			v.Str = v.Str[:len("x-request-id=")] + g.id + v.Str[len("x-request-id=")+len(g.id):]
		case store.AttrFacts:
			if f, err := facts.Parse([]byte(v.Str)); err == nil {
				f.Head = g.rnd.Uint64()
				g.buf = facts.Append(g.buf[:0], &f)
				v.Str = string(g.buf)
			}
		}
	}
}

// cpu is the time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (b *bench) store(dir string, g *generator) error {
	ctx := context.Background()
	cfg := local.Default()
	cfg.MaxAge, cfg.MaxBytes = 0, 0
	s, err := local.Open(ctx, dir, cfg)
	if err != nil {
		return err
	}
	from, wall := cpu(), time.Now()
	if b.again {
		g.n = b.spans
	}
	err = b.profiled("write", func() error {
		for g.n < b.spans {
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
		report("store", g.n, cpu()-from, time.Since(wall))
	}
	if err := s.Close(ctx); err != nil {
		return err
	}
	from, wall = cpu(), time.Now()
	if s, err = local.Open(ctx, dir, cfg); err != nil {
		return err
	}
	fmt.Printf("opened again in %v, %v of CPU\n", time.Since(wall).Round(time.Millisecond), (cpu() - from).Round(time.Millisecond))
	if err := b.profiled("look", func() error { return look(ctx, s, g.n, b.looks) }); err != nil {
		return err
	}
	if err := s.Close(ctx); err != nil {
		return err
	}
	return size(dir, g.n)
}

func report(what string, n int, used, wall time.Duration) {
	fmt.Printf("%s: %d spans, %.2f us of CPU each: %.0f k spans/s per core; wall %v\n",
		what, n, used.Seconds()*1e6/float64(n), float64(n)/used.Seconds()/1e3, wall.Round(time.Millisecond))
}

// look asks for traces in no order, most of them not in any cache of ours.
func look(ctx context.Context, s *local.Store, spans, n int) error {
	rnd := rand.New(rand.NewPCG(3, 4))
	took := make([]time.Duration, 0, n)
	from := cpu()
	for range n {
		id := traceOf(rnd.IntN(spans))
		at := time.Now()
		got, _, err := s.Related(ctx, []store.Key{store.TraceKey(id)}, store.Window{}, 1000)
		took = append(took, time.Since(at))
		if err != nil || len(got) != 4 {
			return fmt.Errorf("%d spans of trace %x: %w", len(got), id, err)
		}
	}
	used := cpu() - from
	slices.Sort(took)
	fmt.Printf("trace by id, of %d spans: median %v, p99 %v, mean of CPU %v\n", spans, took[n/2], took[n*99/100], used/time.Duration(n))
	return nil
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
func writePlain(dir string, g *generator, spans int) error {
	db, err := pebble.Open(dir, &pebble.Options{MemTableSize: 64 << 20, Logger: quiet{}})
	if err != nil {
		return err
	}
	from, wall := cpu(), time.Now()
	var keys []store.Key
	var v, k []byte
	for g.n < spans {
		b := db.NewBatch()
		for i, s := range g.next() {
			id := binary.BigEndian.AppendUint64([]byte{'s'}, uint64(g.n+i))
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
	report("plain pebble", g.n, cpu()-from, time.Since(wall))
	if err := db.Close(); err != nil {
		return err
	}
	return size(dir, g.n)
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

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/otlp/transport"
	"github.com/wirespan/wirespan/tracer/sink"
)

func newBench() *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "drive a wirespan serve to its limit"}
	cmd.AddCommand(newBenchSpans())
	return cmd
}

// benchOptions are the flags of bench spans.
type benchOptions struct {
	server   serverFlags
	rate     float64
	agents   int
	perTrace int
	batch    int
	senders  int
	duration time.Duration
	seed     uint64
	gzip     bool
}

func newBenchSpans() *cobra.Command {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "spans --server URL",
		Short: "send made-up spans of many agents to a server, and measure what it takes",
		Long: `Makes spans as agents send them, with all attributes and facts, and sends them
as fast as the server takes them, or at --rate. Prints what was sent, accepted and
refused, and how long requests took. The spans stay in the server's store.`,
		Example: `  wirespan bench spans --server grpc://127.0.0.1:4317 --duration 1m
  wirespan bench spans --server http://127.0.0.1:4318 --rate 20000 --agents 500`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBench(cmd.Context(), o, os.Stdout, os.Stderr)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.server.url, "server", "", "send to the wirespan serve at `URL` (http, https, grpc, grpcs)")
	o.server.addAccess(f)
	f.Float64Var(&o.rate, "rate", 0, "spans per second, `N`; 0 is as fast as the server takes them")
	f.IntVar(&o.agents, "agents", 100, "agents that the spans are of, `N`")
	f.IntVar(&o.perTrace, "spans-per-trace", 12, "spans of one trace, `N`, seen by up to as many agents")
	f.IntVar(&o.batch, "batch", 512, "spans of one request, `N`")
	f.IntVar(&o.senders, "senders", 8, "requests at a time, `N`")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "end after so long")
	f.Uint64Var(&o.seed, "seed", 0, "make the same spans again; 0: others each time")
	f.BoolVar(&o.gzip, "gzip", false, "compress requests")
	return cmd
}

func (o *benchOptions) validate() error {
	var errs []error
	need := func(ok bool, flag, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("--%s: %s", flag, what))
		}
	}
	need(o.server.url != "", "server", "is missing")
	need(o.rate >= 0, "rate", "must not be negative")
	need(o.agents > 0 && o.agents <= 1_000_000, "agents", "must be from 1 to 1000000")
	need(o.perTrace > 0 && o.perTrace <= 100_000, "spans-per-trace", "must be from 1 to 100000")
	need(o.batch > 0 && o.batch <= 100_000, "batch", "must be from 1 to 100000")
	need(o.senders > 0 && o.senders <= 1024, "senders", "must be from 1 to 1024")
	need(o.duration > 0, "duration", "must be positive")
	return errors.Join(errs...)
}

// runBench sends until the duration or ctx ends, and prints what came of it.
func runBench(ctx context.Context, o *benchOptions, out, progress io.Writer) error {
	if err := o.validate(); err != nil {
		return usage(err)
	}
	o.server.token = cmp.Or(o.server.token, os.Getenv("WIRESPAN_TOKEN"))
	c, err := o.server.export(true)
	if err != nil {
		return usage(err)
	}
	via, err := transport.New(transport.Config{
		Signal: transport.Traces(), Endpoint: c.Endpoint, Headers: c.Headers, Gzip: o.gzip, Timeout: 30 * time.Second,
		TLS: c.TLS, Proxy: http.ProxyFromEnvironment, Senders: o.senders, Idle: idleTime, MaxBackoff: time.Second, Version: versionString(),
	})
	if err != nil {
		return usage(fmt.Errorf("--server: %w", err))
	}
	defer via.Close()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	b := &bench{o: o, via: via, pace: newBenchPace(o.rate), began: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	var wg sync.WaitGroup
	for i := range o.senders {
		wg.Go(func() { b.send(ctx, newSpanMaker(o, newKeys(all.Protos(), nil), i)) })
	}
	wg.Go(func() { b.tell(ctx, progress) })
	wg.Wait()
	r := b.result()
	r.print(out)
	if r.Accepted == 0 {
		return &statusError{exitPartial, errors.Join(errors.New("the server took no span"), r.lastError)}
	}
	return nil
}

// bench is a run.
type bench struct {
	o     *benchOptions
	via   transport.Transport
	pace  *benchPace
	began time.Time

	mu sync.Mutex
	benchResult
}

// send makes and sends requests until ctx ends.
func (b *bench) send(ctx context.Context, m *spanMaker) {
	var buf []byte
	for ctx.Err() == nil {
		p := sink.Parcel{Spans: b.o.batch}
		if !b.pace.wait(ctx, p.Spans) {
			return
		}
		p.Bytes = m.request(buf[:0])
		began := time.Now()
		err := b.via.Send(context.WithoutCancel(ctx), &p)
		wait := b.count(&p, time.Since(began), err)
		if buf = p.Bytes; p.Lent {
			buf = nil
		}
		if wait > 0 && !sink.Sleep(ctx, wait) {
			return
		}
	}
}

// maxNap bounds the wait that a server may ask for.
const maxNap = 5 * time.Second

// count notes what became of a request, and says how long to wait.
func (b *bench) count(p *sink.Parcel, took time.Duration, err error) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Requests++
	b.Sent += uint64(p.Spans)
	b.Bytes += uint64(len(p.Bytes))
	var partial *sink.PartialError
	var again *sink.RetryError
	switch {
	case err == nil:
		b.Accepted += uint64(p.Spans)
		b.took.add(took)
		return 0
	case errors.As(err, &partial):
		b.Accepted += uint64(p.Spans - min(partial.Rejected, p.Spans))
		b.Rejected += uint64(min(partial.Rejected, p.Spans))
		b.took.add(took)
		b.lastError = err
		return 0
	case errors.As(err, &again):
		b.Busy += uint64(p.Spans)
		b.lastError = err
		return min(max(again.After, 50*time.Millisecond), maxNap)
	}
	b.Rejected += uint64(p.Spans)
	b.lastError = err
	return 100 * time.Millisecond // it will not get better
}

// tell prints a line each second.
func (b *bench) tell(ctx context.Context, w io.Writer) {
	var before uint64
	for sink.Sleep(ctx, time.Second) {
		b.mu.Lock()
		n, busy, rejected := b.Accepted, b.Busy, b.Rejected
		b.mu.Unlock()
		fmt.Fprintf(w, "%5.0fs %9d spans/s accepted, %d told to come again, %d refused\n", time.Since(b.began).Seconds(), n-before, busy, rejected)
		before = n
	}
}

func (b *bench) result() *benchResult {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.benchResult
	r.elapsed = time.Since(b.began)
	return &r
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/otlp/transport"
	"github.com/wirespan/wirespan/tracer/relay"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/store"
)

// onwardFlags say where assembled traces go.
type onwardFlags struct {
	to           []string
	headers      []string
	gzip         bool
	quiet        time.Duration
	errors       bool
	slow         time.Duration
	rate         float64
	withAPM      string
	instrumented []string
	compat       string
}

func (o *onwardFlags) add(f *pflag.FlagSet) {
	d := relay.Default()
	f.StringArrayVar(&o.to, "otlp", nil, "send assembled traces to the collector at `URL` (http, https, grpc, grpcs); repeatable")
	f.StringArrayVar(&o.headers, "otlp-header", nil, "`NAME=VALUE` of every OTLP request; repeatable")
	f.BoolVar(&o.gzip, "otlp-gzip", true, "compress what --otlp sends")
	f.DurationVar(&o.quiet, "otlp-quiet", d.Quiet, "send a trace when nothing came of it for so long")
	f.BoolVar(&o.errors, "keep-errors", false, "send every trace with an error, whatever --keep-rate says")
	f.DurationVar(&o.slow, "keep-slow", 0, "send every trace that took so long or longer, whatever --keep-rate says")
	f.Float64Var(&o.rate, "keep-rate", 1, "send this part of traces, `0 to 1`, chosen by trace id")
	f.StringVar(&o.withAPM, "with-apm", relay.Join.String(), "`MODE` for spans of packets of an exchange that an SDK tells of: join (INTERNAL, in the tree), skip, or separate (a trace of their own)")
	f.StringArrayVar(&o.instrumented, "instrumented", nil, "service `NAME` that has an SDK, whether its spans come here or not: what packets tell of it is INTERNAL; repeatable")
	f.StringVar(&o.compat, "compat", "", "`tempo`: add db.system, by which Tempo's service graphs know databases")
}

// config is what a relay is made of.
func (o *onwardFlags) config() (relay.Config, error) {
	c := relay.Default()
	c.Quiet, c.Longest = o.quiet, max(c.Longest, o.quiet)
	c.Sampling = relay.Sampling{Errors: o.errors, Slow: o.slow, Rate: o.rate}
	var err error
	if c.WithAPM, err = relay.ParseMode(o.withAPM); err != nil {
		err = fmt.Errorf("--with-apm: %w", err)
	}
	c.Instrumented = map[string]bool{}
	for _, n := range o.instrumented {
		c.Instrumented[n] = true
	}
	switch o.compat {
	case "tempo":
		c.Tempo = true
	case "":
	default:
		err = errors.Join(err, fmt.Errorf("--compat %q: want tempo", o.compat))
	}
	return c, errors.Join(err, c.Validate())
}

// onward is where assembled traces go. nil goes nowhere.
type onward struct {
	relay *relay.Relay
	ways  []way
	run   sync.WaitGroup
	stop  context.CancelFunc
}

// way is one collector.
type way struct {
	to  transport.Endpoint
	via transport.Transport
	box *sink.Outbox
}

// openOnward makes the ways; nil if there are none.
func openOnward(o *onwardFlags, asm relay.Assembler, ali relay.Aliaser) (*onward, error) {
	c, err := o.config()
	if err != nil {
		return nil, usage(err)
	}
	if len(o.to) == 0 {
		return nil, nil //nolint:nilnil // nil is no way
	}
	how, err := o.transport()
	if err != nil {
		return nil, usage(err)
	}
	w := &onward{}
	for _, url := range o.to {
		if err := w.add(url, how); err != nil {
			return nil, errors.Join(err, w.close(context.Background()))
		}
	}
	if w.relay, err = relay.New(asm, w, ali, c); err != nil {
		return nil, errors.Join(usage(err), w.close(context.Background()))
	}
	return w, nil
}

// transport is what all ways have in common. The standard variables say of it what no
// flag says (headers, certificates, timeout), and not where to: ENDPOINT is what
// programs beside a server have set to find it.
func (o *onwardFlags) transport() (transport.Config, error) {
	env, err := readOTelEnv()
	if err != nil {
		return transport.Config{}, err
	}
	headers, err := parseHeaders(append(env.headers, o.headers...))
	if err != nil {
		return transport.Config{}, err
	}
	secure, err := env.tls.config()
	c := transport.Config{
		Signal: transport.Traces(), Headers: headers, Gzip: o.gzip, Timeout: onwardTimeout, TLS: secure, Proxy: http.ProxyFromEnvironment,
		Idle: idleTime, Version: versionString(),
	}
	if env.timeout > 0 {
		c.Timeout = env.timeout
	}
	return c, err
}

// onwardTimeout is how long a collector may take for a request.
const onwardTimeout = 10 * time.Second

func (w *onward) add(url string, how transport.Config) error {
	to, err := otlp.ParseEndpoint(url)
	if err != nil {
		return usage(fmt.Errorf("--otlp: %w", err))
	}
	q := sink.DefaultQueue()
	how.Endpoint, how.Senders, how.MaxBackoff = to, q.Senders, q.Retry.Max
	via, err := transport.New(how)
	if err != nil {
		return usage(fmt.Errorf("--otlp: %w", err))
	}
	box, err := sink.NewOutbox(via, q)
	if err != nil {
		return errors.Join(err, via.Close())
	}
	w.ways = append(w.ways, way{to, via, box})
	return nil
}

// Buffer meets relay.Outbox: with several ways each needs bytes of its own.
func (w *onward) Buffer() []byte { return w.ways[0].box.Buffer() }

// Offer gives a request to every way, the first one last: the bytes are its own then.
// An error is that of any; each counts what it lost.
func (w *onward) Offer(p sink.Parcel) error {
	var err error
	for i := len(w.ways) - 1; i >= 0; i-- {
		q := p
		if i > 0 {
			q.Bytes = append(w.ways[i].box.Buffer(), p.Bytes...)
		}
		if e := w.ways[i].box.Offer(q); e != nil {
			err = e
		}
	}
	return err
}

// note hears of spans that the store has.
func (w *onward) note(spans []store.Span) {
	if w != nil {
		w.relay.Note(spans)
	}
}

// start lets traces leave until drain.
func (w *onward) start() {
	if w == nil {
		return
	}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	w.run.Go(func() { w.relay.Run(ctx) })
}

// drain lets everything leave that waits, until ctx ends.
func (w *onward) drain(ctx context.Context) error {
	if w == nil {
		return nil
	}
	if w.stop != nil {
		w.stop()
		w.run.Wait()
	}
	return errors.Join(w.relay.Flush(ctx), w.close(ctx))
}

func (w *onward) close(ctx context.Context) error {
	var errs []error
	for i := range w.ways {
		errs = append(errs, w.ways[i].box.Close(ctx), w.ways[i].via.Close())
	}
	w.ways = nil
	return errors.Join(errs...)
}

// families tell what left.
func (w *onward) families() []metric.Family {
	if w == nil {
		return nil
	}
	s := w.relay.Stats()
	traces := metric.Counter("wirespan.relay.traces", "{trace}", "traces by what became of them: sent, left out by sampling, or not assembled")
	traces.Add(float64(s.Traces), "outcome", "sent")
	traces.Add(float64(s.Sampled), "outcome", "sampled_out")
	traces.Add(float64(s.Failed), "outcome", "failed")
	spans := metric.Counter("wirespan.relay.spans", "{span}", "spans of assembled traces by what became of them")
	spans.Add(float64(s.Spans), "outcome", "queued")
	spans.Add(float64(s.Dropped), "outcome", "dropped")
	sent := metric.Counter("wirespan.relay.exported_spans", "{span}", "spans that collectors have taken, refused, or that were lost on the way")
	for _, y := range w.ways {
		b := y.box.Stats()
		sent.Add(float64(b.Sent), "endpoint", y.to.String(), "outcome", "sent")
		sent.Add(float64(b.Rejected), "endpoint", y.to.String(), "outcome", "rejected")
		sent.Add(float64(b.Dropped), "endpoint", y.to.String(), "outcome", "dropped")
	}
	return []metric.Family{
		traces, spans, sent,
		oneGauge("wirespan.relay.pending", "{trace}", "traces that wait for further spans", float64(s.Pending)),
		oneCount("wirespan.relay.early", "{trace}", "traces that were sent early, for want of room", s.Early),
		oneCount("wirespan.relay.late_spans", "{span}", "spans that were sent behind their trace", s.Late),
	}
}

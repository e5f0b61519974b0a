package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/red"
	"github.com/wirespan/wirespan/tracer/sink"
)

// watchOptions are the flags of what watches a run.
type watchOptions struct {
	metrics     string
	otlpMetrics []string
	interval    time.Duration
	memory      string
	cpu         string
}

func (o *watchOptions) add(f *pflag.FlagSet) {
	f.StringVar(&o.metrics, "metrics", "", "serve metrics (Prometheus), health and pprof on `ADDR`: a port, or host:port (without host 127.0.0.1)")
	f.StringArrayVar(&o.otlpMetrics, "otlp-metrics", nil, "export the same metrics over OTLP to `URL` (http, https, grpc, grpcs); repeatable")
	f.DurationVar(&o.interval, "metrics-interval", time.Minute, "time between two exports of metrics")
	f.StringVar(&o.memory, "memory", "", "`SIZE` that this process may use: bounds shrink to it, and beyond it connections are sampled (default: 90% of the control group's limit)")
	f.StringVar(&o.cpu, "cpu", "", "`SHARE` of a core that this process may use (0.5, 50%, 2); beyond it connections are sampled (default: 90% of the control group's quota)")
}

// telemetry watches a run: metrics, health and budgets. A nil telemetry does
// nothing.
type telemetry struct {
	opt      *options
	parts    *parts
	red      *red.Sink // nil without metrics
	sampler  *connSampler
	shedding *shedding // nil without a budget
	limits   limits
	budget   *budget // nil without limits
	warn     func(string)

	pipe      *pipeline
	feeds     feeds
	process   *process
	origin    metric.Origin
	server    *metricsServer
	pushers   []*metric.Pusher
	pushNames []string
	began     time.Time

	mu sync.Mutex // one gathering at a time
}

// watch prepares what the flags ask for. It changes the parts, and so comes
// between compose and newPipelineOn. It returns nil when nothing is asked for.
func (p *parts) watch(o *options) (*telemetry, error) {
	env, err := readMetricsEnv()
	if err != nil {
		return nil, usage(err)
	}
	env.apply(&o.watchOptions)
	t := &telemetry{opt: o, parts: p, warn: func(s string) { fmt.Fprintln(os.Stderr, "wirespan: "+s) }}
	if t.limits, err = o.limits(os.DirFS("/"), o.live); err != nil {
		return nil, usage(err)
	}
	measure := o.metrics != "" || len(o.otlpMetrics) > 0
	if !measure && !t.limits.any() {
		return nil, nil //nolint:nilnil // nil is a telemetry that does nothing
	}
	p.cfg.watched = true
	if t.limits.memory > 0 {
		fitMemory(t.limits.memory, &p.cfg)
	}
	if t.limits.any() && o.live {
		t.sampler = newConnSampler()
		p.cfg.rooms.sampler = t.sampler
		t.shedding = p.shed()
	}
	if measure {
		if err := t.measure(); err != nil {
			return nil, usage(err)
		}
		if t.pushers, err = t.newPushers(&env); err != nil {
			return nil, usage(err)
		}
	}
	if t.sampler != nil {
		markRates(p.cfg.link.Forms, t.sampler)
	}
	return t, nil
}

// measure puts the sink of service metrics beside the first form's.
func (t *telemetry) measure() error {
	c := red.Default()
	c.Keys = t.parts.keys
	if t.sampler != nil {
		c.Weight = func(start int64) uint64 { return 1 << t.sampler.levelAt(start) }
	}
	var err error
	if t.red, err = red.New(c); err != nil {
		return err
	}
	f := &t.parts.cfg.link.Forms[0]
	f.Sink = sink.Tee(t.red, f.Sink)
	return nil
}

// start listens, exports and keeps the budget from now on, until stop. It comes
// before run, and before privileges are given up.
func (t *telemetry) start(pipe *pipeline, f feeds) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pipe, t.feeds, t.process, t.began = pipe, f, openProcess(), time.Now()
	t.budget = startBudget(t)
	if t.opt.metrics != "" {
		var err error
		if t.server, err = listenMetrics(t, t.opt.metrics); err != nil {
			return usage(err)
		}
	}
	return nil
}

// addr is where metrics are served, empty if they are not.
func (t *telemetry) addr() string {
	if t == nil || t.server == nil {
		return ""
	}
	return t.server.addr()
}

// stopTime bounds the last export and the requests under way.
const stopTime = 5 * time.Second

// stop exports once more and ends everything. What could not be exported is
// told, and is no reason to fail. It does not end early with ctx.
func (t *telemetry) stop(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if t.budget != nil {
		t.budget.stop()
	}
	var errs []error
	for _, p := range t.pushers {
		errs = append(errs, p.Close(ctx))
	}
	if t.server != nil {
		errs = append(errs, t.server.close(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		t.warn(err.Error())
	}
	if t.process != nil {
		t.process.close()
	}
}

// gather makes the families of everything, for a scrape or an export. Several
// goroutines may call it.
func (t *telemetry) gather() []metric.Family {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pipe == nil {
		return nil
	}
	s, _, _ := t.pipe.board.read()
	t.complete(s)
	list := append(buildFamilies(), t.process.families()...)
	list = append(list, s.captureFamilies()...)
	list = append(list, pointFamilies(t.feeds.points)...)
	if t.feeds.spares != nil {
		list = append(list, t.feeds.spares()...)
	}
	if t.feeds.inputs != nil {
		list = append(list, t.feeds.inputs()...)
	}
	if t.feeds.system != nil {
		list = append(list, t.feeds.system()...)
	}
	list = append(list, s.system.families()...)
	list = append(list, s.places.families(*t.pipe.points.Load())...)
	list = append(list, s.flowFamilies()...)
	list = append(list, s.pointCount.families()...)
	list = append(list, s.parserFamilies(t.parts)...)
	list = append(list, s.linkFamilies()...)
	list = append(list, t.pipe.board.queueFamilies()...)
	list = append(list, exportFamilies(t.parts.outs, t.opt, s.unwritten)...)
	list = append(list, bufferFamilies(t.parts.outs.spill)...)
	list = append(list, t.pushFamilies()...)
	list = append(list, t.budgetFamilies(s)...)
	if t.red != nil {
		list = append(list, redStats(t.red.Stats())...)
		list = append(list, t.red.Families()...)
	}
	return list
}

// complete adds to a summary what is not the pipeline's.
func (t *telemetry) complete(s *summary) {
	if t.feeds.source != nil {
		s.source = t.feeds.source()
	}
	if t.feeds.lost != nil {
		s.unwritten = t.feeds.lost()
	}
	s.exports = t.parts.outs.exportStats()
}

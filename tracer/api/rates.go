package api

import (
	"context"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
)

// Rates is what was counted over time.
type Rates struct {
	From     string   `json:"from_ns" doc:"ns since 1970, as a string of digits; beginning of the first step"`
	To       string   `json:"to_ns" doc:"ns since 1970, as a string of digits"`
	Step     int64    `json:"step_ns"`
	Rates    []Rate   `json:"rates" doc:"in the order of time, service, operation; steps in which nothing was counted are absent"`
	Complete bool     `json:"complete" doc:"false if there are more rows than the limit"`
	Limits   []string `json:"limits"`
}

// Rate is what was counted in a step.
type Rate struct {
	Time      string  `json:"time_ns" doc:"beginning of the step, ns since 1970, as a string of digits"`
	Service   string  `json:"service"`
	Operation string  `json:"operation,omitempty" doc:"with by=operation"`
	Protocol  string  `json:"protocol,omitempty"`
	Signal    string  `json:"signal" enum:"APP,NET,SYS" doc:"who counted: where SDKs and packets tell of the same requests, there is a row of each"`
	Count     int64   `json:"count"`
	Errors    int64   `json:"errors"`
	PerSecond float64 `json:"per_second"`
	Mean      int64   `json:"mean_ns"`
	P50       int64   `json:"p50_ns" doc:"estimated from buckets whose bounds double"`
	P95       int64   `json:"p95_ns" doc:"estimated from buckets whose bounds double"`
	P99       int64   `json:"p99_ns" doc:"estimated from buckets whose bounds double"`
}

var rateParams = []param{
	{name: "service", kind: "string", doc: "this service only"},
	{name: "operation", kind: "string", doc: "spans of this name only"},
	{name: "by", kind: "string", enum: []string{"service", "operation"}, doc: "a row per service (default), or per operation"},
	{name: "signal", kind: "string", enum: []string{"APP", "NET", "SYS"}, doc: "what was counted by SDKs, or from packets, only"},
	{name: "from", kind: "time", doc: "default: an hour before to"},
	{name: "to", kind: "time", doc: "default: now"},
	{name: "step", kind: "duration", doc: "multiple of 10s; default: a sixtieth of the time, rounded up"},
	{name: "limit", kind: "integer", doc: "rows of the answer at most"},
}

// Bounds of rates.
const (
	maxSteps    = 2000
	defaultSpan = int64(time.Hour)
	defaultPart = 60
	maxRateRows = 50_000
)

func (a *API) rates(ctx context.Context, r *request) (any, error) {
	q := store.RateQuery{Window: r.recent(), Service: r.Get("service"), Operation: r.Get("operation"), ByName: r.Get("by") == "operation" || r.Get("operation") != ""}
	q.Step = r.step(q.Window)
	limit := r.integer("limit", 1, maxRateRows, maxRateRows)
	if r.fault != nil {
		return nil, r.fault
	}
	q.From -= q.From % q.Step
	list, err := a.Store.Rates(ctx, &q)
	if err != nil {
		return nil, err
	}
	out := &Rates{From: digits(q.From), To: digits(q.To), Step: q.Step, Rates: []Rate{}, Complete: true, Limits: []string{}}
	for i := range list {
		x := &list[i]
		if s := r.Get("signal"); s != "" && x.Signal.String() != s {
			continue
		}
		if len(out.Rates) == limit {
			out.Complete, out.Limits = false, append(out.Limits, "there are more rows than the limit; ask for a longer step, a service, or a shorter time")
			break
		}
		out.Rates = append(out.Rates, rateOf(x, q.Step))
	}
	return out, nil
}

func rateOf(x *store.Rate, step int64) Rate {
	out := Rate{
		Time: digits(x.Time), Service: x.Service, Operation: x.Operation, Protocol: x.Protocol, Signal: x.Signal.String(),
		Count: counted(x.Count), Errors: counted(x.Errors), PerSecond: float64(x.Count) / (float64(step) / 1e9),
		P50: x.Quantile(0.5), P95: x.Quantile(0.95), P99: x.Quantile(0.99),
	}
	if x.Count > 0 {
		out.Mean = int64(x.Duration / x.Count)
	}
	return out
}

// recent is the window of a request, the last hour where it names none.
func (p *params) recent() store.Window {
	w := p.window()
	if w.To == 0 {
		w.To = p.now.UnixNano()
	}
	if w.From == 0 {
		w.From = max(0, w.To-defaultSpan)
	}
	if w.From >= w.To {
		p.fail("from", "is not before to")
	}
	return w
}

// step is the asked or usual step of a window.
func (p *params) step(w store.Window) int64 {
	step := p.duration("step")
	if step == 0 {
		step = (w.To - w.From) / defaultPart
		step += store.RateStep - 1
		step -= step % store.RateStep
		step = max(step, store.RateStep)
	}
	if step%store.RateStep != 0 {
		p.fail("step", "is a multiple of %s", time.Duration(store.RateStep))
		return store.RateStep
	}
	if (w.To-w.From)/step > maxSteps {
		p.fail("step", "gives more than %d steps; ask for a longer step or a shorter time", maxSteps)
	}
	return step
}

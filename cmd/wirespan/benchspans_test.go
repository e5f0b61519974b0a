package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestBenchSpans drives a server and compares what both say.
func TestBenchSpans(t *testing.T) {
	t.Parallel()
	s := startServe(t)
	for _, url := range []string{s.grpc, s.http} {
		before := s.stored(t)
		o := wirespan(t, "bench", "spans", "--server", url, "--duration", "1s", "--rate", "2000", "--batch", "100", "--agents", "7", "--spans-per-trace", "9", "--gzip")
		var sent, accepted, requests int
		for line := range strings.Lines(o.stdout) {
			_, _ = fmt.Sscanf(line, "sent %d spans in %d requests", &sent, &requests)
			_, _ = fmt.Sscanf(line, "accepted %d spans", &accepted)
		}
		if o.code != 0 || accepted == 0 || accepted != sent || requests*100 != sent || sent > 4000 {
			t.Fatalf("exit status %d\n%s%s", o.code, o.stdout, o.stderr)
		}
		if n := s.stored(t) - before; n != accepted {
			t.Errorf("%d spans stored of %d", n, accepted)
		}
	}
	if _, page := getHTTP(t, s.ui); !strings.Contains(page, "bench-6") || strings.Contains(page, "bench-7") {
		t.Error("the page does not tell of seven agents")
	}
	s.stop(t)
	o := wirespan(t, "bench", "spans", "--server", s.http, "--duration", "300ms")
	if o.code != exitPartial || !strings.Contains(o.stderr, "took no span") {
		t.Errorf("nobody there: exit status %d\n%s", o.code, o.stderr)
	}
	if o = wirespan(t, "bench", "spans", "--rate", "-1"); o.code != exitUsage || !strings.Contains(o.stderr, "--rate") || !strings.Contains(o.stderr, "--server") {
		t.Errorf("mistakes: exit status %d\n%s", o.code, o.stderr)
	}
}

// TestBenchSpansAreTraces: what is made up is one trace per id, connected, of several
// agents, and the same again for a seed.
func TestBenchSpansAreTraces(t *testing.T) {
	o := &benchOptions{agents: 5, perTrace: 12, batch: 120, seed: 7}
	m := newSpanMaker(o, newKeys(all.Protos(), nil), 0)
	body := m.request(nil)
	b := batch.New(batch.DefaultLimits())
	if err := otlp.Decode(b, string(body)); err != nil || len(b.Spans) != 120 || b.Refused.Sum() != 0 {
		t.Fatalf("%v, %d spans, %v", err, len(b.Spans), &b.Refused)
	}
	type trace struct {
		roots, spans int
		agents       map[string]bool
	}
	ids := map[string]bool{}
	for i := range b.Spans {
		ids[b.Spans[i].ID.String()] = true
	}
	traces := map[string]*trace{}
	for i := range b.Spans {
		s := &b.Spans[i]
		x := traces[s.Trace.String()]
		if x == nil {
			x = &trace{agents: map[string]bool{}}
			traces[s.Trace.String()] = x
		}
		x.spans++
		x.agents[s.Agent] = true
		if s.Parent.IsZero() {
			x.roots++
		} else if !ids[s.Parent.String()] {
			t.Errorf("span %s hangs on nothing", s.ID)
		}
		v, ok := s.Attr(facts.Name)
		if f, err := facts.Parse([]byte(v.Str)); !ok || v.Type != store.Bytes || err != nil || f.Class == 0 {
			t.Errorf("facts: %v", err)
		}
	}
	if len(ids) != 120 || len(traces) != 10 {
		t.Errorf("%d ids, %d traces", len(ids), len(traces))
	}
	for id, x := range traces {
		if x.roots != 1 || x.spans != 12 || len(x.agents) != 5 {
			t.Errorf("trace %s: %+v", id, x)
		}
	}
}

func TestBenchPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newBenchPace(1000)
		began := time.Now()
		for range 30 {
			if !p.wait(t.Context(), 100) {
				t.Fatal("ended")
			}
		}
		if d := time.Since(began); d != 2900*time.Millisecond {
			t.Errorf("3000 spans at 1000 a second took %v", d)
		}
		time.Sleep(time.Hour) // a slow server
		began = time.Now()
		for range 30 {
			p.wait(t.Context(), 100)
		}
		if d := time.Since(began); d != 1900*time.Millisecond {
			t.Errorf("after a pause: %v, want one second's worth at once", d)
		}
	})
}

func TestLatencies(t *testing.T) {
	var l latencies
	for i := range 1000 {
		l.add(time.Duration(i+1) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.9: 900 * time.Millisecond, 0.99: 990 * time.Millisecond} {
		if got := l.quantile(q); got < want || got > want*110/100 {
			t.Errorf("quantile %v is %v", q, got)
		}
	}
	if l.quantile(1) != time.Second || l.max != time.Second {
		t.Errorf("maximum %v %v", l.quantile(1), l.max)
	}
	var b bytes.Buffer
	(&benchResult{elapsed: time.Second}).print(&b)
	if s := b.String(); strings.Contains(s, "NaN") {
		t.Error(s)
	}
}

package show

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// many is an input that is too large for trees: 120 traces of three kinds.
func many() [][]span.Span {
	var all [][]span.Span
	for i := range 120 {
		var spans []span.Span
		switch {
		case i%10 == 3:
			spans = order(byte(i))
		case i%10 == 7:
			spans = []span.Span{req{
				trace: byte(i), id: 1, kind: span.Server, service: "catalog", name: "GET /items/{id}", to: int64(30 + i), point: "eth0",
				client: 11, server: 21, port: 80, proto: "http", code: 503, errorType: "503", failed: true,
			}.span()}
		default:
			spans = lookup(byte(i))
			spans[0].End += int64(i) * ms / 10
			if i%10 == 5 {
				spans[0].Name = []byte("GET /search")
			}
		}
		for j := range spans {
			spans[j].Start += int64(i) * 250 * ms
			spans[j].End += int64(i) * 250 * ms
		}
		all = append(all, spans)
	}
	return all
}

func TestOverviewGolden(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
	}{{"overview.txt", Config{}}, {"overview-ascii-80.txt", Config{ASCII: true, Width: 80}}, {"overview-color.txt", Config{Color: true}}} {
		var out bytes.Buffer
		feed(t, NewOverview(&out, registry(), c.cfg), 7, many()...)
		golden(t, c.name, out.Bytes())
	}
}

func TestAutoShowsTreesOfSmallInput(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		cfg := Config{Verbose: verbose}
		var auto bytes.Buffer
		a := NewAuto(&auto, registry(), cfg)
		feed(t, a, 4, order(1), lookup(2))
		if want := tree(t, cfg, 100, order(1), lookup(2)); !bytes.Equal(auto.Bytes(), want) || a.Large() {
			t.Errorf("got\n%s\nwant\n%s", auto.Bytes(), want)
		}
	}
}

func TestAutoSumsUpLargeInput(t *testing.T) {
	var auto, over bytes.Buffer
	a := NewAuto(&auto, registry(), Config{})
	feed(t, a, 4, many()...)
	feed(t, NewOverview(&over, registry(), Config{}), 100, many()...)
	if !a.Large() || !bytes.Equal(auto.Bytes(), over.Bytes()) {
		t.Errorf("got\n%s\nwant\n%s", auto.Bytes(), over.Bytes())
	}
}

func TestEmptyInputPrintsNothing(t *testing.T) {
	var out bytes.Buffer
	for _, w := range []writer{NewAuto(&out, registry(), Config{}), NewOverview(&out, registry(), Config{}), NewTree(&out, registry(), Config{})} {
		feed(t, w, 1)
	}
	if out.Len() > 0 {
		t.Errorf("got %q", out.String())
	}
}

func TestOverviewLinesFit(t *testing.T) {
	for width := minWidth; width <= 160; width += 11 {
		var out bytes.Buffer
		feed(t, NewOverview(&out, registry(), Config{Width: width}), 100, append(many(), hostile())...)
		for line := range strings.Lines(out.String()) {
			if n := columns([]byte(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("width %d: %d columns: %s", width, n, line)
			}
		}
	}
}

func TestOverviewIsBounded(t *testing.T) {
	o := NewOverview(discard{}, registry(), Config{})
	for i := range 3000 {
		s := lookup(1)[0]
		s.Trace = span.TraceID{byte(i >> 8), byte(i), 1}
		s.Service, s.Name = fmt.Append(nil, "svc", i%1500), fmt.Append(nil, "GET /", i)
		if i >= 1500 {
			s.Service = []byte("svc0")
		}
		if err := o.WriteSpans(context.Background(), []span.Span{s}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(o.sums.services); n != maxOverviewServices+1 {
		t.Errorf("%d services", n)
	}
	if n := len(o.sums.services["svc0"].names); n != maxOverviewEndpoints+1 {
		t.Errorf("%d endpoints", n)
	}
	if n := o.sums.services[other].total().latency.count; n != 500 {
		t.Errorf("%d requests in %s", n, other)
	}
	if len(o.slow.list) != shownTraces || len(o.failed.list) != 0 {
		t.Errorf("%d slow, %d failed", len(o.slow.list), len(o.failed.list))
	}
}

func TestExamplesAreCut(t *testing.T) {
	var spans []span.Span
	root := lookup(1)[0]
	for i := range 1500 {
		s := root
		s.ID = span.SpanID{byte(i >> 8), byte(i), 7}
		spans = append(spans, s)
	}
	o := NewOverview(discard{}, registry(), Config{})
	feed(t, o, 1500, spans)
	text := o.slow.list[0].text
	if len(text) > maxExampleBytes+100 || !bytes.Contains(text, []byte(" more lines\n\n")) {
		t.Errorf("%d bytes, ends with %q", len(text), text[len(text)-60:])
	}
}

func TestSlowestKeepsTheSlowest(t *testing.T) {
	var s slowest
	r := rand.New(rand.NewPCG(1, 2))
	var all []int64
	for range 500 {
		ns := r.Int64N(1000)
		all = append(all, ns)
		if s.wants(ns) {
			s.add(ns, func(dst []byte) []byte { return fmt.Append(dst, ns) })
		}
	}
	slices.Sort(all)
	for i, e := range s.list {
		if want := all[len(all)-1-i]; e.duration != want || string(e.text) != fmt.Sprint(want) {
			t.Errorf("place %d: %d %s, want %d", i, e.duration, e.text, want)
		}
	}
}

func TestHistogramQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var h, left, right histogram
	var all []int64
	for i := range 5000 {
		ns := int64(r.ExpFloat64() * 1e7)
		all = append(all, ns)
		h.add(ns)
		if i%2 == 0 {
			left.add(ns)
		} else {
			right.add(ns)
		}
	}
	left.merge(&right)
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.95, 0.99, 1} {
		want := all[int(q*float64(len(all)-1))]
		got := h.quantile(q)
		if float64(got) < 0.93*float64(want)-1 || float64(got) > 1.07*float64(want)+1 {
			t.Errorf("p%v: %d, want %d", 100*q, got, want)
		}
		if merged := left.quantile(q); merged != got {
			t.Errorf("p%v: %d after merging, want %d", 100*q, merged, got)
		}
	}
	if len(h.cells) > 512 {
		t.Errorf("%d cells", len(h.cells))
	}
	for ns := int64(0); ns < 1<<62; ns += ns/3 + 1 {
		if m := middleOf(bucketOf(ns)); float64(m) < 0.93*float64(ns)-1 || float64(m) > 1.07*float64(ns)+1 {
			t.Fatalf("%d ns is counted as %d", ns, m)
		}
	}
}

func BenchmarkOverview(b *testing.B) {
	o := NewOverview(discard{}, registry(), Config{})
	spans, ctx := order(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		spans[0].Trace[0]++
		if err := o.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}

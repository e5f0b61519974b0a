package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

type event struct {
	Ph, Name, ID, BP string
	PID, TID         int
	TS, Dur          json.Number
	Args             map[string]any
}

func (e event) micros(t *testing.T, n json.Number) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func events(t *testing.T, out []byte) []event {
	t.Helper()
	var v struct{ TraceEvents []event }
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return v.TraceEvents
}

func TestChromeGolden(t *testing.T) {
	got := both(t, func(b *bytes.Buffer) writer { return NewChrome(b, registry()) }, trace(1), trace(2))
	golden(t, "chrome.json", got)
	drawn := map[string]event{}
	starts := map[string]event{}
	flows := 0
	for _, e := range events(t, got) {
		switch e.Ph {
		case "X":
			drawn[e.Args["span_id"].(string)] = e
		case "s":
			starts[e.ID] = e
		case "f":
			flows++
			child, from := drawn[e.ID[2:]], starts[e.ID]
			if child.PID != e.PID || child.TID != e.TID || child.TS != e.TS || e.BP != "e" {
				t.Errorf("flow %s ends beside its span", e.ID)
			}
			parent := drawn[map[bool]string{true: "03", false: "01"}[e.ID[2:4] == "04"]+e.ID[4:]]
			at, begin := from.micros(t, from.TS), parent.micros(t, parent.TS)
			if from.PID != parent.PID || from.TID != parent.TID || at < begin || at > begin+parent.micros(t, parent.Dur) {
				t.Errorf("flow %s starts outside of its parent", e.ID)
			}
		}
	}
	if len(drawn) != 8 || flows != 6 {
		t.Errorf("%d spans, %d flows", len(drawn), flows)
	}
}

func TestChromeSpansOfAThreadDoNotOverlap(t *testing.T) {
	var spans []span.Span
	for i := range 150 {
		s := trace(1)[1]
		s.ID = span.SpanID{byte(i), 1}
		s.Start = t0 + int64(i*7919%100)*ms
		s.End = s.Start + int64(i*31%40)*ms
		spans = append(spans, s)
	}
	var out bytes.Buffer
	feed(t, NewChrome(&out, registry()), false, spans)
	busy := map[string][][2]float64{}
	for _, e := range events(t, out.Bytes()) {
		if e.Ph != "X" {
			continue
		}
		a := e.micros(t, e.TS)
		b := a + e.micros(t, e.Dur)
		lane := fmt.Sprint(e.PID, "/", e.TID)
		for _, o := range busy[lane] {
			if a < o[1] && o[0] < b {
				t.Fatalf("%v overlaps %v on %s", [2]float64{a, b}, o, lane)
			}
		}
		busy[lane] = append(busy[lane], [2]float64{a, b})
	}
}

func TestChromeIsBounded(t *testing.T) {
	c := NewChrome(discard{}, registry())
	s := trace(1)[0]
	for i := range maxProcesses + 50 {
		s.Service, s.ID = []byte(fmt.Sprint("svc", i)), span.SpanID{byte(i >> 8), byte(i), 9}
		s.Depth = 1
		if err := c.WriteSpans(context.Background(), []span.Span{s}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.procs); n != maxProcesses+1 {
		t.Errorf("%d processes", n)
	}
	s.Service = []byte("svc1")
	for range 2 * maxLanes {
		if err := c.WriteSpans(context.Background(), []span.Span{s}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.procs["svc1"].lanes); n != maxLanes {
		t.Errorf("%d lanes", n)
	}
}

func TestChromeWithoutSpans(t *testing.T) {
	var out bytes.Buffer
	feed(t, NewChrome(&out, registry()), false)
	if len(events(t, out.Bytes())) != 0 {
		t.Errorf("got %s", out.Bytes())
	}
}

func BenchmarkChrome(b *testing.B) {
	w, spans, ctx := NewChrome(discard{}, registry()), trace(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}

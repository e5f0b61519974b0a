package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

type sse struct{ event, data string }

// follow reads the events of a stream until the test ends it.
func follow(t *testing.T, url string) (<-chan sse, context.CancelFunc) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatal(kind)
	}
	out := make(chan sse, 100)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		var e sse
		for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
			switch line := sc.Text(); {
			case line == "":
				if e != (sse{}) {
					out <- e
				}
				e = sse{}
			case strings.HasPrefix(line, ":"):
				e.event = line
			default:
				name, value, _ := strings.Cut(line, ": ")
				if name == "event" {
					e.event = value
				} else {
					e.data += value
				}
			}
		}
	}()
	return out, stop
}

func next(t *testing.T, events <-chan sse, kind string) sse {
	t.Helper()
	for limit := time.After(20 * time.Second); ; {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the stream ended before %s", kind)
			}
			if e.event == kind {
				return e
			}
		case <-limit:
			t.Fatalf("no %s", kind)
		}
	}
}

func liveWorld(t *testing.T, change func(*LiveConfig)) (*world, *Live, *httptest.Server) {
	t.Helper()
	c := DefaultLive()
	c.Quiet = 50 * time.Millisecond
	if change != nil {
		change(&c)
	}
	live, err := NewLive(c)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 0, func(c *Config) { c.Live = live })
	w.st = live.Tap(w.st)
	srv := httptest.NewUnstartedServer(w.api)
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond // which a stream outlives
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(live.Close)
	return w, live, srv
}

// TestLiveSpans: a client sees what it asked for as it is written, and signs of life
// in between, beyond the times that the server has for requests.
func TestLiveSpans(t *testing.T) {
	w, live, srv := liveWorld(t, func(c *LiveConfig) { c.Beat = 150 * time.Millisecond })
	events, stop := follow(t, srv.URL+Prefix+"live?service=shop&signal=APP")
	hello := next(t, events, "hello")
	if err := w.v.check("Hello", []byte(hello.data)); err != nil {
		t.Error(err)
	}
	next(t, events, ": beat")
	next(t, events, ": beat")
	for i := range 3 {
		if err := w.st.Write(t.Context(), requestSpans(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"s0", "q0", "s1", "q1", "s2", "q2"} {
		e := next(t, events, "span")
		if err := w.v.check("Span", []byte(e.data)); err != nil {
			t.Error(err)
		}
		if !strings.Contains(e.data, `"name":"`+name+`"`) || strings.Contains(e.data, store.AttrFacts) {
			t.Errorf("%s: %s", name, e.data)
		}
	}
	stop()
	for live.Listeners() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// TestLiveTraces: a trace is shown once, when it is quiet.
func TestLiveTraces(t *testing.T) {
	w, live, srv := liveWorld(t, nil)
	events, stop := follow(t, srv.URL+Prefix+"live?of=traces&service=gw")
	defer stop()
	next(t, events, "hello")
	if err := w.st.Write(t.Context(), requestSpans(0)); err != nil {
		t.Fatal(err)
	}
	e := next(t, events, "trace")
	if err := w.v.check("Summary", []byte(e.data)); err != nil {
		t.Error(err)
	}
	var s Summary
	if err := json.Unmarshal([]byte(e.data), &s); err != nil || s.TraceID != scene.TraceOf("T0").String() || s.Spans != 5 || s.Matched != 2 {
		t.Errorf("%v %s", err, e.data)
	}
	live.Close()
	next(t, events, "end")
}

// TestLiveDrops: a client that gets too much is told how much it did not see, and
// does not hold up who writes.
func TestLiveDrops(t *testing.T) {
	w, _, srv := liveWorld(t, func(c *LiveConfig) { c.Rate = 5 })
	events, stop := follow(t, srv.URL+Prefix+"live")
	defer stop()
	next(t, events, "hello")
	var spans []store.Span
	for range 100 {
		spans = append(spans, scene.SDK("s", "T", "x", "", span.Internal, 0, 1))
	}
	if err := w.st.Write(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	var d Dropped
	e := next(t, events, "dropped")
	if err := w.v.check("Dropped", []byte(e.data)); err != nil {
		t.Error(err)
	}
	// The clock of this world stands still: five spans of the one second.
	if err := json.Unmarshal([]byte(e.data), &d); err != nil || d.Spans != 95 {
		t.Errorf("%v %s", err, e.data)
	}
}

// TestLiveQueue: what waits for a client is bounded by number and bytes.
func TestLiveQueue(t *testing.T) {
	cfg := DefaultLive()
	cfg.Queue, cfg.Bytes = 2, 3000
	c := &listener{cfg: &cfg, now: time.Now, queue: make(chan []seenSpan, cfg.Queue)}
	one := []store.Span{scene.SDK("s", "T", "x", "", span.Internal, 0, 1)}
	for range 5 {
		c.offer(one)
	}
	if n := c.dropped.Load(); n != 3 || len(c.queue) != 2 {
		t.Errorf("%d dropped, %d waiting", n, len(c.queue))
	}
	c.took(<-c.queue)
	c.took(<-c.queue)
	if n := c.waiting.Load(); n != 0 {
		t.Errorf("%d bytes wait for nobody", n)
	}
	var many []store.Span
	for range 50 {
		many = append(many, one...)
	}
	c.offer(many)
	if n := c.waiting.Load(); n > int64(cfg.Bytes)+1000 || c.dropped.Load() < 30 {
		t.Errorf("%d bytes wait, %d dropped", n, c.dropped.Load())
	}
}

// TestLiveClients: they are bounded.
func TestLiveClients(t *testing.T) {
	w, live, srv := liveWorld(t, func(c *LiveConfig) { c.Clients = 1 })
	events, stop := follow(t, srv.URL+Prefix+"live")
	next(t, events, "hello")
	if p := w.refused("live"); p.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", p)
	}
	if live.Listeners() != 1 {
		t.Errorf("%d listeners", live.Listeners())
	}
	stop()
}

// TestPublishWithoutClients costs nothing.
func TestPublishWithoutClients(t *testing.T) {
	live, err := NewLive(DefaultLive())
	if err != nil {
		t.Fatal(err)
	}
	spans := requestSpans(0)
	if n := testing.AllocsPerRun(100, func() { live.Publish(spans) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package apm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

const oneSpan = `[{"traceId":"1","id":"1","timestamp":5,"localEndpoint":{"serviceName":"web"}}]`

// zipkinOf answers with text, whatever it is asked.
func zipkinOf(text string) *oap {
	return &oap{answer: func(w http.ResponseWriter, _ *http.Request, _ string) { _, _ = io.WriteString(w, text) }}
}

// balance demands that every trace that was asked for had one end.
func balance(t testing.TB, c *Client) Counts {
	t.Helper()
	n := c.Counts()[0]
	if n.Asked != n.Cached+n.Found+n.Missing+n.Failed+n.Skipped {
		t.Errorf("counts do not add up: %+v", n)
	}
	return n
}

func TestCache(t *testing.T) {
	o := zipkinOf(oneSpan)
	c := client(t, Source{Kind: Zipkin, URL: serve(t, o)}, func(c *Config) { c.CacheTraces = 2 })
	ask := func(id byte) Report { _, r := c.Fetch(within(t), span.TraceID{id}); return r[0] }
	for i, want := range []struct {
		id     byte
		cached bool
	}{{1, false}, {1, true}, {2, false}, {1, true}, {3, false}, {2, false}, {3, true}} { // 3 takes the place of 2, 2 that of 1
		if r := ask(want.id); r.Cached != want.cached || r.Spans != 1 || r.Err != nil {
			t.Errorf("question %d: %v", i, r)
		}
	}
	o.mu.Lock()
	o.answer = texts(typeJSON, nil)
	o.mu.Unlock()
	if r := ask(9); r.Spans != 0 || r.Cached {
		t.Errorf("%v", r)
	}
	if r := ask(9); r.Spans != 0 || !r.Cached || r.String() != "one: does not have the trace, from the cache" {
		t.Errorf("%v", r)
	}
	if n := balance(t, c); n.Asked != 9 || n.Cached != 4 || n.Found != 4 || n.Missing != 1 || n.Requests != 5 {
		t.Errorf("%+v", n)
	}
}

// TestCacheTimes lets answers get old, on a clock of its own.
func TestCacheTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(2, 10, 100)
		put := func(id byte, spans int, d time.Duration) {
			k, mine := c.find(span.TraceID{id}, time.Now())
			if !mine {
				t.Errorf("%d is kept", id)
				return
			}
			c.put(k, answer{spans: make([]store.Span, spans), size: 10}, time.Now().Add(d))
		}
		kept := func(id byte) bool {
			k, mine := c.find(span.TraceID{id}, time.Now())
			if mine {
				c.put(k, answer{}, time.Time{})
			}
			return !mine
		}
		put(1, 1, time.Minute)
		put(2, 1, time.Hour)
		time.Sleep(59 * time.Second)
		if !kept(1) || !kept(2) {
			t.Error("answers are not kept")
		}
		time.Sleep(2 * time.Second)
		if kept(1) || !kept(2) {
			t.Error("answers are kept for too long, or not long enough")
		}
		if c.bytes != 10 {
			t.Errorf("%d bytes are kept", c.bytes)
		}
		put(3, 2, time.Hour) // as many spans as there is room for
		if kept(2) || !kept(3) || c.spans != 2 {
			t.Errorf("%d spans are kept", c.spans)
		}
		k, _ := c.find(span.TraceID{4}, time.Now())
		c.put(k, answer{size: 101}, time.Now().Add(time.Hour)) // more than there is room for
		if c.bytes != 0 || c.recent.Len() != 0 {
			t.Errorf("%d bytes are kept", c.bytes)
		}
	})
}

// TestTogether asks for one trace many times at once.
func TestTogether(t *testing.T) {
	leave := make(chan struct{})
	o := &oap{answer: func(w http.ResponseWriter, _ *http.Request, _ string) { <-leave; _, _ = io.WriteString(w, oneSpan) }}
	c := client(t, Source{Kind: Zipkin, URL: serve(t, o)}, nil)
	gone, cancel := context.WithCancel(within(t))
	first := make(chan Report)
	go func() { _, r := c.Fetch(gone, span.TraceID{1}); first <- r[0] }()
	for len(o.questions()) == 0 {
		time.Sleep(time.Millisecond) // until it has come
	}
	cancel()
	if r := <-first; !errors.Is(r.Err, context.Canceled) {
		t.Errorf("%v", r)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if spans, r := c.Fetch(within(t), span.TraceID{1}); len(spans) != 1 || !r[0].Cached {
				t.Errorf("%v", r)
			}
		})
	}
	close(leave)
	all.Wait()
	if n := balance(t, c); n.Requests != 1 || n.Found != 1 || n.Cached != 20 {
		t.Errorf("%+v", n)
	}
}

// TestBreaker lets a source fail until it is left alone, and come back.
func TestBreaker(t *testing.T) {
	b := breaker{failures: 2, pause: 10 * time.Second}
	now := time.Unix(1000, 0)
	broken := errors.New("broken")
	for range 2 {
		if err := b.allow(now); err != nil {
			t.Fatal(err)
		}
		b.done(now, broken)
	}
	want := "not asked for another 10s after 2 failures in a row, the last: broken"
	if err := b.allow(now); err == nil || err.Error() != want || !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	now = now.Add(11 * time.Second)
	if err := b.allow(now); err != nil {
		t.Errorf("behind the pause: %v", err)
	}
	if err := b.allow(now); err == nil || !strings.Contains(err.Error(), "another request tries") {
		t.Errorf("two at once: %v", err)
	}
	b.done(now, broken)
	if err := b.allow(now.Add(19 * time.Second)); err == nil {
		t.Error("the second pause is not longer")
	}
	if err := b.allow(now.Add(21 * time.Second)); err != nil {
		t.Error(err)
	}
	b.done(now, nil)
	if err := b.allow(now); err != nil {
		t.Errorf("well again: %v", err)
	}
}

// TestFailures has everything that a source may do wrong; what is reported has no
// secret in it.
func TestFailures(t *testing.T) {
	const token = "s3cr3t-t0k3n"
	other := zipkinOf(oneSpan)
	otherURL := serve(t, other)
	for _, f := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, body string)
		want   string
	}{
		{"status", func(w http.ResponseWriter, _ *http.Request, _ string) {
			http.Error(w, "token "+token+" is\nnot known", http.StatusForbidden)
		}, "answered 403 Forbidden: token REDACTED is not known"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request, _ string) { _, _ = io.WriteString(w, "<html>") }, `JSON, offset 0: '<' begins no value`},
		{"large", func(w http.ResponseWriter, _ *http.Request, _ string) {
			_, _ = io.WriteString(w, strings.Repeat(" ", 2000))
		}, "the answer is larger than 1000 bytes"},
		{"redirect to another host", func(w http.ResponseWriter, r *http.Request, _ string) {
			http.Redirect(w, r, otherURL+"/x?token="+token, http.StatusFound)
		}, "it redirects to another host, which is not followed"},
		{"redirect for ever", func(w http.ResponseWriter, r *http.Request, _ string) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, "it redirects more than 3 times"},
		{"slow", func(w http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() }, "no answer within 100ms"},
		{"broken off", func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "[")
		}, "read answer: unexpected EOF"},
	} {
		t.Run(f.name, func(t *testing.T) {
			o := &oap{answer: f.answer}
			c := client(t, Source{Kind: Zipkin, URL: serve(t, o), Token: token}, func(c *Config) {
				c.MaxBytes, c.Failures, c.Pause = 1000, 1, time.Hour
				if f.name == "slow" {
					c.Sources[0].Timeout = 100 * time.Millisecond
				}
			})
			_, r := c.Fetch(within(t), span.TraceID{1})
			if r[0].Err == nil || r[0].Err.Error() != f.want {
				t.Errorf("got %v", r[0].Err)
			}
			_, again := c.Fetch(within(t), span.TraceID{1})
			if again[0].Err == nil || !strings.Contains(again[0].Err.Error(), "not asked for another 1h0m0s after 1 failures in a row, the last: "+f.want) {
				t.Errorf("then %v", again[0].Err)
			}
			if strings.Contains(r[0].String()+again[0].String(), token) {
				t.Error("the token is told")
			}
			if got := o.header().Get("Authorization"); got != "Bearer "+token {
				t.Errorf("authorization %q", got)
			}
			if n := balance(t, c); n.Failed != 1 || n.Skipped != 1 {
				t.Errorf("%+v", n)
			}
		})
	}
	if len(other.questions()) != 0 {
		t.Error("the other host was asked")
	}
}

// TestUnreachable names nothing but the reason; the URL has a password.
func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	url := strings.Replace(s.URL, "http://", "http://user:passw0rd@", 1)
	s.Close()
	_, r := client(t, Source{Kind: Tempo, URL: url}, nil).Fetch(within(t), span.TraceID{1})
	if r[0].Err == nil || strings.Contains(r[0].String(), "passw0rd") || !strings.Contains(r[0].String(), "refused") {
		t.Errorf("%v", r[0])
	}
}

func TestBasicAuthentication(t *testing.T) {
	o := zipkinOf(oneSpan)
	url := strings.Replace(serve(t, o), "http://", "http://user:passw0rd@", 1)
	if _, r := client(t, Source{Kind: Zipkin, URL: url}, nil).Fetch(within(t), span.TraceID{1}); r[0].Err != nil {
		t.Error(r[0].Err)
	}
	req := http.Request{Header: o.header()}
	if user, password, ok := req.BasicAuth(); !ok || user != "user" || password != "passw0rd" {
		t.Errorf("%q %q", user, password)
	}
}

// TestPlaces asks for more traces at once than a source may be asked.
func TestPlaces(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	o := &oap{answer: func(w http.ResponseWriter, _ *http.Request, _ string) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond) // so that others would come
		mu.Lock()
		now--
		mu.Unlock()
		_, _ = io.WriteString(w, oneSpan)
	}}
	c := client(t, Source{Kind: Zipkin, URL: serve(t, o)}, func(c *Config) { c.MaxConcurrent = 2 })
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { c.Fetch(within(t), span.TraceID{byte(i)}) })
	}
	all.Wait()
	if n := balance(t, c); most > 2 || n.Found != 20 {
		t.Errorf("%d at once, %+v", most, n)
	}
}

func TestLimits(t *testing.T) {
	o := zipkinOf(`[{"traceId":"1","id":"1","timestamp":5},{"traceId":"1","id":"2","timestamp":5},{"traceId":"x","id":"2","timestamp":5}]`)
	c := client(t, Source{Kind: Zipkin, URL: serve(t, o)}, func(c *Config) { c.MaxSpans = 1 })
	spans, r := c.Fetch(within(t), span.TraceID{1})
	if len(spans) != 1 || r[0].Note != "spans refused: 2 more than a request may have" || c.Counts()[0].Refused != 2 {
		t.Errorf("%v, %+v", r, c.Counts())
	}
	if f := c.Families(); len(f) != 5 || len(f[0].Points) != 5 {
		t.Errorf("%+v", f)
	}
}

func TestConfig(t *testing.T) {
	c := Default()
	c.Timeout = 0
	c.Sources = []Source{
		{Name: "a", Kind: "datadog", URL: "http://h"},
		{Name: "a", Kind: Tempo, URL: "http://user:geheim@h:port/"},
		{Kind: Tempo, URL: "ftp://h"},
		{Name: "c", Kind: Tempo, URL: "http://h/?token=geheim", Headers: map[string]string{"a b": "c"}, Token: "x\ny"},
	}
	_, err := New(c)
	for _, want := range []string{"apm: timeout", `"datadog" is none of`, "sources.a: name is taken", "sources.a.url: is no URL", "sources[2].name", "must begin with http", "must not have a query", "sources.c.headers", "sources.c.token"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "geheim") {
		t.Errorf("a secret is told: %v", err)
	}
}

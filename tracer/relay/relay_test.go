package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// box keeps what was offered.
type box struct {
	full atomic.Bool

	mu       sync.Mutex
	requests []*trace.TracesData
}

func (b *box) Buffer() []byte { return nil }

func (b *box) Offer(p sink.Parcel) error {
	if b.full.Load() {
		return sink.ErrFull
	}
	r := &trace.TracesData{}
	if err := proto.Unmarshal(p.Bytes, r); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r)
	return nil
}

func (b *box) offers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.requests)
}

func (b *box) spans() (list []*trace.Span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		for _, rs := range r.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				list = append(list, ss.Spans...)
			}
		}
	}
	return list
}

// shelf is a source to which spans are added while it is asked.
type shelf struct {
	mu   sync.Mutex
	held scene.Held
}

func (s *shelf) now() scene.Held {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *shelf) add(spans ...store.Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, spans...)
}

func (s *shelf) Related(ctx context.Context, keys []store.Key, w store.Window, limit int) ([]store.Span, bool, error) {
	return s.now().Related(ctx, keys, w, limit)
}

func (s *shelf) Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error {
	return s.now().Search(ctx, q, yield)
}

// desk is a relay over spans that come one by one.
type desk struct {
	*Relay
	have *shelf
	out  *box
}

func newDesk(t *testing.T, cfg Config) *desk {
	t.Helper()
	have := &shelf{}
	asm, err := assemble.New(have, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	out := &box{}
	r, err := New(asm, out, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{r, have, out}
}

func (d *desk) take(spans ...store.Span) {
	d.have.add(spans...)
	d.Note(spans)
}

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Default())
		go d.Run(t.Context())
		all := full()
		d.take(all[:3]...)
		time.Sleep(3 * time.Second)
		d.take(all[3])
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if d.out.offers() != 0 {
			t.Fatal("left before it was quiet")
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if d.out.offers() != 1 || len(d.out.spans()) != 4 {
			t.Fatalf("%d requests, %d spans", d.out.offers(), len(d.out.spans()))
		}
		d.take(all[4]) // of another trace id, whose parent has left
		time.Sleep(10 * time.Second)
		synctest.Wait()
		got := d.out.spans()
		if len(got) != 5 {
			t.Fatalf("%d spans with the late one", len(got))
		}
		ids := map[string]bool{}
		for _, s := range got {
			if string(s.TraceId) != string(got[0].TraceId) {
				t.Errorf("%s has trace %x, the others %x", s.Name, s.TraceId, got[0].TraceId)
			}
			ids[string(s.SpanId)] = true
		}
		for _, s := range got[1:] {
			if !ids[string(s.ParentSpanId)] {
				t.Errorf("%s has an unknown parent", s.Name)
			}
		}
		if s := d.Stats(); s.Traces != 1 || s.Late != 1 || s.Spans != 5 || s.Noted != 5 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestSampling(t *testing.T) {
	slow := scene.SDK("s", "slow", "a", "", span.Server, 0, 2000)
	failed := scene.SDK("s", "failed", "b", "", span.Server, 0, 1)
	failed.Status = span.Error
	plain := scene.SDK("s", "plain", "c", "", span.Server, 0, 1)
	cfg := Default()
	cfg.Sampling = Sampling{Errors: true, Slow: time.Second}
	d := newDesk(t, cfg)
	d.take(slow, failed, plain)
	if err := d.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range d.out.spans() {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("left: %v", names)
	}
	if s := d.Stats(); s.Sampled != 1 || s.Traces != 2 {
		t.Errorf("%+v", s)
	}

	n := 0
	for i := range 10_000 {
		id := span.TraceID{byte(i), byte(i >> 8), 7}
		if chosen(id, 0.25) {
			n++
			if !chosen(id, 0.5) {
				t.Fatal("a lower rate has what a higher one has not")
			}
		}
	}
	if n < 2300 || n > 2700 {
		t.Errorf("a quarter of 10,000 is %d", n)
	}
}

// TestBounds: without room the oldest trace leaves early, one that never falls quiet
// leaves at last, and what nobody takes is counted.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Default()
		cfg.Pending = 2
		d := newDesk(t, cfg)
		go d.Run(t.Context())
		for _, id := range []string{"one", "two", "three"} {
			d.take(scene.SDK("s", id, id, "", span.Server, 0, 1))
		}
		synctest.Wait()
		if got := d.out.spans(); len(got) != 1 || got[0].Name != "one" {
			t.Errorf("left early: %v", got)
		}
		for i := range 70 {
			time.Sleep(time.Second)
			s := scene.SDK("s", "busy", string(rune('A'+i)), "", span.Server, int64(i), int64(i+1))
			d.take(s)
		}
		synctest.Wait()
		busy := 0
		for _, s := range d.out.spans() {
			if string(s.TraceId[:4]) == "busy" {
				busy++
			}
		}
		if busy < 50 {
			t.Errorf("%d spans of what never falls quiet", busy)
		}
		d.out.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		s := d.Stats()
		if s.Early != 2 || s.Dropped == 0 || s.Noted != 73 || s.Spans+s.Dropped != 73 {
			t.Errorf("%+v", s)
		}
	})
}

func TestConfig(t *testing.T) {
	var c Config
	if err := c.Validate(); err == nil {
		t.Error("an empty configuration has no fault")
	}
	for _, m := range []Mode{Join, Skip, Separate} {
		if got, err := ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("no"); err == nil || errors.Unwrap(err) != nil {
		t.Error(err)
	}
}

// TestAwait: the exchange of a database, of which nothing but the SDK's span of the
// call tells for which request it was, leaves with that request although it came
// first; one that no SDK tells of leaves alone.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Default())
		go d.Run(t.Context())
		asked := scene.Seen{Agent: "b", Point: "eth0", X: 3, From: scene.AppOut, To: scene.DB, Start: 20, End: 80, Proto: "mysql"}.Net()
		d.take(asked)
		time.Sleep(4 * time.Second)
		d.take(scene.SDK("shop", "T", "serve", "", span.Server, 3, 97), scene.SDK("shop", "T", "query", "serve", span.Client, 19, 81,
			store.Attr{Key: "db.system.name", Value: store.StringValue("mysql")}, store.Attr{Key: "server.port", Value: store.IntValue(3306)}))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		got := d.out.spans()
		if len(got) != 3 {
			t.Fatalf("%d spans", len(got))
		}
		for _, s := range got {
			if string(s.TraceId[:1]) != "T" {
				t.Errorf("%s left under %x", s.Name, s.TraceId)
			}
		}
		d.take(scene.Seen{Agent: "b", Point: "eth0", X: 9, From: scene.AppOut, To: scene.DB, Start: 5000, End: 5001, Proto: "mysql"}.Net())
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if len(d.out.spans()) != 4 {
			t.Errorf("%d spans with the lonely one", len(d.out.spans()))
		}
	})
}

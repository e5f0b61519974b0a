package memory

import (
	"context"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		m, err := New(Default())
		if err != nil {
			t.Fatal(err)
		}
		return m, nil
	})
}

func TestBounds(t *testing.T) {
	ctx := context.Background()
	m, err := New(Config{MaxSpans: 10, MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 25 {
		s := store.Span{Trace: span.TraceID{1}, ID: span.SpanID{byte(n + 1)}, Start: int64(n), End: int64(n)}
		if err := m.Write(ctx, []store.Span{s}); err != nil {
			t.Fatal(err)
		}
	}
	st, err := m.Stats(ctx)
	if err != nil || st.Spans != 10 || st.Expired != 15 || st.Oldest != 15 || st.Written != 25 {
		t.Errorf("stats %+v, %v", st, err)
	}
	got, more, err := m.Related(ctx, []store.Key{store.TraceKey(span.TraceID{1})}, store.Window{}, 100)
	if err != nil || len(got) != 10 || more {
		t.Errorf("%d spans, %v, %v", len(got), more, err)
	}
	if got, _, _ := m.Related(ctx, []store.Key{store.SpanKey(span.SpanID{3})}, store.Window{}, 100); len(got) != 0 {
		t.Errorf("a span that left is found: %v", got)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a store without bounds")
	}
}

package sink

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/tracer/span"
)

// keeper is a Sink that copies what it gets.
type keeper struct {
	spans   []span.Span
	answers []error
	closed  int
	err     error
}

func (k *keeper) WriteSpans(_ context.Context, spans []span.Span) error {
	if len(k.answers) > 0 {
		err := k.answers[0]
		k.answers = k.answers[1:]
		return err
	}
	for _, s := range spans {
		s.Service, s.Instance, s.Resource = bytes.Clone(s.Service), bytes.Clone(s.Instance), bytes.Clone(s.Resource)
		s.Name, s.Attrs = bytes.Clone(s.Name), bytes.Clone(s.Attrs)
		k.spans = append(k.spans, s)
	}
	return k.err
}

func (k *keeper) Close(context.Context) error { k.closed++; return k.err }

func sample(i int) span.Span {
	s := span.Span{
		Trace: span.TraceID{1, byte(i)}, ID: span.SpanID{2, byte(i)}, Parent: span.SpanID{3},
		Start: 1_700_000_000_000_000_000, End: -1, Kind: span.Client, Status: span.Error, Depth: i,
		Service: []byte("shop"), Instance: []byte("10.0.0.1:80"), Resource: span.AppendInt(nil, 7, 42), Name: []byte("GET /"),
	}
	s.Attrs = span.AppendString(span.AppendInt(nil, span.KeyServerPort, 80), span.KeyURLPath, "/")
	if i%2 == 1 {
		s.Links = []span.Link{{Trace: span.TraceID{9}, ID: span.SpanID{8}, Rule: "sighting", Confidence: 0.75}, {}}
	}
	return s
}

func TestQueueCopiesSpans(t *testing.T) {
	k := &keeper{answers: []error{&RetryError{Err: errBusy}}}
	c := small(true)
	c.Retry.Initial = time.Millisecond
	q, err := Queue(k, c)
	if err != nil {
		t.Fatal(err)
	}
	want := []span.Span{sample(0), sample(1), sample(2)}
	given := []span.Span{sample(0), sample(1), sample(2)}
	for i := range given {
		if err := q.WriteSpans(t.Context(), given[i:i+1]); err != nil {
			t.Fatal(err)
		}
		clear(given[i].Attrs)
		clear(given[i].Service)
		clear(given[i].Name)
	}
	if err := q.WriteSpans(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, k.spans, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if st := q.Stats(); st.Sent != 3 || st.Retries != 1 || k.closed != 1 {
		t.Errorf("%+v, closed %d times", st, k.closed)
	}
}

func TestQueueLiveReturnsErrFull(t *testing.T) {
	c := small(false)
	c.Parcels = 1
	q, err := Queue(&keeper{answers: []error{&RetryError{Err: errBusy}}}, c)
	if err != nil {
		t.Fatal(err)
	}
	one := []span.Span{sample(1)}
	first, second := q.WriteSpans(t.Context(), one), q.WriteSpans(t.Context(), one)
	if first != nil || !errors.Is(second, ErrFull) {
		t.Errorf("%v, %v", first, second)
	}
	if err := q.Close(t.Context()); err == nil {
		t.Error("Close hides the loss")
	}
	if st := q.Stats(); st.Sent != 1 || st.Dropped != 1 {
		t.Errorf("%+v", st)
	}
}

func TestTee(t *testing.T) {
	a, b := &keeper{err: errBusy}, &keeper{}
	s := Tee(a, b)
	if err := s.WriteSpans(t.Context(), []span.Span{sample(1)}); !errors.Is(err, errBusy) {
		t.Errorf("WriteSpans says %v", err)
	}
	if err := s.Close(t.Context()); !errors.Is(err, errBusy) {
		t.Errorf("Close says %v", err)
	}
	if len(a.spans) != 1 || len(b.spans) != 1 || a.closed != 1 || b.closed != 1 {
		t.Error("a sink was left out")
	}
	if Tee(b) != Sink(b) {
		t.Error("one sink needs no tee")
	}
}

func BenchmarkQueueCopy(b *testing.B) {
	s := sample(1)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendSpan(buf[:0], &s)
	}
}

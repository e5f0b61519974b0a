package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// rig is an open store and what tests ask of it.
type rig struct {
	*testing.T
	ctx    context.Context
	st     store.Store
	reopen func() store.Store
}

// base is the time of tests: a whole hour.
const (
	base   = int64(1_790_000_000_000_000_000) / hour * hour
	second = int64(1e9)
	hour   = 3600 * second
)

var all = store.Window{From: base - 1000*hour, To: base + 1000*hour}

func (r *rig) write(spans ...store.Span) {
	r.Helper()
	if err := r.st.Write(r.ctx, spans); err != nil {
		r.Fatalf("write: %v", err)
	}
}

func (r *rig) sync() {
	r.Helper()
	if err := r.st.Sync(r.ctx); err != nil {
		r.Fatalf("sync: %v", err)
	}
}

func (r *rig) related(w store.Window, limit int, keys ...store.Key) ([]store.Span, bool) {
	r.Helper()
	got, more, err := r.st.Related(r.ctx, keys, w, limit)
	if err != nil {
		r.Fatalf("related: %v", err)
	}
	return got, more
}

// search returns copies of what a search yields.
func (r *rig) search(q store.Query) (list []store.Span) {
	r.Helper()
	err := r.st.Search(r.ctx, &q, func(s *store.Span) bool {
		list = append(list, s.Clone())
		return true
	})
	if err != nil {
		r.Fatalf("search: %v", err)
	}
	return list
}

// has reports whether one of the spans has the name.
func has(list []store.Span, name string) bool {
	return slices.ContainsFunc(list, func(s store.Span) bool { return s.Name == name })
}

// names are those of the spans, sorted.
func names(list []store.Span) []string {
	out := []string{}
	for i := range list {
		out = append(out, list[i].Name)
	}
	slices.Sort(out)
	return out
}

func (r *rig) equal(what string, got, want any) {
	r.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		r.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// traceID and spanID make ids of numbers, well spread.
func traceID(n uint64) (id span.TraceID) {
	binary.BigEndian.PutUint64(id[:8], n*0x9e3779b97f4a7c15+1)
	binary.BigEndian.PutUint64(id[8:], n*0xc2b2ae3d27d4eb4f+7)
	return id
}

func spanID(n uint64) (id span.SpanID) {
	binary.BigEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15+3)
	return id
}

// plain is a span of a second's fraction, number n, n milliseconds behind base.
func plain(n int) store.Span {
	start := base + int64(n)*1e6
	return store.Span{
		Trace: traceID(uint64(n)), ID: spanID(uint64(n)), Start: start, End: start + 5e6,
		Kind: span.Server, Signal: store.NET, Service: "shop", Agent: "a1", Name: fmt.Sprintf("GET /%d", n),
		Attrs: []store.Attr{
			{Key: "network.protocol.name", Value: store.StringValue("http")},
			{Key: "http.response.status_code", Value: store.IntValue(200)},
		},
	}
}

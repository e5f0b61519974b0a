package storetest

import (
	"fmt"
	"math/rand/v2"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// random makes spans of few services and operations over an hour, in no order.
func random(seed uint64, n int) []store.Span {
	rnd := rand.New(rand.NewPCG(seed, 1))
	services := []string{"gateway", "shop", "cart", "db", ""}
	protocols := []string{"http", "grpc", "mysql"}
	list := make([]store.Span, n)
	for i := range list {
		s := plain(i)
		s.Trace = traceID(seed<<32 + uint64(i/4))
		s.ID = spanID(seed<<32 + uint64(i))
		s.Start = base + rnd.Int64N(hour)
		s.End = s.Start + int64(rnd.ExpFloat64()*20e6)
		s.Service = services[rnd.IntN(len(services))]
		s.Name = fmt.Sprintf("op %d", rnd.IntN(12))
		s.Kind = span.Kind(rnd.IntN(6))
		s.Signal = store.Signal(rnd.IntN(3))
		s.Attrs[0].Value.Str = protocols[rnd.IntN(3)]
		if rnd.IntN(10) == 0 {
			s.Status = span.Error
		}
		if rnd.IntN(10) == 0 {
			s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.synthetic", Value: store.BoolValue(true)})
		}
		if rnd.IntN(5) == 0 {
			s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.link.rule", Value: store.StringValue("sighting")})
		}
		list[i] = s
	}
	return list
}

const many = 6000

func (r *rig) writeAll(list []store.Span) {
	r.Helper()
	for i := 0; i < len(list); i += 250 {
		r.write(list[i:min(i+250, len(list))]...)
		if i == len(list)/2/250*250 {
			r.sync()
		}
	}
}

func testOrder(r *rig) {
	list := random(1, many)
	r.writeAll(list)
	got := r.search(store.Query{})
	if len(got) != len(list) {
		r.Fatalf("%d of %d spans", len(got), len(list))
	}
	ids := map[span.SpanID]bool{}
	for i := range got {
		ids[got[i].ID] = true
		if i > 0 && got[i].Start > got[i-1].Start {
			r.Fatalf("span %d is later than the one before", i)
		}
	}
	if len(ids) != len(list) {
		r.Errorf("%d different spans", len(ids))
	}
	few := r.search(store.Query{Limit: 37})
	for i := range few {
		if few[i].Start != got[i].Start {
			r.Fatalf("span %d of 37 begins at %d, want %d", i, few[i].Start, got[i].Start)
		}
	}
}

func testFilters(r *rig) {
	list := random(2, many)
	r.writeAll(list)
	for _, q := range []store.Query{
		{Service: "shop"},
		{Operation: "op 3"},
		{Service: "cart", Operation: "op 7"},
		{Errors: true},
		{Service: "db", Errors: true},
		{MinDuration: 60e6},
		{MaxDuration: 1e6},
		{MinDuration: 10e6, MaxDuration: 12e6},
		{Service: "gateway", MinDuration: 80e6},
		{Window: store.Window{From: base + hour/3, To: base + hour/2}, Service: "shop", Operation: "op 1"},
		{Window: store.Window{From: base + hour/2}, Errors: true, MinDuration: 30e6},
		{Service: "shop", Operation: "nothing of the kind"},
		{Service: "nobody"},
	} {
		want := map[span.SpanID]bool{}
		for i := range list {
			if store.Fits(&q, &list[i]) {
				want[list[i].ID] = true
			}
		}
		got := r.search(q)
		if len(got) != len(want) {
			r.Errorf("%+v: %d spans, want %d", q, len(got), len(want))
		}
		for i := range got {
			if !want[got[i].ID] {
				r.Errorf("%+v: %+v", q, got[i])
				break
			}
		}
		q.Limit = 5
		for i, s := range r.search(q) {
			if s.Start != got[i].Start {
				r.Errorf("%+v: span %d begins at %d, want %d", q, i, s.Start, got[i].Start)
			}
		}
	}
}

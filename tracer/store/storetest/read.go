package storetest

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// keyed has a key of every kind.
func keyed() (store.Span, []store.Key) {
	s := plain(1)
	s.Name = "keyed"
	s.Parent = spanID(100)
	s.Links = []store.Link{{Trace: traceID(200), ID: spanID(201)}}
	message := append([]byte{8, 7, 6, 5, 4, 3, 2, 1}, make([]byte, 10)...)
	f := facts.Facts{HasContext: true, Trace: traceID(300), Parent: spanID(301), Head: 0xfeed, Messages: message}
	s.Attrs = append(s.Attrs,
		store.Attr{Key: "wirespan.exchange", Value: store.StringValue("00000000deadbeef")},
		store.Attr{Key: "wirespan.request_id", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("x-request-id=7f3a"), store.StringValue("cf-ray=ab")}}},
		store.Attr{Key: "wirespan.request_id.response", Value: store.StringValue("x-request-id=back")},
		store.Attr{Key: store.AttrFacts, Value: store.BytesValue(string(facts.Append(nil, &f)))},
	)
	return s, []store.Key{
		store.TraceKey(s.Trace), store.SpanKey(s.ID), store.ParentKey(spanID(100)), store.TraceKey(traceID(200)),
		store.ExchangeKey(0xdeadbeef), store.IDKey("7f3a"), store.IDKey("ab"), store.IDKey("back"),
		store.TraceKey(traceID(300)), store.CallerKey(spanID(301)), store.TrailKey(0xfeed),
		{Kind: store.ByID, Hash: 0x0102030405060708},
	}
}

func testKeys(r *rig) {
	s, keys := keyed()
	other := plain(2)
	r.write(other, s, plain(3))
	app := plain(4)
	app.Signal, app.Agent, app.Name = store.APP, "", "of an SDK"
	app.Attrs = append(app.Attrs, store.Attr{Key: "http.request.header.x-request-id", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("7f3a")}}})
	r.write(app)
	check := func(when string) {
		r.Helper()
		for _, k := range keys {
			got, _ := r.related(all, 10, k)
			if !has(got, "keyed") {
				r.Errorf("%s: not found by %v", when, k)
			}
			wrong := store.Key{Kind: k.Kind, Hash: k.Hash + 1}
			if got, _ := r.related(all, 10, wrong); has(got, "keyed") {
				r.Errorf("%s: found by %v", when, wrong)
			}
		}
		if got, _ := r.related(all, 10, store.IDKey("7f3a")); !has(got, "of an SDK") {
			r.Errorf("%s: an SDK's header finds %v", when, names(got))
		}
		got, _ := r.related(all, 10, keys[0], keys[1], keys[4], store.TraceKey(other.Trace))
		r.equal(when+", by several keys, each span once", names(got), []string{"GET /2", "keyed"})
	}
	check("written")
	r.sync()
	check("synced")
}

// testCollisions has keys whose hashes are equal, of one kind and of several.
func testCollisions(r *rig) {
	a, b := plain(1), plain(2)
	b.Parent = a.ID
	b.ID = spanID(1) // as a's
	r.write(a, b)
	r.sync()
	got, _ := r.related(all, 10, store.SpanKey(a.ID))
	r.equal("two spans of one id", names(got), []string{"GET /1", "GET /2"})
	got, _ = r.related(all, 10, store.ParentKey(a.ID))
	if !has(got, "GET /2") {
		r.Errorf("children: %v", names(got))
	}
	if got, _ := r.related(all, 10, store.ExchangeKey(store.SpanKey(a.ID).Hash)); has(got, "GET /1") || has(got, "GET /2") {
		r.Errorf("a hash of another kind finds %v", names(got))
	}
	for h := range uint64(64) { // hashes that differ in few bits
		s := plain(int(100 + h))
		s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.exchange", Value: store.StringValue(fmt.Sprintf("%016x", h<<32))})
		r.write(s)
	}
	r.sync()
	for h := range uint64(64) {
		if got, _ := r.related(all, 100, store.ExchangeKey(h<<32)); !has(got, plain(int(100+h)).Name) {
			r.Errorf("exchange %x: %v", h<<32, names(got))
		}
	}
}

func testWindows(r *rig) {
	var keys []store.Key
	for n := range 10 {
		s := plain(n)
		s.Trace = traceID(7)
		r.write(s)
	}
	keys = append(keys, store.TraceKey(traceID(7)))
	at := func(n int64) int64 { return base + n*1e6 }
	for _, c := range []struct {
		w    store.Window
		want int
	}{
		{store.Window{}, 10},
		{store.Window{From: at(0)}, 10},
		{store.Window{From: at(3)}, 7},
		{store.Window{From: at(3) + 1}, 6},
		{store.Window{From: at(3), To: at(5)}, 2},
		{store.Window{From: at(3), To: at(5) + 1}, 3},
		{store.Window{To: at(1)}, 1},
		{store.Window{From: at(10)}, 0},
		{store.Window{From: at(5), To: at(5)}, 0},
		{store.Window{From: at(6), To: at(5)}, 0},
		{store.Window{To: at(0)}, 0},
	} {
		got, _ := r.related(c.w, 100, keys...)
		found := r.search(store.Query{Window: c.w})
		if len(got) != c.want || len(found) != c.want {
			r.Errorf("%+v: related %d, found %d, want %d", c.w, len(got), len(found), c.want)
		}
	}
}

func testLimit(r *rig) {
	for n := range 20 {
		s := plain(n)
		s.Trace = traceID(7)
		r.write(s)
	}
	k := store.TraceKey(traceID(7))
	for _, c := range []struct {
		limit, want int
		more        bool
	}{{1, 1, true}, {19, 19, true}, {20, 20, false}, {21, 20, false}, {0, 20, false}} {
		got, more := r.related(all, c.limit, k)
		if len(got) != c.want || more != c.more {
			r.Errorf("limit %d: %d, %v", c.limit, len(got), more)
		}
	}
	for _, limit := range []int{1, 7, 20, 30} {
		got := r.search(store.Query{Limit: limit})
		if len(got) != min(limit, 20) || !has(got, "GET /19") {
			r.Errorf("search, limit %d: %v", limit, names(got))
		}
	}
}

func testSearchKeys(r *rig) {
	s, keys := keyed()
	r.write(plain(5), s, plain(6))
	r.sync()
	for _, k := range keys {
		r.equal("by key "+k.Kind.String(), names(r.search(store.Query{Keys: []store.Key{k}})), []string{"keyed"})
	}
	two := []store.Key{store.TraceKey(plain(6).Trace), keys[4], store.IDKey("nobody's")}
	got := r.search(store.Query{Keys: two})
	r.equal("by two keys", names(got), []string{"GET /6", "keyed"})
	r.equal("and a service", names(r.search(store.Query{Keys: two, Service: "another"})), []string{})
	if got[0].Name != "GET /6" {
		r.Errorf("first is %s", got[0].Name)
	}
}

func testWhere(r *rig) {
	a, b := plain(1), plain(2)
	a.Attrs[1].Value.Num = 503
	a.Status = span.Error
	a.Resource = []store.Attr{{Key: "host.name", Value: store.StringValue("h1")}}
	b.End = b.Start + 250e6
	b.Service = "db"
	r.write(a, b, plain(3), complete())
	for _, c := range []struct {
		expr string
		want []string
	}{
		{`http.response.status_code >= 500`, []string{"GET /1"}},
		{`service = db and duration > 100ms`, []string{"GET /2"}},
		{`service = shop`, []string{"GET /1", "GET /3"}},
		{`host.name = h1 or name = "GET /3"`, []string{"GET /1", "GET /3"}},
		{`not service in (shop, db)`, []string{"name"}},
		{`error`, []string{"GET /1", "name"}},
		{`span = ` + spanID(3).String(), []string{"GET /3"}},
		{`trace = ` + traceID(2).String(), []string{"GET /2"}},
		{`service = nobody`, []string{}},
	} {
		e, err := query.ParseStored(c.expr, span.NewKeys())
		if err != nil {
			r.Fatal(err)
		}
		r.equal(c.expr, names(r.search(store.Query{Where: e})), c.want)
	}
}

func testEnded(r *rig) {
	for n := range 50 {
		r.write(plain(n))
	}
	seen := 0
	err := r.st.Search(r.ctx, &store.Query{}, func(*store.Span) bool {
		seen++
		return seen < 3
	})
	if err != nil || seen != 3 {
		r.Errorf("%d spans, %v", seen, err)
	}
}

func testCancelled(r *rig) {
	r.write(plain(1))
	r.ctx = context.Background()
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	for what, err := range map[string]error{
		"write":   r.st.Write(ctx, []store.Span{plain(2)}),
		"search":  r.st.Search(ctx, &store.Query{}, func(*store.Span) bool { return true }),
		"related": second2(r.st.Related(ctx, []store.Key{store.TraceKey(traceID(1))}, all, 1)),
		"values":  second1(r.st.Values(ctx, "service", "", all, 1)),
		"rates":   second1(r.st.Rates(ctx, &store.RateQuery{Window: all, Step: store.RateStep})),
	} {
		if err == nil {
			r.Errorf("%s: a cancelled context is no error", what)
		}
	}
	if got := r.search(store.Query{}); len(got) != 1 {
		r.Errorf("after that: %v", names(got))
	}
}

func second1[T any](_ T, err error) error         { return err }
func second2[T, U any](_ T, _ U, err error) error { return err }

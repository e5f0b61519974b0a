package storetest

import (
	"math"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

func testEmpty(r *rig) {
	got, more := r.related(all, 10, store.TraceKey(traceID(1)))
	if len(got) > 0 || more {
		r.Errorf("related: %v, %v", got, more)
	}
	if got := r.search(store.Query{}); len(got) > 0 {
		r.Errorf("search: %v", got)
	}
	if v, err := r.st.Values(r.ctx, "service", "", all, 10); err != nil || len(v) > 0 {
		r.Errorf("values: %v, %v", v, err)
	}
	if v, err := r.st.Rates(r.ctx, &store.RateQuery{Window: all, Step: store.RateStep}); err != nil || len(v) > 0 {
		r.Errorf("rates: %v, %v", v, err)
	}
	if v, err := r.st.Aliases(r.ctx, []span.TraceID{traceID(1)}); err != nil || len(v) > 0 {
		r.Errorf("aliases: %v, %v", v, err)
	}
	if st, err := r.st.Stats(r.ctx); err != nil || st.Spans != 0 || st.Oldest != 0 || st.Full != "" {
		r.Errorf("stats: %+v, %v", st, err)
	}
	r.sync()
	r.write()
	got, _ = r.related(all, 10)
	if len(got) > 0 {
		r.Errorf("no keys: %v", got)
	}
}

// complete has every field and every type of value.
func complete() store.Span {
	list := store.Value{Type: store.Array, List: []store.Value{
		store.StringValue("one"), store.IntValue(-2), {}, store.DoubleValue(0.5), {Type: store.Array, List: []store.Value{store.BoolValue(true)}},
	}}
	nested := store.Value{Type: store.Map, Map: []store.Attr{
		{Key: "deep", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: "deeper", Value: store.StringValue("still")}}}},
		{Key: "list", Value: list},
	}}
	attrs := []store.Attr{
		{Key: "text", Value: store.StringValue("välue with ünicode \x00 and \xff")},
		{Key: "text.empty", Value: store.StringValue("")},
		{Key: "hex", Value: store.StringValue("0123456789abcdef0123456789ABCDEF00")},
		{Key: "int", Value: store.IntValue(-7)},
		{Key: "int.max", Value: store.IntValue(math.MaxInt64)},
		{Key: "int.min", Value: store.IntValue(math.MinInt64)},
		{Key: "yes", Value: store.BoolValue(true)},
		{Key: "no", Value: store.BoolValue(false)},
		{Key: "double", Value: store.DoubleValue(-1.5e300)},
		{Key: "infinite", Value: store.DoubleValue(math.Inf(-1))},
		{Key: "bytes", Value: store.BytesValue("\x00\xff\x01")},
		{Key: "nothing", Value: store.Value{}},
		{Key: "list", Value: list},
		{Key: "texts", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("a"), store.StringValue("b=c")}}},
		{Key: "list.empty", Value: store.Value{Type: store.Array}},
		{Key: "map", Value: nested},
	}
	return store.Span{
		Trace: traceID(900001), ID: spanID(900002), Parent: spanID(900003), Start: base + 1, End: base + 12345, Kind: span.Producer, Status: span.Error, Signal: store.SYS,
		Service: "service", Instance: "10.0.0.1:80", Agent: "agent", Name: "name", Message: "message", State: "vendor=1", Scope: "scope",
		Attrs: attrs, Resource: []store.Attr{{Key: "host.name", Value: store.StringValue("h")}, {Key: "k8s.pod.ports", Value: list}, {Key: "process.pid", Value: store.IntValue(17)}},
		Events: []store.Event{{Time: base + 5, Name: "event", Attrs: attrs}, {Time: base - 5, Name: ""}},
		Links:  []store.Link{{Trace: traceID(4), ID: spanID(5), Attrs: attrs}, {Trace: traceID(900001), ID: spanID(6)}},
	}
}

func testFields(r *rig) {
	want := complete()
	r.write(plain(1), want, plain(2))
	check := func(when string) {
		r.Helper()
		got, _ := r.related(all, 10, store.SpanKey(want.ID))
		if len(got) != 1 {
			r.Fatalf("%s: %d spans", when, len(got))
		}
		r.equal(when+", related", got[0], want)
		found := r.search(store.Query{Service: "service"})
		if len(found) != 1 {
			r.Fatalf("%s: %d spans found", when, len(found))
		}
		r.equal(when+", found", found[0], want)
	}
	check("written")
	r.sync()
	check("synced")
}

func testAtOnce(r *rig) {
	for n := range 300 {
		s := plain(n)
		r.write(s)
		if got, _ := r.related(all, 10, store.TraceKey(s.Trace)); !has(got, s.Name) {
			r.Fatalf("span %d is not there", n)
		}
		if n%50 == 0 && !has(r.search(store.Query{Limit: 1}), s.Name) {
			r.Fatalf("span %d is not the latest", n)
		}
	}
}

func testTwice(r *rig) {
	first := plain(1)
	again := plain(1)
	again.End += 1e6
	r.write(first, plain(2))
	r.sync()
	r.write(again)
	r.write(first)
	got, _ := r.related(all, 100, store.TraceKey(first.Trace))
	got = store.Merge(got)
	if len(got) != 1 || got[0].End != again.End {
		r.Errorf("got %+v", got)
	}
}

func testDays(r *rig) {
	var want []string
	for i, h := range []int64{0, -72, 24, -1, 500, -300, 2} {
		s := plain(i)
		s.Start += h * hour
		s.End += h * hour
		r.write(s)
		want = append(want, s.Name)
		if i == 3 {
			r.sync()
		}
	}
	got := r.search(store.Query{Window: all})
	if len(got) != len(want) {
		r.Fatalf("got %v", names(got))
	}
	for i := 1; i < len(got); i++ {
		if got[i].Start > got[i-1].Start {
			r.Errorf("%s is later than %s", got[i].Name, got[i-1].Name)
		}
	}
	if l := r.search(store.Query{Limit: 1}); len(l) != 1 || l[0].Name != want[4] {
		r.Errorf("latest: %v", names(l))
	}
	day := store.Window{From: base - 80*hour, To: base - 60*hour}
	if l := r.search(store.Query{Window: day}); len(l) != 1 || l[0].Name != want[1] {
		r.Errorf("three days ago: %v", names(l))
	}
	if st, err := r.st.Stats(r.ctx); err != nil || st.Spans != 7 || st.Oldest != base+5e6-300*hour {
		r.Errorf("stats %+v, %v", st, err)
	}
}

func testHuge(r *rig) {
	s := plain(1)
	big := strings.Repeat("0123456789abcdef\n", 1<<20/17+1)
	s.Attrs = append(s.Attrs, store.Attr{Key: "huge", Value: store.StringValue(big)})
	s.Events = []store.Event{{Name: "huge", Attrs: []store.Attr{{Key: "b", Value: store.BytesValue(big)}}}}
	many := plain(2)
	for i := range 5000 {
		many.Attrs = append(many.Attrs, store.Attr{Key: "k" + strings.Repeat("x", i%50) + string(rune('0'+i%10)) + spanID(uint64(i)).String(), Value: store.IntValue(int64(i))})
	}
	r.write(s, plain(3), many)
	r.sync()
	for _, want := range []store.Span{s, many} {
		got, _ := r.related(all, 10, store.SpanKey(want.ID))
		if len(got) != 1 {
			r.Fatalf("%d spans", len(got))
		}
		if len(got[0].Attrs) != len(want.Attrs) {
			r.Fatalf("%d attributes", len(got[0].Attrs))
		}
		r.equal(want.Name, got[0], want)
	}
}

// testOdd writes spans that nobody should send, and some do.
func testOdd(r *rig) {
	backward := plain(1)
	backward.Name, backward.End = "backward", backward.Start-5
	bare := store.Span{Start: base}
	late := plain(3)
	late.Name, late.Start, late.End = "late", base+40*365*24*hour, base+40*365*24*hour
	zero := store.Span{Name: "zero", ID: spanID(9)}
	nolength := plain(4)
	nolength.Name, nolength.End = "no length", nolength.Start
	r.write(backward, bare, late, zero, nolength)
	r.sync()
	got := r.search(store.Query{})
	r.equal("names", names(got), []string{"", "backward", "late", "no length", "zero"})
	for _, want := range []store.Span{backward, late, zero} {
		found, _ := r.related(store.Window{}, 10, store.SpanKey(want.ID))
		if len(found) != 1 {
			r.Errorf("%s: %d spans", want.Name, len(found))
			continue
		}
		r.equal(want.Name, found[0], want)
	}
}

func testBorrowed(r *rig) {
	list := []store.Span{complete(), complete()}
	list[1].ID = spanID(77)
	want := list[0].Clone()
	r.write(list...)
	for i := range list { // the caller goes on with its slices
		clear(list[i].Attrs)
		clear(list[i].Resource)
		clear(list[i].Events)
		clear(list[i].Links)
	}
	got, _ := r.related(all, 10, store.SpanKey(want.ID))
	if len(got) != 1 {
		r.Fatalf("%d spans", len(got))
	}
	r.equal("kept", got[0], want)
}

func testReopen(r *rig) {
	if r.reopen == nil {
		r.Skip("what this engine keeps ends with it")
	}
	want := complete()
	for n := 0; n < 3000; n += 50 { // servers take some milliseconds per Write
		var list []store.Span
		for i := range 50 {
			list = append(list, plain(n+i))
		}
		r.write(list...)
	}
	r.write(want)
	if err := r.st.Alias(r.ctx, []store.Alias{{Old: traceID(1), Canonical: traceID(2), Time: base}}); err != nil {
		r.Fatal(err)
	}
	rates := &store.RateQuery{Window: all, Step: store.RateStep, ByName: true}
	before, err := r.st.Rates(r.ctx, rates)
	if err != nil {
		r.Fatal(err)
	}
	r.st = r.reopen()
	if got := r.search(store.Query{Window: all}); len(got) != 3001 {
		r.Errorf("%d spans", len(got))
	}
	got, _ := r.related(all, 10, store.SpanKey(want.ID))
	r.equal("related", got, []store.Span{want})
	for _, n := range []int{0, 1, 1499, 2999} {
		if got, _ := r.related(all, 10, store.TraceKey(traceID(uint64(n)))); !has(got, plain(n).Name) {
			r.Errorf("span %d is gone", n)
		}
	}
	if got, err := r.st.Aliases(r.ctx, []span.TraceID{traceID(2)}); err != nil || len(got) != 1 {
		r.Errorf("aliases %v, %v", got, err)
	}
	after, err := r.st.Rates(r.ctx, rates)
	if err != nil {
		r.Fatal(err)
	}
	r.equal("rates", after, before)
	if st, err := r.st.Stats(r.ctx); err != nil || st.Spans != 3001 || len(st.Repairs) > 0 || st.Written != 0 {
		r.Errorf("stats %+v, %v", st, err)
	}
	r.write(plain(5000))
	if got := r.search(store.Query{Window: all, Limit: 1}); !has(got, "GET /5000") {
		r.Errorf("latest %v", names(got))
	}
}

func testClosed(r *rig) {
	if r.reopen == nil {
		r.Skip("what this engine keeps ends with it")
	}
	r.write(plain(1))
	if err := r.st.Close(r.ctx); err != nil {
		r.Fatal(err)
	}
	if err := r.st.Write(r.ctx, []store.Span{plain(2)}); err == nil {
		r.Error("a closed store took a span")
	}
	if _, _, err := r.st.Related(r.ctx, []store.Key{store.TraceKey(traceID(1))}, all, 1); err == nil {
		r.Error("a closed store answered")
	}
	r.st = r.reopen()
	if got := r.search(store.Query{}); len(got) != 1 {
		r.Errorf("%v", names(got))
	}
}

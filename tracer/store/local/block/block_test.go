package block_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

func traffic(n int) (list []store.Span) {
	t := storetest.NewTraffic(1, 1_790_000_000_000_000_000, 10_000)
	for len(list) < n {
		for _, s := range t.Next() {
			list = append(list, s.Clone())
		}
	}
	return list[:n]
}

// odd are spans with every type, and with what nobody expects.
func odd() []store.Span {
	list := store.Value{Type: store.Array, List: []store.Value{
		store.StringValue("one"), store.IntValue(-2), {}, store.DoubleValue(0.5), {Type: store.Array, List: []store.Value{store.BoolValue(true)}},
	}}
	texts := store.Value{Type: store.Array, List: []store.Value{store.StringValue("a"), store.StringValue("")}}
	attrs := []store.Attr{
		{Key: "", Value: store.StringValue("\x00\x01\x02\x03\x04 0123456789abcdef0 f81d4fae-7dec-11d0-a765-00a0c91e6bf6 DEADBEEF")},
		{Key: "trace", Value: store.StringValue("00-01000000000000000000000000000000-0000000000000001-01")},
		{Key: "i", Value: store.IntValue(math.MinInt64)},
		{Key: "j", Value: store.IntValue(math.MaxInt64)},
		{Key: "d", Value: store.DoubleValue(math.Inf(1))},
		{Key: "b", Value: store.BoolValue(true)},
		{Key: "bytes", Value: store.BytesValue("\x00\xff")},
		{Key: "list", Value: list},
		{Key: "texts", Value: texts},
		{Key: "empty"},
		{Key: "map", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: "in", Value: list}}}},
		{Key: store.AttrFacts, Value: store.BytesValue("no facts")},
		{Key: "list", Value: store.StringValue("another type")},
		{Key: "list", Value: list},
	}
	return []store.Span{
		{Trace: span.TraceID{1}, ID: span.SpanID{1}, Parent: span.SpanID{2}, Start: math.MaxInt64, End: math.MinInt64, Attrs: attrs},
		{},
		{
			Trace: span.TraceID{1}, ID: span.SpanID{2}, Parent: span.SpanID{1}, Start: math.MinInt64, End: 5, Resource: attrs, Status: 2, Kind: 200, Signal: 77,
			Service: "s", Instance: "i", Agent: "a", Name: "n", Message: "m", State: "t", Scope: "c",
		},
		{Start: 7, Events: []store.Event{{Time: -1, Name: "e", Attrs: attrs}}, Links: []store.Link{{Trace: span.TraceID{9}, ID: span.SpanID{8}, Attrs: attrs}, {}}},
	}
}

func codec(t testing.TB) (*block.Encoder, *block.Decoder) {
	t.Helper()
	e, err := block.NewEncoder()
	if err != nil {
		t.Fatal(err)
	}
	d, err := block.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return e, d
}

func check(t *testing.T, c *block.Columns, want []store.Span) {
	t.Helper()
	var r block.Reader
	r.Open(c)
	if c.Len() != len(want) {
		t.Fatalf("%d spans of %d", c.Len(), len(want))
	}
	for i := range want {
		if d := cmp.Diff(want[i], *r.Next(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("span %d (-want +got):\n%s", i, d)
		}
	}
	r.Open(c)
	for i := len(want) % 3; i < len(want); i += 3 {
		r.Skip(i)
		if d := cmp.Diff(want[i], *r.Next(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("span %d, others skipped (-want +got):\n%s", i, d)
		}
	}
	for i := len(want) - 1; i >= 0; i -= 7 {
		r.Seek(i)
		if d := cmp.Diff(want[i], *r.Next(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("span %d, sought (-want +got):\n%s", i, d)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	e, d := codec(t)
	b := block.NewBuilder()
	plain := traffic(1500)
	for _, want := range [][]store.Span{odd(), plain[:1], plain, append(odd(), plain[:100]...), nil} {
		b.Reset()
		for i := range want {
			b.Add(&want[i])
		}
		v := b.View()
		check(t, v.Columns(), want)
		c, err := d.Decode(e.Encode(nil, b))
		if err != nil {
			t.Fatal(err)
		}
		check(t, c, want)
	}
}

func TestSize(t *testing.T) {
	e, _ := codec(t)
	b := block.NewBuilder()
	list := traffic(1024)
	for i := range list {
		b.Add(&list[i])
	}
	got := e.Encode(nil, b)
	t.Logf("%d spans, %d attributes each: %.1f bytes a span: %s", len(list), len(list[1].Attrs), float64(len(got))/float64(len(list)), e.Sections())
	if len(got) > 160*len(list) {
		t.Errorf("%d bytes", len(got))
	}
}

func BenchmarkAdd(b *testing.B) {
	list := traffic(1024)
	bl := block.NewBuilder()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1024 == 0 {
			bl.Reset()
		}
		bl.Add(&list[i%1024])
	}
}

func BenchmarkEncode(b *testing.B) {
	list := traffic(1024)
	bl := block.NewBuilder()
	for i := range list {
		bl.Add(&list[i])
	}
	e, _ := codec(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Encode(buf[:0], bl)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/span")
}

func BenchmarkDecode(b *testing.B) {
	list := traffic(1024)
	bl := block.NewBuilder()
	for i := range list {
		bl.Add(&list[i])
	}
	e, d := codec(b)
	buf := e.Encode(nil, bl)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	list := traffic(1024)
	bl := block.NewBuilder()
	for i := range list {
		bl.Add(&list[i])
	}
	v := bl.View()
	c := v.Columns()
	var r block.Reader
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1024 == 0 {
			r.Open(c)
		}
		r.Next()
	}
}

// TestOnly reads some attributes only; the others stay where they are.
func TestOnly(t *testing.T) {
	list := append(odd(), traffic(100)...)
	b := block.NewBuilder()
	for i := range list {
		b.Add(&list[i])
	}
	v := b.View()
	var r block.Reader
	r.Only(store.KeyAttr)
	r.Open(v.Columns())
	for i := range list {
		want := list[i].Clone()
		want.Attrs = slices.DeleteFunc(want.Attrs, func(a store.Attr) bool { return !store.KeyAttr(a.Key) })
		want.Resource = slices.DeleteFunc(want.Resource, func(a store.Attr) bool { return !store.KeyAttr(a.Key) })
		if d := cmp.Diff(want, *r.Next(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("span %d (-want +got):\n%s", i, d)
		}
	}
}

package block_test

import (
	"slices"
	"testing"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
)

// sameKeys compares the keys of a block with those of its spans, one by one.
func sameKeys(t *testing.T, c *block.Columns, list []store.Span) {
	t.Helper()
	got := make([][]store.Key, len(list))
	last := 0
	c.Keys(func(row int, k store.Key) {
		if row < last {
			t.Fatalf("row %d after row %d", row, last)
		}
		last, got[row] = row, append(got[row], k)
	})
	for i := range list {
		if want := store.AppendKeys(nil, &list[i]); !slices.Equal(got[i], want) {
			t.Errorf("span %d: %v\nwant %v", i, got[i], want)
		}
	}
}

// keyed are spans with keys at every place and of every type.
func keyed() []store.Span {
	f := facts.Facts{
		HasContext: true, Trace: [16]byte{7}, Parent: [8]byte{8}, Head: 5, Exchange: 9,
		Messages: []byte("012345678901234567abcdefghijklmnopqr"), Host: []byte("h"),
	}
	text := store.StringValue
	attrs := []store.Attr{
		{Key: "wirespan.exchange", Value: text("00000000000000ff")},
		{Key: "wirespan.request_id", Value: text("x-request-id=a")},
		{Key: "wirespan.request_id.response", Value: store.Value{Type: store.Array, List: []store.Value{text("x-request-id=b"), text("cf-ray=c")}}},
		{Key: store.AttrFacts, Value: store.BytesValue(string(facts.Append(nil, &f)))},
		{Key: "http.request.header.x-request-id", Value: text("c")},
		{Key: "http.response.header.x-request-id", Value: store.Value{Type: store.Array, List: []store.Value{text("d"), store.IntValue(1), text("e")}}},
		{Key: "http.request.method", Value: text("GET")},
	}
	odd := []store.Attr{
		{Key: "wirespan.exchange", Value: store.BytesValue("00000000000000fe")},
		{Key: "wirespan.request_id", Value: store.IntValue(4)},
		{Key: store.AttrFacts, Value: text(string(facts.Append(nil, &f)))},
		{Key: "wirespan.request_id.response", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: "k", Value: text("x-request-id=z")}}}},
	}
	var list []store.Span
	for i, signal := range []store.Signal{store.APP, store.NET, store.SYS, store.NET} {
		list = append(list,
			store.Span{Trace: span.TraceID{1}, ID: span.SpanID{byte(i)}, Signal: signal, Attrs: attrs, Resource: attrs[:3]},
			store.Span{Trace: span.TraceID{2}, ID: span.SpanID{byte(i)}, Parent: span.SpanID{3}, Signal: signal, Attrs: odd, Events: []store.Event{{Name: "e", Attrs: odd}}},
			store.Span{Trace: span.TraceID{7}, ID: span.SpanID{byte(i)}, Parent: f.Parent, Signal: signal, Attrs: attrs[3:], Resource: odd, Links: []store.Link{{Trace: span.TraceID{4}}, {Trace: span.TraceID{7}}, {}}},
			store.Span{Trace: span.TraceID{7}, Signal: signal},
		)
	}
	return list
}

// TestKeys: a block has the keys of its spans, as it is built and as it is read.
func TestKeys(t *testing.T) {
	e, d := codec(t)
	b := block.NewBuilder()
	plain := keyed()[:1]
	plain = append(plain, traffic(200)...) // facts of which all come back are kept by field
	for _, list := range [][]store.Span{keyed(), append(odd(), traffic(200)...), plain, nil} {
		b.Reset()
		for i := range list {
			b.Add(&list[i])
		}
		v := b.View()
		sameKeys(t, v.Columns(), list)
		c, err := d.Decode(e.Encode(nil, b))
		if err != nil {
			t.Fatal(err)
		}
		sameKeys(t, c, list)
		check(t, c, list)
	}
}

func BenchmarkKeys(b *testing.B) {
	list := traffic(1024)
	e, d := codec(b)
	bl := block.NewBuilder()
	for i := range list {
		bl.Add(&list[i])
	}
	c, err := d.Decode(e.Encode(nil, bl))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c.Keys(func(int, store.Key) { n++ })
	}
	if n == 0 {
		b.Error("no keys")
	}
}

// TestDecodeAgain: a decoder uses its room again, and what it made before stays as it
// was; the bytes may be overwritten.
func TestDecodeAgain(t *testing.T) {
	_, d := codec(t)
	lists := [][]store.Span{append(keyed(), traffic(300)...), traffic(700)[300:], odd(), keyed()[:1]}
	var made []*block.Columns
	for _, list := range lists {
		b := encoded(t, list)
		c, err := d.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, c)
		clear(b)
	}
	for i, c := range made {
		check(t, c, lists[i])
		sameKeys(t, c, lists[i])
	}
}

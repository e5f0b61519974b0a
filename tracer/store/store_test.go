package store

import (
	"slices"
	"testing"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
)

func TestAppendKeys(t *testing.T) {
	s := &Span{
		Trace: span.TraceID{1}, ID: span.SpanID{2}, Parent: span.SpanID{3}, Signal: NET,
		Links: []Link{{Trace: span.TraceID{9}}, {Trace: span.TraceID{1}}},
		Attrs: []Attr{
			{"wirespan.exchange", StringValue("00000000000000ff")},
			{"wirespan.request_id", Value{Type: Array, List: []Value{StringValue("x-request-id=abc=d"), StringValue("odd")}}},
			{AttrFacts, BytesValue(string(facts.Append(nil, &facts.Facts{
				HasContext: true, Trace: [16]byte{7}, Parent: [8]byte{8}, Head: 5, Messages: append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 10)...),
			})))},
			{"http.request.header.x-request-id", StringValue("of an SDK only")},
		},
	}
	want := []Key{
		TraceKey(span.TraceID{1}), SpanKey(span.SpanID{2}), ParentKey(span.SpanID{3}), TraceKey(span.TraceID{9}),
		ExchangeKey(255), IDKey("abc=d"), TraceKey(span.TraceID{7}), CallerKey(span.SpanID{8}), TrailKey(5),
		{ByID, 1},
	}
	if got := AppendKeys(nil, s); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	app := &Span{Trace: span.TraceID{1}, ID: span.SpanID{2}, Attrs: []Attr{
		{"http.request.header.X_Request_ID", Value{Type: Array, List: []Value{StringValue("abc=d")}}},
		{"http.request.header.accept", StringValue("no id")},
	}}
	if got := AppendKeys(nil, app); !slices.Contains(got, IDKey("abc=d")) || len(got) != 3 {
		t.Errorf("of an SDK: %v", got)
	}
}

func TestMerge(t *testing.T) {
	got := Merge([]Span{
		{ID: span.SpanID{2}, Start: 5, End: 6, Agent: "a"},
		{ID: span.SpanID{1}, Start: 5, End: 6, Agent: "a"},
		{ID: span.SpanID{1}, Start: 5, End: 9, Agent: "a", Name: "later"},
		{ID: span.SpanID{1}, Start: 5, End: 9, Agent: "b"},
		{ID: span.SpanID{3}, Start: 1, End: 9, Agent: "b"},
	})
	var names []string
	for _, s := range got {
		names = append(names, s.ID.String()[:2]+s.Agent+s.Name)
	}
	if want := []string{"03b", "01alater", "01b", "02a"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestQuantile(t *testing.T) {
	var r Rate
	for i := range 1000 {
		r.Buckets[Bucket(int64(i+1)*1e6)]++ // 1 ms to 1 s
	}
	for _, c := range []struct {
		q        float64
		from, to int64
	}{{0.5, 400e6, 600e6}, {0.99, 900e6, 1100e6}, {0.001, 0.5e6, 2e6}} {
		if got := r.Quantile(c.q); got < c.from || got > c.to {
			t.Errorf("quantile %v: %d", c.q, got)
		}
	}
	if Bucket(0) != 0 || Bucket(BucketBase) != 1 || Bucket(1<<62) != NumBuckets-1 || BucketBound(0) != BucketBase {
		t.Error("bounds of buckets")
	}
}

func TestCounted(t *testing.T) {
	sighting := []Attr{{"wirespan.link.rule", StringValue("sighting")}}
	for _, c := range []struct {
		s    Span
		want bool
	}{
		{Span{Signal: NET, Kind: span.Server}, true},
		{Span{Signal: NET, Kind: span.Client}, true},
		{Span{Signal: NET, Kind: span.Server, Attrs: sighting}, false},
		{Span{Signal: NET, Kind: span.Server, Attrs: []Attr{{"wirespan.synthetic", BoolValue(true)}}}, false},
		{Span{Signal: NET, Kind: span.Internal}, false},
		{Span{Signal: SYS, Kind: span.Server}, false},
		{Span{Kind: span.Client}, false},
		{Span{Kind: span.Server}, true},
	} {
		if got := Counted(&c.s); got != c.want {
			t.Errorf("%+v: %v", c.s, got)
		}
	}
}

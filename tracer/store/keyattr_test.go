package store

import (
	"slices"
	"testing"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
)

// TestKeyAttr takes all other attributes away: the keys must be the same.
func TestKeyAttr(t *testing.T) {
	f := facts.Facts{HasContext: true, Trace: [16]byte{7}, Parent: [8]byte{8}, Head: 5, Exchange: 9}
	for _, signal := range []Signal{APP, NET, SYS} {
		s := Span{Trace: span.TraceID{1}, ID: span.SpanID{2}, Signal: signal, Attrs: []Attr{
			{"wirespan.exchange", StringValue("00000000000000ff")},
			{"wirespan.request_id", StringValue("x-request-id=a")},
			{"wirespan.request_id.response", StringValue("x-request-id=b")},
			{AttrFacts, BytesValue(string(facts.Append(nil, &f)))},
			{"http.request.header.x-request-id", StringValue("c")},
			{"http.response.header.x-request-id", StringValue("d")},
			{"http.request.method", StringValue("GET")},
			{"wirespan.signal", StringValue("NET")},
			{"wirespan.context", StringValue("traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
			{"messaging.message.id", StringValue("m")},
			{"wirespan.sys.goroutine", IntValue(5)},
			{"thread.id", IntValue(6)},
		}}
		want := AppendKeys(nil, &s)
		if len(want) < 7 {
			t.Fatalf("%v: %d keys", signal, len(want))
		}
		s.Attrs = slices.DeleteFunc(s.Attrs, func(a Attr) bool { return !KeyAttr(a.Key) })
		if got := AppendKeys(nil, &s); !slices.Equal(got, want) {
			t.Errorf("%v: got %v\nwant %v", signal, got, want)
		}
	}
}

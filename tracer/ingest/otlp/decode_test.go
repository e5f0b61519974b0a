package otlp

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOfficialTypes compares with the official types, on messages made at random and
// on two of them one behind the other, which protobuf takes for one.
func TestOfficialTypes(t *testing.T) {
	m := messages{rand.New(rand.NewPCG(1, 2))}
	spans := 0
	for range 300 {
		td := m.message()
		b := marshal(t, td)
		compare(t, b)
		for _, rs := range td.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				spans += len(ss.Spans)
			}
		}
		compare(t, append(b, marshal(t, m.message())...))
	}
	if spans < 500 {
		t.Errorf("only %d spans", spans)
	}
}

// TestPieces has messages whose parts come in pieces and out of order, which
// protobuf merges.
func TestPieces(t *testing.T) {
	m := messages{rand.New(rand.NewPCG(3, 4))}
	field := func(n byte, b []byte) []byte { return wrap(b, n) }
	for range 500 {
		one, two := m.span(), m.span()
		both := append(marshal(t, one), marshal(t, two)...)
		scope := func() []byte { return field(1, append(field(1, []byte("s")), field(2, []byte("v"))...)) }
		ss := append(field(2, both), scope()...)
		ss = append(ss, scope()...)
		resource := func() []byte {
			return field(1, field(1, append(field(1, []byte("k")), field(2, field(1, []byte("v")))...)))
		}
		rs := append(append(field(2, ss), resource()...), resource()...)
		compare(t, field(1, rs))
		v1, v2 := m.value(2), m.value(2)
		if v1 == nil || v2 == nil {
			continue
		}
		kv := append(field(2, append(marshal(t, v1), marshal(t, v2)...)), field(1, []byte("k"))...)
		kv = append(kv, field(2, marshal(t, v1))...)
		compare(t, field(1, field(1, field(1, kv))))
		compare(t, field(1, append(field(1, field(1, kv)), field(2, field(2, append(marshal(t, one), field(9, kv)...)))...)))
	}
}

// TestCut demands that a message that is cut is refused wherever protobuf refuses it.
func TestCut(t *testing.T) {
	m := messages{rand.New(rand.NewPCG(5, 6))}
	for range 20 {
		whole := marshal(t, m.message())
		for n := range len(whole) {
			err := Decode(batch.New(wide()), string(whole[:n]))
			if want := proto.Unmarshal(whole[:n], &tracepb.TracesData{}); (want == nil) != (err == nil) {
				t.Fatalf("%x: %v; officially %v", whole[:n], err, want)
			}
		}
	}
}

// TestJSON compares with the JSON of the official types, whose ids are base64.
func TestJSON(t *testing.T) {
	m := messages{rand.New(rand.NewPCG(7, 8))}
	for range 200 {
		td := m.message()
		text, err := protojson.Marshal(td)
		if err != nil {
			t.Fatal(err)
		}
		b := batch.New(wide())
		b.Reset(0)
		if err := DecodeJSON(b, string(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, refused := oracle(td)
		if d := cmp.Diff(want, b.Spans, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s: (-official +ours)\n%s", text, d)
		}
		if refused != b.Refused {
			t.Fatalf("%s: refused %v, officially %v", text, b.Refused, refused)
		}
	}
}

// TestJSONSpecification reads the example of the protocol's repository
// (examples/trace.json), with fields that there are not yet.
func TestJSONSpecification(t *testing.T) {
	const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174",
"parentSpanId":"EEE19B7EC3C1B173","name":"I'm a server span","startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",
"kind":2,"new":{"x":[1,2]},"attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}},{"key":"n","value":{"intValue":"-7"}},{"key":"m","value":{"intValue":7}}],
"status":{"code":2,"message":"no"},"flags":257}],"scope":{"name":"my.library","version":"1.0.0","attributes":[{"key":"my.scope.attribute","value":{"stringValue":"x"}}]}}],
"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]}}]}`
	b := batch.New(batch.DefaultLimits())
	if err := DecodeJSON(b, text); err != nil {
		t.Fatal(err)
	}
	s := b.Spans[0]
	if s.Trace.String() != "5b8efff798038103d269b633813fc60c" || s.ID.String() != "eee19b7ec3c1b174" || s.Parent.String() != "eee19b7ec3c1b173" ||
		s.Service != "my.service" || s.Scope != "my.library" || s.Message != "no" || s.Status != 2 || s.End-s.Start != 1e9 {
		t.Errorf("%+v", s)
	}
	want := []store.Attr{
		{Key: "my.span.attr", Value: store.StringValue("some value")},
		{Key: "n", Value: store.IntValue(-7)},
		{Key: "m", Value: store.IntValue(7)},
		{Key: "my.scope.attribute", Value: store.StringValue("x")},
		{Key: "otel.scope.version", Value: store.StringValue("1.0.0")},
	}
	if d := cmp.Diff(want, s.Attrs); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":7}]}]}]}`, `{"resourceSpans":{}}`, `[]`, `{`, `{"resourceSpans":[{"resource":{"attributes":1}}]}`} {
		if err := DecodeJSON(batch.New(wide()), bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestLimits(t *testing.T) {
	m := messages{rand.New(rand.NewPCG(9, 10))}
	l := batch.Limits{Spans: 3, Attributes: 2, Elements: 1, Events: 1, Links: 1, Depth: 1}
	for range 300 {
		td := m.message()
		want, refused := oracle(td)
		for _, form := range []string{"protobuf", "JSON"} {
			b := batch.New(l)
			b.Reset(0)
			var err error
			if form == "JSON" {
				var text []byte
				if text, err = protojson.Marshal(td); err == nil {
					err = DecodeJSON(b, string(text))
				}
			} else {
				err = Decode(b, string(marshal(t, td)))
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, all := b.Received(), len(want)+refused.Sum(); got != all {
				t.Fatalf("%s: %d spans received, %d sent", form, got, all)
			}
			for i := range b.Spans {
				s := &b.Spans[i]
				if len(b.Spans) > 3 || len(s.Attrs) > 2 || len(s.Events) > 1 || len(s.Links) > 1 || len(s.Resource) > 2 {
					t.Fatalf("%s: beyond the limits: %d spans, %+v", form, len(b.Spans), s)
				}
				for _, at := range s.Attrs {
					deep(t, at.Value, 1)
				}
			}
		}
	}
}

func deep(t *testing.T, v store.Value, depth int) {
	t.Helper()
	if depth < 0 || len(v.List) > 1 || len(v.Map) > 2 {
		t.Fatalf("beyond the limits: %+v", v)
	}
	if v.Type != store.Array && v.Type != store.Map {
		return
	}
	for _, e := range v.List {
		deep(t, e, depth-1)
	}
	for _, at := range v.Map {
		deep(t, at.Value, depth-1)
	}
}

// TestDeep has values within values until the stack would be gone.
func TestDeep(t *testing.T) {
	n := 20_000
	text := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":` + strings.Repeat(`{"arrayValue":{"values":[`, n)
	if err := DecodeJSON(batch.New(batch.DefaultLimits()), text); err == nil || !strings.Contains(err.Error(), "levels") {
		t.Errorf("JSON: %v", err)
	}
	var b []byte
	for range n / 10 {
		b = wrap(wrap(b, 1), 5) // AnyValue.array_value.values
	}
	b = wrap(wrap(wrap(wrap(append([]byte{0x0a, 1, 'k'}, wrap(b, 2)...), 9), 2), 2), 1)
	got := batch.New(batch.DefaultLimits())
	if err := Decode(got, string(b)); err != nil || got.Dropped == 0 || got.Received() != 1 {
		t.Errorf("protobuf: %v, %d dropped, %d spans", err, got.Dropped, got.Received())
	}
}

// wrap makes b a field.
func wrap(b []byte, number byte) []byte {
	r := []byte{number<<3 | 2}
	l := len(b)
	for ; l >= 0x80; l >>= 7 {
		r = append(r, byte(l)|0x80)
	}
	return append(append(r, byte(l)), b...)
}

func FuzzDecode(f *testing.F) {
	m := messages{rand.New(rand.NewPCG(11, 12))}
	for range 20 {
		f.Add(marshal(f, m.message()))
	}
	f.Fuzz(func(t *testing.T, b []byte) { compare(t, b) })
}

func FuzzDecodeJSON(f *testing.F) {
	m := messages{rand.New(rand.NewPCG(13, 14))}
	for range 20 {
		if text, err := protojson.Marshal(m.message()); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := batch.New(batch.DefaultLimits())
		if err := DecodeJSON(b, text); err != nil {
			return
		}
		for i := range b.Spans {
			if s := &b.Spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("%q: kept %+v", text, s)
			}
		}
	})
}

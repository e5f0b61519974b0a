package otlp

import (
	"bytes"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/span"
)

func decodeProto(t testing.TB, b []byte) *tracepb.TracesData {
	t.Helper()
	td := &tracepb.TracesData{}
	if err := proto.Unmarshal(b, td); err != nil {
		t.Fatalf("%v\n%x", err, b[:min(len(b), 400)])
	}
	return td
}

func TestProtoEqualsOfficial(t *testing.T) {
	for seed := range uint64(300) {
		spans, keys := randomSpans(seed, int(seed%17))
		c := testConfig()
		e := NewEncoder(keys, c)
		for range 2 { // the second time with warm buffers
			b := e.Encode(nil, spans)
			want := official(spans, keys, c)
			if got := decodeProto(t, b); !proto.Equal(got, want) {
				t.Fatalf("seed %d:\ngot  %v\nwant %v", seed, got, want)
			}
			if canonical, _ := (proto.MarshalOptions{Deterministic: true}).Marshal(want); !bytes.Equal(b, canonical) {
				t.Fatalf("seed %d: bytes are not those of the official encoder", seed)
			}
		}
	}
}

func TestProtoUnknownKey(t *testing.T) {
	s := span.Span{Attrs: span.AppendInt(span.AppendInt(span.AppendInt(nil, 60000, 1), span.KeyServerPort, 80), 60001, 1)}
	e := NewEncoder(testKeys(), Default())
	got := decodeProto(t, e.Encode(nil, []span.Span{s}))
	if want := official([]span.Span{s}, testKeys(), Default()); !proto.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestProtoTinyAndHugeSpans(t *testing.T) {
	for _, n := range []int{0, 50, 70, 90, 16000, 16300, 16330, 16384, 3 << 20} {
		s := span.Span{Name: bytes.Repeat([]byte("n"), n)}
		got := decodeProto(t, NewEncoder(testKeys(), Default()).Encode(nil, []span.Span{s, s}))
		if want := official([]span.Span{s, s}, testKeys(), Default()); !proto.Equal(got, want) {
			t.Errorf("name of %d bytes differs", n)
		}
	}
}

func TestProtoManyResources(t *testing.T) {
	e, c := NewEncoder(testKeys(), testConfig()), testConfig()
	for round := range 3 {
		var spans []span.Span
		for i := range 3000 {
			s := httpSpan(uint64(i))
			s.Instance = []byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + round)}
			spans = append(spans, s)
		}
		if got, want := decodeProto(t, e.Encode(nil, spans)), official(spans, testKeys(), c); !proto.Equal(got, want) {
			t.Fatalf("round %d differs", round)
		}
		if len(e.known.list) > maxResources {
			t.Errorf("%d resources kept", len(e.known.list))
		}
	}
}

func TestProtoAllocations(t *testing.T) {
	e := NewEncoder(testKeys(), testConfig())
	spans, _ := randomSpans(4, 50)
	spans = append(spans, httpSpan(1))
	out := e.Encode(nil, spans)
	if n := testing.AllocsPerRun(50, func() { out = e.Encode(out[:0], spans) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProto(f *testing.F) {
	f.Add([]byte("GET /"), []byte("v"), int64(5), uint16(3))
	f.Add([]byte("\xff\xfe"), bytes.Repeat([]byte("x"), 77), int64(-1), uint16(80))
	f.Fuzz(func(t *testing.T, name, value []byte, num int64, key uint16) {
		k := span.Key(key)
		a := span.AppendInts(span.AppendInt(span.AppendString(nil, k, value), k, num), k, span.AppendIntElem(nil, num))
		a = span.AppendStrings(a, k, span.AppendElem(span.AppendElem(nil, value), name))
		s := span.Span{Start: num, Name: name, Service: value, Instance: name, Attrs: a, Links: []span.Link{{Rule: string(name)}}}
		got := decodeProto(t, NewEncoder(testKeys(), Default()).Encode(nil, []span.Span{s}))
		if want := official([]span.Span{s}, testKeys(), Default()); !proto.Equal(got, want) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func BenchmarkProto(b *testing.B) {
	e := NewEncoder(testKeys(), testConfig())
	spans := make([]span.Span, 256)
	for i := range spans {
		spans[i] = httpSpan(uint64(i))
	}
	out := e.Encode(nil, spans)
	b.ReportAllocs()
	b.SetBytes(int64(len(out) / len(spans)))
	for i := 0; b.Loop(); i++ {
		e.Add(&spans[i%len(spans)])
		if e.Spans() == len(spans) {
			out = e.AppendTo(out[:0])
			e.Reset()
		}
	}
}

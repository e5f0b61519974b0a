package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/span"
)

// ids are the fields that OTLP/JSON has in hex and protobuf JSON in base64.
var ids = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"`)

// decodeJSON reads one line through the official types.
func decodeJSON(t testing.TB, line []byte) *tracepb.TracesData {
	t.Helper()
	if !utf8.Valid(line) || !json.Valid(line) || bytes.Count(line, []byte("\n")) != 1 {
		t.Fatalf("not one line of JSON: %q", line)
	}
	fixed := ids.ReplaceAllFunc(line, func(m []byte) []byte {
		sub := ids.FindSubmatch(m)
		id, err := hex.DecodeString(string(sub[2]))
		if err != nil {
			t.Fatal(err)
		}
		return []byte(`"` + string(sub[1]) + `":"` + base64.StdEncoding.EncodeToString(id) + `"`)
	})
	td := &tracepb.TracesData{}
	if err := protojson.Unmarshal(fixed, td); err != nil {
		t.Fatalf("%v\n%q", err, line)
	}
	return td
}

func TestJSONEqualsOfficial(t *testing.T) {
	for seed := range uint64(120) {
		spans, keys := randomSpans(seed, int(seed%17))
		c := testConfig()
		e := NewJSONEncoder(keys, c)
		for range 2 {
			line := e.Encode(nil, spans)
			want := official(spans, keys, c)
			if got := decodeJSON(t, line); !proto.Equal(got, want) {
				t.Fatalf("seed %d:\ngot  %v\nwant %v\n%s", seed, got, want, line)
			}
		}
	}
}

func TestJSONText(t *testing.T) {
	var a span.Attrs
	a = span.AppendString(a, span.KeyURLPath, "/a\"b\\c\x00\t\u2028\xff\xfeé")
	a = span.AppendInt(a, span.KeySeqRequest, -9007199254740993)
	a = span.AppendBool(a, span.KeyTruncated, true)
	a = span.AppendFloat(a, span.KeyLinkConfidence, 0.95)
	a = span.AppendStrings(a, span.KeyContext, span.AppendElem(nil, "traceparent=00"))
	a = span.AppendInts(a, span.KeyInterim, nil)
	a = span.AppendInt(a, 9999, 1)
	s := span.Span{
		Trace: span.TraceID{0x5b, 0x8e, 15: 0x0f}, ID: span.SpanID{0xee, 7: 1}, Start: 1544712660000000000, End: 1544712661000000000,
		Kind: span.Server, Status: span.Error, Service: []byte("my.service"), Name: []byte("I'm a server span"), Attrs: a,
		Links: []span.Link{{Trace: span.TraceID{1}, ID: span.SpanID{2}, Rule: "sighting", Confidence: 1}},
	}
	c := Default()
	c.Version, c.Resource = "9", []Attribute{{"wirespan.agent", "offline"}}
	want := strings.Join([]string{
		`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}},`,
		`{"key":"wirespan.agent","value":{"stringValue":"offline"}}]},"scopeSpans":[{"scope":{"name":"github.com/wirespan/wirespan","version":"9"},`,
		`"spans":[{"traceId":"5b8e000000000000000000000000000f","spanId":"ee00000000000001","name":"I'm a server span","kind":2,`,
		`"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","attributes":[`,
		`{"key":"url.path","value":{"stringValue":"/a\"b\\c\u0000\t` + "\u2028\ufffdé" + `"}},`,
		`{"key":"wirespan.flow.seq.request","value":{"intValue":"-9007199254740993"}},`,
		`{"key":"wirespan.truncated","value":{"boolValue":true}},{"key":"wirespan.link.confidence","value":{"doubleValue":0.95}},`,
		`{"key":"wirespan.context","value":{"arrayValue":{"values":[{"stringValue":"traceparent=00"}]}}},`,
		`{"key":"wirespan.interim","value":{"arrayValue":{}}}],"droppedAttributesCount":1,`,
		`"links":[{"traceId":"01000000000000000000000000000000","spanId":"0200000000000000","attributes":[`,
		`{"key":"wirespan.link.rule","value":{"stringValue":"sighting"}},{"key":"wirespan.link.confidence","value":{"doubleValue":1}}]}],`,
		`"status":{"code":2}}]}]}]}`, "\n",
	}, "")
	if got := string(NewJSONEncoder(testKeys(), c).Encode(nil, []span.Span{s})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	bare := `{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"github.com/wirespan/wirespan"},"spans":[` +
		`{"traceId":"00000000000000000000000000000000","spanId":"0000000000000000","startTimeUnixNano":"0","endTimeUnixNano":"0"}]}]}]}` + "\n"
	if got := string(NewJSONEncoder(testKeys(), Default()).Encode(nil, make([]span.Span, 1))); got != bare {
		t.Errorf("got\n%s\nwant\n%s", got, bare)
	}
}

func TestAppendStringEveryByteEverywhere(t *testing.T) {
	for c := range 256 {
		for at := range 17 {
			s := []byte("abcdefghijklmnopq")
			s[at] = byte(c)
			var got string
			if err := json.Unmarshal(append(appendString([]byte(`"`), s), '"'), &got); err != nil {
				t.Fatalf("byte %#x at %d: %v", c, at, err)
			}
			if want := valid(string(s)); got != want {
				t.Fatalf("byte %#x at %d: got %q", c, at, got)
			}
		}
	}
}

func TestJSONAllocations(t *testing.T) {
	e := NewJSONEncoder(testKeys(), testConfig())
	spans, _ := randomSpans(4, 50)
	spans = append(spans, httpSpan(1))
	out := e.Encode(nil, spans)
	if n := testing.AllocsPerRun(50, func() { out = e.Encode(out[:0], spans) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte("GET /"), []byte("v"), int64(5), 0.5, uint16(3))
	f.Add([]byte("\xff\xfe\""), []byte("\x00\x7f\xc3("), int64(-1), -1e21, uint16(80))
	f.Fuzz(func(t *testing.T, name, value []byte, num int64, x float64, key uint16) {
		k := span.Key(key)
		a := span.AppendInts(span.AppendInt(span.AppendString(nil, k, value), k, num), k, span.AppendIntElem(nil, num))
		a = span.AppendStrings(a, k, span.AppendElem(span.AppendElem(nil, value), name))
		a = span.AppendFloat(a, k, x)
		s := span.Span{Start: num, Name: name, Service: value, Instance: name, Attrs: a, Links: []span.Link{{Rule: string(name)}}}
		spans := []span.Span{s, s}
		got := decodeJSON(t, NewJSONEncoder(testKeys(), Default()).Encode(nil, spans))
		if want := official(spans, testKeys(), Default()); !proto.Equal(got, want) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	e := NewJSONEncoder(testKeys(), testConfig())
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

package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/span"
)

func TestNDJSONGolden(t *testing.T) {
	got := both(t, func(b *bytes.Buffer) writer { return NewNDJSON(b, registry()) }, trace(1), trace(2))
	golden(t, "spans.ndjson", got)
	if !utf8.Valid(got) {
		t.Error("invalid UTF-8")
	}
	for line := range strings.Lines(string(got)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
	}
}

func TestNDJSONDoesNotAllocate(t *testing.T) {
	w, spans, ctx := NewNDJSON(discard{}, registry()), trace(1), context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type broken struct{}

var errBroken = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsComeBack(t *testing.T) {
	for _, w := range []writer{NewNDJSON(broken{}, registry()), NewHAR(broken{}, registry(), "test"), NewChrome(broken{}, registry())} {
		if err := w.WriteSpans(context.Background(), trace(1)); !errors.Is(err, errBroken) {
			t.Errorf("%T: %v", w, err)
		}
	}
}

func FuzzString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\"\\\xff\xc3\u2028é\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		var want strings.Builder
		for _, r := range s { // an invalid byte becomes one U+FFFD
			want.WriteRune(r)
		}
		if got != want.String() || !utf8.Valid(b) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

// FuzzSinks puts generated text into spans and wants valid JSON of all sinks.
func FuzzSinks(f *testing.F) {
	f.Add("svc", "x=1&y", int64(5), int64(-9), uint8(3))
	f.Fuzz(func(t *testing.T, a, b string, start, end int64, kind uint8) {
		s := trace(1)[0]
		s.Service, s.Name, s.Start, s.End, s.Kind = []byte(a), []byte(b), start, end, span.Kind(kind)
		var at span.Attrs
		for _, k := range []span.Key{span.KeyServerAddress, span.KeyHTTPRequestMethod, span.KeyURLPath, span.KeyURLQuery, span.KeyNetworkProtocolVersion, span.KeyCapturePoint} {
			at = span.AppendString(at, k, b)
		}
		s.Attrs = span.AppendStrings(at, span.KeyRequestID, span.AppendElem(nil, a))
		for _, open := range []func(*bytes.Buffer) writer{
			func(o *bytes.Buffer) writer { return NewNDJSON(o, registry()) },
			func(o *bytes.Buffer) writer { return NewHAR(o, registry(), a) },
			func(o *bytes.Buffer) writer { return NewChrome(o, registry()) },
		} {
			var out bytes.Buffer
			feed(t, open(&out), false, []span.Span{s})
			if !json.Valid(out.Bytes()) || !utf8.Valid(out.Bytes()) {
				t.Fatalf("invalid: %s", out.Bytes())
			}
		}
	})
}

func BenchmarkNDJSON(b *testing.B) {
	w, spans, ctx := NewNDJSON(discard{}, registry()), trace(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}

package otlp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*File)(nil)

func writeFile(t *testing.T, f Format, c Config, keys *span.Keys, batches [][]span.Span) []byte {
	t.Helper()
	var b bytes.Buffer
	file, err := NewFile(&b, f, keys, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, spans := range batches {
		if err := file.WriteSpans(t.Context(), spans); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileIgnoresBatching(t *testing.T) {
	spans, keys := randomSpans(7, 100)
	c := testConfig()
	c.SpansPerLine = 16
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []Format{JSONLines, Delimited} {
		want := writeFile(t, f, c, keys, [][]span.Span{spans})
		for range 20 {
			var batches [][]span.Span
			for rest := spans; len(rest) > 0; {
				n := min(r.IntN(40), len(rest))
				batches, rest = append(batches, rest[:n]), rest[n:]
			}
			if got := writeFile(t, f, c, keys, batches); !bytes.Equal(got, want) {
				t.Fatalf("format %d: bytes depend on batches", f)
			}
		}
	}
}

func TestFileMessages(t *testing.T) {
	spans, keys := randomSpans(8, 35)
	c := testConfig()
	c.SpansPerLine = 16
	var want []*tracepb.TracesData
	for i := 0; i < len(spans); i += 16 {
		want = append(want, official(spans[i:min(i+16, len(spans))], keys, c))
	}
	lines := bytes.SplitAfter(writeFile(t, JSONLines, c, keys, [][]span.Span{spans}), []byte("\n"))
	if len(lines) != 4 || len(lines[3]) != 0 {
		t.Fatalf("%d lines", len(lines)-1)
	}
	delimited := bufio.NewReader(bytes.NewReader(writeFile(t, Delimited, c, keys, [][]span.Span{spans})))
	for i, w := range want {
		if got := decodeJSON(t, lines[i]); !proto.Equal(got, w) {
			t.Errorf("line %d differs", i)
		}
		got := &tracepb.TracesData{}
		if err := protodelim.UnmarshalFrom(delimited, got); err != nil || !proto.Equal(got, w) {
			t.Errorf("message %d differs (%v)", i, err)
		}
	}
	if _, err := delimited.ReadByte(); err != io.EOF {
		t.Errorf("more follows: %v", err)
	}
}

func TestFileEmpty(t *testing.T) {
	for _, f := range []Format{JSONLines, Delimited} {
		if b := writeFile(t, f, testConfig(), testKeys(), [][]span.Span{nil}); len(b) != 0 {
			t.Errorf("format %d writes %q without spans", f, b)
		}
	}
}

// brittle fails at its second write.
type brittle struct{ writes int }

var errDisk = errors.New("disk full")

func (b *brittle) Write(p []byte) (int, error) {
	if b.writes++; b.writes == 2 {
		return 1, errDisk
	}
	return len(p), nil
}

func TestFileStopsAtFirstError(t *testing.T) {
	w := &brittle{}
	c := Default()
	c.SpansPerLine = 1
	f, err := NewFile(w, JSONLines, testKeys(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for range 3 {
		err = f.WriteSpans(ctx, make([]span.Span, 2))
		if !errors.Is(err, errDisk) {
			t.Errorf("WriteSpans says %v", err)
		}
	}
	if err := f.Close(ctx); !errors.Is(err, errDisk) || w.writes != 2 {
		t.Errorf("Close says %v after %d writes", err, w.writes)
	}
}

func TestFileClosedTwice(t *testing.T) {
	f, _ := NewFile(io.Discard, JSONLines, testKeys(), Default())
	if err := errors.Join(f.Close(t.Context()), f.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if err := f.WriteSpans(t.Context(), make([]span.Span, 1)); err == nil {
		t.Error("writes after Close")
	}
}

func TestFileAllocations(t *testing.T) {
	for _, format := range []Format{JSONLines, Delimited} {
		f, _ := NewFile(io.Discard, format, testKeys(), testConfig())
		spans := make([]span.Span, 300)
		for i := range spans {
			spans[i] = httpSpan(uint64(i))
		}
		ctx := t.Context()
		for range 4 {
			f.WriteSpans(ctx, spans)
		}
		if n := testing.AllocsPerRun(20, func() { f.WriteSpans(ctx, spans) }); n != 0 {
			t.Errorf("format %d: %v allocations", format, n)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	if err := testConfig().Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Version: "\xff", Resource: []Attribute{{"", "x"}, {"service.name", "x"}, {"a", "\xff"}, {"b", ""}, {"b", ""}}}
	err := bad.Validate()
	for _, want := range []string{"spans_per_line", "version", "empty key", `"service.name"`, `"a" is not valid`, `"b" is given twice`} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if _, err := NewFile(io.Discard, JSONLines, testKeys(), bad); err == nil {
		t.Error("NewFile takes a bad Config")
	}
	if _, err := NewFile(io.Discard, Format(9), testKeys(), Default()); err == nil {
		t.Error("NewFile takes any format")
	}
}

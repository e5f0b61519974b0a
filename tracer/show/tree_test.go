package show

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/span"
)

func tree(t *testing.T, c Config, batch int, traces ...[]span.Span) []byte {
	t.Helper()
	var out bytes.Buffer
	feed(t, NewTree(&out, registry(), c), batch, traces...)
	return out.Bytes()
}

func TestTreeGolden(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
	}{
		{"tree.txt", Config{}},
		{"tree-color.txt", Config{Color: true}},
		{"tree-ascii-80.txt", Config{ASCII: true, Width: 80}},
		{"tree-verbose.txt", Config{Verbose: true}},
		{"tree-60.txt", Config{Width: 60}},
	} {
		golden(t, c.name, tree(t, c.cfg, 100, order(1), lookup(2), hostile()))
	}
}

func TestTreeDoesNotDependOnBatches(t *testing.T) {
	want := tree(t, Config{}, 100, order(1), lookup(2), order(3))
	for _, batch := range []int{1, 3} {
		if got := tree(t, Config{}, batch, order(1), lookup(2), order(3)); !bytes.Equal(got, want) {
			t.Errorf("batches of %d: %s", batch, got)
		}
	}
}

func TestTreeLinesFit(t *testing.T) {
	for width := minWidth; width <= 140; width += 7 {
		for _, cfg := range []Config{{Width: width}, {Width: width, Verbose: true}, {Width: width, Verbose: true, ASCII: true}} {
			for line := range strings.Lines(string(tree(t, cfg, 100, order(1), hostile()))) {
				line = strings.TrimSuffix(line, "\n")
				if n := columns([]byte(line)); n > width {
					t.Errorf("width %d: %d columns: %s", width, n, line)
				}
				for _, r := range line {
					if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || cfg.ASCII && r >= utf8.RuneSelf {
						t.Errorf("width %d: %U in %q", width, r, line)
					}
				}
			}
		}
	}
}

func TestTreeOfSeveralTraceIDs(t *testing.T) {
	root := req{trace: 1, id: 1, kind: span.Server, service: "a", name: "root", from: 0, to: 9, proto: "http"}.span()
	other := req{
		trace: 2, id: 2, depth: 1, kind: span.Server, service: "b", name: "linked", from: 1, to: 8, proto: "http",
		links: []span.Link{{Trace: traceID(1), ID: root.ID, Rule: "header_id"}},
	}.span()
	below := req{trace: 2, id: 3, parent: 2, depth: 2, kind: span.Server, service: "c", name: "below", from: 2, to: 7, proto: "http"}.span()
	next := req{trace: 2, id: 9, kind: span.Server, service: "d", name: "next", from: 5, to: 6, proto: "http"}.span()
	got := string(tree(t, Config{}, 1, []span.Span{root, other, below, next}))
	if n := strings.Count(got, "trace "); n != 2 {
		t.Fatalf("%d blocks:\n%s", n, got)
	}
	for _, want := range []string{"\na  root", "\n└─ b  linked", "\n   └─ c  below", "\nd  next", "3 spans", "1 span\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestTreeWhoseRootComesSecond(t *testing.T) {
	child := req{trace: 1, id: 1, parent: 2, depth: 1, kind: span.Server, service: "b", name: "child", from: 0, to: 5, proto: "http"}.span()
	root := req{trace: 1, id: 2, kind: span.Server, service: "a", name: "root", from: 0, to: 9, proto: "http"}.span()
	got := string(tree(t, Config{}, 1, lookup(7), []span.Span{child, root}))
	if strings.Count(got, "trace ") != 2 || !strings.Contains(got, "\na  root") || !strings.Contains(got, "\n└─ b  child") {
		t.Errorf("got\n%s", got)
	}
}

func TestTreeIsBounded(t *testing.T) {
	var spans []span.Span
	root := req{trace: 1, id: 1, kind: span.Server, service: "a", name: "root", from: 0, to: 9, proto: "http"}.span()
	spans = append(spans, root)
	parent := root.ID
	for i := range 3 * maxSpans {
		s := root
		s.ID, s.Parent, s.Depth = span.SpanID{1, byte(i >> 8), byte(i), 1}, parent, i+1
		parent = s.ID
		spans = append(spans, s)
	}
	got := string(tree(t, Config{}, 1000, spans))
	if n := strings.Count(got, "\n"); n > maxSpans+10 {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(got, "… 4001 more spans\n") || !strings.Contains(got, "6001 spans") {
		t.Errorf("count is missing: %s", got[:200])
	}
}

func TestTreeSteadyStateAllocations(t *testing.T) {
	w := NewTree(discard{}, registry(), Config{Color: true})
	spans, ctx := append(order(1), lookup(2)...), context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			t.Fatal(err)
		}
	}); n > 4 { // one string per header
		t.Errorf("%v allocations", n)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func FuzzTree(f *testing.F) {
	f.Add("svc", "name\x1b", uint8(40), 3, uint8(1))
	f.Add("日本", "a\u0301\u200b", uint8(90), -1, uint8(7))
	f.Fuzz(func(t *testing.T, service, name string, width uint8, depth int, flags uint8) {
		cfg := Config{Width: int(width), ASCII: flags&1 != 0, Verbose: flags&2 != 0}
		s := req{
			trace: 1, id: 1, service: service, name: name, from: 5, to: int64(depth), kind: span.Kind(flags>>2) % 6, proto: name, point: service,
			response: service, rule: name, ids: name, errorType: service,
		}.span()
		s2 := s
		s2.ID, s2.Parent, s2.Depth = span.SpanID{2}, s.ID, depth
		var out bytes.Buffer
		w := NewTree(&out, registry(), cfg)
		if err := w.WriteSpans(context.Background(), []span.Span{s, s2}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := columns([]byte(strings.TrimSuffix(line, "\n"))); n > cfg.width() {
				t.Fatalf("%d columns of %d: %q", n, cfg.width(), line)
			}
			if strings.ContainsAny(line, "\x1b\r\x07\x00") || !utf8.ValidString(line) {
				t.Fatalf("unsafe: %q", line)
			}
		}
	})
}

func BenchmarkTree(b *testing.B) {
	w := NewTree(discard{}, registry(), Config{Color: true})
	spans, ctx := order(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		spans[0].Trace[0]++ // a new block each time
		if err := w.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWholeShortensNothing: every name and value is in the text, whatever the
// width, and short lines look as ever.
func TestWholeShortensNothing(t *testing.T) {
	long := hostile()
	long[0].Name = append([]byte("GET /"), bytes.Repeat([]byte("long/"), 200)...)
	long[0].Service = bytes.Repeat([]byte("service-"), 40)
	for _, width := range []int{0, 60} {
		c := Config{Width: width, Whole: true, Verbose: true}
		text := map[string]string{"tree": string(tree(t, c, 100, long))}
		var table, over bytes.Buffer
		feed(t, NewTable(&table, registry(), c), 100, long)
		feed(t, NewOverview(&over, registry(), c), 100, long)
		text["table"], text["overview"] = table.String(), over.String()
		for what, got := range text {
			if strings.Contains(got, "…") {
				t.Errorf("%s of width %d is shortened:\n%s", what, width, got)
			}
			if !strings.Contains(got, string(long[0].Name)) || what != "table" && !strings.Contains(got, string(long[0].Service)) {
				t.Errorf("%s of width %d lacks name or service:\n%s", what, width, got)
			}
		}
	}
	if got, want := tree(t, Config{Whole: true}, 100, order(1)), tree(t, Config{}, 100, order(1)); !bytes.Equal(got, want) {
		t.Errorf("short lines differ:\n%s\n%s", got, want)
	}
}

// TestSeenInOrder holds that points are listed from the client to the server,
// whichever of them began first by its clock.
func TestSeenInOrder(t *testing.T) {
	at := func(id, parent byte, depth int, from int64, point string) span.Span {
		q := req{trace: 1, id: id, parent: parent, depth: depth, kind: span.Server, service: "a", name: "GET /", from: from, to: 9, proto: "http", point: point, exchange: 7}
		if depth > 0 {
			q.rule = "sighting"
		}
		return q.span()
	}
	tx, mid, rx := at(1, 0, 0, 2, "tx"), at(2, 1, 1, 3, "mid"), at(3, 2, 2, 1, "rx")
	for _, spans := range [][]span.Span{{tx, mid, rx}, {rx, tx, mid}, {mid, rx, tx}, {rx, mid, tx}} {
		if got := string(tree(t, Config{}, 100, spans)); !strings.Contains(got, "(seen at tx, mid, rx)") {
			t.Error(got)
		}
	}
}

package show

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestTableGolden(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
	}{{"table.txt", Config{}}, {"table-color-160.txt", Config{Color: true, Width: 160}}, {"table-ascii-80.txt", Config{ASCII: true, Width: 80}}} {
		var out bytes.Buffer
		feed(t, NewTable(&out, registry(), c.cfg), 3, order(1), lookup(2), hostile())
		golden(t, c.name, out.Bytes())
	}
}

func TestTableLinesFitAndAlign(t *testing.T) {
	for width := minWidth; width <= 200; width++ {
		var out bytes.Buffer
		feed(t, NewTable(&out, registry(), Config{Width: width}), 100, order(1), hostile())
		var first int
		for line := range strings.Lines(out.String()) {
			n := columns([]byte(strings.TrimSuffix(line, "\n")))
			if strings.HasPrefix(line, "2026-") {
				continue
			}
			if first == 0 {
				first = n
			}
			if n > width || n != first {
				t.Errorf("width %d: %d columns, header has %d: %s", width, n, first, line)
			}
		}
	}
}

func TestTableDoesNotAllocate(t *testing.T) {
	w, spans, ctx := NewTable(discard{}, registry(), Config{Color: true}), order(1), context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTable(b *testing.B) {
	w, spans, ctx := NewTable(discard{}, registry(), Config{}), order(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}

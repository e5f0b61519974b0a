package show

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// TestTreeOfPointsWhoseClocksAreApart: it is drawn as if they were not.
func TestTreeOfPointsWhoseClocksAreApart(t *testing.T) {
	want := tree(t, Config{}, 100, order(1), lookup(2))
	for _, ahead := range []int64{-3_600_000 * ms, -500 * ms, 500 * ms, 86_400_000 * ms} {
		apart := order(1)
		for i := range apart {
			if string(str(&apart[i], span.KeyCapturePoint)) == "vxlan-42" {
				setClock(&apart[i], ahead)
			}
		}
		if got := tree(t, Config{}, 100, apart, lookup(2)); !bytes.Equal(got, want) {
			t.Errorf("clock %d ms ahead:\n%s\nwant\n%s", ahead/ms, got, want)
		}
		note := map[bool]string{true: " ahead, taken off here\n", false: " behind, added here\n"}[ahead > 0]
		got := string(tree(t, Config{Verbose: true}, 100, apart))
		if n := strings.Count(got, "clock: "); n != 7 || strings.Count(got, note) != n {
			t.Errorf("clock %d ms ahead is noted %d times:\n%s", ahead/ms, n, got)
		}
	}
}

// setClock moves a span to a clock that is ahead.
func setClock(s *span.Span, ahead int64) {
	s.Start, s.End = s.Start+ahead, s.End+ahead
	s.Attrs = span.AppendInt(s.Attrs, span.KeyClockOffset, ahead)
}

// TestWholeTreeKeepsItsColumns: a label that is longer than its share neither
// touches the outcome nor leaves its bar beside those of the other lines.
func TestWholeTreeKeepsItsColumns(t *testing.T) {
	for _, n := range []int{40, 80, 110, 300} {
		spans := order(1)
		spans[4].Name = bytes.Repeat([]byte("x"), n)
		got := string(tree(t, Config{Whole: true}, 100, spans))
		at := map[int]bool{}
		for line := range strings.Lines(got) {
			if bar := strings.Index(line, "│━"); bar >= 0 && !strings.Contains(line, "xxx") {
				at[columns([]byte(line[:bar]))] = true
			}
			if strings.Contains(line, "x✗") || strings.Contains(line, ")✗") {
				t.Errorf("the outcome touches the label: %s", line)
			}
		}
		if len(at) > 1 {
			t.Errorf("name of %d bytes: bars begin at %v\n%s", n, at, got)
		}
	}
}

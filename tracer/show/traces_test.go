package show

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTraces(t *testing.T) {
	lines := []TraceLine{
		{Trace: strings.Repeat("a", 32), Start: t0, Duration: 15 * ms, Service: "gw", Name: "GET /cart/{id}", Outcome: "200", Spans: 12},
		{Trace: strings.Repeat("b", 32), Start: t0 - 86400e9, Duration: 1500 * ms, Service: "gw", Name: "POST /\x1b[31m", Outcome: "503", Failed: true, Spans: 3, Errors: 2},
		{Trace: strings.Repeat("c", 32), Start: t0 - 86400e9, Duration: 900, Service: "a-service-with-a-long-name", Name: "a name that is far too long for its column in any case", Outcome: "OK", Spans: 12345, Errors: 1},
	}
	for _, c := range []Config{{}, {Width: 80, ASCII: true}, {Width: 200, Color: true}, {Whole: true}} {
		var b strings.Builder
		tr := NewTraces(&b, registry(), c)
		if err := tr.Write(lines[:1]); err != nil {
			t.Fatal(err)
		}
		if err := tr.Write(lines[1:]); err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(got) != 6 { // head, two days, three traces
			t.Fatalf("%d lines:\n%s", len(got), b.String())
		}
		for i, l := range got {
			if n := columns([]byte(l)); !c.Whole && !c.Color && n > c.width() {
				t.Errorf("%+v: %d columns: %s", c, n, l)
			}
			if i > 0 && !c.Color && strings.Contains(l, "\x1b") {
				t.Errorf("control sequence: %q", l)
			}
			id := map[int]string{2: "aaa", 4: "bbb", 5: "ccc"}[i]
			if id != "" && !strings.HasSuffix(l, strings.Repeat(id[:1], 32)) {
				t.Errorf("no whole id: %s", l)
			}
		}
		if c == (Config{}) {
			want := `TIME (UTC)    DURATION  SPANS    STATUS         ROOT                                    TRACE
2026-01-02
15:04:05.000   15.00ms     12    200            gw  GET /cart/{id}                      ` + strings.Repeat("a", 32) + `
2026-01-01
15:04:05.000    1.500s      3  ✗ 503            gw  POST /\x1b[31m                      ` + strings.Repeat("b", 32) + `
15:04:05.000     900ns  12345  ✗ OK (1 error)   a-service-with-a-lo…column in any case  ` + strings.Repeat("c", 32) + "\n"
			if d := cmp.Diff(want, b.String()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		}
	}
}

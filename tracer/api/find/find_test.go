package find

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// many is a store of n traces of one span each, the latest first, and an assembler
// that says that each of them has so many spans.
type many struct{ n, size, asked int }

func (m *many) Search(_ context.Context, q *store.Query, yield func(*store.Span) bool) error {
	for i := m.n; i > 0; i-- {
		s := scene.SDK("s", fmt.Sprintf("t%d", i), fmt.Sprintf("s%d", i), "", span.Server, int64(i), int64(i+1))
		if q.Holds(s.Start) && store.Fits(q, &s) && !yield(&s) {
			break
		}
	}
	return nil
}

func (m *many) Values(context.Context, string, string, store.Window, int) ([]string, error) {
	return nil, nil
}

func (m *many) Trace(_ context.Context, id span.TraceID, _ store.Window) (*assemble.Trace, error) {
	m.asked++
	t := &assemble.Trace{ID: id, Nodes: make([]assemble.Node, m.size)}
	s := scene.SDK("s", "", "s", "", span.Server, 1, 2)
	for i := range t.Nodes {
		t.Nodes[i].Span = &s
	}
	return t, nil
}

// TestBounds: an answer is bounded in traces, in spans, and in what is put together for
// it, and says so where there may be more.
func TestBounds(t *testing.T) {
	never := []func(*assemble.Trace, int) bool{func(*assemble.Trace, int) bool { return false }}
	for _, c := range []struct {
		name        string
		n, size     int
		ask         Question
		list, asked int
		cut         string
	}{
		{"all", 7, 3, Question{Traces: 10}, 7, 7, ""},
		{"as many as asked for", 70, 3, Question{Traces: 10}, 10, 10, ""},
		{"none", 0, 3, Question{Traces: 10}, 0, 0, ""},
		{"large traces", 50, 30_000, Question{Traces: 10}, 3, 4, "100000 spans"},
		{"one that is too large alone", 50, 200_000, Question{Traces: 10}, 1, 2, "100000 spans"},
		{"conditions that no trace satisfies", 100, 1, Question{Traces: 2, Keep: never}, 0, 40, "40 traces"},
		{"a few that none satisfies", 30, 1, Question{Traces: 2, Keep: never}, 0, 30, ""},
	} {
		m := &many{n: c.n, size: c.size}
		got, err := Traces(t.Context(), m, m, &c.ask)
		if err != nil || len(got.List) != c.list || m.asked != c.asked || (got.Cut == "") != (c.cut == "") || !strings.Contains(got.Cut, c.cut) {
			t.Errorf("%s: %d traces, %d assembled, %q, %v", c.name, len(got.List), m.asked, got.Cut, err)
		}
	}
}

// TestTold: a client learns what it can mend, and nothing of the store.
func TestTold(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		text   string
		logged bool
	}{
		{Bad("limit: %q", "x"), 400, `limit: "x"`, false},
		{fmt.Errorf("look: %w", assemble.ErrNotFound), 404, "trace not found", false},
		{fmt.Errorf("look: %w", context.DeadlineExceeded), 504, "not enough time", false},
		{context.Canceled, 499, "went away", false},
		{errors.New("dial tcp 10.1.2.3:9000: refused"), 500, "log of the server", true},
	} {
		var log bytes.Buffer
		got := Told(t.Context(), c.err, slog.New(slog.NewTextHandler(&log, nil)), "/x")
		if got.Status != c.status || !strings.Contains(got.Text, c.text) || strings.Contains(got.Text, "10.1.2.3") || strings.Contains(log.String(), "10.1.2.3") != c.logged {
			t.Errorf("%v: %d %q, log %q", c.err, got.Status, got.Text, log.String())
		}
		if without := Told(t.Context(), c.err, nil, "/x"); *without != *got {
			t.Errorf("%v: %v without a log", c.err, without)
		}
	}
}

package show

import (
	"context"
	"fmt"
	"io"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Tree)(nil)

// Tree draws each trace as a block: a line with its id, start, duration and
// counts, then the tree of its requests with their outcome, duration and a bar
// of the phases. A trace is drawn when the next one begins, on Flush, or on
// Close.
type Tree struct {
	w      io.Writer
	cut    cutter
	render renderer
	out    []byte
	begun  bool
}

// NewTree returns a Tree that writes to w, which Close does not close.
func NewTree(w io.Writer, keys *span.Keys, c Config) *Tree {
	return &Tree{w: w, render: newRenderer(keys, c)}
}

// WriteSpans takes spans trace by trace.
func (t *Tree) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		t.cut.add(&spans[i], t.draw)
		if len(t.out) >= flushAt {
			if err := t.write(); err != nil {
				return err
			}
		}
	}
	return t.write()
}

// Flush draws the trace that is being gathered: on live input, when nothing
// has come for a while.
func (t *Tree) Flush() error {
	t.cut.flush(t.draw)
	return t.write()
}

// Close draws the last trace.
func (t *Tree) Close(context.Context) error { return t.Flush() }

func (t *Tree) draw(b *block) {
	if !t.begun {
		t.begun = true
		t.out = t.render.appendLegend(t.out)
	}
	t.out = t.render.appendBlock(t.out, b)
}

func (t *Tree) write() error { return write(t.w, &t.out, "tree") }

// write empties a buffer into w.
func write(w io.Writer, out *[]byte, what string) error {
	if len(*out) == 0 {
		return nil
	}
	_, err := w.Write(*out)
	*out = (*out)[:0]
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

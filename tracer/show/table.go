package show

import (
	"context"
	"encoding/hex"
	"io"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Table)(nil)

// Table writes a line per span as spans come: start, duration, capture point,
// client and server, protocol, name, outcome and the first digits of the trace
// id, or all of them (Config.Whole). Days are announced on lines of their own. It allocates nothing once its
// buffers have grown.
type Table struct {
	w     io.Writer
	c     Config
	f     fields
	cols  tableColumns
	out   []byte
	raw   []byte
	text  []byte
	day   int64
	begun bool
}

type tableColumns struct {
	point, ends, proto, name, outcome int
	micros, trace                     bool
	traceBytes                        int // that are shown
}

// NewTable returns a Table that writes to w, which Close does not close.
func NewTable(w io.Writer, keys *span.Keys, c Config) *Table {
	t := &Table{w: w, c: c, f: newFields(keys), cols: tableColumnsOf(c.width())}
	if t.cols.traceBytes = 4; c.Whole {
		t.cols.traceBytes = len(span.TraceID{})
	}
	return t
}

// tableColumnsOf shares the width among the columns, two blanks between them;
// narrow tables go without the less important ones.
func tableColumnsOf(width int) tableColumns {
	t := tableColumns{micros: width >= 140, trace: width >= 100, outcome: 12}
	room := width - 12 - 2 - durationWidth - 2 - t.outcome
	if t.micros {
		room -= 3
	}
	if t.trace {
		room -= 2 + 8
	}
	if width >= 90 {
		t.point = 8
		room -= 2 + t.point
	}
	if width >= 80 {
		t.proto = 8
		room -= 2 + t.proto
	}
	if width >= 60 {
		t.ends = min(44, (room-4)*3/5)
		room -= 2 + t.ends
	}
	t.name = max(room-2, 0)
	return t
}

// WriteSpans writes a line per span.
func (t *Table) WriteSpans(_ context.Context, spans []span.Span) error {
	if !t.begun {
		t.begun, t.day = true, -1
		t.head()
	}
	for i := range spans {
		t.line(&spans[i])
		if len(t.out) >= flushAt {
			if err := t.write(); err != nil {
				return err
			}
		}
	}
	return t.write()
}

// Close has nothing left to do.
func (t *Table) Close(context.Context) error { return t.write() }

func (t *Table) write() error { return write(t.w, &t.out, "table") }

func (t *Table) head() {
	t.out = t.c.on(t.out, bold)
	w := 12
	if t.cols.micros {
		w = 15
	}
	t.fixed("TIME (UTC)", w)
	t.gap()
	t.fixed("DURATION", durationWidth)
	t.named("POINT", t.cols.point)
	t.named("CLIENT "+t.c.glyphs().arrow+" SERVER", t.cols.ends)
	t.named("PROTOCOL", t.cols.proto)
	t.named("NAME", t.cols.name)
	t.gap()
	t.fixed("  STATUS", t.cols.outcome)
	if t.cols.trace {
		t.gap()
		t.fixed("TRACE", 8)
	}
	t.out = append(t.c.off(t.out, bold), '\n')
}

func (t *Table) gap() { t.out = append(t.out, "  "...) }

func (t *Table) fixed(s string, width int) {
	t.text = append(t.text[:0], s...)
	t.put(width)
}

func (t *Table) named(s string, width int) {
	if width > 0 {
		t.gap()
		t.fixed(s, width)
	}
}

// put adds t.text in a column.
func (t *Table) put(width int) {
	var n int
	t.out, n = appendFit(t.out, t.text, t.c.room(columns(t.text), width), t.c.ASCII)
	t.out = appendSpaces(t.out, width-n)
}

// captured adds t.raw, escaped, in a column.
func (t *Table) captured(s style, width int) {
	if width == 0 {
		return
	}
	t.gap()
	t.out = t.c.on(t.out, s)
	t.text = appendEscaped(t.text[:0], t.raw, t.c.ASCII)
	t.put(width)
	t.out = t.c.off(t.out, s)
}

func (t *Table) line(s *span.Span) {
	const day = 86400e9
	start := time.Unix(0, s.Start).UTC()
	if d := s.Start / day; d != t.day {
		t.day = d
		t.out = start.AppendFormat(t.c.on(t.out, dim), "2006-01-02")
		t.out = append(t.c.off(t.out, dim), '\n')
	}
	layout := "15:04:05.000"
	if t.cols.micros {
		layout = "15:04:05.000000"
	}
	t.out = start.AppendFormat(t.out, layout)
	t.gap()
	t.duration(s.End - s.Start)
	t.raw = append(t.raw[:0], str(s, span.KeyCapturePoint)...)
	t.captured(dim, t.cols.point)
	t.ends(s)
	t.raw = append(t.raw[:0], str(s, span.KeyNetworkProtocolName)...)
	t.captured(plain, t.cols.proto)
	t.raw = append(t.raw[:0], s.Name...)
	t.captured(plain, t.cols.name)
	t.gap()
	t.raw = t.f.appendOutcome(t.raw[:0], s)
	t.text = appendEscaped(t.text[:0], t.raw, t.c.ASCII)
	r := renderer{Config: t.c, fields: t.f}
	t.out = r.appendMarked(t.out, s, t.text, t.cols.outcome)
	if t.cols.trace {
		t.gap()
		t.out = hex.AppendEncode(t.out, s.Trace[:t.cols.traceBytes])
	}
	t.out = append(t.out, '\n')
}

func (t *Table) duration(ns int64) {
	t.text = appendDuration(t.text[:0], ns, t.c.ASCII)
	t.out = appendSpaces(t.out, durationWidth-columns(t.text))
	t.out = append(t.out, t.text...)
}

// ends adds "client → server", each half shortened by itself.
func (t *Table) ends(s *span.Span) {
	if t.cols.ends == 0 {
		return
	}
	arrow := t.c.glyphs().arrow
	t.raw = t.raw[:0]
	if at, ok := s.Attrs.Find(span.KeyClientAddress); ok {
		t.raw = at.AppendText(t.raw)
	}
	t.gap()
	t.out = t.c.on(t.out, cyan)
	t.text = appendEscaped(t.text[:0], t.raw, t.c.ASCII)
	room := t.cols.ends - 2 - columns([]byte(arrow))
	var n, m int
	t.out, n = appendFit(t.out, t.text, t.c.room(columns(t.text), room/2), t.c.ASCII)
	t.out = append(append(append(t.out, ' '), arrow...), ' ')
	t.raw = appendEndpoint(t.raw[:0], s, span.KeyServerAddress, span.KeyServerPort)
	t.text = appendEscaped(t.text[:0], t.raw, t.c.ASCII)
	t.out, m = appendFit(t.out, t.text, t.c.room(columns(t.text), room-n), t.c.ASCII)
	t.out = t.c.off(t.out, cyan)
	t.out = appendSpaces(t.out, room-n-m)
}

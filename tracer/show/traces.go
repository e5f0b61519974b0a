package show

import (
	"io"
	"strconv"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
)

// TraceLine is a trace in a line of Traces. Texts are as they were captured.
type TraceLine struct {
	Trace    string // id
	Start    int64  // ns since 1970
	Duration int64  // ns
	Service  string // of the root
	Name     string // of the root
	Outcome  string // of the root
	Failed   bool   // whether the root's status is ERROR
	Spans    int
	Errors   int // spans whose status is ERROR
}

// Traces writes a line per trace: start, duration, number of spans, outcome and
// name of the root, and the whole id, so that it can be asked for. Days are
// announced on lines of their own.
type Traces struct {
	w     io.Writer
	table Table // its columns and buffers
	label int
	words bool // room for numbers and outcomes
	day   int64
	begun bool
}

// Widths of the columns of Traces.
const (
	traceIDWidth  = 32
	spansWidth    = 5
	outcomeWidth  = 15
	clockWidth    = 12
	wordsFrom     = 96 // columns from which there is room for words
	minTraceLabel = 8
)

// NewTraces returns a Traces that writes to w.
func NewTraces(w io.Writer, keys *span.Keys, c Config) *Traces {
	t := &Traces{w: w, table: Table{w: w, c: c, f: newFields(keys)}, words: c.width() >= wordsFrom || c.Whole, day: -1}
	t.label = c.width() - clockWidth - 2 - durationWidth - 2 - traceIDWidth - 2
	if t.words {
		t.label -= spansWidth + 2 + outcomeWidth + 2
	} else {
		t.label -= 2 + 2
	}
	t.label = max(t.label, minTraceLabel)
	return t
}

// Write writes lines.
func (t *Traces) Write(lines []TraceLine) error {
	if !t.begun {
		t.begun = true
		t.head()
	}
	for i := range lines {
		t.line(&lines[i])
	}
	return t.table.write()
}

func (t *Traces) head() {
	b := &t.table
	b.out = b.c.on(b.out, bold)
	b.fixed("TIME (UTC)", clockWidth)
	b.gap()
	b.fixed("DURATION", durationWidth)
	if t.words {
		b.gap()
		b.fixed("SPANS", spansWidth)
		b.gap()
		b.fixed("  STATUS", outcomeWidth)
	} else {
		b.out = append(b.out, "    "...)
	}
	b.named("ROOT", t.label)
	b.gap()
	b.fixed("TRACE", len("TRACE"))
	b.out = append(b.c.off(b.out, bold), '\n')
}

func (t *Traces) line(l *TraceLine) {
	const day = 86400e9
	b := &t.table
	start := time.Unix(0, l.Start).UTC()
	if d := l.Start / day; d != t.day {
		t.day = d
		b.out = start.AppendFormat(b.c.on(b.out, dim), "2006-01-02")
		b.out = append(b.c.off(b.out, dim), '\n')
	}
	b.out = start.AppendFormat(b.out, "15:04:05.000")
	b.gap()
	b.duration(l.Duration)
	t.outcome(l)
	b.gap()
	b.raw = append(append(append(b.raw[:0], l.Service...), "  "...), l.Name...)
	b.text = appendEscaped(b.text[:0], b.raw, b.c.ASCII)
	b.put(t.label)
	b.gap()
	b.text = appendEscaped(b.text[:0], []byte(l.Trace), b.c.ASCII)
	b.out = append(append(b.out, b.text...), '\n')
}

// outcome adds how many spans there are, and how the root ended; a trace of which
// only an inner span failed has the mark of failures, too.
func (t *Traces) outcome(l *TraceLine) {
	b := &t.table
	st, mark := plain, " "
	switch {
	case l.Failed:
		st, mark = red, b.c.glyphs().fail
	case l.Errors > 0:
		st, mark = yellow, b.c.glyphs().fail
	}
	b.gap()
	width := 2
	b.text = b.text[:0]
	if t.words {
		b.text = strconv.AppendInt(b.text, int64(l.Spans), 10)
		b.out = append(appendSpaces(b.out, spansWidth-len(b.text)), b.text...)
		b.gap()
		width = outcomeWidth
		b.raw = append(b.raw[:0], l.Outcome...)
		if !l.Failed && l.Errors > 0 {
			b.raw = strconv.AppendInt(appendWord(b.raw, 0, []byte{'('}), int64(l.Errors), 10)
			b.raw = append(b.raw, " error"...)
			if l.Errors > 1 {
				b.raw = append(b.raw, 's')
			}
			b.raw = append(b.raw, ')')
		}
		b.text = appendEscaped(b.text[:0], b.raw, b.c.ASCII)
	}
	b.out = append(append(b.c.on(b.out, st), mark...), ' ')
	b.put(width - 2)
	b.out = b.c.off(b.out, st)
}

package show

import (
	"context"
	"io"
	"strconv"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Overview)(nil)

const (
	maxShownServices  = 30
	maxShownEndpoints = 10 // of each service
)

// Overview sums up large inputs: services and their endpoints with rate,
// errors and latency, the ten slowest traces and ten failed ones, each with
// another failure. Everything is printed by Close. An exchange that was seen
// at several capture points counts once; a request counts for the service that
// was asked.
type Overview struct {
	w          io.Writer
	cut        cutter
	render     renderer
	sums       endpoints
	slow       slowest
	failed     failures
	raw        []byte
	begun      bool
	start, end int64
	traces     int
	bad        int
	requests   int
	closed     bool
}

// NewOverview returns an Overview that writes to w, which Close does not close.
func NewOverview(w io.Writer, keys *span.Keys, c Config) *Overview {
	return &Overview{w: w, render: newRenderer(keys, c)}
}

// WriteSpans takes spans trace by trace.
func (o *Overview) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		o.cut.add(&spans[i], o.take)
	}
	return nil
}

// Close prints the overview; nothing if there was no span.
func (o *Overview) Close(context.Context) error {
	o.cut.flush(o.take)
	if o.closed || o.traces == 0 {
		return nil
	}
	o.closed = true
	out := o.append(nil)
	return write(o.w, &out, "overview")
}

func (o *Overview) take(b *block) {
	b.join(true)
	o.sum(b)
	o.note(b, func(dst []byte) []byte { return o.render.appendBlock(dst, b) })
}

// sum counts the requests of a block whose sightings are folded.
func (o *Overview) sum(b *block) {
	if !o.begun {
		o.begun, o.start, o.end = true, b.start, b.end
	}
	o.start, o.end = min(o.start, b.start), max(o.end, b.end)
	o.traces++
	if b.failed > 0 {
		o.bad++
	}
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.shown != int32(i) {
			continue
		}
		o.requests++
		deepest := &b.nodes[n.deepest].Span
		o.raw = append(o.raw[:0], deepest.Service...)
		if asks(deepest) {
			o.raw = appendServer(o.raw[:0], deepest)
		}
		o.sums.add(o.raw, n.Name, n.End-n.Start, n.Status == span.Error)
	}
}

// note keeps a block among the slowest and the failed if it belongs there.
func (o *Overview) note(b *block, render func([]byte) []byte) {
	cut := func(dst []byte) []byte { return cutExample(render(dst), len(dst), o.render.glyphs()) }
	if ns := b.end - b.start; o.slow.wants(ns) {
		o.slow.add(ns, cut)
	}
	if b.failed > 0 {
		o.failed.add(b, cut)
	}
}

func (o *Overview) append(dst []byte) []byte {
	r := &o.render
	dst = o.appendTable(dst)
	dst = append(dst, '\n')
	dst = r.appendLegend(dst)
	title := func(s style, n int, words string) {
		dst = r.on(dst, s)
		dst = append(strconv.AppendInt(dst, int64(n), 10), words...)
		dst = append(r.off(dst, s), '\n', '\n')
	}
	title(bold, len(o.slow.list), " slowest traces")
	for i := range o.slow.list {
		dst = append(dst, o.slow.list[i].text...)
	}
	if len(o.failed.list) == 0 {
		return dst
	}
	title(bold, len(o.failed.list), " failed traces, one of each kind")
	for i := range o.failed.list {
		e := &o.failed.list[i]
		text := e.text
		if e.alike > 0 {
			text = text[:len(text)-1]
		}
		dst = append(dst, text...)
		if e.alike > 0 {
			dst = r.on(dst, dim)
			dst = appendCount(append(dst, "and "...), e.alike, "more trace")
			dst = append(r.off(append(dst, " that failed like this"...), dim), '\n', '\n')
		}
	}
	return dst
}

package export

import (
	"context"
	"encoding/hex"
	"io"
	"strconv"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Chrome)(nil)

// Bounds of Chrome.
const (
	maxProcesses = 5000  // services; further ones share a process "(other)"
	maxLanes     = 200   // threads of a process; further spans share the last
	maxPlaces    = 10000 // spans of one trace that flows can start from
)

// Chrome writes the Trace Event Format that Perfetto and chrome://tracing
// open: a process per service, threads such that the spans of a service do not
// overlap, a complete event per span and a flow from each parent to each of
// its children. Times are in microseconds since the midnight, a day before the
// first span, that otherData.base names: viewers keep them as doubles, which
// cannot hold nanoseconds since 1970.
type Chrome struct {
	w      io.Writer
	out    []byte
	names  members
	procs  map[string]*process
	places map[span.SpanID]place // of the trace at hand
	root   span.TraceID
	base   int64
	begun  bool
	any    bool
	closed bool
}

// process holds, for each thread, when its last span ends.
type process struct {
	pid   int
	lanes []int64
}

// place says where a span was drawn.
type place struct {
	pid, tid   int
	start, end int64
}

// NewChrome returns a Chrome that writes to w.
func NewChrome(w io.Writer, keys *span.Keys) *Chrome {
	return &Chrome{w: w, names: newMembers(keys), procs: make(map[string]*process), places: make(map[span.SpanID]place)}
}

// WriteSpans writes the events of each span.
func (c *Chrome) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		c.begin(spans[i].Start)
		c.span(&spans[i])
		if len(c.out) >= flushAt {
			if err := write(c.w, &c.out, "chrome trace"); err != nil {
				return err
			}
		}
	}
	return write(c.w, &c.out, "chrome trace")
}

// Close ends the file.
func (c *Chrome) Close(context.Context) error {
	if !c.closed {
		c.begin(0)
		c.closed = true
		c.out = append(c.out, "\n]}\n"...)
	}
	return write(c.w, &c.out, "chrome trace")
}

func (c *Chrome) begin(first int64) {
	if c.begun {
		return
	}
	c.begun = true
	const day = int64(86400e9)
	c.base = (first/day - 1) * day
	c.out = appendTime(append(c.out, `{"displayTimeUnit":"ns","otherData":{"base":"`...), c.base)
	c.out = append(c.out, `"},"traceEvents":[`...)
}

// event begins an event of a type, up to its process and thread.
func (c *Chrome) event(ph byte, pid, tid int) {
	if c.any {
		c.out = append(c.out, ',')
	}
	c.any = true
	c.out = append(append(append(c.out, "\n{\"ph\":\""...), ph), `","pid":`...)
	c.out = strconv.AppendInt(c.out, int64(pid), 10)
	c.out = strconv.AppendInt(append(c.out, `,"tid":`...), int64(tid), 10)
}

func (c *Chrome) at(ns int64) { c.out = appendMicros(append(c.out, `,"ts":`...), ns-c.base) }

func (c *Chrome) span(s *span.Span) {
	end := max(s.End, s.Start)
	p := c.process(s.Service)
	tid := c.lane(p, s.Start, end)
	c.event('X', p.pid, tid)
	c.at(s.Start)
	c.out = appendMicros(append(c.out, `,"dur":`...), end-s.Start)
	c.out = appendString(append(c.out, `,"name":`...), s.Name)
	c.out = append(append(append(c.out, `,"cat":"`...), kindOf(s)...), '"')
	if s.Status == span.Error {
		c.out = append(c.out, `,"cname":"terrible"`...)
	}
	c.out = hex.AppendEncode(append(c.out, `,"args":{"trace_id":"`...), s.Trace[:])
	c.out = append(hex.AppendEncode(append(c.out, `","span_id":"`...), s.ID[:]), '"')
	from := len(c.out)
	c.out = c.names.appendAttrs(c.out, s.Attrs)
	if len(c.out)-from == len("{}") {
		c.out = c.out[:from]
		c.out = append(c.out, "}}"...)
	} else {
		c.out[from] = ','
		c.out = append(c.out, '}')
	}
	if s.Depth == 0 && s.Trace != c.root {
		clear(c.places)
		c.root = s.Trace
	}
	here := place{p.pid, tid, s.Start, end}
	if from, ok := c.parent(s); ok {
		c.flow(s, from, here)
	}
	if len(c.places) < maxPlaces {
		c.places[s.ID] = here
	}
}

// parent finds where the parent was drawn: by id, or by the link to our own
// parent where the wire's is exported.
func (c *Chrome) parent(s *span.Span) (place, bool) {
	if p, ok := c.places[s.Parent]; ok {
		return p, true
	}
	if s.Depth > 0 {
		for i := range s.Links {
			if p, ok := c.places[s.Links[i].ID]; ok {
				return p, true
			}
		}
	}
	return place{}, false
}

// flow draws an arrow; its start must lie within the parent's event.
func (c *Chrome) flow(s *span.Span, from, to place) {
	c.event('s', from.pid, from.tid)
	c.at(min(max(to.start, from.start), from.end))
	c.flowID(s)
	c.out = append(c.out, '}')
	c.event('f', to.pid, to.tid)
	c.at(to.start)
	c.flowID(s)
	c.out = append(c.out, `,"bp":"e"}`...)
}

func (c *Chrome) flowID(s *span.Span) {
	c.out = hex.AppendEncode(append(c.out, `,"name":"child","cat":"link","id":"0x`...), s.ID[:])
	c.out = append(c.out, '"')
}

// process finds the process of a service, and announces a new one.
func (c *Chrome) process(service []byte) *process {
	if p := c.procs[string(service)]; p != nil {
		return p
	}
	name := string(service)
	if len(c.procs) >= maxProcesses {
		name = "(other)"
		if p := c.procs[name]; p != nil {
			return p
		}
	}
	p := &process{pid: len(c.procs) + 1}
	c.procs[name] = p
	c.event('M', p.pid, 0)
	c.out = appendString(append(c.out, `,"name":"process_name","args":{"name":`...), name)
	c.out = append(c.out, "}}"...)
	return p
}

// lane finds a thread that is free from start on. Traces do not come in order
// of time, so what came late may open a thread although an earlier one had
// room; it never overlaps.
func (c *Chrome) lane(p *process, start, end int64) (tid int) {
	for i, until := range p.lanes {
		if until <= start {
			p.lanes[i] = max(end, start+1)
			return i + 1
		}
	}
	if len(p.lanes) < maxLanes {
		p.lanes = append(p.lanes, max(end, start+1))
		return len(p.lanes)
	}
	last := len(p.lanes) - 1
	p.lanes[last] = max(p.lanes[last], end)
	return len(p.lanes)
}

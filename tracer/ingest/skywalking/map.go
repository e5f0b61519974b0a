package skywalking

import (
	"encoding/binary"
	"math"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Scope is the instrumentation scope of spans that came from SkyWalking.
const Scope = "skywalking"

// Names of the Collector's receiver, and of the same family.
const (
	attrTrace         = "sw8.trace_id"
	attrSegment       = "sw8.segment_id"
	attrSpan          = "sw8.span_id"
	attrParentSegment = "sw8.parent_segment_id"
	attrParentSpan    = "sw8.parent_span_id"
	attrComponent     = "sw8.component_id"
	attrLibrary       = "sw8.component"
	attrLayer         = "sw8.layer"
	attrSkip          = "sw8.skip_analysis"
	attrLimited       = "sw8.size_limited"
	attrRefType       = "refType"
	attrService       = "parent.service"
	attrInstance      = "parent.service.instance"
	attrEndpoint      = "parent.endpoint"
	attrUsedAtPeer    = "network.AddressUsedAtPeer"
)

// spanID maps segment and index; what cannot be mapped is hashed, so that the spans
// of one segment still hang together.
func spanID(segment string, index int64) span.SpanID {
	if segment == "" || index < 0 || index > math.MaxInt32 {
		return span.SpanID{}
	}
	if id := ids.SkyWalkingSpan([]byte(segment), uint32(index)); id != [8]byte{} {
		return id
	}
	var h span.Hasher
	var id span.SpanID
	binary.BigEndian.PutUint64(id[:], h.Start("sw").Str(segment).Uint(uint64(index)).H64())
	return id
}

// traceID maps a trace id, which may have any form.
func traceID(id string) span.TraceID {
	if id == "" {
		return span.TraceID{}
	}
	return ids.SkyWalkingTrace([]byte(id))
}

// ms makes nanoseconds of milliseconds; 0 if no clock shows them.
func ms(t int64) int64 {
	if t < 0 || t > math.MaxInt64/1_000_000 {
		return 0
	}
	return t * 1e6
}

// resource is that of a segment.
func (d *decoder) resource(s *segment) batch.Resource {
	r := batch.Resource{Service: s.service, Instance: s.instance}
	if r.Service == "" {
		r.Service = batch.Unknown
	}
	if d.in != nil {
		r.Attrs = d.in.properties(s.service, s.instance)
	}
	return r
}

// kind is the span kind of type and layer.
func (o *object) spanKind() span.Kind {
	switch {
	case o.kind == typeEntry && o.layer == layerMQ:
		return span.Consumer
	case o.kind == typeExit && o.layer == layerMQ:
		return span.Producer
	case o.kind == typeEntry:
		return span.Server
	case o.kind == typeExit:
		return span.Client
	}
	return span.Internal
}

// add maps the object to a span of the batch.
func (d *decoder) add(sg *segment, res *batch.Resource) {
	o := &d.o
	s := d.b.Begin()
	if s == nil {
		return
	}
	res.Of(s)
	s.Trace, s.ID = traceID(sg.trace), spanID(sg.id, o.index)
	s.Name, s.Scope, s.Kind = o.operation, Scope, o.spanKind()
	s.Start, s.End = ms(o.start), ms(o.end)
	if o.failed {
		s.Status = span.Error
	}
	a := d.b.Attrs()
	o.addTags(&a)
	o.addMeaning(&a)
	parent := d.parent(s, &a, sg)
	a.Text(attrTrace, sg.trace)
	a.Text(attrSegment, sg.id)
	a.Int(attrSpan, o.index)
	if o.component != 0 {
		a.Int(attrComponent, o.component)
	}
	a.Text(attrLibrary, o.library)
	if o.layer > 0 && o.layer < int64(len(layerNames)) {
		a.Text(attrLayer, layerNames[o.layer])
	}
	if o.skip {
		a.Add(attrSkip, store.BoolValue(true))
	}
	if sg.limited {
		a.Add(attrLimited, store.BoolValue(true))
	}
	s.Events = d.events(s, &a)
	s.Links = d.links(parent)
	s.Attrs = a.List()
	d.b.Keep()
}

// parent sets the parent of a span: within the segment, else the first reference into
// the same trace, whose number it returns, else -1.
func (d *decoder) parent(s *store.Span, a *batch.Attrs, sg *segment) int {
	if d.o.parent >= 0 {
		s.Parent = spanID(sg.id, d.o.parent)
		a.Int(attrParentSpan, d.o.parent)
		return -1
	}
	for i := range d.o.refs {
		f := &d.o.refs[i]
		if f.trace != sg.trace && f.trace != "" {
			continue
		}
		if s.Parent = spanID(f.segment, f.index); s.Parent.IsZero() {
			continue
		}
		f.add(a)
		return i
	}
	return -1
}

// add adds what a reference says.
func (f *reference) add(a *batch.Attrs) {
	a.Text(attrParentSegment, f.segment)
	a.Int(attrParentSpan, f.index)
	a.Text(attrService, f.service)
	a.Text(attrInstance, f.instance)
	a.Text(attrEndpoint, f.endpoint)
	a.Text(attrUsedAtPeer, f.server)
	if f.kind == crossThread {
		a.Text(attrRefType, refNames[crossThread])
	}
}

// links are the references that are not the parent.
func (d *decoder) links(parent int) []store.Link {
	list := d.b.Links()
	for i := range d.o.refs {
		f := &d.o.refs[i]
		if i == parent {
			continue
		}
		a := d.b.Attrs()
		a.Text(attrTrace, f.trace)
		f.add(&a)
		list.Add(store.Link{Trace: traceID(f.trace), ID: spanID(f.segment, f.index), Attrs: a.List()})
	}
	return list.List()
}

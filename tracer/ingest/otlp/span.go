package otlp

import (
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/fields"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// dropped is what an SDK says that it left out.
type dropped struct{ attrs, events, links uint64 }

// add adds the counts, by the names of the specification for formats that have no
// fields for them.
func (n dropped) add(a *batch.Attrs) {
	a.Count("otel.dropped_attributes_count", n.attrs)
	a.Count("otel.dropped_events_count", n.events)
	a.Count("otel.dropped_links_count", n.links)
}

// setTrace reports whether v is a trace id, or none.
func setTrace(id *span.TraceID, v string) bool {
	*id = span.TraceID{}
	return copy(id[:], v) == len(v) && (len(v) == len(id) || v == "")
}

// setSpan reports whether v is a span id, or none.
func setSpan(id *span.SpanID, v string) bool {
	*id = span.SpanID{}
	return copy(id[:], v) == len(v) && (len(v) == len(id) || v == "")
}

// span reads a Span.
func (d *decoder) span(message string) {
	s := d.begin()
	if s == nil {
		d.validate(message)
		return
	}
	a, events, links := d.b.Attrs(), d.b.Events(), d.b.Links()
	var n dropped
	okTrace, okSpan, okParent := true, true, true
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagTraceID:
			okTrace = setTrace(&s.Trace, r.Str)
		case tagSpanID:
			okSpan = setSpan(&s.ID, r.Str)
		case tagTraceState:
			s.State = d.b.Text(r.Str)
		case tagParentID:
			okParent = setSpan(&s.Parent, r.Str)
		case tagName:
			s.Name = d.b.Text(r.Str)
		case tagKind:
			s.Kind = batch.Kind(uint64(uint32(r.Num)))
		case tagStart:
			s.Start = batch.Time(r.Num)
		case tagEnd:
			s.End = batch.Time(r.Num)
		case tagAttr:
			d.attr(&a, r.Str)
		case tagDroppedAttrs:
			n.attrs = uint64(uint32(r.Num))
		case tagEvent:
			d.event(&events, r.Str)
		case tagDroppedEvents:
			n.events = uint64(uint32(r.Num))
		case tagLink:
			d.link(&links, r.Str)
		case tagDroppedLinks:
			n.links = uint64(uint32(r.Num))
		case tagStatus:
			d.status(s, r.Str)
		}
	}
	d.check(&r)
	n.add(&a)
	d.end(s, &a)
	s.Events, s.Links = events.List(), links.List()
	d.b.KeepIf(okTrace, okSpan, okParent)
}

// validate looks whether what is not taken is protobuf at all.
func (d *decoder) validate(message string) {
	r := fields.New(message)
	for r.Next() {
	}
	d.check(&r)
}

func (d *decoder) status(s *store.Span, message string) {
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagMessage:
			s.Message = d.b.Text(r.Str)
		case tagCode:
			s.Status = batch.Status(uint64(uint32(r.Num)))
		}
	}
	d.check(&r)
}

func (d *decoder) event(list *batch.Events, message string) {
	var e store.Event
	a := d.b.Attrs()
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagEventTime:
			e.Time = batch.Time(r.Num)
		case tagEventName:
			e.Name = d.b.Text(r.Str)
		case tagEventAttr:
			d.attr(&a, r.Str)
		}
	}
	d.check(&r)
	e.Attrs = a.List()
	list.Add(e)
}

func (d *decoder) link(list *batch.Links, message string) {
	var l store.Link
	a := d.b.Attrs()
	ok1, ok2 := true, true
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagLinkTrace:
			ok1 = setTrace(&l.Trace, r.Str)
		case tagLinkSpan:
			ok2 = setSpan(&l.ID, r.Str)
		case tagLinkAttr:
			d.attr(&a, r.Str)
		}
	}
	d.check(&r)
	l.Attrs = a.List()
	if !ok1 || !ok2 {
		l = store.Link{} // dropped and counted
	}
	list.Add(l)
}

package otlp

import (
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/fields"
	"github.com/wirespan/wirespan/tracer/store"
)

// ownScope is the scope of wirespan's spans.
const ownScope = "github.com/wirespan/wirespan"

// decoder fills a batch from one message.
type decoder struct {
	b        *batch.Batch
	resource batch.Resource
	scope    scope
	err      error
}

// scope is who made spans within a service.
type scope struct {
	name  string
	attrs []store.Attr // version and attributes, for the spans
}

// Decode adds the spans of a protobuf message to b. Texts of the spans are parts of
// the message. After an error the batch is of no use.
func Decode(b *batch.Batch, message string) error {
	d := decoder{b: b}
	r := fields.New(message)
	for r.Next() {
		if r.Tag == tagResourceSpans {
			d.resourceSpans(r.Str)
		}
	}
	d.check(&r)
	return d.err
}

// check keeps the first fault.
func (d *decoder) check(r *fields.Reader) {
	if err := r.Err(); err != nil && d.err == nil {
		d.err = err
	}
}

// resourceSpans reads the resource first, wherever it stands.
func (d *decoder) resourceSpans(message string) {
	a := d.b.Attrs()
	r := fields.New(message)
	for r.Next() {
		if r.Tag != tagResource {
			continue
		}
		m := fields.New(r.Str)
		for m.Next() {
			if m.Tag == tagResourceAttr {
				d.attr(&a, m.Str)
			}
		}
		d.check(&m)
	}
	d.resource = a.Resource()
	d.check(&r)
	r = fields.New(message)
	for r.Next() {
		if r.Tag == tagScopeSpans {
			d.scopeSpans(r.Str)
		}
	}
}

// scopeSpans reads the scope first, wherever it stands.
func (d *decoder) scopeSpans(message string) {
	d.scope = scope{}
	a := d.b.Attrs()
	version := ""
	r := fields.New(message)
	for r.Next() {
		if r.Tag != tagScope {
			continue
		}
		m := fields.New(r.Str)
		for m.Next() {
			switch m.Tag {
			case tagScopeName:
				d.scope.name = d.b.Text(m.Str)
			case tagScopeVersion:
				version = d.b.Text(m.Str)
			case tagScopeAttr:
				d.attr(&a, m.Str)
			}
		}
		d.check(&m)
	}
	d.endScope(&a, version)
	d.check(&r)
	r = fields.New(message)
	for r.Next() {
		if r.Tag == tagSpan {
			d.span(r.Str)
		}
	}
}

// endScope makes the attributes that a scope gives its spans.
func (d *decoder) endScope(a *batch.Attrs, version string) {
	if d.scope.name != ownScope {
		a.Text("otel.scope.version", version)
	}
	d.scope.attrs = a.List()
}

// begin begins a span, nil if there are too many.
func (d *decoder) begin() *store.Span {
	s := d.b.Begin()
	if s != nil {
		d.resource.Of(s)
		s.Scope = d.scope.name
	}
	return s
}

// end ends a span: its attributes, and those of the scope.
func (d *decoder) end(s *store.Span, a *batch.Attrs) {
	for _, at := range d.scope.attrs {
		if !a.Has(at.Key) {
			a.Add(at.Key, at.Value)
		}
	}
	s.Attrs = a.List()
	if v, ok := s.Attr("wirespan.signal"); ok {
		s.Signal = store.SignalOf(v.Str)
	}
}

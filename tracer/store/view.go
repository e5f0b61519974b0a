package store

import (
	"strings"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
)

// view is a span as the filter language sees it.
type view struct{ *Span }

var _ query.View = view{}

// Head returns what every span has.
func (v view) Head() query.Head {
	s := v.Span
	return query.Head{
		Trace: s.Trace, ID: s.ID, Parent: s.Parent, Start: s.Start, End: s.End, Kind: s.Kind, Status: s.Status,
		Name: s.Name, Service: s.Service, Instance: s.Instance, Agent: s.Agent, Signal: s.Signal.String(),
	}
}

func (s *Span) failed() bool { return s.Status == span.Error }

// Attr compares an attribute of the span, of its resource, or a field that is kept
// in place of one.
func (v view) Attr(name string, t query.Test) (present, hit bool) {
	if name == AttrFacts {
		return false, false
	}
	if a := lookup(v.Attrs, name); a != nil {
		return true, a.test(t)
	}
	if a := lookup(v.Resource, name); a != nil {
		return true, a.test(t)
	}
	text := v.field(name)
	return text != "", text != "" && t.String(text)
}

// lookup is find without a copy of the value.
func lookup(list []Attr, key string) *Value {
	for i := range list {
		if list[i].Key == key {
			return &list[i].Value
		}
	}
	return nil
}

// field is what an attribute would hold whose value has a field of its own.
func (v view) field(name string) string {
	switch name {
	case "service.name":
		return v.Service
	case "service.instance.id":
		return v.Instance
	case "wirespan.agent":
		return v.Agent
	case "wirespan.signal":
		return v.Signal.String()
	case "otel.scope.name":
		return v.Scope
	case "otel.status_description":
		return v.Message
	}
	return ""
}

// test compares a value, or the elements of a list; maps hold no value of their own.
func (v *Value) test(t query.Test) bool {
	switch v.Type {
	case String:
		return t.String(v.Str)
	case Int:
		return t.Int(v.Num)
	case Double:
		return t.Float(v.Float())
	case Bool:
		return t.Bool(v.Num != 0)
	case Array:
		for i := range v.List {
			if v.List[i].Type != Array && v.List[i].test(t) {
				return true
			}
		}
	}
	return false
}

// RequestIDs compares the request IDs that are keys of the span, too.
func (v view) RequestIDs(t query.Test) (present, hit bool) {
	for i := range v.Attrs {
		a := &v.Attrs[i]
		named := a.Key == "wirespan.request_id" || a.Key == "wirespan.request_id.response"
		if !named && !(v.Signal == APP && isIDHeader(a.Key)) {
			continue
		}
		for text := range a.Value.Texts {
			_, id, ok := strings.Cut(text, "=")
			if named && !ok { // no key, so that an index would not find it
				continue
			}
			present = true
			if t.String(text) || named && t.String(id) {
				return true, true
			}
		}
	}
	return present, false
}

// isIDHeader reports attributes in which SDKs keep a request-ID header.
func isIDHeader(key string) bool {
	return (strings.HasPrefix(key, requestHeader) || strings.HasPrefix(key, responseHeader)) && IsRequestID(key[strings.LastIndexByte(key, '.')+1:])
}

// Text compares every text that a reader could see: names, attributes of span,
// resource, events and links, and messages.
func (v view) Text(t query.Test) bool {
	s := v.Span
	for _, text := range [...]string{s.Name, s.Service, s.Instance, s.Agent, s.Message, s.State, s.Scope} {
		if text != "" && t.String(text) {
			return true
		}
	}
	if anyText(s.Attrs, t) || anyText(s.Resource, t) {
		return true
	}
	for i := range s.Events {
		if t.String(s.Events[i].Name) || anyText(s.Events[i].Attrs, t) {
			return true
		}
	}
	for i := range s.Links {
		if anyText(s.Links[i].Attrs, t) {
			return true
		}
	}
	return false
}

func anyText(list []Attr, t query.Test) bool {
	for i := range list {
		if list[i].Key != AttrFacts && list[i].Value.anyText(t) {
			return true
		}
	}
	return false
}

func (v *Value) anyText(t query.Test) bool {
	switch v.Type {
	case String:
		return t.String(v.Str)
	case Array:
		for i := range v.List {
			if v.List[i].anyText(t) {
				return true
			}
		}
	case Map:
		return anyText(v.Map, t)
	}
	return false
}

package store

import "github.com/wirespan/wirespan/tracer/span"

// Signal says who saw what a span tells.
type Signal uint8

// Signals; the values of wirespan.signal. What has no such attribute is APP.
const (
	APP Signal = iota
	NET
	SYS
	NumSignals
)

var signalNames = [...]string{"APP", "NET", "SYS"}

// String is the value of wirespan.signal.
func (s Signal) String() string {
	if s >= NumSignals {
		return "unknown"
	}
	return signalNames[s]
}

// SignalOf is the signal of a name, APP for an unknown one.
func SignalOf(name string) Signal {
	for i, n := range signalNames {
		if n == name {
			return Signal(i)
		}
	}
	return APP
}

// Ok is the OTLP status code that only SDKs set.
const Ok span.Status = 1

// Span is a stored span.
type Span struct {
	Trace  span.TraceID
	ID     span.SpanID
	Parent span.SpanID // as its maker said, zero on roots
	Start  int64       // nanoseconds since 1970, by the maker's clock
	End    int64
	Kind   span.Kind // 0: not said
	Status span.Status
	Signal Signal

	Service  string // service.name
	Instance string // service.instance.id
	Agent    string // wirespan.agent, empty for APP
	Name     string
	Message  string // of the status
	State    string // tracestate
	Scope    string // instrumentation scope

	Attrs    []Attr // each key once, in the order in which they came
	Resource []Attr // of its resource, beside service, instance and agent
	Events   []Event
	Links    []Link
}

// Attr is an attribute.
type Attr struct {
	Key   string
	Value Value
}

// Event is something that happened within a span.
type Event struct {
	Time  int64 // nanoseconds since 1970
	Name  string
	Attrs []Attr
}

// Link points to another span.
type Link struct {
	Trace span.TraceID
	ID    span.SpanID
	Attrs []Attr
}

// Attr finds an attribute of the span.
func (s *Span) Attr(key string) (Value, bool) { return find(s.Attrs, key) }

// ResourceAttr finds an attribute of the span's resource.
func (s *Span) ResourceAttr(key string) (Value, bool) { return find(s.Resource, key) }

// Text is the text of a string attribute of the span, empty if there is none.
func (s *Span) Text(key string) string {
	v, _ := find(s.Attrs, key)
	return v.Str
}

// Int is the value of an integer attribute of the span.
func (s *Span) Int(key string) (n int64, ok bool) {
	v, ok := find(s.Attrs, key)
	return v.Num, ok && v.Type == Int
}

func find(list []Attr, key string) (Value, bool) {
	for i := range list {
		if list[i].Key == key {
			return list[i].Value, true
		}
	}
	return Value{}, false
}

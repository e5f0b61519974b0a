package span

import "encoding/hex"

// TraceID is a W3C trace id.
type TraceID [16]byte

// SpanID is a W3C span id; zero means none.
type SpanID [8]byte

// String gives 32 lower-case hex digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// IsZero reports whether there is no id.
func (t TraceID) IsZero() bool { return t == TraceID{} }

// String gives 16 lower-case hex digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether there is no id.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// Kind is the OTLP span kind, with its numbers.
type Kind uint8

// Span kinds (opentelemetry/proto/trace/v1, Span.SpanKind).
const (
	Internal Kind = 1
	Server   Kind = 2
	Client   Kind = 3
	Producer Kind = 4
	Consumer Kind = 5
)

var kindNames = [...]string{"", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}

// String names the kind as the specification does.
func (k Kind) String() string { return kindNames[k] }

// Status is the OTLP status code. Ok is never set (SPANS.md, "Status").
type Status uint8

// Status codes (opentelemetry/proto/trace/v1, Status.StatusCode).
const (
	Unset Status = 0
	Error Status = 2
)

// Span is one finished exchange as one capture point saw it.
type Span struct {
	Trace    TraceID
	ID       SpanID
	Parent   SpanID // zero on roots
	Start    int64  // nanoseconds since 1970
	End      int64
	Kind     Kind
	Status   Status
	Service  []byte // resource service.name
	Instance []byte // resource service.instance.id, empty if unknown
	Name     []byte
	Attrs    Attrs // every attribute of the span, each key once
	Resource Attrs // of its resource, beside service and instance: process, container, pod
	Links    []Link
	Depth    int // distance from the root of its trace in this release, for people
}

// Link is an OTLP span link.
type Link struct {
	Trace      TraceID
	ID         SpanID
	Rule       string // wirespan.link.rule
	Confidence float64
}

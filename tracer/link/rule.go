package link

// Rule is what chose a parent (SPANS.md, wirespan.link.rule).
type Rule uint8

// Rules, in the order in which they are preferred.
const (
	NoRule Rule = iota
	Sighting
	WireContext
	HeaderID
	ContextTrace // equal trace ids with continuity; shown as context
	Thread       // the thread that served the parent made the call
	Goroutine    // so did the goroutine
	DNS
	Message // through a queue
	SoleCandidate
	Inferred
	NumRules
)

var ruleNames = [NumRules]string{
	"", "sighting", "context", "header_id", "context", "thread", "goroutine", "dns", "message", "sole_candidate", "inferred",
}

// String gives the value of wirespan.link.rule.
func (r Rule) String() string { return ruleNames[r] }

// names reports whether the rule goes by what the wire names, an ID or a trace.
func (r Rule) names() bool { return r == HeaderID || r == ContextTrace || r == Message }

// Thresholds of DESIGN.md, section 7, rule 7.
const (
	inferredThreshold = 0.95
	linkThreshold     = 0.5
)

// Steps of the header ID rule, in order.
const (
	stepRequest  = iota // the child's request ID is the parent's request ID
	stepEcho            // the child's request ID is the parent's response ID
	stepResponse        // the child's response ID is the parent's response ID
)

// Steps of the message rule, in order.
const (
	stepWork    = iota // the consumer's work hangs below the delivery
	stepDeliver        // the delivery below the publication
)

// Stats counts what a Linker did.
type Stats struct {
	Opened, Finished, Sightings uint64
	Shifted                     uint64 // sightings that were found although their sequence numbers differ
	Proxied                     uint64 // exchanges that were recognised by their payload behind a transparent proxy
	Halves                      uint64 // responses that were joined to the request another point saw
	Strays                      uint64 // finished records without opened one
	Spans, Traces               uint64
	Unselected                  uint64 // spans that the selector refused
	Links                       [NumRules]uint64
	SpanLinks                   uint64
	Early                       uint64 // traces that left because of the memory bound
	Detached                    uint64 // requests that were open when their trace left
	PeakBytes                   uint64
	PathsRefused                uint64 // pairs of points and servers beyond the bound: their order is not remembered
	NamesRefused                uint64 // names, hosts and listeners beyond their bounds
	TermsForgotten              uint64 // names of topics by id beyond the bound: the oldest are forgotten
	WriteErrors                 uint64
}

package link

import (
	"errors"
	"fmt"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// Grid is the step of packet time on which timers fire.
const Grid = int64(100 * time.Millisecond)

// ParentMode says which parent is exported when the wire carries a context
// (SPANS.md, "Ids").
type ParentMode uint8

// Modes.
const (
	ParentOwn  ParentMode = iota // our parent; the wire's only on roots
	ParentWire                   // the wire's, our own becomes a span link
	ParentAuto                   // the wire's if it is sampled and not merely forwarded
)

// Config bounds and names things. All fields are required.
type Config struct {
	Agent    string        // wirespan.agent, part of every span id
	Quiet    time.Duration // a trace leaves when nothing joined it for so long
	MaxOpen  time.Duration // a request that is open for longer stops holding its trace
	Memory   int           // bytes that may wait; beyond, the oldest trace leaves
	Batch    int           // spans per WriteSpans
	Prompt   bool          // write what has left at once, for input that is still being written
	Async    bool          // call each sink on a goroutine of its own
	Keys     *span.Keys
	Protos   []string                 // network.protocol.name by Record.Proto
	OneClock bool                     // the times of all points are by one clock
	Owns     func(addr [16]byte) bool // an address is of the host that captures; nil: not known
	Who      Who                      // nil: names follow from the capture and its DNS answers
	Forms    []Form
	Selector func(*span.Span) bool // nil: every span is written
	IDs      [][]byte              // only traces that carry one of them; nil: all

	Inference *Inference // switches inference off and on; nil: it is on
}

// Form is a way to write spans, and where to.
type Form struct {
	Pair   bool // a CLIENT and a SERVER span per exchange
	Core   bool // leave out what only a study of the network asks for
	Facts  bool // say what a server needs to link spans of several agents; excludes Core
	Parent ParentMode
	Sink   sink.Sink
}

// Default is a Config that needs only Keys, Protos and Forms.
func Default() Config {
	return Config{
		Agent: "offline", Quiet: time.Second, MaxOpen: 30 * time.Second,
		Memory: 32 << 20, Batch: 512,
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("link: %s: %s", key, what))
		}
	}
	need(c.Quiet >= time.Duration(Grid) && c.Quiet <= time.Minute, "quiet", "must be 100ms to 1m")
	need(c.MaxOpen >= c.Quiet, "max-open", "must be at least quiet")
	need(c.Memory >= 1<<20, "link-memory", "must be at least 1 MiB")
	need(c.Batch > 0, "batch", "must be positive")
	need(c.Keys != nil && len(c.Forms) > 0, "keys, forms", "are required")
	for i := range c.Forms {
		need(!c.Forms[i].Facts || !c.Forms[i].Core, "forms", "facts and core exclude each other")
	}
	return errors.Join(errs...)
}

// Points gives the names of capture points as they become known.
type Points func() []capture.Point

package ingest

import (
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
)

// Format is a way in which spans come.
type Format uint8

// Formats.
const (
	OTLPGRPC Format = iota
	OTLPProtobuf
	OTLPJSON
	Zipkin
	SkyWalkingGRPC
	SkyWalkingHTTP
	NumFormats
)

var formatNames = [NumFormats]string{"otlp_grpc", "otlp_http", "otlp_json", "zipkin", "skywalking_grpc", "skywalking_http"}

// String is the name under which it is counted.
func (f Format) String() string {
	if f >= NumFormats {
		return "unknown"
	}
	return formatNames[f]
}

// Fault says why a request was refused as a whole.
type Fault uint8

// Faults. Those of the store are counted with the spans.
const (
	Malformed   Fault = iota // not what its content type says
	TooLarge                 // beyond MaxBody
	Unsupported              // content type or encoding
	Busy                     // no place within Wait
	Broken                   // the body did not come to its end
	Panicked                 // the decoder failed; a mistake of ours
	NumFaults
)

var faultNames = [NumFaults]string{"malformed", "too_large", "unsupported", "busy", "broken", "panicked"}

// String is the name under which it is counted.
func (f Fault) String() string {
	if f >= NumFaults {
		return "unknown"
	}
	return faultNames[f]
}

// Counts is what came in since the start, by format.
type Counts [NumFormats]Count

// Count is what came in one format. Received is the sum of Kept and Refused.
type Count struct {
	Requests uint64            // that came, those with Faults too; a message of a stream is one
	Faults   [NumFaults]uint64 // requests refused as a whole: their spans are not known
	Bytes    uint64            // of bodies, unpacked
	Received uint64            // spans of requests that were understood
	Kept     uint64            // spans that the store has
	Refused  [batch.NumReasons]uint64
	Dropped  uint64 // attributes, elements, events and links of kept spans, beyond a limit or without key or id
	Mended   uint64 // texts that were not UTF-8, ends before their start
}

// tally is a Count that many count in.
type tally struct {
	requests, bytes, received, kept, dropped, mended atomic.Uint64
	faults                                           [NumFaults]atomic.Uint64
	refused                                          [batch.NumReasons]atomic.Uint64
}

func (t *tally) read() (c Count) {
	c.Requests, c.Bytes, c.Dropped, c.Mended = t.requests.Load(), t.bytes.Load(), t.dropped.Load(), t.mended.Load()
	for i := range c.Faults {
		c.Faults[i] = t.faults[i].Load()
	}
	c.Kept = t.kept.Load()
	for i := range c.Refused {
		c.Refused[i] = t.refused[i].Load()
	}
	c.Received = t.received.Load()
	return c
}

// Counts reads the counters. While requests are under way they may be in one and not
// yet in another.
func (r *Receiver) Counts() (c Counts) {
	for f := range c {
		c[f] = r.tallies[f].read()
	}
	return c
}

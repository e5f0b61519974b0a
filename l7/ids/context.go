package ids

import (
	"github.com/wirespan/wirespan/l7"
)

// Kind is a form of trace context, in the order of preference when a message
// carries several.
type Kind uint8

// Kinds of trace contexts.
const (
	W3C         Kind = iota // traceparent, https://www.w3.org/TR/trace-context-2/
	B3Single                // b3, https://github.com/openzipkin/b3-propagation
	B3Multi                 // X-B3-TraceId and its kin
	Jaeger                  // uber-trace-id
	SkyWalking8             // sw8, cross-process propagation headers protocol v3
	SkyWalking6             // sw6, version 2
	SkyWalking3             // sw3, version 1
	Datadog                 // x-datadog-trace-id and its kin
	Amazon                  // X-Amzn-Trace-Id
	GoogleCloud             // X-Cloud-Trace-Context
	GRPCBinary              // grpc-trace-bin, OpenCensus binary format
	numKinds
)

// carriers are the headers of the kinds, in folded form.
var carriers = [numKinds]string{
	W3C: "traceparent", B3Single: "b3", B3Multi: "x-b3-traceid", Jaeger: "uber-trace-id",
	SkyWalking8: "sw8", SkyWalking6: "sw6", SkyWalking3: "sw3", Datadog: "x-datadog-trace-id",
	Amazon: "x-amzn-trace-id", GoogleCloud: "x-cloud-trace-context", GRPCBinary: "grpc-trace-bin",
}

// String is the name of the header that carries the kind, in lower case.
func (k Kind) String() string {
	if k < numKinds {
		return carriers[k]
	}
	return "unknown"
}

// Context is a trace context found on the wire.
type Context struct {
	Kind   Kind
	Trace  [16]byte // never all zero; in the form that SPANS.md, "Ids", says
	Parent [8]byte  // span id of the sender; zero if there is none or it cannot be expressed
	// Sampled is the sender's decision; it means nothing unless SampledKnown.
	Sampled, SampledKnown bool
	Header                []byte // name as on the wire, borrowed from the ID
}

// ParseContext returns the first valid context among the IDs of a message, in
// the order of Kind; of equal kinds the first in the message. Invalid ones are
// passed over, as the receivers of these headers do.
func ParseContext(ids []l7.ID) (ctx Context, ok bool) {
	var present uint32
	for i := range ids {
		if ids[i].Class != l7.IDContext {
			continue
		}
		k := kindOf(ids[i].Name)
		if present |= 1 << k; k == W3C { // preferred to all others
			c := Context{Kind: k, Header: ids[i].Name}
			if parseW3C(&c, ids[i].Value) {
				return c, true
			}
		}
	}
	present &^= 1 << W3C
	if present&(1<<numKinds-1) == 0 {
		return Context{}, false
	}
	for k := range numKinds {
		if present>>k&1 == 0 {
			continue
		}
		for i := range ids {
			if ids[i].Class != l7.IDContext || !equal(ids[i].Name, carriers[k]) {
				continue
			}
			c := Context{Kind: k, Header: ids[i].Name}
			if c.parse(ids[i].Value, ids) && c.Trace != [16]byte{} {
				return c, true
			}
		}
	}
	return Context{}, false
}

// parse reads v in the form of c.Kind, which is not W3C. It is a switch rather than a table of
// functions so that nothing escapes to the heap.
func (c *Context) parse(v []byte, ids []l7.ID) bool {
	switch c.Kind {
	case B3Single:
		return parseB3(c, v)
	case B3Multi:
		return parseB3Multi(c, v, ids)
	case Jaeger:
		return parseJaeger(c, v)
	case SkyWalking8, SkyWalking6:
		return parseSkyWalking(c, v)
	case SkyWalking3:
		return parseSkyWalking3(c, v)
	case Datadog:
		return parseDatadog(c, v, ids)
	case Amazon:
		return parseAmazon(c, v)
	case GoogleCloud:
		return parseCloud(c, v)
	default:
		return parseGRPCBinary(c, v)
	}
}

// kindOf returns numKinds for names that are no context.
func kindOf(name []byte) Kind {
	if string(name) == "traceparent" {
		return W3C
	}
	for k := range carriers {
		if equal(name, carriers[k]) {
			return Kind(k)
		}
	}
	return numKinds
}

// baggage returns the first value of a header, nil if absent.
func baggage(ids []l7.ID, folded string) []byte {
	for i := range ids {
		if ids[i].Class == l7.IDBaggage && equal(ids[i].Name, folded) {
			return ids[i].Value
		}
	}
	return nil
}

func (c *Context) sampled(v bool) { c.Sampled, c.SampledKnown = v, true }

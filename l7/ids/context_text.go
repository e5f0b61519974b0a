package ids

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// parseW3C reads version "-" trace-id "-" parent-id "-" flags (W3C Trace
// Context, 3.2). Versions above 00 may be longer; ff is forbidden, and so is
// upper case.
func parseW3C(c *Context, v []byte) bool {
	const size = 55
	if len(v) < size || v[2] != '-' || v[35] != '-' || v[52] != '-' {
		return false
	}
	var version, flags [1]byte
	if !cursor.LowerHex(version[:], v[:2]) || version[0] == 0xff || version[0] == 0 && len(v) != size || len(v) > size && v[size] != '-' {
		return false
	}
	if !cursor.LowerHex(flags[:], v[53:55]) || !cursor.LowerHex(c.Trace[:], v[3:35]) || !cursor.LowerHex(c.Parent[:], v[36:52]) {
		return false
	}
	c.sampled(flags[0]&1 != 0)
	return c.Parent != [8]byte{} && c.Trace != [16]byte{}
}

// parseB3 reads {TraceId}-{SpanId}[-{SamplingState}[-{ParentSpanId}]]; a lone
// sampling state is no context.
func parseB3(c *Context, v []byte) bool {
	trace, rest := cursor.Cut(v, '-')
	span, rest := cursor.Cut(rest, '-')
	state, _ := cursor.Cut(rest, '-')
	if !cursor.HexBytes(c.Trace[:], trace) || !cursor.HexBytes(c.Parent[:], span) {
		return false
	}
	return c.b3State(state)
}

// b3State reads 0, 1, d (debug, implies sampled), and the true and false that
// old senders wrote. Absent means that the decision is deferred.
func (c *Context) b3State(v []byte) bool {
	switch {
	case len(v) == 0:
	case len(v) == 1 && (v[0] == '1' || v[0] == 'd'), cursor.EqualFold(v, "true"):
		c.sampled(true)
	case len(v) == 1 && v[0] == '0', cursor.EqualFold(v, "false"):
		c.sampled(false)
	default:
		return false
	}
	return true
}

func parseB3Multi(c *Context, v []byte, ids []l7.ID) bool {
	if !cursor.HexBytes(c.Trace[:], v) {
		return false
	}
	if span := baggage(ids, "x-b3-spanid"); span != nil && !cursor.HexBytes(c.Parent[:], span) {
		c.Parent = [8]byte{}
	}
	if flags := baggage(ids, "x-b3-flags"); len(flags) == 1 && flags[0] == '1' {
		c.sampled(true)
		return true
	}
	c.b3State(baggage(ids, "x-b3-sampled"))
	return true
}

// parseJaeger reads {trace}:{span}:{parent}:{flags}, hexadecimal without
// leading zeros, the colons perhaps percent-encoded
// (https://www.jaegertracing.io/docs/client-libraries/#propagation-format).
func parseJaeger(c *Context, v []byte) bool {
	trace, rest := cutColon(v)
	span, rest := cutColon(rest)
	_, rest = cutColon(rest)
	flags, ok := cursor.Hex(rest)
	if !ok || !cursor.HexBytes(c.Trace[:], trace) || !cursor.HexBytes(c.Parent[:], span) {
		return false
	}
	c.sampled(flags&1 != 0)
	return true
}

func cutColon(v []byte) (head, rest []byte) {
	for i, b := range v {
		switch {
		case b == ':':
			return v[:i], v[i+1:]
		case b == '%' && i+2 < len(v) && v[i+1] == '3' && v[i+2]|0x20 == 'a':
			return v[:i], v[i+3:]
		}
	}
	return v, nil
}

// parseDatadog reads the low half of the trace id and the parent as decimal
// numbers; _dd.p.tid among the tags is the high half.
func parseDatadog(c *Context, v []byte, ids []l7.ID) bool {
	low, ok := cursor.Decimal(v)
	if !ok || low == 0 {
		return false
	}
	binary.BigEndian.PutUint64(c.Trace[8:], low)
	for tags := baggage(ids, "x-datadog-tags"); tags != nil; {
		var tag []byte
		tag, tags = cursor.Cut(tags, ',')
		key, val := cursor.Cut(cursor.TrimOWS(tag), '=')
		if string(key) == "_dd.p.tid" && len(val) == 16 {
			if high, ok := cursor.Hex(val); ok {
				binary.BigEndian.PutUint64(c.Trace[:8], high)
			}
			break
		}
	}
	if parent, ok := cursor.Decimal(baggage(ids, "x-datadog-parent-id")); ok {
		binary.BigEndian.PutUint64(c.Parent[:], parent)
	}
	priority := baggage(ids, "x-datadog-sampling-priority")
	if len(priority) > 1 && priority[0] == '-' {
		if _, ok := cursor.Decimal(priority[1:]); ok {
			c.sampled(false)
		}
	} else if p, ok := cursor.Decimal(priority); ok {
		c.sampled(p > 0)
	}
	return true
}

// parseAmazon reads Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=1, in any
// order, other fields between them
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
func parseAmazon(c *Context, v []byte) bool {
	found := false
	for v != nil {
		var field []byte
		field, v = cursor.Cut(v, ';')
		key, val := cursor.Cut(cursor.TrimOWS(field), '=')
		switch {
		case cursor.EqualFold(key, "root"):
			if found || len(val) != 35 || val[0] != '1' || val[1] != '-' || val[10] != '-' {
				return false
			}
			found = cursor.HexBytes(c.Trace[:4], val[2:10]) && cursor.HexBytes(c.Trace[4:], val[11:])
			if !found {
				return false
			}
		case cursor.EqualFold(key, "parent"):
			if len(val) != 16 || !cursor.HexBytes(c.Parent[:], val) {
				c.Parent = [8]byte{}
			}
		case cursor.EqualFold(key, "sampled") && len(val) == 1 && (val[0] == '0' || val[0] == '1'):
			c.sampled(val[0] == '1')
		}
	}
	return found
}

// parseCloud reads TRACE_ID[/SPAN_ID][;o=OPTIONS]
// (https://cloud.google.com/trace/docs/trace-context#legacy-http-header).
func parseCloud(c *Context, v []byte) bool {
	ids, options := cursor.Cut(v, ';')
	trace, span := cursor.Cut(ids, '/')
	if len(trace) != 32 || !cursor.HexBytes(c.Trace[:], trace) {
		return false
	}
	if n, ok := cursor.Decimal(span); ok {
		binary.BigEndian.PutUint64(c.Parent[:], n)
	}
	if key, val := cursor.Cut(options, '='); string(key) == "o" {
		if o, ok := cursor.Decimal(val); ok {
			c.sampled(o&1 != 0)
		}
	}
	return true
}

package export

import (
	"context"
	"encoding/hex"
	"io"
	"strconv"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*NDJSON)(nil)

// NDJSON writes one flat JSON object per line and span. Its keys, in this
// order: trace_id, span_id, parent_span_id (absent on roots), name, kind,
// status (UNSET or ERROR), service, instance (if known), resource (its other attributes, an object, if
// there are any), start (RFC 3339),
// start_ns, end_ns, duration_ns, attributes (an object of native types), links
// (if there are any). It allocates nothing once its buffer has grown.
type NDJSON struct {
	w     io.Writer
	names members
	out   []byte
}

// NewNDJSON returns an NDJSON that writes to w.
func NewNDJSON(w io.Writer, keys *span.Keys) *NDJSON {
	return &NDJSON{w: w, names: newMembers(keys)}
}

// WriteSpans writes a line per span.
func (n *NDJSON) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		n.out = n.appendSpan(n.out, &spans[i])
		if len(n.out) >= flushAt {
			if err := n.write(); err != nil {
				return err
			}
		}
	}
	return n.write()
}

// Close has nothing left to do.
func (n *NDJSON) Close(context.Context) error { return n.write() }

func (n *NDJSON) write() error { return write(n.w, &n.out, "ndjson") }

func (n *NDJSON) appendSpan(dst []byte, s *span.Span) []byte {
	dst = hex.AppendEncode(append(dst, `{"trace_id":"`...), s.Trace[:])
	dst = hex.AppendEncode(append(dst, `","span_id":"`...), s.ID[:])
	if !s.Parent.IsZero() {
		dst = hex.AppendEncode(append(dst, `","parent_span_id":"`...), s.Parent[:])
	}
	dst = appendString(append(dst, `","name":`...), s.Name)
	dst = append(append(append(dst, `,"kind":"`...), kindOf(s)...), `","status":"`...)
	if s.Status == span.Error {
		dst = append(dst, `ERROR","service":`...)
	} else {
		dst = append(dst, `UNSET","service":`...)
	}
	dst = appendString(dst, s.Service)
	if len(s.Instance) > 0 {
		dst = appendString(append(dst, `,"instance":`...), s.Instance)
	}
	if len(s.Resource) > 0 {
		dst = n.names.appendAttrs(append(dst, `,"resource":`...), s.Resource)
	}
	dst = appendTime(append(dst, `,"start":"`...), s.Start)
	dst = strconv.AppendInt(append(dst, `","start_ns":`...), s.Start, 10)
	dst = strconv.AppendInt(append(dst, `,"end_ns":`...), s.End, 10)
	dst = strconv.AppendInt(append(dst, `,"duration_ns":`...), s.End-s.Start, 10)
	dst = n.names.appendAttrs(append(dst, `,"attributes":`...), s.Attrs)
	if len(s.Links) > 0 {
		dst = appendLinks(append(dst, `,"links":`...), s.Links)
	}
	return append(dst, '}', '\n')
}

func appendLinks(dst []byte, links []span.Link) []byte {
	for i := range links {
		l := &links[i]
		open := byte(',')
		if i == 0 {
			open = '['
		}
		dst = hex.AppendEncode(append(append(dst, open), `{"trace_id":"`...), l.Trace[:])
		dst = hex.AppendEncode(append(dst, `","span_id":"`...), l.ID[:])
		dst = appendString(append(dst, `","rule":`...), l.Rule)
		dst = append(appendFloat(append(dst, `,"confidence":`...), l.Confidence), '}')
	}
	return append(dst, ']')
}

// kindOf is the kind as text, also of a span that has none.
func kindOf(s *span.Span) string {
	if s.Kind > span.Consumer {
		return ""
	}
	return s.Kind.String()
}

func appendUint(dst []byte, u uint64) []byte { return strconv.AppendUint(dst, u, 10) }

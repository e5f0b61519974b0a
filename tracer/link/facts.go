package link

import (
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
)

// facts appends what a server needs to link a sighting with those of other agents
// (tracer/facts): what the rules of this package look at and no other attribute
// says. Spans of processes have none, since they hang on the sightings.
func (w *writer) facts(a span.Attrs, v *view, r *Facts) span.Attrs {
	l := w.l
	w.messages = appendMessages(w.messages[:0], l.bytes.view(r.IDs))
	w.messages = appendMessages(w.messages, l.piece(r, ResponseIDs))
	f := facts.Facts{
		Class: uint8(r.Class), Kind: uint8(r.Kind), Status: uint8(r.Status), TTL: r.TTL,
		Flags: uint16(r.Flags), Variant: r.Variant, Target: r.Target, Forwarded: r.Forwarded,
		Head: r.Trail.Head, Ack: r.Trail.Ack, Next: r.Trail.Next, Offset: r.Trail.Offset,
		RTTClient: r.Trail.RTTClient, RTTServer: r.Trail.RTTServer, Length: r.Trail.Length,
		Messages: w.messages, Host: l.piece(r, Host), Answers: l.piece(r, Answers),
	}
	if r.ConnStart != 0 {
		f.Age = r.Start - r.ConnStart
	}
	if r.Exchange != l.exchs.at(v.x).key {
		f.Exchange = r.Exchange
	}
	if r.Flags&HasContext != 0 {
		c := &r.Context
		f.HasContext, f.Sampled, f.ContextKind, f.Trace, f.Parent = true, c.Sampled, uint8(c.Kind), c.Trace, c.Parent
	}
	w.text = facts.Append(w.text[:0], &f)
	return span.AppendBytes(a, span.KeyFacts, w.text)
}

// appendMessages adds those of a list of IDs by which a message is known on both
// sides of a queue; the others are in attributes.
func appendMessages(b, ids []byte) []byte {
	for ; len(ids) >= idSize; ids = ids[idSize:] {
		if ids[idSize-1]&messageBit != 0 {
			b = append(b, ids[:idSize]...)
		}
	}
	return b
}

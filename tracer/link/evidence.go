package link

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/tracer/span"
)

// evidence tells people why two spans are joined.
func (w *writer) evidence(b []byte, x int32, c *candidate) []byte {
	l := w.l
	switch c.rule {
	case HeaderID:
		b = w.idText(b, x, c)
		b = append(b, [...]string{" in both requests", " made up by the parent and echoed in its response", " in both responses"}[c.step]...)
	case ContextTrace:
		t, _ := l.contextOf(x)
		b = append(append(b, "same trace "...), t.String()...)
	case Message:
		if c.id.bits > 0 && !c.id.message {
			b = append(w.idText(b, x, c), "; "...)
		}
		b = append(b, [...]string{"what the consumer did with the message", "the message that was published"}[c.step]...)
		return b
	case Thread, Goroutine:
		b = l.executorText(b, x, c)
	case DNS:
		b = append(b, "the answer is where the call went"...)
		return b
	case SoleCandidate:
		b = append(b, "only request open at the sender"...)
	case Inferred:
		b = append(b, "same method, target and forwarded client"...)
	}
	if c.continuity {
		cl := [16]byte(l.sights.at(l.exchs.at(x).first).rec.Client.Addr)
		b = append(b, "; parent's server is the client "...)
		b = span.AppendIP(b, &cl)
	} else {
		b = append(b, "; addresses do not meet"...)
	}
	if l.exchs.at(x).fixed {
		return b // the parent has left
	}
	if l.conflict(x, c) {
		b = append(b, "; but its thread served another request"...)
	}
	switch l.contains(c.x, x) {
	case enclosed:
		b = append(b, "; nested"...)
	case starts:
		b = append(b, "; starts within"...)
	case unknown:
		b = append(b, "; no common clock"...)
	}
	return b
}

// idText finds the text of the ID that matched among the attributes.
func (w *writer) idText(b []byte, x int32, c *candidate) []byte {
	for s := w.l.exchs.at(x).first; s != 0; s = w.l.sights.at(s).next {
		a := span.Attrs(w.l.piece(&w.l.sights.at(s).rec, Attrs))
		for at := range a.All {
			if at.Key != span.KeyRequestID && at.Key != span.KeyRequestIDResponse {
				continue
			}
			for t := range at.Strings {
				if i := bytes.IndexByte(t, '='); i >= 0 && xxhash.Sum64(t[i+1:]) == c.id.value {
					return append(b, t...)
				}
			}
		}
	}
	return append(b, "request id"...)
}

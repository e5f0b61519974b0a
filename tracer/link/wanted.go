package link

import (
	"bytes"

	"github.com/wirespan/wirespan/tracer/span"
)

// wanted reports whether a trace carries one of Config.IDs, as trace id, span
// id, request ID or part of a context.
func (l *Linker) wanted(xs []int32) bool {
	if len(l.cfg.IDs) == 0 {
		return true
	}
	for _, x := range xs {
		trace := []byte(l.exchs.at(x).trace.String())
		for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
			id := l.spanID(s)
			for _, want := range l.cfg.IDs {
				if bytes.EqualFold(want, trace) || bytes.EqualFold(want, []byte(id.String())) || l.mentions(s, want) {
					return true
				}
			}
		}
	}
	return false
}

// mentions reports whether a request ID or context of a sighting is or holds
// the value.
func (l *Linker) mentions(s int32, want []byte) bool {
	for at := range span.Attrs(l.piece(&l.sights.at(s).rec, Attrs)).All {
		switch at.Key {
		case span.KeyRequestID, span.KeyRequestIDResponse:
			for t := range at.Strings {
				if _, v, _ := bytes.Cut(t, equals); bytes.Equal(v, want) {
					return true
				}
			}
		case span.KeyContext:
			for t := range at.Strings {
				if bytes.Contains(t, want) {
					return true
				}
			}
		}
	}
	return false
}

var equals = []byte{'='}

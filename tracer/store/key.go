package store

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/tracer/span"
)

// KeyKind says what a Key is about.
type KeyKind uint8

// Kinds of keys. Numbers are on disk: add at the end only.
const (
	ByTrace    KeyKind = iota + 1 // the trace id under which it is stored, or that its context or a link names
	BySpan                        // its id
	ByParent                      // the parent it names
	ByExchange                    // exchange key of a NET or SYS span
	ByID                          // a request ID of request or response, whatever its name
	ByTrail                       // the first bytes of the request, where sequence numbers may differ
	ByCaller                      // the span id that a context on the wire names: the caller's span
	NumKeyKinds
)

var keyKindNames = [...]string{"", "trace", "span", "parent", "exchange", "id", "trail", "caller"}

// String names the kind.
func (k KeyKind) String() string {
	if k >= NumKeyKinds {
		return "unknown"
	}
	return keyKindNames[k]
}

// Key is one thing by which spans are found that belong together.
type Key struct {
	Kind KeyKind
	Hash uint64
}

// TraceKey finds the spans of a trace.
func TraceKey(id span.TraceID) Key { return Key{ByTrace, xxhash.Sum64(id[:])} }

// SpanKey finds a span by its id.
func SpanKey(id span.SpanID) Key { return Key{BySpan, binary.BigEndian.Uint64(id[:])} }

// ParentKey finds the spans that name a span as their parent.
func ParentKey(id span.SpanID) Key { return Key{ByParent, binary.BigEndian.Uint64(id[:])} }

// CallerKey finds the exchanges whose context names a span.
func CallerKey(id span.SpanID) Key { return Key{ByCaller, binary.BigEndian.Uint64(id[:])} }

// ExchangeKey finds the sightings of an exchange.
func ExchangeKey(exchange uint64) Key { return Key{ByExchange, exchange} }

// IDKey finds the spans that carry a request ID.
func IDKey(value string) Key { return Key{ByID, xxhash.Sum64String(value)} }

// TrailKey finds exchanges whose requests begin alike.
func TrailKey(head uint64) Key { return Key{ByTrail, head} }

// Headers as attributes of SDKs that are told to keep them (semantic conventions,
// http.request.header.<key>).
const requestHeader, responseHeader = "http.request.header.", "http.response.header."

// AppendKeys appends the keys of a span.
func AppendKeys(list []Key, s *Span) []Key {
	list = AppendHeadKeys(list, s)
	for i := range s.Attrs {
		list = AppendAttrKeys(list, s, &s.Attrs[i])
	}
	return list
}

// AppendHeadKeys appends those that are not in attributes.
func AppendHeadKeys(list []Key, s *Span) []Key {
	list = append(list, TraceKey(s.Trace), SpanKey(s.ID))
	if !s.Parent.IsZero() {
		list = append(list, ParentKey(s.Parent))
	}
	for i := range s.Links {
		if l := &s.Links[i]; l.Trace != s.Trace && !l.Trace.IsZero() {
			list = append(list, TraceKey(l.Trace))
		}
	}
	return list
}

// AppendAttrKeys appends those of one attribute. What they depend on beside it are
// Trace, Parent and Signal.
func AppendAttrKeys(list []Key, s *Span, a *Attr) []Key {
	switch a.Key {
	case "wirespan.exchange":
		if n, err := strconv.ParseUint(a.Value.Str, 16, 64); err == nil {
			list = append(list, ExchangeKey(n))
		}
	case "wirespan.request_id", "wirespan.request_id.response":
		for t := range a.Value.Texts {
			if _, v, ok := strings.Cut(t, "="); ok {
				list = append(list, IDKey(v))
			}
		}
	case AttrFacts:
		list = appendFactKeys(list, s, a.Value.Str)
	default:
		if s.Signal == APP && isIDHeader(a.Key) {
			for t := range a.Value.Texts {
				list = append(list, IDKey(t))
			}
		}
	}
	return list
}

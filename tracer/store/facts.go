package store

import (
	"encoding/binary"
	"strings"

	"github.com/wirespan/wirespan/tracer/facts"
)

// AttrFacts is the attribute in which agents send what only a linker asks for. It
// is kept, and not shown.
const AttrFacts = facts.Name

// messageID is the encoded size of one of Facts.Messages; its first 8 bytes are the
// hash of the value (link.AppendMessageID).
const messageID = 18

// appendFactKeys appends the keys that are in the facts of a span.
func appendFactKeys(list []Key, s *Span, encoded string) []Key {
	var room [256]byte // on the stack: most facts are shorter
	f, err := facts.Parse(append(room[:0], encoded...))
	if err != nil {
		return list
	}
	return AppendFactKeys(list, s, &f)
}

// AppendFactKeys appends the keys that are in the facts of a span. What they depend on
// beside them are Trace and Parent.
func AppendFactKeys(list []Key, s *Span, f *facts.Facts) []Key {
	if f.HasContext {
		if f.Trace != s.Trace {
			list = append(list, TraceKey(f.Trace))
		}
		if f.Parent != [8]byte{} && f.Parent != s.Parent {
			list = append(list, CallerKey(f.Parent))
		}
	}
	if f.Exchange != 0 {
		list = append(list, ExchangeKey(f.Exchange))
	}
	if f.Head != 0 {
		list = append(list, TrailKey(f.Head))
	}
	for m := f.Messages; len(m) >= messageID; m = m[messageID:] {
		list = append(list, Key{ByID, binary.LittleEndian.Uint64(m)})
	}
	return list
}

// requestIDs are the request-ID headers that are known without configuration
// (DESIGN.md, section 7).
var requestIDs = [...]string{
	"x-request-id", "x-correlation-id", "x-bfe-log-id", "stgw-request-id", "x-blb-request-id", "x-unique-id", "cf-ray",
}

// IsRequestID reports whether a header is one of the default request-ID headers, in
// any case and with '_' for '-'.
func IsRequestID(header string) bool {
	header = strings.ReplaceAll(header, "_", "-")
	for _, n := range requestIDs {
		if strings.EqualFold(n, header) {
			return true
		}
	}
	return false
}

package complete

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/span"
)

// maxID bounds ids, which answers repeat.
const maxID = 256

// traceID maps a trace id as contexts on the wire are mapped, so that spans of an APM
// meet packets: up to 32 hex digits and UUIDs as they are, those of SkyWalking as
// the Collector's receiver maps them, others to a hash.
func traceID(text string) (id span.TraceID, ok bool) {
	if text == "" || len(text) > maxID || strings.Trim(text, "0-") == "" {
		return id, false
	}
	if len(text) == 36 {
		if id, ok = find.ParseID(strings.ReplaceAll(text, "-", "")); ok {
			return id, true
		}
	}
	if id, ok = find.ParseID(text); ok {
		return id, true
	}
	return ids.SkyWalkingTrace([]byte(text)), true
}

// spanID maps a span id: up to 16 hex digits, segment id, dash and index of SkyWalking,
// others to a hash. Empty and "0" are none.
func spanID(text string) (id span.SpanID, ok bool) {
	if strings.Trim(text, "0") == "" && len(text) <= 16 {
		return id, true
	}
	if len(text) > maxID {
		return id, false
	}
	if len(text) <= 16 {
		if long, ok := find.ParseID(text); ok {
			copy(id[:], long[8:])
			return id, true
		}
	}
	if i := strings.LastIndexByte(text, '-'); i > 0 {
		if n, err := strconv.ParseUint(text[i+1:], 10, 31); err == nil {
			if id = ids.SkyWalkingSpan([]byte(text[:i]), uint32(n)); !id.IsZero() {
				return id, true
			}
		}
	}
	var h span.Hasher
	binary.BigEndian.PutUint64(id[:], h.Start("app").Str(text).H64())
	return id, true
}

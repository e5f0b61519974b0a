package apm

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Names are the forms in which the id of a trace was seen in headers of SkyWalking on
// the wire (wirespan.context), or came with its segments (sw8.trace_id): what Fetch
// needs to ask SkyWalking, whose ids cannot be made of ours.
func Names(spans []store.Span, id span.TraceID) (list []string) {
	add := func(name string) {
		if name != "" && len(list) < maxNames && !slices.Contains(list, name) && ids.SkyWalkingTrace([]byte(name)) == id {
			list = append(list, strings.Clone(name))
		}
	}
	for i := range spans {
		for _, at := range spans[i].Attrs {
			switch at.Key {
			case "wirespan.context":
				for text := range at.Value.Texts {
					add(skyWalkingName(text))
				}
			case "sw8.trace_id":
				add(at.Value.Str)
			}
		}
	}
	return list
}

// skyWalkingName is the trace id in a context, empty if it is not SkyWalking's: of sw8
// and sw6 the second field, in base64; of sw3 the last one.
func skyWalkingName(context string) string {
	header, v, _ := strings.Cut(context, "=")
	switch strings.ToLower(header) {
	case "sw8", "sw6":
		_, v, _ = strings.Cut(v, "-")
		v, _, _ = strings.Cut(v, "-")
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(v, "="))
		if err != nil {
			return ""
		}
		return string(b)
	case "sw3":
		return v[strings.LastIndexByte(v, '|')+1:]
	}
	return ""
}

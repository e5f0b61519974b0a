package jaeger

import (
	"slices"
	"strings"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// conditions ask for tags: in the language of --where, and of the assembled trace those
// that it says anew. Tags that Jaeger makes of other fields (tagsOf, processOf) are found
// by those fields.
func conditions(tags map[string]string) (where string, keep []func(*assemble.Trace, int) bool) {
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var terms []string
	for _, k := range keys {
		v := tags[k]
		switch {
		case k == "error" && v == "true", k == "otel.status_code" && v == "ERROR":
			terms = append(terms, "error")
		case k == "error" && v == "false":
			terms = append(terms, "not error")
		case k == "span.kind":
			terms = append(terms, "kind = "+query.Quote(v))
		case k == "wirespan.signal":
			terms = append(terms, "signal = "+query.Quote(v))
		case k == "wirespan.agent":
			terms = append(terms, "agent = "+query.Quote(v))
		case k == "service.instance.id":
			terms = append(terms, "instance = "+query.Quote(v))
		default:
			if of := assembled[k]; of != nil {
				keep = append(keep, func(t *assemble.Trace, i int) bool { return of(&t.Nodes[i]) == v })
				continue
			}
			terms = append(terms, query.Quote(k)+" = "+query.Quote(v))
		}
	}
	return strings.Join(terms, " and "), keep
}

// assembled are tags that are no attributes, or that assembly says anew.
var assembled = map[string]func(*assemble.Node) string{
	"otel.status_code": func(n *assemble.Node) string {
		switch n.Span.Status {
		case span.Error:
			return "ERROR"
		case store.Ok:
			return "OK"
		}
		return ""
	},
	"otel.status_description": func(n *assemble.Node) string { return n.Span.Message },
	"otel.scope.name":         func(n *assemble.Node) string { return n.Span.Scope },
	"wirespan.link.rule":      func(n *assemble.Node) string { return n.Rule },
}

package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// searchParams choose spans; all that are given must hold.
var searchParams = []param{
	{name: "q", kind: "string", doc: "filter in the language of --where (docs/query.md): service = web and duration > 100ms"},
	{name: "service", kind: "string", many: true, doc: "service.name; of several, any"},
	{name: "operation", kind: "string", many: true, doc: "name of the span; of several, any"},
	{name: "protocol", kind: "string", many: true, doc: "network.protocol.name, or what stands for it on spans of SDKs"},
	{name: "kind", kind: "string", many: true, doc: "client, server, producer, consumer or internal"},
	{name: "signal", kind: "string", many: true, doc: "APP, NET or SYS"},
	{name: "agent", kind: "string", many: true, doc: "the agent that sent the span"},
	{name: "point", kind: "string", many: true, doc: "the capture point"},
	{name: "status", kind: "string", many: true, doc: "error, ok, or a protocol's status code, also by class: 503, 5xx, NXDOMAIN"},
	{name: "min_duration", kind: "duration", doc: "spans that took at least so long"},
	{name: "max_duration", kind: "duration", doc: "spans that took at most so long"},
	{name: "address", kind: "string", many: true, doc: "name, IP address or prefix of either side"},
	{name: "id", kind: "string", many: true, doc: "value of a request ID header, of request or response, whatever its name"},
	{name: "attribute", kind: "string", many: true, doc: "name=value of an attribute of span or resource; of several, all"},
	{name: "text", kind: "string", many: true, doc: "part of any text of the span or its resource; of several, all"},
	{name: "from", kind: "time", doc: "spans that begin at this time or later"},
	{name: "to", kind: "time", doc: "spans that begin before this time"},
}

// question is what the parameters ask for. The Expr of a Query may be matched by
// several goroutines.
func (p *params) question(keys *span.Keys) store.Query {
	q := store.Query{Window: p.window(), MinDuration: p.duration("min_duration"), MaxDuration: p.duration("max_duration")}
	var terms []string
	if text := p.Get("q"); strings.TrimSpace(text) != "" {
		if _, err := query.ParseStored(text, keys); err != nil {
			if p.fault == nil {
				p.fault = badQuery("q", err)
			}
			return q
		}
		terms = append(terms, "("+text+")")
	}
	for _, name := range []string{"service", "operation", "protocol", "kind", "signal", "agent", "point", "status", "address", "id"} {
		if list := p.Values[name]; len(list) > 0 {
			terms = append(terms, oneOf(fieldNames[name], name, list))
		}
	}
	for _, a := range p.Values["attribute"] {
		k, v, ok := strings.Cut(a, "=")
		if !ok || k == "" {
			p.fail("attribute", "is name=value, not %q", a)
			return q
		}
		terms = append(terms, query.Quote(k)+" = "+query.Quote(v))
	}
	for _, t := range p.Values["text"] {
		terms = append(terms, "any contains "+query.Quote(t))
	}
	if terms == nil {
		return q
	}
	e, err := query.ParseStored(strings.Join(terms, " and "), keys)
	if err != nil {
		p.failTerm(err, keys)
		return q
	}
	q.Where = e
	return store.Narrow(q)
}

// fieldNames are the fields of the filter language that parameters of other names
// stand for.
var fieldNames = map[string]string{"operation": "name"}

func oneOf(field, name string, list []string) string {
	if field == "" {
		field = name
	}
	quoted := make([]string, len(list))
	for i, v := range list {
		quoted[i] = query.Quote(v)
	}
	return field + " in (" + strings.Join(quoted, ", ") + ")"
}

// failTerm finds the parameter that the fault of the whole comes from.
func (p *params) failTerm(err error, keys *span.Keys) {
	var se *query.SyntaxError
	if !errors.As(err, &se) {
		p.fail("q", "%s", err)
		return
	}
	for _, d := range searchParams {
		list := p.Values[d.name]
		if d.kind != "string" || d.name == "q" || d.name == "attribute" || d.name == "text" || len(list) == 0 {
			continue
		}
		if _, err := query.ParseStored(oneOf(fieldNames[d.name], d.name, list), keys); err != nil {
			p.fail(d.name, "%s", err)
			return
		}
	}
	for _, a := range p.Values["attribute"] {
		k, v, _ := strings.Cut(a, "=")
		if _, err := query.ParseStored(query.Quote(k)+" = "+query.Quote(v), keys); err != nil {
			p.fail("attribute", "%s", err)
			return
		}
	}
	p.fail("q", "the parameters together are too long: %s", se)
}

// with adds parameters to those of a search.
func with(more ...param) []param { return append(slices.Clone(searchParams), more...) }

package api

import "context"

// route is a path and what is known of it; openapi.json is made from the list.
type route struct {
	path    string // below the server's address, with {names} of its parts
	summary string
	params  []param
	result  any               // zero value of the JSON answer, nil if there is none
	others  map[string]string // further media types and what they are
	stream  bool              // has no end
	body    any               // zero value of the JSON of a POST; nil: it is a GET

	elsewhere bool // package complete answers

	answer func(a *API, ctx context.Context, r *request) (any, error)
}

func routes() []route {
	return []route{
		{
			path: Prefix + "traces", summary: "Search for traces of which a span satisfies all conditions, the latest first. They are assembled, so that spans of all agents and SDKs count.",
			params: with(pageParams...), result: Traces{}, answer: (*API).traces,
		},
		{
			path: Prefix + "traces/{id}", summary: "A trace as it is assembled from all that is known by now. The id is that of a trace, of a span (16 hex digits), or a request ID.",
			params: traceParams, result: Trace{}, answer: (*API).trace,
			others: map[string]string{"text/plain": "with format=tree"},
		},
		{
			path: Prefix + "spans", summary: "Search for spans that satisfy all conditions, the latest first.",
			params: with(pageParams...), result: Spans{}, answer: (*API).spans,
		},
		{path: Prefix + "spans/{id}", summary: "The spans of an id (16 hex digits).", params: oneSpanParams, result: SpanAnswer{}, answer: (*API).span},
		{
			path: Prefix + "spans/{id}/packets", summary: "The packets of a span's exchange, as pcapng, where they are recorded. It needs a right of its own.",
			params: oneSpanParams, answer: (*API).packets, others: map[string]string{"application/vnd.tcpdump.pcap": "pcapng"},
		},
		{path: Prefix + "services", summary: "Names of services.", params: without(valueParams, "service"), result: Values{}, answer: (*API).services},
		{path: Prefix + "operations", summary: "Names of spans, of a service or of all.", params: valueParams, result: Values{}, answer: (*API).operations},
		{path: Prefix + "attributes", summary: "Names of attributes of the latest spans.", params: without(valueParams, "limit"), result: AttributeNames{}, answer: (*API).attributes},
		{
			path: Prefix + "attributes/{name}/values", summary: "Values of an attribute, or of name, service, protocol or agent. But for services, protocols, and operations of a service, a sample of the spans is looked at.",
			params: valueParams, result: Values{}, answer: (*API).valuesOf,
		},
		{path: Prefix + "map", summary: "Which services call which, how often, how long it takes, and how often it fails.", params: mapParams, result: ServiceMap{}, answer: (*API).serviceMap},
		{path: Prefix + "rates", summary: "Requests, errors and durations over time.", params: rateParams, result: Rates{}, answer: (*API).rates},
		{
			path: Prefix + "live", summary: "Spans or traces as this server takes them, as server-sent events: hello, span or trace, dropped, end. Comments are signs of life. There is no replay of what was missed.",
			params: liveParams, answer: (*API).live, stream: true, others: map[string]string{"text/event-stream": "events hello (Hello), span (Span), trace (Summary), dropped (Dropped), end"},
		},
		{path: Prefix + "check", summary: "Whether a filter and its parameters can be read; a problem points at the word that cannot.", params: searchParams, result: Checked{}, answer: (*API).check},
		{
			path: Prefix + "complete", summary: "The trace of spans that an APM has, with what packets and system calls tell of the same requests. The spans are not stored.",
			body: Completion{}, result: Trace{}, elsewhere: true,
		},
		{path: Prefix + "stats", summary: "What the store keeps, and what was lost.", result: Stats{}, answer: (*API).stats},
		{path: Prefix + "limits", summary: "What bounds requests.", result: LimitAnswer{}, answer: (*API).limits},
		{path: Prefix + "openapi.json", summary: "This document.", answer: document, others: map[string]string{"application/json": "OpenAPI 3.1"}},
	}
}

func without(list []param, name string) (out []param) {
	for _, p := range list {
		if p.name != name {
			out = append(out, p)
		}
	}
	return out
}

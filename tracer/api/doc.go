// Package api answers questions over HTTP about what a store keeps: search, traces
// as they are assembled, services and how they call one another, rates, packets,
// and a live stream (docs/api.md).
//
//	h, err := api.New(api.Config{Store: st, Assembler: a, Keys: keys, Limits: api.DefaultLimits()})
//	mux.Handle(api.Prefix, h)
//
// It stands at the end of the line: it reads from tracer/store and tracer/assemble,
// and writes nothing. The routes are a table (routes.go); openapi.json is made from
// it and from the types of the answers, and tests hold the handlers to it. Questions
// run under a deadline and end when the client goes; what was found until then is
// answered and said to be incomplete, with a cursor to go on from.
//
// Who may ask is decided before (cmd puts access in front of the handler), but for
// packets, which have a right of their own. wirespan.facts is never shown.
//
// Spans are borrowed from the store while they are encoded; answers keep nothing.
package api

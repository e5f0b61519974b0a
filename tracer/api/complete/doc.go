// Package complete adds what packets and system calls tell to the spans that an APM
// has: the Trace Completion API of DeepFlow, field by field, so that programs that
// call that one can call this one, its per-trace API, and our own form of both.
//
//	POST /v1/stats/querier/tracing-completion-by-external-app-spans
//	POST /v1/stats/querier/L7FlowTracing
//	GET  /v1/stats/querier/TracingAlgoParams
//	POST /api/v1/complete
//
// The spans that come are not stored. Traces are assembled with them, so that each
// span of ours has the parent it has there: one of theirs, or another of ours.
package complete

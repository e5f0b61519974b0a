// Package apm fetches the spans of a trace from the APMs that have them: SkyWalking
// (GraphQL), Jaeger (JSON of its UI, and v3), Tempo, Zipkin. tracer/assemble puts them
// into the tree of what the network showed, when their trace id was seen on the wire.
//
// A Client has a configured list of sources, which it asks at the same time. It asks
// little: answers are cached for a while, "not found" too; requests for one trace at one
// time are one request; a source that fails again and again is left alone for a while.
// Answers are bounded in bytes and spans. Nothing of it holds up an assembly for longer
// than the timeout, and what a source did is reported with the trace.
//
// Tokens go to the host that was configured and to no other; they are in no error, log
// or report. The package stores nothing and knows no configuration files.
package apm

// Package relay exports assembled traces over OTLP to those who know nothing of
// capture points: a Collector, Jaeger, Tempo.
//
// Relay hears of every span that a server takes (Note), waits until nothing more
// comes of a trace, has it assembled (tracer/assemble), decides whether it is worth
// sending (Sampling), shapes it (Shape), and hands the encoded request on. A trace
// leaves once and connected: one trace id, one CLIENT and one SERVER span for each
// exchange, the latter the child of the former, as service graphs want it. What comes
// late is sent behind under the same id.
//
// Spans of SDKs are left as they are. Where they tell of an exchange, what packets
// tell of it is INTERNAL, so that nobody counts it twice (Mode).
package relay

// Package transport delivers encoded OTLP requests to a collector, over HTTP or
// gRPC: headers, TLS, compression, and what an answer means (OTLP specification
// 1.10, "Failures": what is to be retried, when, and what was refused).
//
// It stands at the end of the line, behind the sink.Outbox that holds the
// requests, and is the same for spans (tracer/otlp) and metrics (tracer/metric).
// The bytes of a sink.Parcel stay the caller's; one whose bytes a transport could
// not let go of in time is marked as lent. Errors never contain credentials.
//
// It encodes nothing, retries nothing, and reads no environment: who wants a
// proxy of the environment says so (Config.Proxy).
package transport

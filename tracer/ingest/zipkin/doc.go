// Package zipkin makes spans of Zipkin's v2 JSON (https://zipkin.io/zipkin-api/,
// zipkin2-api.yaml): what POST /api/v2/spans takes and /api/v2/trace/{id} answers.
//
// Trace ids of 64 bits are padded on the left, as those of B3 headers are. Kinds are
// those of OpenTelemetry, a span without one is INTERNAL. Annotations are events, tags
// are attributes under their own names, error makes the status; the names that
// OpenTelemetry's own Zipkin exporter uses for status and scope are read back. The local
// endpoint is service and address of the span's side, the remote one its peer.
//
// Shared spans: in B3, a server may use the id of its client's span. Such a span gets
// an id of its own below the client's, since ids are one span's here; so do the
// children that came in the same request from the same service. Those that came in
// another one name the client's span as their parent: readers find zipkin.shared on the
// span that they belong to (Shared).
package zipkin

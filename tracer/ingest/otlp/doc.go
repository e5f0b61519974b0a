// Package otlp decodes ExportTraceServiceRequest, which on the wire is the same as
// TracesData: protobuf and JSON become spans of the store, without generated types in
// between. It is the receiving side; tracer/otlp writes.
//
// A message that is no protobuf or JSON is refused as a whole. A span whose ids or
// times cannot be is refused alone (batch.Reason), and so is the rest of a message
// with too many. Fields that are not known are passed over. What a span has beyond the
// limits is dropped and counted.
//
// Of a scope its name is kept, and its version and attributes as attributes of the
// span (otel.scope.version, as the specification tells formats without scopes), which
// spans of wirespan are spared. A trace state stays, flags do not. Counts of what an
// SDK dropped stay as otel.dropped_attributes_count and the like.
package otlp

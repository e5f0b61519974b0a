// Package otlp writes spans as OpenTelemetry protocol messages: protobuf and
// JSON, to files and to collectors.
//
// Encoder and JSONEncoder turn spans into one ExportTraceServiceRequest (on the
// wire the same as TracesData) without generated types: attribute keys are
// prefixes computed once, values are copied out of the span's encoded list, and
// nothing is allocated once the buffers have grown. Spans are encoded when they
// are added, so nothing borrowed is kept; they are grouped by resource
// (service.name, service.instance.id) in order of first appearance when the
// message is put together.
//
// File cuts messages by span count only, so that the bytes of a file depend on
// the sequence of spans and on nothing else. Exporter sends batches over HTTP or
// gRPC (transport) through a sink.Outbox, following the retry rules of the OTLP
// specification (1.10, "Failures").
//
// Strings that are not valid UTF-8 get U+FFFD in place of each run of bad bytes,
// as protobuf and JSON both demand valid text. The package reads no environment
// and no flags, and decodes nothing.
package otlp

// Package skywalking makes spans of SkyWalking's segments: protobuf of its v3
// protocol (language-agent/Tracing.proto), the JSON of its HTTP endpoints, and the
// trace that its query API answers.
//
// Ids are mapped as the OpenTelemetry Collector's receiver maps them, which is how
// contexts in sw8 headers are mapped too (l7/ids): so a segment meets the packets that
// carried its header. Entry, Exit and Local become SERVER, CLIENT and INTERNAL, of
// queues CONSUMER and PRODUCER. The first reference into the same trace is the parent,
// others are links. Tags get the names of the current conventions where there is one,
// and keep their own otherwise; layer, component and SkyWalking's own ids are sw8.*
// attributes, by the Collector's names. Logs are events.
//
// Times of SkyWalking are milliseconds: a span of 0 ms is not one of no time. What
// agents say of their instance (host, process) is kept in Instances, bounded, and put
// on the resource of its spans.
package skywalking

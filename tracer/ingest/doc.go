// Package ingest takes spans over the network: OTLP over gRPC and HTTP, Zipkin v2,
// SkyWalking v3. It is the door of wirespan serve; what comes in goes to a Writer, the
// store.
//
//	body -> limits -> decode (otlp, zipkin, skywalking) -> batch -> Writer -> Tap
//
// A Receiver bounds what a request may cost (bytes packed and unpacked, spans, lists,
// time, how many at once) and tells senders what becomes of their spans: taken, refused
// one by one with reasons, or to be sent again later, when the store is slow or full.
// Nothing is kept in a queue: a request is answered when the store has its spans. Spans
// that came are spans that were kept plus spans that were refused, by reason (Counts).
//
// It serves what it is given a listener for, and knows neither tokens nor TLS: access
// is decided in front of it. Attributes stay as they came, in whatever version of the
// conventions; store.CallOf makes one of them for readers.
package ingest

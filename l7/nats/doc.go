// Package nats reads the client protocol of NATS over TCP, with headers and
// what JetStream puts on top of it.
//
// It follows https://docs.nats.io/reference/reference-protocols/nats-protocol,
// ADR-4 (message headers) and ADR-15 (JetStream subjects). Commands are lines;
// payloads are skipped by length. What the parser emits is borrowed from its
// input or stands in its own buffers until Parse returns. It keeps what waits
// for an answer and the subjects that the client subscribed to.
package nats

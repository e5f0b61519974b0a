// Package sink is where finished spans leave: the Sink contract, and what any
// Sink can be put behind.
//
// It is the last room: spans come from the linker in batches, in release
// order, and are borrowed by a Sink until WriteSpans returns. Outbox is the
// queue of everything that can be slow: it owns encoded spans (Parcel), bounds
// them in number and bytes, delivers them with retry and counts what it loses.
// An exporter encodes at once and hands the bytes to its Outbox; Queue does the
// same for a Sink that takes spans. Tee writes to several sinks.
//
// Outboxes are the only part that reads the clock: a delivery that fails has
// to wait. The package knows no wire format; tracer/otlp does.
package sink

// Package identity holds the answer to "who is at this end of a flow": the
// service.name, the service.instance.id and the other attributes of the
// resource that a span belongs to, ready to be written.
//
// It is a leaf that tracer/link asks with and tracer/tag/tagger answers with.
// An Identity is immutable and shared by all spans of one service instance;
// who holds it may keep it.
package identity

// Package span holds the span: the value that the tracer releases and sinks
// write. Names, attributes, status, times and ids follow SPANS.md.
//
// A Span and everything it points to is borrowed by a sink until WriteSpans
// returns. Attributes are an encoded list (Attrs) so that thousands of waiting
// spans cost a few hundred bytes each and nothing for the garbage collector.
// The package imports nothing of wirespan.
package span

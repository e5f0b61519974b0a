// Package export writes spans in formats that other programs read: NDJSON for
// jq and databases, HAR for browsers, Chrome trace events for Perfetto. All are
// sinks (tracer/sink) that stream: nothing but bounded tables outlives
// WriteSpans, and what is written is valid as soon as Close has returned. They
// are used by one goroutine at a time and do not close their writer.
package export

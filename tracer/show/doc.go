// Package show writes spans for people: Tree draws traces, Table prints a line
// per span, Overview sums up large inputs, and Auto chooses between Tree and
// Overview when it knows how much there is. All are sinks (tracer/sink) at the
// end of the line; they copy what they keep, all of it bounded, and are used
// by one goroutine at a time.
//
// Text that came from the wire is escaped, so that no captured byte reaches
// the terminal as a control sequence, and lines never exceed the width.
package show

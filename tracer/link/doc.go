// Package link chains exchanges into traces.
//
// It stands between tracer/join, whose records it takes in batches, and the
// sinks, to which it gives finished traces. A Linker is used by one goroutine.
// Per exchange it takes two records: opened, when the head of the request is
// complete, and finished. They are consumed in the order (time, shard,
// sequence), so that the result does not depend on how many workers made them.
//
// Exchanges that may belong together form a group; a group leaves when none of
// its requests is open and nothing joined it for the quiet time of packet
// time. Then the parents are chosen (DESIGN.md, section 7) and the spans are
// written. Everything waits in slabs without pointers, bounded by
// Config.Memory.
//
// An exchange that several capture points saw is one, with a sighting of each
// (reference/inference.md, section 6): loose.go finds those whose sequence
// numbers differ, payload.go those behind transparent proxies, halves.go
// messages that went different ways, paths.go puts points in order, and
// observe.go names their places.
//
// What it does not do: it never looks at packets, and it knows no protocol but
// for the classes of l7.
package link

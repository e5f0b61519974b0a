// Package local keeps spans on the disk of one machine: the embedded engine of
// tracer/store, on Pebble.
//
// Spans are kept in blocks (package block) of some hundred, in the order in which
// they came; blocks belong to partitions of time, which are dropped as a whole. What
// is written is in an open block in memory, where it can be read at once, and within
// a second on disk as a fragment of that block. When a block is full it replaces its
// fragments. Postings of some hundred blocks together (package index) say where a key
// is; those of later blocks are in memory, and made again from the blocks at start.
//
// Three goroutines belong to a store: one seals and syncs, one makes indexes and drops
// old partitions, one looks at the room on the disk. FORMAT.md says what is on disk.
//
// It does not replicate, and one process at a time may have it open.
package local

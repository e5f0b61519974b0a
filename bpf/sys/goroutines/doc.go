// Package goroutines says where the runtime of a Go program keeps the goroutine
// that runs on a thread, so that bpf/sys/kernel can read its id from outside.
//
// It stands beside bpf/sys and reads executables only. Inspect takes the offsets
// from a table by the Go version in the program's build info; the table is made
// by "make gooffsets" from the published toolchains, the first and the last of
// each minor version, for two processors. Of a version that is not in it, a
// development version or one with experiments, the program's own DWARF says
// where they are. Without either nothing is guessed: the program has no
// goroutines then, and the error says so. Inspect also finds where runtime.ready can be probed, in
// stripped programs by the table of functions that every Go program carries.
//
// Values are plain and belong to the caller. Executables are not trusted: what
// is read of them is bounded, and fuzzed. It does not look for processes (see
// cmd/wirespan) and attaches nothing.
package goroutines

// Package goroutines says where the runtime of a Go program keeps the goroutine
// that runs on a thread, so that bpf/sys/kernel can read its id from outside.
//
// It stands beside bpf/sys and reads executables only. Inspect takes the offsets
// from the program's DWARF when it has it, else from a table by the Go version
// in its build info; the table is made by "make gooffsets" from the published
// toolchains, the first and the last of each minor version. Of a version that
// is in neither nothing is guessed: the program has no goroutines then, and the
// error says so. Inspect also finds where runtime.ready can be probed, in
// stripped programs by the table of functions that every Go program carries.
//
// Values are plain and belong to the caller. Executables are not trusted: what
// is read of them is bounded, and fuzzed. It does not look for processes (see
// cmd/wirespan) and attaches nothing.
package goroutines

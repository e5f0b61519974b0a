// Package l7 is the contract between the protocol engine and the parsers.
//
// A Proto describes a protocol as a value; its Parser reads one connection,
// both directions through one method, from any split of the bytes, and emits
// Messages through an Emitter. A parser keeps no reference to its input after
// Parse has returned, calls no clock, starts no goroutine, and skips bodies by
// length so that a gap inside a body costs nothing. l7/engine runs parsers,
// l7/l7test tests them, l7/all lists them. The package imports nothing of
// wirespan.
package l7

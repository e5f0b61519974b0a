// Package capture is the first room of wirespan: it yields captured frames.
//
// A Source fills batches of Packet values. The bytes of a Packet belong to the
// Source: they stay valid until the next ReadBatch on the same Source and must
// not be written to. A Source that can hand over the memory of its last batch
// meets Lender as well, so that a batch can travel to other goroutines without
// being copied.
//
// The package knows nothing about what is inside a frame; decoding is the
// business of capture/wire.
package capture

// Package unpack reads the beginning of what was compressed, for parsers: as
// much of a block as there is and as fits, where the libraries want it whole.
// Bodies may have hundreds of megabytes of which the first kilobytes are looked
// at, and a capture may have no more of them.
//
// The functions append to what the caller gives and never beyond its capacity;
// they keep nothing, allocate nothing and never fail: what cannot be read is
// the end. Streams (gzip, zlib, zstd, frames of lz4) are left to
// klauspost/compress and pierrec/lz4.
package unpack

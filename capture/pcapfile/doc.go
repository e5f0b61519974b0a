// Package pcapfile is the file Source of the first room: it reads pcap and
// pcapng from files, directories and standard input, plain or compressed with
// gzip or zstd, and writes both formats.
//
// Open turns paths into capture points (DESIGN.md, section 5): files of one
// rotation become one point in sequence, files that overlap in time become
// points of their own and are merged by packet time. Reader is the layer
// below, one stream without any of that.
//
// # Memory
//
// Every open file has one block of 256 KiB. Packets are parsed in place and
// their Data points into the block, so they are valid until the next ReadBatch.
// Source.Lend lets a batch live longer: the block then belongs to the
// borrower as well, and the reader goes on in another one. A record that does
// not fit makes the block grow, to at most 1 MiB.
//
// # Damage
//
// A truncated or damaged file yields every packet before the damage. The
// Source notes a Fault and goes on with its other files; it never searches for
// a next record behind the damage, because what it found could be payload.
//
// # Not supported
//
// Formats other than pcap and pcapng (they are recognised and the error names
// the command that converts them), xz, bzip2 and lz4 compression, the pcap
// dialects of AIX and Nokia, encrypted pcapng.
//
//	src, err := pcapfile.Open(ctx, pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{"trace.pcap"}}}})
//	...
//	for {
//		n, err := src.ReadBatch(ctx, batch)
//		... batch[:n]
//		if err == io.EOF {
//			break
//		}
//	}
package pcapfile

// Package record keeps packets while they are traced.
//
// Tee stands between a capture.Source and whoever reads it, and shows every
// batch to its sinks first. There are two: Files writes a ring of pcapng files,
// as tcpdump -w -C -W -G does, from which `wirespan read` gets the spans and
// ids of the live run again; Recent keeps the latest packets in memory, within
// a budget, so that the packets of one trace can be cut out of them.
//
// # Memory
//
// Sinks copy what they keep before Put returns; a packet stays its source's.
// Nothing is allocated for a packet. Files has a fixed number of buffers
// between Put and the goroutine that writes, Recent a fixed number of
// segments.
//
// # Failure
//
// Put never waits. When the disk is slow or full, packets are lost to the
// recording, counted, and told once; tracing goes on, and so does the recording
// as soon as there is room: what is in a file are always whole blocks.
//
// # Not here
//
// Choosing what is captured is the business of the source's filter. Command
// lines and file names are those of cmd/wirespan.
package record

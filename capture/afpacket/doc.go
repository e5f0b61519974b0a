// Package afpacket captures live from Linux interfaces through memory-mapped
// packet sockets: TPACKET_V3 rings, V2 where V3 is missing
// (Documentation/networking/packet_mmap.rst).
//
// It stands in the room of capture: Open gives a Source, OpenFanout one Source
// per worker, over which the kernel spreads connections so that none is seen
// by two of them. Packets borrow the ring. A block of the ring goes back to the
// kernel at the next ReadBatch, or, after Lend, when it is released, from
// whatever goroutine. Nothing is allocated or locked per packet.
//
// # Interfaces
//
// Each interface has a ring of its own and is a capture point. Interfaces may
// appear, vanish, go down and come back; their points stay. The pseudo
// interface "any" is one socket for all interfaces, those of the future
// included: one ring bounds the memory however many there are, and the kernel
// does the following. Its frames come without link header; a LINUX_SLL2 header
// is written in front of each, into room that the kernel leaves in the ring, so
// that nothing is copied, capture/wire reads them as any other, and a recording
// looks like that of tcpdump -i any. Each real interface is still a point.
//
// Only opening a packet socket asks for CAP_NET_RAW. With Config.Spare some are
// opened in advance, so that interfaces that appear are captured by a process
// that has no capability any more.
//
// On the loopback every frame passes twice, going out and coming in; the one
// coming in is kept.
//
// # Old kernels
//
// Kernel 3.2 is enough. What a kernel, or a sandbox, refuses beyond a ring and
// a socket degrades with a reason (Source.Degraded), never in silence. A filter
// program that the kernel does not take runs in user space (capture/cbpf).
//
// # What it does not do
//
// It sends nothing, changes no interface (promiscuous mode ends with the
// socket; only adapter time stamps are configured, on request), compiles no
// filter, and knows nothing of what is inside a frame, except for the fan-out
// program and the search for duplicates, which look at IP and TCP headers.
package afpacket

// Package listen terminates mirrors: it receives the tunnels in which switches,
// hypervisors and clouds send copies of packets, as a capture.Source.
//
// VXLAN, Geneve, TZSP and the like arrive on a UDP port that a socket is bound
// to; GRE, ERSPAN and NVGRE on a raw socket of IP protocol 47 (CAP_NET_RAW). No
// interface needs to be promiscuous, no tunnel device is made, and the kernel
// puts fragments of the outer packets together.
//
// Packets are yielded as they were on the wire, from the outer IP header on
// (capture.LinkRaw): decoding, filters, recordings and the names of mirror
// sessions work as on an interface. A socket does not show these headers, so
// they are written in front of the datagram, into room that is kept there:
// addresses, ports, hop limit and traffic class are those that came; the
// identification is 0, the UDP checksum absent. A listener on a port that is not
// its tunnel's own shows its tunnel's, for that is how a tunnel is recognised.
//
// # Memory
//
// recvmmsg(2) fills slots of 2 KiB in blocks of 256 KiB. What is larger, as in
// networks with jumbo frames, is put together in a block by one copy. A block
// is used again when the batches that borrow it are done: at the next ReadBatch
// or, after Lend, when they are released. Config.MaxMemory bounds the blocks; as
// long as all are lent, packets wait in the socket, whose buffer
// (Config.Buffer) is what a burst has to fit into. The kernel counts what does
// not: capture.Stats.Drops.
//
// # What it does not do
//
// It never sends anything: no answer to Geneve or GTP-U echoes, no membership of
// a multicast group. A bound socket also keeps the kernel from answering
// mirrors with ICMP port or protocol unreachable, whatever becomes of the
// packets. It does not look inside of a tunnel, names no mirror session and
// forgets no duplicate: what follows knows more.
//
//	c := listen.Default()
//	spec, err := listen.Parse("vxlan=:4789")
//	...
//	c.Listen = append(c.Listen, spec)
//	src, err := listen.Open(c)
package listen

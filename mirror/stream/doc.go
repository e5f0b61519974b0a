// Package stream takes captures that others send while they make them, as one
// capture.Source: pcap-over-IP.
//
// Each TCP connection carries one pcap or pcapng stream, as tcpdump -w - writes
// it, plain or compressed, in either direction of dialling: Config.Listen waits
// for those that send (tcpdump -w - | nc), Config.Connect fetches from servers
// (the convention of Arkime and NetworkMiner) and dials again when a stream ends.
// capture/pcapfile reads the streams; a standard input can be one more.
//
// A stream is a capture point with the name of its peer, or one for each
// interface of a pcapng stream. A peer that comes back has its point again.
//
// # Who may send
//
// What anybody can send, anybody can forge. A listener beyond the loopback
// needs a token (Config.Token): the sender's first line is "wirespan-token
// TOKEN". With TLS neither the token nor the packets can be read on the way.
//
// # Memory
//
// A connection holds a few blocks of pcapfile, about 2 MiB, and no more however
// late the reader is: TCP then makes the sender wait. Packets borrow the blocks
// and Lend passes them on. Config.MaxConnections bounds the connections.
//
// # What it does not do
//
// It keeps no order between streams beyond taking the earliest of what has
// arrived: their clocks are not ours. It never searches for a next record behind
// damage; a broken stream ends, alone.
//
//	c := stream.Default()
//	addr, err := stream.Parse("pcap=127.0.0.1:57012")
//	...
//	c.Listen = append(c.Listen, addr)
//	src, err := stream.Open(c)
package stream

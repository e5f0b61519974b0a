// Package dup drops packets that one capture point shows twice.
//
// It stands between capture/wire and flows, on the goroutine of a shard: the same
// packet always has the same shard. A switch that mirrors a port in both
// directions, or two ports, sends a copy of what passes between them twice; so do
// bonds, bridges, and two sessions that are joined to one point. Downstream that
// looks like retransmissions of everything, or like requests made twice.
//
// # What counts as the same packet
//
// Addresses, ports, protocol, IP identification, length, and of TCP sequence and
// acknowledgement numbers, flags, window, time stamps and checksum; of the rest
// checksum and the first bytes. Time to live, IP checksum, link header and VLAN do
// not count: a switch that routes changes them, and shows both sides of itself at
// one point. Network address translation changes what counts: those are two
// connections. A copy comes within Config.Window of the first.
//
// # Retransmissions are not dropped
//
// A sender gives every IPv4 packet an identification of its own, so a
// retransmission differs. IPv6 has none, some IPv4 packets have 0, and some
// senders put the same number into all of them; their
// retransmission within one tick of the TCP time stamps is the same packet to the
// last bit. Of these a copy is dropped only while half or more of what lately came
// from the same sender to the same receiver came twice: a mirror doubles a path or
// does not, a path does not lose half of its packets. SYN segments are never
// repeated within the window, and show what a path is like from the first packet
// on. Equal packets without identification that come more than four times are no
// copies of a mirror (a program that sends the same datagram over and over), and
// stay.
//
// Memory is bounded by Config.Packets; when more come within the window, copies
// of the oldest are missed, which the flows then see as retransmissions. Nothing
// of a packet is kept but a hash; two packets are taken for one with a
// probability of 2^-64 for each pair in the window.
package dup

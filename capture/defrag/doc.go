// Package defrag puts the fragments of IPv4 and IPv6 datagrams together.
//
// It is a leaf below capture/wire, which hands over each fragment and goes on
// with the datagram that the last of them completes. Fragments are copied as
// they come, in any order; the completed datagram lies in one buffer that the
// Assembler owns and lends until the next Add.
//
// Overlap. IPv4: the bytes that came first stay, later ones fill what is
// missing (the policy called "first"; Linux and the BSDs differ among
// themselves in details, and no policy is right for every receiver). IPv6: a
// datagram with overlapping fragments is dropped, and what still comes of it,
// too (RFC 5722); only an exact repetition is ignored (RFC 8200, 4.5).
// Fragments of either version that disagree about the end of the datagram drop
// it.
//
// Snaplen. A fragment whose end was not captured takes its place with its
// length on the wire. The datagram is then readable up to the first byte that
// is missing, and Datagram.Cut says how much follows.
//
// Bounds. Memory, datagrams, fragments per datagram and age in packet time are
// limited; the oldest datagram gives way. TakeLost tells how many fragments
// went with those that were given up.
package defrag

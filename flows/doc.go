// Package flows makes connections from frames.
//
// It stands between capture/wire and l7/engine. A Table owns the connections
// of one shard: it finds the connection of a frame, puts the bytes of each
// direction in order, measures TCP and reports gaps, through a Handler. Bytes
// given to the Handler are borrowed until it returns. A Table is used by one
// goroutine, knows no clock but the times it is given, and every bound is a
// required part of its Config.
//
// # Overlaps and gaps
//
// The first copy of a byte wins, whether it was delivered or is waiting behind
// a hole; later copies are counted as duplicates and never compared. A hole is
// given up, and reported as a gap, when
//
//   - the other side has acknowledged it, and three later segments or 200 ms
//     have shown that this is not mere reordering;
//   - the other side has acknowledged bytes that wait behind it, with payload of
//     its own: what it sends may answer them, and is delivered after them;
//   - the bytes that wait behind it reach a bound;
//   - it has been open for Config.HoleTimeout;
//   - the connection ends.
//
// Bytes of a gap that arrive afterwards are duplicates. What snaplen cut off is
// a gap at once. A single acknowledged byte with nothing behind it is not
// reported: it is the FIN that was not captured.
//
// # Times
//
// Every call takes now, a clock that never runs backwards and that the caller
// derives from packet times; timers use only this. Stamps carry the time of
// the packet itself, unless it has none or is more than a second older than
// the connection's latest packet; then they carry now.
//
// # Determinism
//
// The same calls of Push, Tick and Flush give the same calls of the Handler.
// Nothing depends on the order of a map, on a clock or on the seed of the hash.
//
// What this package does not do: IP fragments (capture/defrag), ICMP, SACK,
// checksums, urgent data (delivered in line), and the joining of equal
// connections seen at different capture points.
package flows

// Package flows makes connections from frames.
//
// It stands between capture/wire and l7/engine. A Table owns the connections
// of one shard: it finds the connection of a frame, puts the bytes of each
// direction in order, measures TCP and reports gaps, through a Handler. Bytes
// given to the Handler are borrowed until it returns. A Table is used by one
// goroutine, knows no clock but the times it is given, and every bound is a
// required part of its Config.
package flows

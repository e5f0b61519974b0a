// Package engine runs protocol parsers on the streams that flows delivers.
//
// It stands between flows and tracer/join. An Engine is the flows.Handler of
// one shard: it finds out by content which protocol a connection speaks, gives
// each direction's bytes to the connection's parser, and hands the messages to
// a Sink once it knows where they end. Parsers see the bytes where the segment
// has them; only what they leave unread is copied into a bounded buffer.
//
// Bodies that a parser skips are subtracted from a number and never looked at,
// so a gap inside one costs nothing. Before a gap elsewhere the parser says
// what it can of the message that it cuts (Cut), then it looks for the next
// one (Resync); when that fails too often, the connection becomes opaque and
// is only counted. A parser that panics loses its connection, nothing else.
//
// What the Sink is given is borrowed until its method returns. An Engine is
// used by one goroutine, reads no clock, and counts every byte it was given:
// Stats.Seen is the sum of what was consumed, skipped, discarded by reason and
// is held.
//
//	e, err := engine.New(engine.Config{Protos: all.Protos(), Options: opts, MaxCarry: 8 << 20}, sink)
//	table := flows.New(cfg, e)
package engine

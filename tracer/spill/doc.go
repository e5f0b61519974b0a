// Package spill keeps encoded spans on disk for as long as a server does not take
// them.
//
// It stands between a sink.Outbox and the transport of an exporter. While the far
// side answers, parcels pass through and nothing is written. When it does not, or
// takes longer than Config.Patience, everything goes to a Buffer, in order, and
// from there to the far side when it is back, also after a restart of the process.
// What a Buffer has no room for is refused and counted.
//
//	DIR/lock              held by the one process that uses the directory
//	DIR/acked             segment and offset up to which everything was delivered
//	DIR/<number>.spans    a segment: "WSPILL1\n", then records
//
//	┌────────────┬───────────┬─────────────────────────┬─────────────────┐
//	│ 4 length n │ 4 spans   │ 4 CRC-32C of the other  │ n bytes, one    │
//	│            │           │   three parts           │   OTLP request  │
//	└────────────┴───────────┴─────────────────────────┴─────────────────┘
//
// Numbers are little endian. A record that was cut short by a crash, at the end of
// the newest segment, is dropped and counted; one that is damaged loses what is
// behind it in its segment. Records that were delivered when a crash came may be
// delivered again: a store takes a span twice for one.
//
// A killed process loses what was on its way between the first failure and the
// disk: one parcel. A crash of the host loses what was written in the last second.
//
// A Sender borrows a parcel's bytes as sink.Sender says. The package knows nothing
// of what the bytes mean, and it does not encrypt them: the directory is readable
// by its owner only.
package spill

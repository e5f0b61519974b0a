// Package merge makes one capture.Source of several: the rings, listeners and
// streams of a mirror.
//
// It stands in the room of capture. Each source is read by a goroutine of its
// own, which hands whole batches over; packets are passed on in the order of
// their times. A packet waits until every other source has shown a later one, or
// for Config.Hold, counted from its arrival and not by its own clock: sources whose
// clocks are apart do not hold each other up.
//
// # Memory
//
// No packet is copied. Sources that lend their memory (capture.Lender) have at
// most Config.Batches batches under way, each of which goes back when all of it has
// been handed on and released; others are read again only when their batch is
// used up, and then the merged source copies nothing either: a batch of it
// that borrows from such a source is not lent beyond the next ReadBatch, so the
// reader of the pipeline copies what it keeps. Points of the sources are points
// of the merged one; equal names are one point.
//
// # Failure
//
// A source that fails ends alone. It is told (Config.Report), and the others go
// on; when all have ended, their errors are the error of ReadBatch.
//
// The package opens and decodes nothing. Filters are handed to the sources that
// have some.
package merge

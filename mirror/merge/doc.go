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
// No packet is copied. What sources lend (capture.Lender) goes back when all that
// it holds has been handed on and released; how much of it may be out is the
// sources' bound. One that does not lend is read again only when its batch is used
// up; if there is one, the merged source does not lend either, so that the
// pipeline copies what it keeps. Beside the packets' memory an input has
// Config.Batches of 256 packets' heads. Points of the sources are points of the
// merged one; equal names are one point.
//
// # Failure
//
// A source that fails ends alone. It is told (Config.Report), and the others go
// on; when all have ended, their errors are the error of ReadBatch.
//
// The package opens and decodes nothing. Filters are handed to the sources that
// have some.
package merge

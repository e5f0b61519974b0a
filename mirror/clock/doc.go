// Package clock dates mirrored packets by the stamps of the device that copied
// them, instead of by their arrival.
//
// ERSPAN of type III carries a time of 32 bits that the switch took when the
// packet passed its port: what queues on the way to us added is not in it. But
// it wraps around (after 5 days, 7 minutes, or one second, by its unit), counts
// from a time of its own, and runs at a rate of its own. A Clock extends it by
// the time of arrival, and lays it onto our clock so that the packet that was
// the fastest on its way has not been under way at all, as far as clocks drift
// apart: intervals are those of the switch, absolute times ours, too late by the
// shortest way.
//
// It stands behind capture/wire: the reader asks for the time of each frame. A
// Clock belongs to one goroutine. Given the same packets it gives the same
// times; recordings keep the time of arrival.
package clock

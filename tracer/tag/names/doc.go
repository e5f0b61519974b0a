// Package names gives addresses names: those that the operator configured, by
// address, prefix and port, and those that were seen, in DNS answers on the
// wire, in name resolution blocks of capture files and in the hosts file.
//
// It stands below tracer/tag/tagger, which knows the order in which sources
// count. A Map and the Rules it is made from are immutable; Seen belongs to one
// goroutine and knows no clock, so that a capture read twice gives the same
// names; Hosts may be read while another goroutine refreshes it. Lookups take
// no lock and allocate nothing.
//
// It resolves nothing by itself: no query is ever sent.
package names

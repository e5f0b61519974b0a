// Package point names the capture points of mirrored traffic.
//
// It stands between capture/wire and flows. A source knows where it took a
// packet from: an interface, a listener, a file. What one of them delivers may
// come from many places: each VXLAN network, ERSPAN session or sending switch is
// a capture point of its own. Which one a packet is from stands in its outermost
// tunnel header, so it is decided once the packet is decoded, and the same way
// for interfaces, listeners and recordings.
//
// Names holds the points of a run, with the rules that name them; several
// readers share it. Table is the memory of one reader: it looks a packet up
// without a lock or an allocation, and asks Names about what it has not met.
// Pairs finds points that show one direction each of the same connections.
//
// Everything is bounded (Config.Max points, then one that stands for all
// others, counted). Names lets several goroutines in, Table and Pairs belong to
// one. Nothing of a packet is kept but addresses and numbers.
//
// The package does not open inputs, and does not know what is in a connection.
package point

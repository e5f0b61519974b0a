package engine

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
)

// Sink takes what an Engine finds. Messages, heads and everything they point
// to are borrowed until the method returns. StateOf(c).User is the Sink's own
// from Opened until Closed returns.
//
// Roles may be exchanged once the content shows them, before the first Message
// of a connection and never later: a Sink reads c.Client and c.Server at
// Message, not at Opened.
type Sink interface {
	// Opened announces a connection before anything else of it.
	Opened(c *flows.Conn)

	// Message announces a message when its head is complete. dir is the
	// direction it travelled, m.First its first byte. head is the first
	// min(64, length of the head) bytes, for the exchange key: at most
	// m.HeadSize bytes if the parser set it, else what the parser consumed.
	// whole says that the message is complete: m.Last is valid and no Done
	// follows. m.Lost counts bytes of it that are already known to be missing.
	Message(c *flows.Conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool)

	// Done ends a message that was not whole: of those open in dir, the one
	// announced last with this Match. last is the last byte seen of it, with
	// the packet time that completed it. lost counts all its bytes that were
	// never seen, m.Lost of the announcement included. cut says that it did
	// not end in order: its end is in a gap, or the connection closed within.
	// m is the End message if the parser emitted one, with trailing
	// attributes; else nil.
	Done(c *flows.Conn, dir l7.Dir, match uint64, m *l7.Message, last l7.Stamp, lost int64, cut bool)

	// Missed says that a direction lost its place: whole messages may be
	// missing between those before and those after this call, so that
	// pairing by order must not rely on the count. bytes were lost or given
	// up; the messages open in dir have been ended with cut before.
	Missed(c *flows.Conn, dir l7.Dir, bytes int64, at l7.Stamp)

	// Opaque says that no further messages of the connection will be found,
	// although it goes on. Open messages have been ended before.
	Opaque(c *flows.Conn, p *l7.Proto, why Reason)

	// Closed ends the connection; no further calls. p is nil if no protocol
	// was found.
	Closed(c *flows.Conn, p *l7.Proto, why flows.CloseReason, now int64)
}

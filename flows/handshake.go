package flows

import "github.com/wirespan/wirespan/capture/wire"

// synWindow bounds how far a SYN-ACK may acknowledge beyond the SYN: the data
// of TCP Fast Open.
const synWindow = 1 << 16

// supersedes reports whether a SYN or SYN-ACK belongs to a new connection.
func (t *Table) supersedes(c *Conn, s side, f *wire.Frame) bool {
	st := &c.state
	o := s ^ 1
	known, fresh := st.has(s, sideKnown), !st.has(s, sideKnown) && !st.has(o, sideKnown)
	if fresh || known && f.Seq+1 == st.base(s) {
		return false
	}
	if f.Flags&wire.ACK == 0 {
		simultaneous := !known && st.class == classSyn
		return !simultaneous
	}
	switch {
	case st.class == classSyn || st.class == classOpening && st.has(o, sideSyn):
		return false
	case st.class == classOpening && st.has(s, sideSyn):
		return f.Ack-st.base(o) > synWindow
	}
	return f.Ack != st.base(o)
}

// synchronize takes a SYN or SYN-ACK that supersedes nothing; false if it
// contradicts the connection.
func (t *Table) synchronize(c *Conn, id uint32, s side, f *wire.Frame, at int64) bool {
	if f.Flags&wire.ACK != 0 {
		return t.synAck(c, id, s, f, at)
	}
	st := &c.state
	again := st.has(s, sideSyn)
	if !st.has(s, sideKnown) {
		st.start(s, f.Seq+1, 0)
	}
	st.side[s] |= sideSyn
	c.observe(s, ToServer)
	switch {
	case again:
		c.TCP.SYNRetransmissions++
	case st.dir(s) == ToServer && c.SynTime == 0:
		c.SynTime = at
	}
	return true
}

func (t *Table) synAck(c *Conn, id uint32, s side, f *wire.Frame, at int64) bool {
	st := &c.state
	o := s ^ 1
	opening := st.class == classSyn || st.class == classOpening
	if !st.has(s, sideKnown) || f.Seq+1 != st.base(s) {
		// The first one, or one with another ISN: a SYN proxy that kept nothing.
		if !opening || st.offset[s] != 0 || st.has(o, sideSyn) && f.Ack-st.base(o) > synWindow {
			return false
		}
		st.start(s, f.Seq+1, 0)
	}
	st.side[s] |= sideSyn
	c.observe(s, ToClient)
	switch {
	case st.dir(s) == ToServer: // simultaneous open: the client's SYN-ACK is its ACK too
	case c.SynAckTime != 0:
		c.TCP.SYNACKRetransmissions++
		if c.OpenTime != 0 {
			st.flags |= flagOverflow
		}
	default:
		c.SynAckTime = at
		if d := at - c.SynTime; opening && c.SynTime != 0 && d >= 0 && d <= maxRTT {
			c.TCP.RTTServer = d
		}
	}
	if st.class == classSyn {
		t.reclass(c, id, classOpening)
	}
	return true
}

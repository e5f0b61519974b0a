package flows

import "github.com/wirespan/wirespan/capture/wire"

const (
	resetBehind = 1 << 16 // a RST may answer a segment of some time ago
	resetAhead  = 1 << 24 // or follow segments that were not captured
	strayWindow = 1 << 20 // segments this near to a closed connection belong to it
)

// reset takes a RST from side s.
func (t *Table) reset(c *Conn, id uint32, s side, f *wire.Frame, at int64) {
	if !c.resets(s, f) {
		t.stray(wireLen(f))
		return
	}
	t.stats.Discarded += uint64(wireLen(f))
	why := c.resetReason(s)
	t.finish(c, why, at)
	t.bury(c, id)
	if why == CloseRefused {
		c.state.flags |= flagRefused
	}
}

// resets reports whether a RST is near enough to be meant for this connection.
func (c *Conn) resets(s side, f *wire.Frame) bool {
	st := &c.state
	o := s ^ 1
	if st.class == classSyn && st.dir(s) == ToClient {
		return f.Flags&wire.ACK == 0 || f.Ack-st.base(o) <= synWindow
	}
	if !st.has(s, sideKnown) {
		return true
	}
	d, ahead := int32(f.Seq-st.next[s]), int32(resetAhead)
	if st.class == classSyn || st.class == classOpening && st.has(s, sideSyn) {
		ahead = synWindow
	}
	return d >= -resetBehind && d <= ahead
}

func (c *Conn) resetReason(s side) CloseReason {
	st := &c.state
	byClient := st.dir(s) == ToServer
	answered := st.flags&flagTurn != 0 && st.lastDir() == ToClient
	opening := st.class == classOpening && (c.SynTime != 0 || c.SynAckTime != 0)
	switch {
	case (st.class == classSyn || opening) && byClient:
		return CloseClientAbort
	case st.class == classSyn:
		return CloseRefused
	case opening:
		return CloseServerAbort
	case !byClient && c.overflowed():
		return CloseQueueOverflow
	case st.has(s^1, sideEOF) && (byClient || answered):
		return CloseNormal
	case byClient && answered:
		return CloseClientRST
	case byClient:
		return CloseClientReset
	}
	return CloseServerReset
}

// overflowed reports whether the server went on asking for the client's ACK
// and never spoke: its accept queue was full.
func (c *Conn) overflowed() bool {
	return c.state.flags&flagOverflow != 0 && c.TCP.Dir[ToClient].Bytes == 0
}

// expireReason says why silence ended c.
func (c *Conn) expireReason() CloseReason {
	st := &c.state
	switch {
	case st.class == classSyn:
		return CloseSynTimeout
	case st.class == classOpening && c.SynAckTime != 0:
		return CloseAckTimeout
	case st.class == classHalf && st.has(c.side(ToServer), sideEOF):
		return CloseClientHalf
	case st.class == classHalf:
		return CloseServerHalf
	case c.overflowed():
		return CloseQueueOverflow
	}
	return CloseTimeout
}

// replaced says how c ended when a new SYN takes its place.
func (c *Conn) replaced() CloseReason {
	switch {
	case c.state.class == classSyn:
		return CloseSynTimeout
	case c.state.class == classOpening && c.SynAckTime != 0:
		return CloseAckTimeout
	}
	return ClosePortReuse
}

// finish delivers what still waits and closes c. The caller buries or releases
// it afterwards.
func (t *Table) finish(c *Conn, why CloseReason, at int64) {
	st := &c.state
	first := c.side(ToServer)
	t.flushSide(c, first, at)
	t.flushSide(c, first^1, at)
	if st.reorder != 0 {
		t.dropReorder(c)
	}
	if st.side[0]&st.side[1]&sideEOF != 0 && why != CloseEvicted {
		why = CloseNormal // the FIN was there, behind a hole
	}
	t.stats.Closed[why]++
	t.leaves(c)
	t.h.Close(c, why, at)
	c.Ext = nil
}

// bury keeps a closed connection for Config.Linger.
func (t *Table) bury(c *Conn, id uint32) {
	t.stats.Conns--
	t.stats.Lingering++
	t.reclass(c, id, classTomb)
}

// revives reports whether a frame for a closed connection begins a new one.
func (c *Conn) revives(dir Dir, f *wire.Frame) bool {
	st := &c.state
	s := c.side(dir)
	known := st.has(s, sideKnown)
	same := known && f.Seq+1 == st.base(s)
	switch {
	case f.Flags&wire.RST != 0:
		return false
	case f.Flags&(wire.SYN|wire.ACK) == wire.SYN:
		return !(same && st.flags&flagRefused != 0) // some stacks repeat a refused SYN
	case f.Flags&wire.SYN != 0:
		return !same
	case wireLen(f) == 0 || !known:
		return false
	}
	return f.Seq-st.next[s]+strayWindow > 2*strayWindow
}

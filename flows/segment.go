package flows

import "github.com/wirespan/wirespan/capture/wire"

// segment takes one TCP segment of a live connection.
func (t *Table) segment(c *Conn, id uint32, dir Dir, f *wire.Frame, now int64) {
	at := c.time(f, now)
	s := c.side(dir)
	m := t.arrive(c, id, dir, f, at)
	st := &c.state
	if f.Flags&wire.RST != 0 {
		t.reset(c, id, s, f, at)
		return
	}
	seq := f.Seq
	switch {
	case f.Flags&wire.SYN != 0:
		if !t.synchronize(c, id, s, f, at) {
			t.stray(wireLen(f))
			return
		}
		seq++
	case f.Window == 0:
		m.ZeroWindows++
	}
	if st.side[s]&sideKnown == 0 {
		st.start(s, seq, 0)
	}
	st.side[s] |= sideSeen
	if n := wireLen(f); n > 0 && st.side[s^1]&sideSeen != 0 {
		p := t.at(c)
		p.Segments++
		p.Bytes += uint64(n)
	}
	if f.Flags&wire.ACK != 0 {
		t.acknowledge(c, id, s, f, now, at)
	}
	t.data(c, id, s, f, seq, now, at)
	t.progress(c, id, s, f, at)
}

// maxUnseen is how much of a side that was never captured is expected to
// follow after all; beyond it the stream starts anew where the other side is.
const maxUnseen = 1 << 20

// acknowledge learns what the other side has received.
func (t *Table) acknowledge(c *Conn, id uint32, s side, f *wire.Frame, now, at int64) {
	st := &c.state
	o := s ^ 1
	switch {
	case st.side[o]&sideKnown == 0:
		st.start(o, f.Ack, sideAcked)
		st.acked[o] = f.Ack
	case st.class == classSyn && after(f.Ack, st.next[o]):
		return // challenge ACK of an earlier connection, RFC 5961, 4
	case st.side[o]&sideAcked == 0 || after(f.Ack, st.acked[o]):
		st.side[o] |= sideAcked
		st.acked[o] = f.Ack
	}
	if c.SynAckTime != 0 && c.OpenTime == 0 && st.dir(s) == ToServer && f.Flags&wire.SYN == 0 && f.Ack-st.base(o) < horizon {
		c.established(at, wireLen(f) == 0)
		if st.class == classOpening {
			t.reclass(c, id, classOpen)
		}
	}
	if st.side[o]&sideSeen == 0 {
		if after(st.acked[o], st.next[o]+maxUnseen) {
			st.next[o] = st.acked[o]
		}
		return
	}
	if st.reorder != 0 && wireLen(f) > 0 {
		t.answerTo(c, o, f.Ack, at)
	}
	if st.reorder != 0 || after(st.acked[o], st.next[o]) {
		t.settle(c, id, o, now, at)
	}
}

// progress moves the connection to its next stage.
func (t *Table) progress(c *Conn, id uint32, s side, f *wire.Frame, at int64) {
	st := &c.state
	if (st.side[0]|st.side[1])&sideEOF != 0 {
		t.halve(c, id, at)
		return
	}
	if st.class == classOpen || f.Flags&wire.SYN != 0 {
		return
	}
	// Without a SYN-ACK, the client's ACK shows that there was one.
	if wireLen(f) > 0 || st.class == classSyn && st.dir(s) == ToServer && f.Flags&wire.ACK != 0 {
		t.reclass(c, id, classOpen)
	}
}

// halve follows the end of a direction: the second one closes.
func (t *Table) halve(c *Conn, id uint32, at int64) {
	st := &c.state
	switch {
	case st.side[0]&st.side[1]&sideEOF != 0:
		t.finish(c, CloseNormal, at)
		t.bury(c, id)
	case st.class != classHalf:
		t.reclass(c, id, classHalf)
	}
}

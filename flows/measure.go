package flows

import "time"

// Delays beyond these are not of the thing measured (reference/deepflow.md 2.5).
const (
	maxRTT = int64(30 * time.Second)
	maxSRT = int64(10 * time.Second)
	maxART = int64(30 * time.Second)
)

// turn measures ART and CIT when in-sequence data of n bytes comes from side s.
// CIT leaves out single bytes: they are keep-alives and window probes.
func (c *Conn) turn(s side, n uint32, at int64) {
	st := &c.state
	dir := st.dir(s)
	switch {
	case st.flags&flagTurn == 0:
		if dir == ToServer && c.OpenTime != 0 && !c.LateOpen && n > 1 && at >= c.OpenTime {
			c.TCP.Dir[ToClient].CIT.Add(at - c.OpenTime)
		}
	case st.lastDir() == dir:
	case dir == ToClient:
		if d := at - st.dataTime; d >= 0 && d <= maxART {
			c.TCP.Dir[ToServer].ART.Add(d)
		}
	case n > 1 && at >= st.dataTime:
		c.TCP.Dir[ToClient].CIT.Add(at - st.dataTime)
	}
	st.dataTime = at
	st.flags = st.flags&^flagLastSide | flagTurn | flagSRT | s*flagLastSide
}

// answered measures SRT when a pure ACK comes from side s.
func (c *Conn) answered(s side, ack uint32, at int64) {
	st := &c.state
	o := s ^ 1
	if st.flags&flagSRT == 0 || st.flags&flagLastSide != o*flagLastSide || ack != st.next[o] {
		return
	}
	st.flags &^= flagSRT
	if d := at - st.dataTime; d >= 0 && d <= maxSRT {
		c.TCP.Dir[st.dir(o)].SRT.Add(d)
	}
}

// established measures the handshake when the client's ACK comes. The first
// payload tells no more than that there was one, maybe long before: it is lost, or
// left out as live --drop-empty-acks does.
func (c *Conn) established(at int64, alone bool) {
	c.OpenTime = at
	if !alone {
		c.LateOpen, c.Handshake = true, c.SynTime != 0
		return
	}
	m := &c.TCP
	if d := at - c.SynAckTime; d >= 0 && d <= maxRTT {
		m.RTTClient = d
	}
	if c.SynTime == 0 {
		return
	}
	c.Handshake = true
	if d := at - c.SynTime; c.SynTime <= c.SynAckTime && d >= 0 && d <= maxRTT {
		m.RTT = d
	}
}

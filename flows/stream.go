package flows

import "github.com/wirespan/wirespan/capture/wire"

// window is how far beyond what the receiver has acknowledged a segment may be
// when both directions are seen; more is not of this connection.
const window = 64 << 20

// horizon is how far ahead any segment may be: the largest window that TCP
// knows (RFC 7323, 2.3). It keeps all comparisons of what waits unambiguous.
const horizon = 1 << 30

// piece is a range of one stream as one segment brought it: bytes, then cut
// bytes that were on the wire but not captured.
type piece struct {
	data     []byte
	cut      uint32
	seq, ack uint32
	time     int64
}

func (p *piece) len() uint32 { return uint32(len(p.data)) + p.cut }

// front returns the first k bytes.
func (p *piece) front(k uint32) piece {
	n := min(k, uint32(len(p.data)))
	return piece{p.data[:n], k - n, p.seq, p.ack, p.time}
}

// drop removes the first k bytes.
func (p *piece) drop(k uint32) {
	n := min(k, uint32(len(p.data)))
	p.data = p.data[n:]
	p.cut -= k - n
	p.seq += k
}

// data takes payload and FIN of a segment whose first byte is at seq.
func (t *Table) data(c *Conn, id uint32, s side, f *wire.Frame, seq uint32, now, at int64) {
	st := &c.state
	n := wireLen(f)
	fin := f.Flags&(wire.FIN|wire.SYN) == wire.FIN
	if n == 0 && !fin {
		c.bare(s, f, seq, at)
		return
	}
	if st.side[s]&sideEOF != 0 {
		t.afterEOF(c, s, seq, n)
		return
	}
	if n > 0 && st.flags&flagOpenRoles != 0 {
		c.speak(st.dir(s))
	}
	cut := n - uint32(len(f.Payload))
	switch {
	case seq != st.next[s] || st.reorder != 0:
		if !t.unordered(c, id, s, piece{f.Payload, cut, seq, f.Ack, at}) {
			return
		}
	case cut > 0:
		c.turn(s, n, at)
		t.deliver(c, s, piece{f.Payload, cut, seq, f.Ack, at})
	case n > 0:
		c.turn(s, n, at)
		t.give(c, s, f.Payload, Stamp{Time: at, Offset: st.offset[s], Seq: seq, Ack: f.Ack})
	}
	if fin {
		t.fin(c, id, s, piece{seq: seq + n, ack: f.Ack, time: at})
	}
	if st.reorder != 0 {
		t.settle(c, id, s, now, at)
	}
}

// bare takes a segment without payload and FIN.
func (c *Conn) bare(s side, f *wire.Frame, seq uint32, at int64) {
	st := &c.state
	if seq+1 == st.next[s] && st.offset[s] > 0 && !st.has(s, sideEOF) {
		c.TCP.Dir[st.dir(s)].KeepAlives++
		return
	}
	if f.Flags&(wire.SYN|wire.ACK) == wire.ACK {
		c.answered(s, f.Ack, at)
	}
}

// afterEOF counts payload that comes when its direction has ended.
func (t *Table) afterEOF(c *Conn, s side, seq, n uint32) {
	st := &c.state
	beyond := uint32(0)
	if d := int32(seq + n - (st.next[s] - 1)); d > 0 {
		beyond = min(uint32(d), n)
	}
	t.stats.Discarded += uint64(beyond)
	t.stats.Duplicate += uint64(n - beyond)
	if n > 0 && beyond == 0 {
		c.TCP.Dir[st.dir(s)].Retransmissions++
	}
}

// unordered takes payload that is not simply the next; false if all of the
// segment is refused.
func (t *Table) unordered(c *Conn, id uint32, s side, p piece) bool {
	st := &c.state
	n := p.len()
	m := &c.TCP.Dir[st.dir(s)]
	if n == 1 && p.seq+1 == st.next[s] && (!st.has(s, sideAcked) || st.acked[s] == st.next[s]) {
		m.KeepAlives++
		t.stats.Duplicate++
		return true
	}
	if p.seq == st.next[s]+1 && st.offset[s] == 0 && !st.has(s, sideSyn) && st.reorder == 0 {
		st.next[s]++ // the first segment seen was a keep-alive
	}
	if ahead := p.seq - st.next[s]; ahead > horizon && ahead <= 1<<31 {
		t.stray(n)
		return false
	}
	if st.has(s, sideAcked) {
		edge := st.next[s]
		if after(st.acked[s], edge) {
			edge = st.acked[s]
		}
		if int32(p.seq-edge) > window {
			t.stray(n)
			return false
		}
	}
	if n == 0 {
		return true
	}
	l := t.laneOf(c, s)
	filling := l != nil && l.tail != nil && after(l.tail.end(), p.seq)
	fresh := t.accept(c, id, s, p)
	m = &c.TCP.Dir[st.dir(s)]
	switch {
	case fresh == 0:
		m.Retransmissions++
	case filling:
		m.OutOfOrder++
	}
	return true
}

// accept delivers or holds what is new of p and returns how much that is.
func (t *Table) accept(c *Conn, id uint32, s side, p piece) (fresh uint32) {
	st := &c.state
	if l := t.laneOf(c, s); l != nil && l.finSet {
		if d := int32(p.seq + p.len() - l.fin.seq); d > 0 {
			k := min(uint32(d), p.len())
			t.stats.Discarded += uint64(k)
			p = p.front(p.len() - k)
		}
	}
	for p.len() > 0 {
		if st.has(s, sideEOF) {
			t.stats.Discarded += uint64(p.len())
			break
		}
		if d := int32(st.next[s] - p.seq); d > 0 {
			p.drop(t.old(c, s, uint32(d), p.len()))
			continue
		}
		if p.seq != st.next[s] {
			k, held := t.hold(c, id, s, &p)
			fresh += k
			if held {
				break
			}
			continue
		}
		k := p.len()
		if l := t.laneOf(c, s); l != nil && l.head != nil {
			k = min(k, l.head.seq-p.seq)
		}
		c.turn(s, k, p.time)
		t.deliver(c, s, p.front(k))
		p.drop(k)
		fresh += k
		if l := t.laneOf(c, s); l != nil {
			t.drain(c, s, l)
		}
	}
	return fresh
}

// old counts those of n bytes that are before next, which is d bytes further
// on, and returns how many they are. What is before a known ISN was never part
// of the stream.
func (t *Table) old(c *Conn, s side, d, n uint32) uint32 {
	st := &c.state
	k := min(d, n)
	before := uint32(0)
	if pre := int64(d) - st.offset[s]; pre > 0 && st.has(s, sideSyn) {
		before = uint32(min(pre, int64(k)))
	}
	t.stats.Discarded += uint64(before)
	t.stats.Duplicate += uint64(k - before)
	return k
}

// deliver gives p, which starts at next, to the Handler.
func (t *Table) deliver(c *Conn, s side, p piece) {
	st := &c.state
	if len(p.data) > 0 {
		t.give(c, s, p.data, Stamp{Time: p.time, Offset: st.offset[s], Seq: p.seq, Ack: p.ack})
	}
	if p.cut > 0 {
		t.stats.Truncated += uint64(p.cut)
		c.TCP.Dir[st.dir(s)].Truncated += uint64(p.cut)
		t.lose(c, s, p.cut, p.time, p.ack)
	}
}

// give gives the bytes at next to the Handler.
func (t *Table) give(c *Conn, s side, b []byte, at Stamp) {
	st := &c.state
	st.offset[s] += int64(len(b))
	st.next[s] += uint32(len(b))
	t.stats.Delivered += uint64(len(b))
	t.h.Data(c, st.dir(s), b, at)
}

// lose declares the next n bytes lost.
func (t *Table) lose(c *Conn, s side, n uint32, time int64, ack uint32) {
	st := &c.state
	at := Stamp{Time: time, Offset: st.offset[s], Seq: st.next[s], Ack: ack}
	if c.Proto != wire.ProtoTCP {
		at.Seq = 0
	}
	st.offset[s] += int64(n)
	st.next[s] += n
	t.stats.Gap += uint64(n)
	dir := st.dir(s)
	c.TCP.Dir[dir].Lost += uint64(n)
	t.h.Gap(c, dir, int64(n), at)
}

// fin takes a FIN at p.seq, or remembers it behind a hole.
func (t *Table) fin(c *Conn, id uint32, s side, p piece) {
	st := &c.state
	switch {
	case st.has(s, sideEOF) || after(st.next[s], p.seq):
	case st.next[s] == p.seq:
		t.eof(c, s, p)
	default:
		if l := t.lane(c, id, s); !l.finSet {
			l.finSet, l.fin = true, p
		}
	}
}

// eof ends a direction in order. Bytes behind the FIN are none.
func (t *Table) eof(c *Conn, s side, fin piece) {
	st := &c.state
	if l := t.laneOf(c, s); l != nil {
		l.finSet = false
		for l.head != nil {
			t.stats.Discarded += uint64(t.pop(l))
		}
	}
	at := Stamp{Time: fin.time, Offset: st.offset[s], Seq: st.next[s], Ack: fin.ack}
	st.next[s]++
	st.side[s] |= sideEOF
	t.h.EOF(c, st.dir(s), at)
}

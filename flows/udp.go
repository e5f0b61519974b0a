package flows

import "github.com/wirespan/wirespan/capture/wire"

// datagram gives one datagram to the Handler; an empty one is only counted.
func (t *Table) datagram(c *Conn, id uint32, dir Dir, f *wire.Frame, now int64) {
	at := c.time(f, now)
	s := c.side(dir)
	t.arrive(c, id, dir, f, at)
	n := wireLen(f)
	if n == 0 {
		return
	}
	c.turn(s, n, at)
	t.deliver(c, s, piece{data: f.Payload, cut: n - uint32(len(f.Payload)), time: at})
}

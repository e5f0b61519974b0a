package flows

import (
	"errors"
	"math"
	"time"

	"github.com/wirespan/wirespan/capture/wire"
)

// tickLength is the grid of the timers, nanoseconds.
const tickLength = int64(100 * time.Millisecond)

// Table owns the connections of one shard. It is used by one goroutine. An
// empty Table takes less than 1 KiB; memory grows with the connections and is
// kept for later ones.
type Table struct {
	cfg Config
	h   Handler

	slots  []slot
	used   int
	chunks []*chunk
	free   uint32

	queues [numClasses]queue
	holes  [numHoleStates]holeQueue
	tick   int64 // of the latest now
	due    int64 // no timer is due before it
	lastID uint64

	reorders     []*reorder
	freeReorders []uint32
	blocks       *block // free ones
	freeBlocks   int
	mem          int // bytes of blocks in use

	stats  Stats
	points []PointStats
}

// NewTable returns an empty Table, or all faults of cfg.
func NewTable(cfg Config, h Handler) (*Table, error) {
	err := cfg.Validate()
	if h == nil {
		err = errors.Join(err, errors.New("flows: no Handler given"))
	}
	if err != nil {
		return nil, err
	}
	t := &Table{cfg: cfg, h: h, due: math.MaxInt64}
	for k, d := range [numClasses]time.Duration{
		classSyn: cfg.SynTimeout, classOpening: cfg.OpeningTimeout, classOpen: cfg.IdleTimeout,
		classHalf: cfg.HalfTimeout, classUDP: cfg.UDPTimeout, classTomb: cfg.Linger,
	} {
		t.queues[k].timeout = (int64(d) + tickLength - 1) / tickLength
	}
	t.holes[holeWaiting].timeout = int64(cfg.HoleTimeout)
	t.holes[holeAcked].timeout = int64(cfg.ReorderTime)
	return t, nil
}

// Push takes the next frame. f and its payload are not kept. now must not be
// less than in earlier calls.
func (t *Table) Push(f *wire.Frame, now int64) {
	n := wireLen(f)
	t.stats.Packets++
	t.stats.Payload += uint64(n)
	t.tick = max(t.tick, now/tickLength)
	h := t.hash(f)
	c, id, dir := t.find(f, h)
	if c == nil {
		if !opens(f) {
			t.stray(n)
			return
		}
		c, id, dir = t.open(f, h, now)
	}
	if f.Proto != wire.ProtoTCP {
		t.datagram(c, id, dir, f, now)
		return
	}
	if c.state.class == classTomb {
		if !c.revives(dir, f) {
			t.stray(n)
			return
		}
		t.release(c, id)
		c, id, dir = t.open(f, h, now)
	}
	if f.Flags&(wire.SYN|wire.RST) == wire.SYN && t.supersedes(c, c.side(dir), f) {
		t.finish(c, c.replaced(), c.time(f, now))
		t.release(c, id)
		c, id, dir = t.open(f, h, now)
	}
	t.segment(c, id, dir, f, now)
}

// opens reports whether a frame without connection begins one. Resets, bare
// FINs and scans without ACK are the tail of something, or of nothing.
func opens(f *wire.Frame) bool {
	switch {
	case f.Proto != wire.ProtoTCP:
		return true
	case f.Flags&wire.RST != 0:
		return false
	case f.Flags&wire.SYN != 0 || wireLen(f) > 0:
		return true
	}
	return f.Flags&(wire.ACK|wire.FIN) == wire.ACK
}

func (t *Table) stray(n uint32) {
	t.stats.Strays++
	t.stats.Discarded += uint64(n)
}

// open makes a connection whose first frame is f, and makes room for it.
func (t *Table) open(f *wire.Frame, h uint32, now int64) (*Conn, uint32, Dir) {
	if t.used >= t.cfg.MaxConns {
		t.evict(now)
	}
	c, id := t.alloc()
	t.lastID++
	c.ID, c.Proto, c.Version = t.lastID, f.Proto, f.Version
	c.Point, c.VLAN, c.Tunnel = f.Tap, f.VLAN, f.Tunnel
	t.knowPoint(c.Point)
	c.state.tunnelKey = f.TunnelKey
	c.First = f.Time
	if c.First == 0 {
		c.First = now
	}
	c.Last = c.First
	dir := c.guess(f)
	src, dst := Endpoint{f.Src, f.SrcPort}, Endpoint{f.Dst, f.DstPort}
	if c.Client, c.Server = src, dst; dir == ToClient {
		c.Client, c.Server = dst, src
	}
	k := classOpening
	switch {
	case f.Proto != wire.ProtoTCP:
		k = classUDP
	case f.Flags&(wire.SYN|wire.ACK) == wire.SYN:
		k = classSyn
	}
	t.enqueue(c, id, k)
	t.insert(h, id)
	t.stats.Opened++
	t.stats.Conns++
	t.h.Open(c)
	return c, id, dir
}

// maxPayload is more than any packet on a real link holds; it keeps a forged
// length from moving a stream far.
const maxPayload = 1 << 24

// wireLen is the length of the payload on the wire.
func wireLen(f *wire.Frame) uint32 {
	return max(min(f.PayloadLen, maxPayload), uint32(len(f.Payload)))
}

// side is the side that sends in direction dir.
func (c *Conn) side(dir Dir) side { return side(dir) ^ c.state.flags&flagFlip }

// backstep is how much older than its predecessor a packet may be before its
// time is taken for a broken clock.
const backstep = int64(time.Second)

// time is the stamp time of f.
func (c *Conn) time(f *wire.Frame, now int64) int64 {
	if f.Time == 0 || f.Time < c.Last-backstep {
		return now
	}
	return f.Time
}

// arrive counts a packet and keeps the connection young.
func (t *Table) arrive(c *Conn, id uint32, dir Dir, f *wire.Frame, at int64) *DirMetrics {
	if uint32(t.tick) != c.state.touch {
		t.reclass(c, id, c.state.class)
	}
	c.Last = max(c.Last, at)
	m := &c.TCP.Dir[dir]
	if m.Packets++; m.Packets == 1 {
		c.TTL[dir] = f.TTL
	}
	m.Bytes += uint64(wireLen(f))
	return m
}

package dup

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/wirespan/wirespan/capture/wire"
)

// DefaultWindow is within how long a copy comes. A mirror port sends the copies
// one behind the other; what lies between is its queue, of which switches have a
// few milliseconds. It is far below the 200 ms after which Linux repeats a
// segment by time, and the 100 ms of RFC 9293's lower bound as it is used.
const DefaultWindow = 10 * time.Millisecond

// MaxWindow bounds Config.Window.
const MaxWindow = time.Second

// DefaultPackets are remembered by a Filter: 160,000 packets a second for
// 10 ms, in each of the 64 shards.
const DefaultPackets = 2048

// Config says what a Filter remembers.
type Config struct {
	Window  time.Duration // between a packet and its last copy
	Packets int           // a power of two
}

// Default is a Config for a shard.
func Default() Config { return Config{Window: DefaultWindow, Packets: DefaultPackets} }

// Validate tells what is wrong with c.
func (c *Config) Validate() error {
	switch {
	case c.Window <= 0 || c.Window > MaxWindow:
		return fmt.Errorf("window of duplicates %v: must be more than 0 and at most %v", c.Window, MaxWindow)
	case c.Packets < 2 || bits.OnesCount(uint(c.Packets)) != 1:
		return fmt.Errorf("packets to find duplicates among %d: must be a power of two, 2 or more", c.Packets)
	}
	return nil
}

// maxCopies is how often a packet without identification of its own comes
// again because of a mirror, at most: in and out of two switches.
const maxCopies = 3

// entry is a packet that was seen, 24 bytes.
type entry struct {
	key    uint64 // 0: empty
	time   int64  // of the first
	copies uint32
}

// Filter finds the duplicates among the packets of one shard. It belongs to one
// goroutine.
type Filter struct {
	window int64
	table  []entry
	mask   uint64
	paths  [numPaths]path
	points []Count
}

// Count are the packets of one capture point.
type Count struct {
	Packets uint64 // all, duplicates among them
	Dropped uint64 // duplicates
}

// MaxPoints bounds the points that are counted apart; the last one stands for
// all further ones.
const MaxPoints = 1024

// New makes a Filter.
func New(c Config) (*Filter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Filter{window: int64(c.Window), table: make([]entry, c.Packets), mask: uint64(c.Packets - 1)}, nil
}

// Again reports whether f is a copy of a packet that was there already, and
// should go no further.
func (d *Filter) Again(f *wire.Frame) bool {
	n := d.count(f.Tap)
	n.Packets++
	key := keyOf(f)
	e, known := d.find(key, f.Time)
	p := d.pathOf(f)
	if !known {
		*e = entry{key: key, time: f.Time}
		p.first(f.ID)
		return false
	}
	e.copies++
	if e.copies == 1 {
		p.copy()
	}
	if !p.identified(f) && (e.copies > maxCopies || !p.doubled()) {
		if e.copies > maxCopies {
			p.forget()
		}
		return false
	}
	n.Dropped++
	return true
}

// Counts are the packets by capture point. They are valid until the next call.
func (d *Filter) Counts() []Count {
	if d == nil {
		return nil
	}
	return d.points
}

func (d *Filter) count(tap uint16) *Count {
	i := min(int(tap), MaxPoints-1)
	for i >= len(d.points) {
		d.points = append(d.points, Count{})
	}
	return &d.points[i]
}

// find returns the entry of a packet, or the one that it takes: of the two
// places that it may have, the older.
func (d *Filter) find(key uint64, now int64) (e *entry, known bool) {
	i := key & d.mask
	a, b := &d.table[i], &d.table[i^1]
	for _, e := range [2]*entry{a, b} {
		if age := now - e.time; e.key == key && age <= d.window && age >= -d.window {
			return e, true
		}
	}
	if b.time < a.time {
		return b, false
	}
	return a, false
}

// identified reports whether no other packet than a copy can have the same key
// within the window.
func (p *path) identified(f *wire.Frame) bool {
	return f.ID != 0 && !p.fixed || f.Proto == wire.ProtoTCP && f.Flags&wire.SYN != 0
}

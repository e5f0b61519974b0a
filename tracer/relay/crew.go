package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/store"
)

// Sharing is how servers that share a store agree. All servers of a store have the
// same times.
type Sharing struct {
	Name string        // of this server, for people
	Beat time.Duration // between two signs of life
	Dead time.Duration // a server whose signs have not changed for so long is gone; half of it without an answer of the store ends its own work
	Log  *slog.Logger  // nil: nothing is said
}

// DefaultSharing is what serve uses.
func DefaultSharing(name string) Sharing {
	return Sharing{Name: name, Beat: time.Second, Dead: 10 * time.Second}
}

func (s *Sharing) validate() error {
	if s.Beat <= 0 || s.Dead < 4*s.Beat {
		return errors.New("relay: beat, dead: must be positive, and dead four beats or more")
	}
	return nil
}

// crew is the servers that share a ledger, as one of them sees them. It compares no
// clocks: a server lives while its count of beats changes.
type crew struct {
	Sharing
	ledger store.Ledger
	now    func() time.Time

	mu      sync.Mutex
	own     store.Beat
	members []uint64 // of own.View, in order
	seen    map[uint64]sighting
	agreed  bool         // all members say the same view
	working bool         // a turn is under way, under a view that was agreed on
	heard   time.Time    // when the last beat began that worked
	mark    store.Second // what fell quiet until then may have been of a server that is gone
	parts   []uint8
	failed  uint64
}

// sighting is the last beat of a server, and when it was new.
type sighting struct {
	store.Beat
	at time.Time
}

// newCrew joins those who share the ledger; bound is its time.
func newCrew(l store.Ledger, s Sharing, bound store.Second, now func() time.Time) *crew {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	return &crew{Sharing: s, ledger: l, now: now, seen: map[uint64]sighting{}, own: store.Beat{ID: rand.Uint64(), Name: s.Name, Bound: bound, Start: bound}}
}

// run beats until ctx ends.
func (c *crew) run(ctx context.Context) {
	tick := time.NewTicker(c.Beat)
	defer tick.Stop()
	for {
		if err := c.step(ctx); err != nil && ctx.Err() == nil {
			c.mu.Lock()
			c.failed++
			c.mu.Unlock()
			c.Log.Warn("other servers do not hear from this one, so it sends no traces on for now", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step is one beat.
func (c *crew) step(ctx context.Context) error {
	began := c.now()
	own := c.next(began)
	within, cancel := context.WithTimeout(ctx, c.Dead/2)
	defer cancel()
	list, err := c.ledger.Beat(within, &own)
	if err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = began
	gone := c.look(list)
	c.turnTo(ctx, list, gone)
	return nil
}

// next is what this server says now. After it was silent for so long that others may
// take its place, it is a new one.
func (c *crew) next(began time.Time) store.Beat {
	c.mu.Lock()
	defer c.mu.Unlock()
	if late := !c.heard.IsZero() && began.Sub(c.heard) > c.Dead/2; (late || c.seen[c.own.ID].Gone) && !c.working {
		c.Log.Info("this server was silent, and begins anew")
		c.own.ID, c.own.Count, c.own.View, c.agreed, c.members = rand.Uint64(), 0, 0, false, nil
	}
	c.own.Count++
	return c.own
}

// look notes who has beaten, and returns the ids of those of whom nobody heard for
// long.
func (c *crew) look(list []store.Beat) (gone map[uint64]bool) {
	gone = map[uint64]bool{}
	now := c.now()
	for i := range list {
		b := &list[i]
		s, known := c.seen[b.ID]
		if !known || s.Count != b.Count || s.Gone != b.Gone {
			s.at = now
		}
		s.Beat = *b
		c.seen[b.ID] = s
		gone[b.ID] = b.Gone || b.ID != c.own.ID && now.Sub(s.at) >= c.Dead
	}
	for id := range c.seen { // what the ledger forgot
		if _, ok := gone[id]; !ok {
			delete(c.seen, id)
		}
	}
	return gone
}

// turnTo compares what this server sees with what the others say.
func (c *crew) turnTo(ctx context.Context, list []store.Beat, gone map[uint64]bool) {
	if gone[c.own.ID] {
		c.agreed = false // the next beat is that of a new server
		return
	}
	var live []uint64
	agreed := true
	for i := range list {
		if gone[list[i].ID] {
			continue
		}
		live = append(live, list[i].ID)
		agreed = agreed && list[i].View == c.own.View
	}
	if view := viewOf(live); view != c.own.View {
		c.agreed = false
		if !c.working { // else it is said when the turn has ended
			c.adopt(live, view, list, gone)
		}
		return
	}
	if agreed && !c.agreed {
		c.agree(ctx, list, gone)
	} else if !agreed {
		c.agreed = false
	}
}

// adopt takes a view, with the work of those that are in it no longer.
func (c *crew) adopt(live []uint64, view uint64, list []store.Beat, gone map[uint64]bool) {
	for _, id := range c.members {
		if s, ok := c.seen[id]; ok && gone[id] {
			c.mark = max(c.mark, c.own.Bound)
			c.own.Bound = min(c.own.Bound, s.Bound)
		}
	}
	if c.own.View == 0 && len(live) == 1 { // nobody else is there: go on where the last ones ended
		c.own.Bound = min(c.own.Bound, lastBound(list))
	}
	c.own.View, c.own.Start = view, c.own.Bound
	c.members = live
}

// lastBound is where the servers of the last view ended.
func lastBound(list []store.Beat) store.Second {
	var last *store.Beat
	for i := range list {
		if b := &list[i]; b.Gone && b.View != 0 && (last == nil || b.Bound > last.Bound) {
			last = b
		}
	}
	bound := ^store.Second(0)
	for i := range list {
		if b := &list[i]; last != nil && b.Gone && b.View == last.View {
			bound = min(bound, b.Bound)
		}
	}
	return bound
}

// agree begins to work on the parts that are this server's.
func (c *crew) agree(ctx context.Context, list []store.Beat, gone map[uint64]bool) {
	for i := range list {
		if !gone[list[i].ID] {
			c.own.Bound = min(c.own.Bound, list[i].Start)
		}
	}
	c.agreed, c.parts = true, partsOf(c.own.ID, c.members)
	c.Log.Info("servers that send traces on", "servers", len(c.members), "parts", len(c.parts), "of", store.Parts)
	if c.own.ID != c.members[0] {
		return
	}
	for i := range list { // say for those who cannot that they are gone
		if b := list[i]; gone[b.ID] && !b.Gone {
			b.Count, b.Gone = b.Count+1, true
			c.Log.Warn("a server that sent traces on is gone; others take its place", "server", b.Name)
			go c.bury(ctx, b)
		}
	}
}

func (c *crew) bury(ctx context.Context, b store.Beat) {
	ctx, cancel := context.WithTimeout(ctx, c.Dead/2)
	defer cancel()
	if _, err := c.ledger.Beat(ctx, &b); err != nil {
		c.Log.Debug("what is gone is not said to be", "error", err)
	}
}

// begin begins a turn, if this server may work.
func (c *crew) begin() (bound, mark store.Second, parts []uint8, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.agreed || c.stale() {
		return 0, 0, nil, false
	}
	c.working = true
	return c.own.Bound, c.mark, c.parts, true
}

// end ends a turn; bound is how far it came.
func (c *crew) end(bound store.Second) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = false
	c.own.Bound = max(c.own.Bound, bound)
}

// may reports whether a turn may go on.
func (c *crew) may() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed && !c.stale()
}

// stale reports that others may take this server for gone soon.
func (c *crew) stale() bool { return c.now().Sub(c.heard) > c.Dead/2 }

// fresh is the opposite, for those without the lock.
func (c *crew) fresh() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.stale()
}

// owns reports whether a part is this server's.
func (c *crew) owns(part uint8) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := slices.BinarySearch(c.parts, part)
	return ok
}

func (c *crew) id() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own.ID
}

// leave says that this server ends.
func (c *crew) leave(ctx context.Context) error {
	c.mu.Lock()
	own := c.own
	own.Count++
	own.Gone = true
	c.agreed = false
	c.mu.Unlock()
	if _, err := c.ledger.Beat(ctx, &own); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// viewOf names a set of servers, in order.
func viewOf(ids []uint64) uint64 {
	var b []byte
	for _, id := range ids {
		b = binary.BigEndian.AppendUint64(b, id)
	}
	return max(1, xxhash.Sum64(b))
}

// partsOf are the parts of a server: each part is that member's whose hash with it is
// the highest (rendezvous), so that a change moves no more than it must.
func partsOf(own uint64, members []uint64) (list []uint8) {
	for part := range store.Parts {
		var best, owner uint64
		for _, id := range members {
			b := binary.BigEndian.AppendUint64([]byte{byte(part)}, id)
			if h := xxhash.Sum64(b); h > best || owner == 0 {
				best, owner = h, id
			}
		}
		if owner == own {
			list = append(list, uint8(part))
		}
	}
	return list
}

package link

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// Linker chains exchanges. New returns a ready value; it is used by one
// goroutine.
type Linker struct {
	cfg    Config
	points Points
	ix     *index
	bytes  arena
	sights slab[sighting]
	exchs  slab[exchange]
	kins   slab[relatives]
	byslot [64][]int32 // sightings by shard and slot

	waiting int
	lookups uint64 // answers that were ever offered

	now  int64 // processing time up to which records were consumed
	grid int64 // last grid point that fired
	// patience is the number of grid points after which nothing more happens
	// without a record.
	patience             int
	buckets              buckets
	opens                list // requests that are open and hold their traces, for MaxOpen
	oldest               list // all that wait, for Memory
	clocks               clocks
	names                names
	terms                terms
	met                  [numAcquaintances]acquaintance
	asked                identity.Query // the question to Who, borrowed by it
	field                field
	joined, joinedPieces []byte // scratch
	out                  leave
	writers              []writer
	stats                Stats
	work                 []release
	system               system
	fetched              uint64 // see fetch.go
}

// New returns a Linker.
func New(cfg Config, points Points) (*Linker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Linker{}
	l.begin(cfg, points)
	return l, nil
}

// begin makes a zero Linker ready.
func (l *Linker) begin(cfg Config, points Points) {
	l.opens, l.oldest, l.cfg, l.points = list{of: byOpening}, list{of: byArrival}, cfg, points
	l.ix = newIndex(&l.exchs)
	l.names.init()
	l.terms.init(cfg.Keys)
	l.patience = int((cfg.MaxOpen+cfg.Quiet+time.Duration(maxLookup))/time.Duration(Grid)) + 2*numBuckets
	l.writers = make([]writer, len(cfg.Forms))
	for i := range l.writers {
		l.writers[i].init(l, &l.cfg.Forms[i], i == 0)
	}
}

// Stats returns the counters.
func (l *Linker) Stats() Stats {
	s := l.stats
	s.NamesRefused, s.PathsRefused, s.TermsForgotten = l.names.refused, l.field.paths.refused, l.terms.gone
	return s
}

// advance fires the timers of every grid point up to now.
func (l *Linker) advance(ctx context.Context, now int64) error {
	if l.grid == 0 {
		l.grid = now - now%Grid
	}
	l.now = max(l.now, now)
	for steps := 0; l.grid+Grid <= now; steps++ {
		if l.idle() {
			l.grid = now - now%Grid
			l.buckets.clear()
		} else if l.grid += Grid; steps > l.patience {
			l.leap(now - now%Grid)
		}
		if err := l.tick(ctx); err != nil {
			return err
		}
	}
	return nil
}

// leap passes over grid points of a long silence, after all that could fire by
// itself has; what still waits is looked at again on the other side.
func (l *Linker) leap(grid int64) {
	var waiting []int32
	for i := range l.buckets {
		for _, g := range l.buckets[i] {
			if e := l.exchs.at(g); e.used && e.up == g && e.due != 0 {
				e.due = 0
				waiting = append(waiting, g)
			}
		}
		l.buckets[i] = l.buckets[i][:0]
	}
	l.grid = grid
	for _, g := range waiting {
		l.schedule(g, grid+1)
	}
}

// idle reports whether nothing waits for time to pass.
func (l *Linker) idle() bool { return l.waiting == 0 }

// take applies one record.
func (l *Linker) take(ctx context.Context, r *Record, b *Batch) error {
	if r.Event&Opened != 0 {
		l.open(r, b)
	}
	if r.Event&Finished != 0 {
		l.finish(r, b)
	}
	if r.Event == Closing {
		l.close(r)
		return nil
	}
	m := l.memory()
	l.stats.PeakBytes = max(l.stats.PeakBytes, uint64(m))
	if m > l.cfg.Memory {
		return l.evict(ctx)
	}
	return nil
}

// memory is what waits, in bytes.
func (l *Linker) memory() int {
	return l.bytes.used +
		l.exchs.live()*int(unsafe.Sizeof(exchange{})) +
		l.sights.live()*int(unsafe.Sizeof(sighting{})) +
		l.kins.live()*int(unsafe.Sizeof(relatives{})) +
		l.system.memory() +
		l.ix.more.live()*int(unsafe.Sizeof(extra{})) +
		l.ix.used*2*int(unsafe.Sizeof(slot(0)))
}

// evict lets the oldest traces leave until the memory is within its bound, as
// many at once as should do.
func (l *Linker) evict(ctx context.Context) error {
	low := l.cfg.Memory / 16 * 15
	for l.oldest.first != 0 && l.memory() > low {
		n := (l.memory()-low)*l.waiting/l.memory() + 1
		for x := l.oldest.first; x != 0 && n > 0; {
			e := l.exchs.at(x)
			next := e.arrival.next
			if e.fixed && e.open > 0 {
				l.oldest.remove(l, x) // it leaves when it ends
			} else if g := l.exchs.at(l.root(x)); !g.leaving {
				g.leaving = true
				l.stats.Early++
				l.work = append(l.work, release{root: l.root(x)})
				n -= int(g.size)
			}
			x = next
		}
		if err := l.releaseAll(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open adds a sighting, joins it to the exchange it belongs to, and looks for
// relatives.
func (l *Linker) open(r *Record, b *Batch) {
	s := l.sights.take()
	sg := l.sights.at(s)
	sg.rec = r.Facts
	sg.next, sg.index, sg.open, sg.half = 0, 0, true, whole
	sg.rec.IDs, sg.rec.Pieces = l.bytes.put(b.View(r.IDs)), Pieces{}
	slots := l.byslot[r.Shard]
	for int(r.Slot) >= len(slots) {
		slots = append(slots, 0)
	}
	slots[r.Slot] = s
	l.byslot[r.Shard] = slots
	x, isNew := l.exchangeOf(s)
	e := l.exchs.at(x)
	sg.x = x
	if e.first == 0 {
		e.first = s
	} else {
		l.sights.at(e.last).next = s
	}
	if e.open == 0 {
		e.since = l.now
	}
	e.last = s
	e.sightings++
	e.open++
	g := l.root(x)
	if !e.held {
		l.exchs.at(g).groupOpen++
		l.opens.push(l, x)
	}
	l.touch(g)
	l.names.saw(b.Piece(&r.Facts, Host), &r.Facts, isNew)
	l.relate(x, s, isNew)
	if l.system.on {
		l.awaitActsAt(x, s)
	}
	if isNew && r.Flags&FirstOfConn != 0 {
		l.meet(&r.Facts)
	}
	l.stats.Opened++
}

// exchangeOf finds the exchange that a sighting belongs to, or makes one.
func (l *Linker) exchangeOf(s int32) (x int32, isNew bool) {
	r := &l.sights.at(s).rec
	l.meetPoint(r.Point)
	if r.Flags&InTunnel != 0 {
		l.widen() // the answer may be another connection
	}
	key := sightingKey(r)
	for e, n := l.ix.first(key), 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
		if o := l.ix.exchange(e); l.mayJoin(o, s) {
			x = o // the oldest: repeats pair up in order
		} else if !l.field.wide {
			break // at the only point those before are repeats, too
		}
	}
	if x != 0 {
		l.noteDirect(x, r)
	} else if x = l.looseOf(s); x != 0 {
		l.addKey(x, key)
	}
	if x != 0 {
		l.stats.Sightings++
		return x, false
	}
	x = l.newExchange(r.Exchange)
	l.addKey(x, key)
	l.addLoose(x, r)
	return x, true
}

// finish completes a sighting.
func (l *Linker) finish(r *Record, b *Batch) {
	s := l.inSlot(r)
	if s == 0 || !l.sights.at(s).open {
		l.stats.Strays++
		return
	}
	sg := l.sights.at(s)
	l.complete(sg, r, b)
	x := sg.x
	e := l.exchs.at(x)
	e.open--
	g := l.root(x)
	if !e.held {
		l.exchs.at(g).groupOpen--
	}
	if e.open == 0 {
		l.opens.remove(l, x)
		l.unlistOpen(x)
	}
	l.clocks.learn(l, x)
	l.answered(x, s)
	l.findActs(x, s)
	l.court(x, s)
	l.touch(l.root(x))
	l.stats.Finished++
}

// complete brings what the finished record knows into the opened one.
func (l *Linker) complete(sg *sighting, r *Record, b *Batch) {
	to := &sg.rec
	sg.open = false
	to.Pieces = r.Pieces
	to.Pieces.pos = l.bytes.put(b.View(r.Pieces.whole())).pos
	to.Outcome, to.Status, to.Close, to.Code, to.Proto, to.Kind = r.Outcome, r.Status, r.Close, r.Code, r.Proto, r.Kind
	to.RequestEnd, to.ResponseStart, to.End, to.SeqResponse = r.RequestEnd, r.ResponseStart, r.End, r.SeqResponse
	to.Trail.Next = r.Trail.Next
	if to.Flags&HasRequestIDTrace == 0 {
		to.IDTrace = r.IDTrace
	}
	if r.Flags&ContextBack != 0 {
		to.Context = r.Context
	}
	to.Flags |= r.Flags
}

// close tells the last exchange of a connection how that ended, if it has not
// left yet.
func (l *Linker) close(r *Record) {
	if s := l.inSlot(r); s != 0 && !l.sights.at(s).open {
		l.sights.at(s).rec.Close = r.Close
	}
}

// inSlot returns the sighting that a record names, 0 if it has left.
func (l *Linker) inSlot(r *Record) int32 {
	slots := l.byslot[r.Shard]
	if int(r.Slot) >= len(slots) || slots[r.Slot] == 0 {
		return 0
	}
	s := slots[r.Slot]
	sg := l.sights.at(s)
	if sg.x == 0 || sg.rec.Exchange != r.Exchange || sg.rec.Point != r.Point {
		return 0
	}
	return s
}

// touch notes that something happened to a group and sees that it leaves in time.
func (l *Linker) touch(g int32) {
	e := l.exchs.at(g)
	e.groupLast = l.now
	if e.groupOpen == 0 && e.due == 0 {
		l.schedule(g, l.now+int64(l.cfg.Quiet))
	}
}

// Flush releases everything; open requests must have been finished by join.
func (l *Linker) Flush(ctx context.Context) error {
	for x := int32(1); x <= l.exchs.n; x++ {
		if e := l.exchs.at(x); e.used && e.up == x {
			l.work = append(l.work, release{root: x})
		}
	}
	if err := l.releaseAll(ctx); err != nil {
		return err
	}
	var err error
	for i := range l.writers {
		err = errors.Join(err, l.writers[i].close(ctx))
	}
	return err
}

// SetName tells a name for an address, from a pcapng name resolution block.
func (l *Linker) SetName(addr [16]byte, name string) {
	if l.cfg.Who != nil {
		l.cfg.Who.SetFile(addr, name)
		return
	}
	l.names.set(addr, name)
}

// SpanID is the id of a sighting's span.
func (l *Linker) spanID(s int32) span.SpanID {
	sg := l.sights.at(s)
	return l.observedID(sg.rec.Exchange, sg.rec.Point, uint64(sg.index))
}

func (l *Linker) pointName(p uint16) string {
	if pts := l.points(); int(p) < len(pts) {
		return pts[p].Name
	}
	return ""
}

package link

import (
	"context"
	"time"

	"github.com/wirespan/wirespan/l7"
)

// numBuckets is the size of the ring of release times; with the grid of 100 ms
// it spans 6.4 s, later times are looked at again when the ring comes round.
const numBuckets = 64

// buckets hold groups by the grid point at which they may leave.
type buckets [numBuckets][]int32

func (b *buckets) clear() {
	for i := range b {
		b[i] = b[i][:0]
	}
}

// schedule puts a group into the bucket of a time.
func (l *Linker) schedule(g int32, at int64) {
	at = max(at, l.grid+1)
	at = min(at, l.grid+(numBuckets-1)*Grid)
	slot := (at + Grid - 1) / Grid
	l.exchs.at(g).due = slot * Grid
	l.buckets[slot%numBuckets] = append(l.buckets[slot%numBuckets], g)
}

// tick fires the timers of the grid point l.grid.
func (l *Linker) tick(ctx context.Context) error {
	l.expireOpen()
	l.expireActs()
	b := &l.buckets[(l.grid/Grid)%numBuckets]
	due := *b
	*b = nil
	for _, g := range due {
		e := l.exchs.at(g)
		if !e.used || e.up != g || e.due != l.grid {
			continue
		}
		e.due = 0
		l.consider(g)
	}
	if *b == nil {
		*b = due[:0]
	}
	return l.releaseAll(ctx)
}

// consider lets a group leave, or says when to look again.
func (l *Linker) consider(g int32) {
	e := l.exchs.at(g)
	if e.groupOpen > 0 {
		return // finish schedules it
	}
	if at := l.releaseTime(g); at > l.grid {
		l.schedule(g, at)
		return
	}
	if l.mayStillHaveParent(g) {
		l.schedule(g, l.grid+Grid)
		return
	}
	l.work = append(l.work, release{root: g})
}

// releaseTime is when a group has been quiet for long enough. A lookup that no
// call used yet waits for its call.
func (l *Linker) releaseTime(g int32) int64 {
	e := l.exchs.at(g)
	quiet := int64(l.cfg.Quiet)
	if r := &l.sights.at(e.first).rec; e.size == 1 && r.Class == l7.ClassDNS && r.Pieces.has(Answers) {
		quiet = max(quiet, l.lookupLife(e.first, nil))
	}
	return e.groupLast + quiet
}

// mayStillHaveParent reports whether a member carries an ID that an open
// request at its client may turn out to have made up, or to pass back.
func (l *Linker) mayStillHaveParent(g int32) bool {
	for x, first := g, true; first || x != g; x, first = l.exchs.at(x).ring, false {
		if !l.metParent(x) && l.openBefore(x, g) {
			return true
		}
	}
	return false
}

// metParent reports whether nothing better than what is known can come: an
// exchange without ID, or one whose parent is named and is where it came from.
func (l *Linker) metParent(x int32) bool {
	if l.exchs.at(x).fixed {
		return true
	}
	for _, c := range l.candsOf(x) {
		if c.rule.names() && c.continuity {
			return true
		}
	}
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if r := &l.sights.at(s).rec; r.IDs.len > 0 || r.Pieces.has(ResponseIDs) {
			return false
		}
	}
	return true
}

// openBefore reports whether a request outside group g is open at the client
// of x that may contain it.
func (l *Linker) openBefore(x, g int32) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		key := openKey(l.sights.at(s).rec.Client.Addr)
		for e, n := l.ix.first(key), 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
			o := l.ix.exchange(e)
			if !l.exchs.at(o).held && l.root(o) != g && l.contains(o, x) != outside {
				return true
			}
		}
	}
	return false
}

// expireOpen lets requests that are open for longer than MaxOpen hold their
// traces no longer.
func (l *Linker) expireOpen() {
	for x := l.opens.first; x != 0 && l.exchs.at(x).since+int64(l.cfg.MaxOpen) <= l.grid; x = l.opens.first {
		e := l.exchs.at(x)
		l.opens.remove(l, x)
		e.held = true
		g := l.root(x)
		l.exchs.at(g).groupOpen -= int32(e.open)
		l.letGo(g)
	}
}

// letGo schedules a group that nothing holds any more.
func (l *Linker) letGo(g int32) {
	if e := l.exchs.at(g); e.groupOpen == 0 && e.due == 0 {
		l.schedule(g, max(l.now, l.grid+1))
	}
}

// lookupLife is how long a DNS answer waits for the call that uses it: its
// TTL, at most 5 s (DESIGN.md, section 7, rule 5); a TTL of zero is good for
// the call that asked (RFC 1035, section 3.2.1). addr nil stands for the answer
// that lives longest.
func (l *Linker) lookupLife(s int32, addr *[16]byte) int64 {
	a := l.piece(&l.sights.at(s).rec, Answers)
	ttl := uint32(1)
	for i := range len(a) / answerSize {
		if at, t := answerAt(a, i); addr == nil || at == *addr {
			ttl = max(ttl, t)
		}
	}
	return min(int64(ttl)*int64(time.Second), maxLookup)
}

const maxLookup = 5 * int64(time.Second)

package link

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
)

// release is a group that leaves.
type release struct{ root int32 }

// leaving is one trace that leaves: its exchanges are order[from:to].
type leaving struct {
	start    int64
	trace    span.TraceID
	root     uint64 // exchange key of the root
	from, to int
}

// leave is the memory that a release uses, kept for the next one.
type leave struct {
	order   []int32 // exchanges, trace by trace
	members []int32
	sorted  []int32
	traces  []leaving
}

// releaseAll writes the groups in work, in order of root start, place on the wire
// and trace id.
func (l *Linker) releaseAll(ctx context.Context) error {
	if len(l.work) == 0 {
		return nil
	}
	l.out.order, l.out.traces = l.out.order[:0], l.out.traces[:0]
	for i, w := range l.work {
		if i%fetchAhead == 0 {
			l.fetchGroups(l.work[i:])
		}
		if l.exchs.at(w.root).size == 1 {
			l.resolveAlone(w.root)
		} else {
			l.resolve(w.root)
		}
	}
	slices.SortFunc(l.out.traces, func(a, b leaving) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return cmp.Or(l.wireOrder(l.out.order[a.from], l.out.order[b.from]), bytes.Compare(a.trace[:], b.trace[:]), cmp.Compare(a.root, b.root))
	})
	var err error
	for i, t := range l.out.traces {
		if i%fetchAhead == 0 {
			l.fetchTraces(l.out.traces[i:])
		}
		xs := l.out.order[t.from:t.to]
		if !l.wanted(xs) {
			for _, x := range xs {
				l.stats.Unselected += uint64(l.exchs.at(x).sightings)
			}
			continue
		}
		l.stats.Traces++
		for i := range l.writers {
			if e := l.writers[i].trace(ctx, xs); e != nil && err == nil {
				err = e
			}
		}
	}
	for i, w := range l.work {
		if i%fetchAhead == 0 {
			l.fetchKeys(l.work[i:])
		}
		l.dismiss(w.root)
	}
	l.work = l.work[:0]
	if l.cfg.Prompt {
		for i := range l.writers {
			err = errors.Join(err, l.writers[i].prompt(ctx))
		}
	}
	return err
}

// resolveAlone does what resolve does for an exchange that has no relatives.
func (l *Linker) resolveAlone(x int32) {
	e := l.exchs.at(x)
	e.top, e.depth, e.settled = x, 0, true
	if !e.fixed {
		l.orderSightings(x)
		l.forget(e)
		if own, has := l.contextOf(x); has {
			e.trace = own
		}
	}
	if l.idOf(x) != nil {
		e.best = x
	}
	e.trace = l.traceOf(x)
	if e.open > 0 { // what is still open is not part of what leaves
		return
	}
	n := len(l.out.order)
	l.out.order = append(l.out.order, x)
	l.out.traces = append(l.out.traces, leaving{trace: e.trace, start: l.startOf(x), root: e.key, from: n, to: n + 1})
}

// resolve decides the parents in a group and lists its traces.
func (l *Linker) resolve(root int32) {
	m := l.marry(l.members(root))
	for _, x := range m {
		l.rank(x)
	}
	for _, sure := range [...]bool{true, false} {
		for _, x := range m {
			l.chooseParent(x, sure)
		}
	}
	for _, x := range m {
		l.followCall(x)
	}
	for _, x := range m {
		l.offerTrace(x)
	}
	for _, x := range m {
		l.settle(x)
	}
	l.nameTraces(m)
	l.noteSentOn(m)
	l.listTraces(m)
}

// members returns the exchanges of a group by start.
func (l *Linker) members(root int32) []int32 {
	m := l.out.members[:0]
	for x, first := root, true; first || x != root; x, first = l.exchs.at(x).ring, false {
		m = append(m, x)
	}
	l.out.members = m
	if len(m) > 1 {
		slices.SortFunc(m, func(a, b int32) int {
			if c := cmp.Compare(l.startOf(a), l.startOf(b)); c != 0 {
				return c
			}
			return cmp.Or(l.wireOrder(a, b), cmp.Compare(l.exchs.at(a).key, l.exchs.at(b).key), cmp.Compare(a, b))
		})
	}
	return m
}

func (l *Linker) startOf(x int32) int64 { return l.onBase(&l.sights.at(l.exchs.at(x).first).rec) }

// rank puts the sightings and the candidates of an exchange in order.
func (l *Linker) rank(x int32) {
	e := l.exchs.at(x)
	e.top, e.depth, e.settled = x, 0, false
	if e.fixed {
		return
	}
	l.orderSightings(x)
	if l.system.on {
		l.retract(x)
	}
	c := l.candsOf(x)
	l.reconsider(c)
	for i := 1; i < len(c); i++ { // insertion sort, at most maxCands
		for j := i; j > 0 && l.better(&c[j], &c[j-1], x); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
	l.forget(e)
}

// forget clears what an earlier look at the group decided.
func (l *Linker) forget(e *exchange) {
	e.parent, e.cut = 0, 0
	if e.kin != 0 {
		l.kins.at(e.kin).verdict = candidate{}
	}
}

// chooseParent takes the best candidate that is good enough and makes no
// cycle. The sure ones, which the wire names and addresses bear out, are taken
// first for all: without common time a request without continuity might as
// well be its parent's parent.
func (l *Linker) chooseParent(x int32, sure bool) {
	e := l.exchs.at(x)
	if e.fixed || e.parent != 0 {
		return
	}
	c := l.candsOf(x)
	for i := range c {
		if sure && !(c[i].rule.names() && c[i].continuity) {
			return
		}
		if isParent(&c[i]) && (c[i].rule == Message || l.contains(c[i].x, x) != outside) && !l.above(x, c[i].x) {
			e.parent, l.relativesOf(x).verdict = c[i].x, c[i]
			if l.conflict(x, &c[i]) {
				l.relativesOf(x).verdict.confidence -= doubted
			}
			return
		}
	}
}

// isParent reports whether a candidate is good enough to be the parent.
func isParent(c *candidate) bool {
	if c.rule == Inferred {
		return c.confidence >= inferredThreshold
	}
	return c.confidence >= soleProxy
}

// maxDepth bounds the exchanges above another one in a trace.
const maxDepth = 256

// above reports whether x is p or one of its ancestors, or p is too deep to be
// a parent.
func (l *Linker) above(x, p int32) bool {
	for range maxDepth {
		if p == 0 {
			return false
		}
		if p == x {
			return true
		}
		p = l.exchs.at(p).parent
	}
	return true
}

// followCall hangs a lookup where the call that used it hangs, unless it was
// made before that began.
func (l *Linker) followCall(x int32) {
	e := l.exchs.at(x)
	if e.dns == 0 || e.parent != 0 || e.fixed {
		return
	}
	if p := l.exchs.at(e.dns).parent; p != 0 && !l.above(x, p) && l.contains(p, x) != outside {
		e.parent = p
		l.relativesOf(x).verdict = candidate{x: e.dns, rule: DNS, continuity: true, confidence: 0.95}
	}
}

// offerTrace gives the tree of x the wire trace of x, if its root has none of
// its own and x is the earliest that has one.
func (l *Linker) offerTrace(x int32) {
	e := l.exchs.at(x)
	own, has := l.contextOf(x)
	if !has || e.fixed {
		return
	}
	top := x
	for l.exchs.at(top).parent != 0 {
		top = l.exchs.at(top).parent
	}
	if t := l.exchs.at(top); top == x || t.trace.IsZero() {
		t.trace = own
	}
}

// settle decides the place of x in its tree, parents first: a relation to
// another wire trace becomes a span link.
func (l *Linker) settle(x int32) {
	e := l.exchs.at(x)
	if e.settled || e.parent == 0 {
		e.settled = true
		return
	}
	e.settled = true
	l.settle(e.parent)
	p := l.exchs.at(e.parent)
	t := l.exchs.at(p.top).trace
	if own, has := l.contextOf(x); has && !t.IsZero() && t != own {
		e.cut, e.parent, e.trace = e.parent, 0, own
		return
	}
	e.top, e.depth = p.top, p.depth+1
}

// contextOf returns the wire trace id of an exchange.
func (l *Linker) contextOf(x int32) (t span.TraceID, ok bool) {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if r := &l.sights.at(s).rec; r.Flags&HasContext != 0 {
			return r.Context.Trace, true
		}
	}
	return t, false
}

// nameTraces gives trees without context the id of their root-most request ID,
// else of their root.
func (l *Linker) nameTraces(m []int32) {
	for _, x := range m {
		if l.idOf(x) == nil {
			continue
		}
		e := l.exchs.at(x)
		t := l.exchs.at(e.top)
		if t.best == 0 || e.depth < l.exchs.at(t.best).depth {
			t.best = x
		}
	}
	for _, x := range m {
		l.exchs.at(x).trace = l.traceOf(l.exchs.at(x).top)
	}
}

// traceOf returns the trace id of a root.
func (l *Linker) traceOf(top int32) span.TraceID {
	e := l.exchs.at(top)
	if !e.trace.IsZero() {
		return e.trace
	}
	if e.trace = span.TraceOfRoot(e.key); e.best != 0 {
		e.trace = *l.idOf(e.best)
	}
	return e.trace
}

func (l *Linker) idOf(x int32) *span.TraceID {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if r := &l.sights.at(s).rec; r.Flags&HasRequestIDTrace != 0 {
			return &r.IDTrace
		}
	}
	return nil
}

// listTraces sorts a group into traces; trees with one trace id leave as one.
// What is still open is not part of what leaves.
func (l *Linker) listTraces(m []int32) {
	from := len(l.out.order)
	for _, x := range m {
		if l.exchs.at(x).open == 0 {
			l.out.order = append(l.out.order, x)
		}
	}
	o := l.out.order[from:]
	if len(o) > 1 {
		slices.SortStableFunc(o, func(a, b int32) int {
			return bytes.Compare(l.exchs.at(a).trace[:], l.exchs.at(b).trace[:])
		})
	}
	for i := 0; i < len(o); {
		first := l.exchs.at(o[i])
		t := leaving{trace: first.trace, start: l.startOf(first.top), root: l.exchs.at(first.top).key, from: from + i}
		j := i
		for ; j < len(o) && l.exchs.at(o[j]).trace == t.trace; j++ {
			top := l.exchs.at(o[j]).top
			if start, key := l.startOf(top), l.exchs.at(top).key; start < t.start || start == t.start && key < t.root {
				t.start, t.root = start, key
			}
		}
		i, t.to = j, from+j
		l.out.traces = append(l.out.traces, t)
	}
}

// dismiss frees what a group has written. Exchanges that are still open stay,
// with the trace that their children left under.
func (l *Linker) dismiss(root int32) {
	m := l.members(root)
	for _, x := range m {
		if e := l.exchs.at(x); e.open > 0 && !e.fixed {
			left, forwarded := l.kinOf(x), l.isForwarded(x)
			k := l.relativesOf(x)
			k.left, k.forwarded, k.n = left, forwarded, 0
		}
	}
	for _, x := range m {
		e := l.exchs.at(x)
		if e.open == 0 {
			l.freeExchange(x)
			continue
		}
		if !e.fixed {
			l.stats.Detached++
		}
		l.opens.remove(l, x)
		e.fixed, e.held = true, true
		e.up, e.ring, e.size, e.due, e.leaving = x, x, 1, 0, false
		e.groupOpen, e.groupLast = 0, l.now
		e.parent, e.cut, e.best = 0, 0, 0
	}
}

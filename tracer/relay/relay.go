package relay

import (
	"container/list"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Assembler is what traces are put together by: assemble.Assembler.
type Assembler interface {
	Trace(ctx context.Context, id span.TraceID, around store.Window) (*assemble.Trace, error)
}

// Outbox takes encoded requests: sink.Outbox.
type Outbox interface {
	Offer(sink.Parcel) error
	Buffer() []byte
}

// Aliaser is told which ids turned out to be of one trace: store.Store.
type Aliaser interface {
	Alias(ctx context.Context, list []store.Alias) error
}

// Stats count traces, and the spans that were made of them.
type Stats struct {
	Noted    uint64 // spans that were heard of
	Traces   uint64 // that left
	Spans    uint64 // of them
	Late     uint64 // spans that were sent behind
	Sampled  uint64 // traces that did not leave because of Sampling
	Early    uint64 // traces that left early because Pending was reached
	Failed   uint64 // traces that could not be assembled
	Dropped  uint64 // spans that the Outbox did not take
	Pending  int    // traces that wait
	Conceded uint64 // traces that are no longer remembered because Done was reached

	Shared SharedStats
}

// Relay exports traces. Its methods may be called at the same time.
type Relay struct {
	cfg Config
	asm Assembler
	box Outbox
	ali Aliaser
	now func() time.Time

	mu      sync.Mutex
	waiting map[span.TraceID]*waiting
	order   list.List // of *waiting, by the last span
	births  list.List // of *waiting, by the first
	gone    map[span.TraceID]*departed
	left    list.List // of *departed, by when they left
	stats   Stats
	wake    chan struct{}

	shared *shared // nil: this server is the only one
}

// waiting is a trace of which there was news.
type waiting struct {
	id          span.TraceID
	first, last time.Time     // of news
	from, to    int64         // starts of its spans
	place       *list.Element // in order
	birth       *list.Element
	patient     bool // it has waited once more
}

// departed is a trace that left, or was left out.
type departed struct {
	id   span.TraceID   // under which it left
	ids  []span.TraceID // all that lead to it
	at   time.Time
	kept bool
	sent map[span.SpanID]bool
}

// New returns a Relay, which does nothing until Run. ali may be nil.
func New(asm Assembler, box Outbox, ali Aliaser, cfg Config) (*Relay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Relay{
		cfg: cfg, asm: asm, box: box, ali: ali, now: time.Now,
		waiting: map[span.TraceID]*waiting{}, gone: map[span.TraceID]*departed{}, wake: make(chan struct{}, 1),
	}, nil
}

// Note hears of spans that the store has taken. It waits for nothing and keeps
// nothing of them.
func (r *Relay) Note(spans []store.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Noted += uint64(len(spans))
	if r.shared != nil {
		return // the ledger hears of them
	}
	now := r.now()
	for i := range spans {
		r.note(&spans[i], now)
	}
	if len(r.waiting) > r.cfg.Pending {
		r.rouse()
	}
}

func (r *Relay) note(s *store.Span, now time.Time) {
	w := r.waiting[s.Trace]
	if w == nil {
		w = &waiting{id: s.Trace, first: now, from: s.Start, to: s.Start}
		w.place, w.birth = r.order.PushBack(w), r.births.PushBack(w)
		r.waiting[s.Trace] = w
	} else {
		r.order.MoveToBack(w.place)
	}
	w.last = now
	w.from, w.to = min(w.from, s.Start), max(w.to, s.Start)
}

func (r *Relay) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Stats returns the counters.
func (r *Relay) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Pending = len(r.waiting)
	if r.shared != nil {
		r.shared.fill(&s.Shared)
	}
	return s
}

// Run lets traces leave as they fall quiet, until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	if r.shared != nil {
		r.shared.run(ctx)
		return
	}
	tick := time.NewTicker(max(r.cfg.Quiet/10, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.wake:
		}
		for {
			w, early := r.due()
			if w == nil || ctx.Err() != nil {
				break
			}
			r.leave(ctx, w, early)
		}
		r.forget()
	}
}

// Flush lets everything leave that waits. Where servers share a ledger, that is left
// to the others, or to the next.
func (r *Relay) Flush(ctx context.Context) error {
	if r.shared != nil {
		return r.shared.crew.leave(ctx)
	}
	for ctx.Err() == nil {
		r.mu.Lock()
		e := r.order.Front()
		r.mu.Unlock()
		if e == nil {
			return nil
		}
		r.leave(ctx, e.Value.(*waiting), false)
	}
	return ctx.Err()
}

// due is the next trace that leaves; early says that there is no room for it.
func (r *Relay) due() (w *waiting, early bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.order.Front()
	if e == nil {
		return nil, false
	}
	w = e.Value.(*waiting)
	now := r.now()
	if now.Sub(w.last) >= r.cfg.Quiet {
		return w, false
	}
	if len(r.waiting) > r.cfg.Pending {
		return w, true
	}
	if w = r.births.Front().Value.(*waiting); now.Sub(w.first) >= r.cfg.Longest {
		return w, false // it never falls quiet
	}
	return nil, false
}

// leave assembles a trace and sends it, if it is worth it.
func (r *Relay) leave(ctx context.Context, w *waiting, early bool) {
	r.mu.Lock()
	r.remove(w)
	if early {
		r.stats.Early++
	}
	r.mu.Unlock()
	const around = int64(time.Hour)
	t, err := r.asm.Trace(ctx, w.id, store.Window{From: w.from - around, To: w.to + around})
	if err != nil {
		r.mu.Lock()
		r.stats.Failed++
		r.mu.Unlock()
		return
	}
	if !early && (r.postpone(w, t) || r.await(w, t)) {
		return
	}
	r.send(ctx, t)
}

// await lets an exchange that nothing is connected with, as that of a database, wait
// once more for the span of an SDK that tells of it.
func (r *Relay) await(w *waiting, t *assemble.Trace) bool {
	if w.patient || !lonely(t) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w.patient = true
	r.again(w, r.now())
	return true
}

// lonely reports a trace of one exchange of which an SDK might tell for which request
// it was.
func lonely(t *assemble.Trace) bool {
	if len(t.Nodes) == 0 || t.Nodes[0].Exchange < 0 || t.Nodes[0].Span.Kind == span.Server {
		return false
	}
	for i := range t.Nodes {
		if t.Nodes[i].Exchange != t.Nodes[0].Exchange || t.Nodes[i].Span.Signal == store.APP {
			return false
		}
	}
	return true
}

func (r *Relay) remove(w *waiting) {
	r.order.Remove(w.place)
	r.births.Remove(w.birth)
	delete(r.waiting, w.id)
}

// postpone lets a trace wait for news of its other ids; without, those do not wait
// any longer either.
func (r *Relay) postpone(w *waiting, t *assemble.Trace) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	var others []*waiting
	for _, id := range append([]span.TraceID{t.ID}, t.Aliases...) {
		o := r.waiting[id]
		if o == nil {
			continue
		}
		if !o.patient && now.Sub(o.last) < r.cfg.Quiet && now.Sub(w.first) < r.cfg.Longest {
			r.again(w, o.last)
			return true
		}
		others = append(others, o)
	}
	for _, o := range others {
		r.remove(o)
	}
	return false
}

// again lets a trace wait as if its last news were of a time.
func (r *Relay) again(w *waiting, last time.Time) {
	if r.waiting[w.id] != nil {
		return // there was news
	}
	w.last = last
	w.place, w.birth = r.order.PushBack(w), r.births.PushBack(w)
	r.waiting[w.id] = w
}

// send hands the spans on that did not leave before, and says which.
func (r *Relay) send(ctx context.Context, t *assemble.Trace) (d *departed, left []store.Span) {
	d, again := r.departure(t)
	if !again {
		keep, rate := r.cfg.Keep(t)
		d.kept = keep
		r.count(func(s *Stats) {
			if keep {
				s.Traces++
			} else {
				s.Sampled++
			}
		})
		if keep && rate < 1 {
			state(t, rate)
		}
		r.alias(ctx, t)
	}
	if !d.kept {
		return d, nil
	}
	t.ID = d.id
	spans := Shape(t, &r.cfg.Shaping)
	if again {
		spans = afterwards(spans, t, d.sent)
	}
	spans = slices.DeleteFunc(spans, func(s store.Span) bool {
		was := d.sent[s.ID]
		d.sent[s.ID] = true
		return was
	})
	if again {
		r.count(func(s *Stats) { s.Late += uint64(len(spans)) })
	}
	for part := range slices.Chunk(spans, r.cfg.Batch) {
		p := sink.Parcel{Bytes: Append(r.box.Buffer(), part), Spans: len(part)}
		err := r.box.Offer(p)
		r.count(func(s *Stats) {
			if err != nil {
				s.Dropped += uint64(len(part))
			} else {
				s.Spans += uint64(len(part))
			}
		})
	}
	return d, spans
}

// afterwards shapes what is sent behind: an exchange that left as a CLIENT and a SERVER
// span has both, so that further sightings of it are INTERNAL, and no side is made up.
func afterwards(spans []store.Span, t *assemble.Trace, sent map[span.SpanID]bool) []store.Span {
	told := map[int]bool{} // exchanges
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Exchange >= 0 && n.Span.Signal != store.APP && sent[n.Span.ID] {
			told[n.Exchange] = true
		}
	}
	if len(told) == 0 {
		return spans
	}
	seen, made := map[span.SpanID]bool{}, map[span.SpanID]bool{}
	for i := range t.Nodes {
		if n := &t.Nodes[i]; told[n.Exchange] && n.Span.Signal != store.APP {
			seen[n.Span.ID], made[pairID(n.Span)] = true, true
		}
	}
	for i := range spans {
		if s := &spans[i]; seen[s.ID] && !sent[s.ID] {
			s.Kind = span.Internal
			if made[s.Parent] && !sent[s.Parent] { // of a side that is not sent
				s.Parent = parentOf(spans, s.Parent)
			}
		}
	}
	return slices.DeleteFunc(spans, func(s store.Span) bool { return made[s.ID] && !sent[s.ID] })
}

// parentOf is the parent of a span among others.
func parentOf(spans []store.Span, id span.SpanID) span.SpanID {
	for i := range spans {
		if spans[i].ID == id {
			return spans[i].Parent
		}
	}
	return span.SpanID{}
}

func (r *Relay) count(f func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.stats)
}

// departure finds a trace that left before, or notes that it leaves now. What left
// under another id, before it was known to be of this trace, is not sent again.
func (r *Relay) departure(t *assemble.Trace) (d *departed, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d = r.gone[t.ID]; d != nil {
		again = true
	} else {
		d = &departed{at: r.now(), id: t.ID, sent: map[span.SpanID]bool{}}
		r.left.PushBack(d)
		r.gone[t.ID] = d
		d.ids = append(d.ids, t.ID)
	}
	for _, id := range t.Aliases {
		switch o := r.gone[id]; {
		case o == nil:
			r.gone[id] = d
			d.ids = append(d.ids, id)
		case o != d:
			maps.Copy(d.sent, o.sent)
		}
	}
	return d, again
}

// forget drops what left too long ago, and what there is no room for.
func (r *Relay) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for e := r.left.Front(); e != nil; e = r.left.Front() {
		d := e.Value.(*departed)
		old := r.now().Sub(d.at) >= r.cfg.Late
		if !old && r.left.Len() <= r.cfg.Done {
			return
		}
		if !old {
			r.stats.Conceded++
		}
		for _, id := range d.ids {
			if r.gone[id] == d {
				delete(r.gone, id)
			}
		}
		r.left.Remove(e)
	}
}

// alias tells the store which ids are of one trace.
func (r *Relay) alias(ctx context.Context, t *assemble.Trace) {
	if r.ali == nil || len(t.Aliases) == 0 {
		return
	}
	list := make([]store.Alias, len(t.Aliases))
	for i, id := range t.Aliases {
		list[i] = store.Alias{Old: id, Canonical: t.ID, Time: r.now().UnixNano()}
	}
	if err := r.ali.Alias(ctx, list); err != nil && !errors.Is(err, context.Canceled) {
		r.count(func(s *Stats) { s.Failed++ })
	}
}

// state says on the roots of a trace for how many others it stands.
func state(t *assemble.Trace, rate float64) {
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Parent < 0 {
			s := *n.Span
			s.Attrs = append(slices.Clone(s.Attrs), store.Attr{Key: "wirespan.sample.rate", Value: store.DoubleValue(rate)})
			n.Span = &s
		}
	}
}

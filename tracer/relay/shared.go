package relay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Settler is met by an Outbox that says how many of the spans that it was offered
// are neither waiting nor on their way: taken, refused or lost.
type Settler interface{ Settled() uint64 }

// SharedStats tell how this server shares the work with others.
type SharedStats struct {
	Servers int           // that send traces on; 0: they do not agree on that now
	Parts   int           // of 256, that are this server's
	Lag     time.Duration // how long ago fell quiet what is sent on now, beyond Quiet
	Handed  uint64        // traces that were left to the server of their id
	Taken   uint64        // traces that were those of a server that is gone
	Unsure  uint64        // spans that were sent, but not noted: they may be sent again
	Failed  uint64        // times that the ledger did not answer
}

// shared is the part of a Relay that works by a ledger.
type shared struct {
	*Relay
	ledger store.Ledger
	crew   *crew
	given  map[span.TraceID]store.Second // the latest news of what was looked at lately
	first  uint64                        // spans that the Outbox had settled when this began

	lag                   atomic.Int64
	handed, taken, unsure atomic.Uint64
	failed                atomic.Uint64
	offered               uint64
}

// Share has the Relay agree with other servers on what each of them sends on, by the
// store that they share. It is called before Run. From then on Note is of no
// consequence: the ledger hears of all spans.
func (r *Relay) Share(ctx context.Context, l store.Ledger, s Sharing) error {
	if err := s.validate(); err != nil {
		return err
	}
	now, err := l.OpenLedger(ctx)
	if err != nil {
		return err
	}
	r.shared = &shared{Relay: r, ledger: l, crew: newCrew(l, s, now, r.now), given: map[span.TraceID]store.Second{}}
	if b, ok := r.box.(Settler); ok {
		r.shared.first = b.Settled()
	}
	return nil
}

func (s *shared) fill(out *SharedStats) {
	c := s.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.agreed {
		out.Servers, out.Parts = len(c.members), len(c.parts)
	}
	out.Lag = time.Duration(s.lag.Load())
	out.Handed, out.Taken, out.Unsure = s.handed.Load(), s.taken.Load(), s.unsure.Load()
	out.Failed = s.failed.Load() + c.failed
}

// run works until ctx ends.
func (s *shared) run(ctx context.Context) {
	var beats sync.WaitGroup
	defer beats.Wait()
	beats.Go(func() { s.crew.run(ctx) })
	tick := time.NewTicker(s.crew.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for s.turn(ctx) {
		}
		s.forget()
	}
}

// Bounds of a turn.
const (
	turnTraces = 100
	assemblers = 4
	slack      = 30 * time.Second // by which clocks of the store's servers may differ, and spans may be late
	ledgerTime = 10 * time.Second // for one question
)

// turn sends on what fell quiet, at most turnTraces; more says that there is more.
func (s *shared) turn(ctx context.Context) (more bool) {
	bound, mark, parts, ok := s.crew.begin()
	if !ok || ctx.Err() != nil {
		if ok {
			s.crew.end(bound)
		}
		return false
	}
	defer func() { s.crew.end(bound) }()
	asking, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	since := bound.Back(slack)
	maps.DeleteFunc(s.given, func(_ span.TraceID, at store.Second) bool { return at <= since.Back(s.cfg.Longest) })
	a, err := s.ledger.Quiet(asking, &store.QuietQuery{Since: since, Quiet: s.cfg.Quiet, Longest: s.cfg.Longest, Parts: parts, Limit: turnTraces + len(s.given) + 1})
	if err != nil {
		return s.fault(ctx, err)
	}
	work := s.choose(a)
	s.lag.Store(0)
	if len(work) > 0 {
		s.lag.Store(max(0, int64(a.Now.Back(s.cfg.Quiet)-min(a.Now.Back(s.cfg.Quiet), work[0].Latest))*int64(time.Second)))
	}
	until := a.Until
	if len(work) > turnTraces {
		work, more = work[:turnTraces], true
		until = min(until, work[turnTraces-1].Latest.Back(time.Second))
	}
	if err := s.work(ctx, work, a.Now, mark); err != nil {
		return s.fault(ctx, err)
	}
	bound = max(bound, until)
	return more
}

// errMay says that a turn ended because this server may not go on.
var errMay = errors.New("relay: servers do not agree")

// fault counts an error; what was not sent on is looked at again.
func (s *shared) fault(ctx context.Context, err error) bool {
	if ctx.Err() == nil && !errors.Is(err, errMay) {
		s.failed.Add(1)
		s.crew.Log.Warn("traces are sent on later", "error", err)
	}
	return false
}

// choose leaves out what was looked at before.
func (s *shared) choose(a *store.QuietAnswer) (work []store.News) {
	quiet := a.Now.Back(s.cfg.Quiet)
	for _, n := range a.News {
		at, known := s.given[n.Trace]
		if known && (at >= n.Latest || n.Latest > quiet && at > n.Latest.Back(s.cfg.Longest)) {
			continue
		}
		work = append(work, n)
	}
	return work
}

// errand is a trace that may leave.
type errand struct {
	news  store.News
	trace *assemble.Trace
	err   error
}

// work assembles traces, sends them one after another, and notes that they left once
// collectors have answered.
func (s *shared) work(ctx context.Context, news []store.News, now, mark store.Second) error {
	if len(news) == 0 {
		return nil
	}
	ids := make([]span.TraceID, len(news))
	for i := range news {
		ids[i] = news[i].Trace
	}
	known, err := s.departures(ctx, ids)
	if err != nil {
		return err
	}
	var errands []errand
	for _, n := range news {
		if slices.ContainsFunc(known[n.Trace], func(d store.Departure) bool { return d.Seen >= n.Latest }) {
			s.given[n.Trace] = n.Latest
			continue
		}
		errands = append(errands, errand{news: n})
	}
	s.assemble(ctx, errands)
	var left []store.Departure
	for i := range errands {
		e := &errands[i]
		if err = e.err; errors.Is(err, assemble.ErrNotFound) {
			s.count(func(c *Stats) { c.Failed++ })
			s.given[e.news.Trace], err = e.news.Latest, nil
			continue
		}
		if err == nil && (ctx.Err() != nil || !s.crew.may()) {
			err = errMay
		}
		if err == nil {
			var d []store.Departure
			d, err = s.one(ctx, e, known, now)
			left = append(left, d...)
			if len(d) > 0 && e.news.Latest <= mark {
				s.taken.Add(1)
			}
		}
		if err != nil {
			break
		}
		s.given[e.news.Trace] = e.news.Latest
	}
	return errors.Join(err, s.depart(ctx, left))
}

// departures are those of ids, by id.
func (s *shared) departures(ctx context.Context, ids []span.TraceID) (map[span.TraceID][]store.Departure, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	list, err := s.ledger.Departed(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[span.TraceID][]store.Departure, len(ids))
	for _, id := range ids {
		by[id] = nil
	}
	for _, d := range list {
		by[d.ID] = append(by[d.ID], d)
	}
	return by, nil
}

// assemble puts traces together, a few at a time.
func (s *shared) assemble(ctx context.Context, list []errand) {
	const around = int64(time.Hour)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(assemblers, len(list)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				e := &list[i]
				if e.err = errMay; ctx.Err() == nil && s.crew.may() {
					e.trace, e.err = s.asm.Trace(ctx, e.news.Trace, store.Window{From: e.news.First - around, To: e.news.Last + around})
				}
			}
		})
	}
	wg.Wait()
}

// one sends a trace, or leaves it for later or to another.
func (s *shared) one(ctx context.Context, e *errand, known map[span.TraceID][]store.Departure, now store.Second) ([]store.Departure, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	t, n := e.trace, e.news
	ids := idsOf(t, n.Trace)
	last := int(n.Hops) >= max(1, int(s.cfg.Longest/s.cfg.Quiet))
	if !last && !s.crew.owns(store.PartOf(t.ID)) {
		s.handed.Add(1)
		return nil, s.recall(ctx, n, t.ID)
	}
	latest, err := s.latest(ctx, n, ids, now)
	if err != nil {
		return nil, err
	}
	if !last {
		for _, id := range ids {
			if id != n.Trace && latest[id] > now.Back(s.cfg.Quiet) {
				return nil, s.recall(ctx, n, t.ID)
			}
		}
		if n.Hops == 0 && lonely(t) {
			return nil, s.recall(ctx, n, n.Trace)
		}
	}
	var missing []span.TraceID
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		more, err := s.departures(ctx, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, more)
	}
	for _, id := range ids {
		s.recallDeparted(known[id])
	}
	d, spans := s.send(ctx, t)
	s.offered += uint64(len(spans))
	return s.noted(ids, latest, d, spans), nil
}

// idsOf are all ids of a trace, each once.
func idsOf(t *assemble.Trace, asked span.TraceID) []span.TraceID {
	ids := append([]span.TraceID{t.ID}, t.Aliases...)
	if !slices.Contains(ids, asked) {
		ids = append(ids, asked)
	}
	return ids
}

// recall lets a trace fall quiet once more, under an id of its.
func (s *shared) recall(ctx context.Context, n store.News, id span.TraceID) error {
	n.Trace = id
	n.Hops = min(n.Hops, 254) + 1
	return s.ledger.Recall(ctx, []store.News{n})
}

// latest is the latest news of each id, as far as it is of interest.
func (s *shared) latest(ctx context.Context, n store.News, ids []span.TraceID, now store.Second) (map[span.TraceID]store.Second, error) {
	at := map[span.TraceID]store.Second{}
	if len(ids) > 1 {
		list, err := s.ledger.Latest(ctx, ids, now.Back(s.cfg.Longest+slack))
		if err != nil {
			return nil, err
		}
		for i := range list {
			at[list[i].Trace] = list[i].Latest
		}
	}
	at[n.Trace] = n.Latest // not what came since
	return at, nil
}

// recallDeparted remembers what other servers sent, or this one did long ago.
func (s *shared) recallDeparted(list []store.Departure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		o := &list[i]
		d := s.gone[o.ID]
		if d == nil {
			d = &departed{id: o.Under, ids: []span.TraceID{o.ID}, at: s.now(), kept: o.Kept, sent: map[span.SpanID]bool{}}
			s.left.PushBack(d)
			s.gone[o.ID] = d
		}
		for _, id := range o.Spans {
			d.sent[id] = true
		}
	}
}

// noted are the departures of a trace, one for each of its ids.
func (s *shared) noted(ids []span.TraceID, latest map[span.TraceID]store.Second, d *departed, spans []store.Span) (list []store.Departure) {
	sent := make([]span.SpanID, len(spans))
	for i := range spans {
		sent[i] = spans[i].ID
	}
	for _, id := range ids {
		list = append(list, store.Departure{ID: id, Under: d.id, Seen: latest[id], Kept: d.kept, Server: s.crew.id(), Spans: sent})
	}
	return list
}

// depart waits until the Outbox is done with what it was offered, and notes that. It
// does so to the end, whether ctx ends or the servers change, so that nothing is sent
// twice; but not for longer than others wait for it.
func (s *shared) depart(ctx context.Context, list []store.Departure) error {
	if len(list) == 0 {
		return nil
	}
	err := s.settle(ctx)
	for wait := 50 * time.Millisecond; err == nil; wait *= 2 {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
		e := s.ledger.Depart(asking, list)
		cancel()
		if e == nil {
			return nil
		}
		if !s.crew.fresh() || ctx.Err() != nil {
			err = e
			break
		}
		time.Sleep(min(wait, time.Second))
	}
	for i := range list {
		if i == 0 || list[i].Under != list[i-1].Under {
			s.unsure.Add(uint64(len(list[i].Spans)))
		}
	}
	return err
}

// settle waits for the Outbox.
func (s *shared) settle(ctx context.Context) error {
	b, ok := s.box.(Settler)
	if !ok {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var changed time.Time // since when this server should have ended
	for b.Settled()-s.first < s.offered {
		<-tick.C
		if ctx.Err() == nil && s.crew.may() {
			continue
		}
		if changed.IsZero() {
			changed = s.now()
		}
		if s.now().Sub(changed) > s.crew.Dead {
			return errors.New("relay: collectors do not answer")
		}
	}
	return nil
}

package main

import (
	"sync"
	"time"
)

// freshness is how often a goroutine of the pipeline copies its counters for
// others to read.
const freshness = time.Second

// board lets others read what a running pipeline has counted. Counters belong
// to the goroutine that counts; once in a while, between two jobs, it posts a
// copy. A nil board posts nothing.
type board struct {
	readers []posting
	workers []posting
	linker  posting
	written *tally

	mu     sync.Mutex
	final  *summary // once the pipeline has ended
	queues []queueLength
}

// queueLength is a bounded queue between two goroutines; length may be asked
// for by any goroutine.
type queueLength struct {
	name   string
	length func() int
	bound  int
}

// watch tells the board of the queues of a run on several goroutines.
func (b *board) watch(r *parallel) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(r.jobs); n > 0 {
		b.queues = append(b.queues, queueLength{"jobs", func() int {
			n := 0
			for _, c := range r.jobs {
				n = max(n, len(c))
			}
			return n
		}, cap(r.jobs[0])})
	}
	b.queues = append(b.queues, queueLength{"records", func() int { return len(r.results) }, cap(r.results)})
}

// posting is the place of one goroutine.
type posting struct {
	copy func(*summary) // adds the goroutine's counters; called by it
	last time.Time      // when it was last done; the goroutine's own

	mu sync.Mutex
	at time.Time // last, for others
	s  summary
}

// newBoard makes a place for every reader, worker and the linker of p.
func newBoard(p *pipeline) *board {
	b := &board{readers: make([]posting, len(p.readers)), workers: make([]posting, p.workers), written: p.written}
	for i, r := range p.readers {
		b.readers[i].copy = func(s *summary) { s.addReader(r) }
	}
	for w := range b.workers {
		b.workers[w].copy = func(s *summary) {
			for i := w; i < numShards; i += p.workers {
				s.addShard(p.shards[i])
			}
		}
	}
	b.linker.copy = func(s *summary) {
		s.link = p.linker.Stats()
		s.linked(p.linker, *p.points.Load())
		s.system = p.sys.counts(p.linker)
	}
	return b
}

// post copies the counters unless that was done lately.
func (p *posting) post() {
	now := time.Now()
	if now.Sub(p.last) < freshness {
		return
	}
	p.last = now
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = now
	p.s.reset()
	p.copy(&p.s)
}

// addTo adds the last copy to s and tells when it was made.
func (p *posting) addTo(s *summary) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.add(&p.s)
	return p.at
}

// reader, worker and link are called between two jobs by the goroutine they
// are about; alone by the one that does everything, ring by that of one ring.
func (b *board) reader(i int) {
	if b != nil {
		b.readers[i].post()
	}
}

func (b *board) worker(w int) {
	if b != nil {
		b.workers[w].post()
	}
}

func (b *board) link() {
	if b != nil {
		b.linker.post()
	}
}

func (b *board) alone() {
	b.reader(0)
	b.worker(0)
	b.link()
}

func (b *board) ring(w int) {
	b.reader(w)
	b.worker(w)
}

// close posts the counters of a pipeline that has ended.
func (b *board) close(s *summary) {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		s.written = s.written.copy()
		b.final = s
	}
}

// read sums up the last copies. The oldest of the readers' tells whether
// packets are still being looked at; ended that the pipeline is done.
func (b *board) read() (s *summary, oldest time.Time, ended bool) {
	b.mu.Lock()
	final := b.final
	b.mu.Unlock()
	if final != nil {
		c := *final
		return &c, time.Now(), true
	}
	s = &summary{written: b.written.copy()}
	for i := range b.readers {
		if at := b.readers[i].addTo(s); i == 0 || at.Before(oldest) {
			oldest = at
		}
	}
	for i := range b.workers {
		b.workers[i].addTo(s)
	}
	b.linker.mu.Lock()
	defer b.linker.mu.Unlock()
	s.link, s.points, s.clocks = b.linker.s.link, b.linker.s.points, b.linker.s.clocks
	s.system = b.linker.s.system
	return s, oldest, false
}

// reset empties a summary, keeping its memory.
func (s *summary) reset() {
	protos, points := s.engine.Protos, s.pointCount
	clear(protos)
	points.reset()
	*s = summary{pointCount: points}
	s.engine.Protos = protos
}

func (s *summary) addReader(r *reader) {
	for i, n := range r.dec.Counters() {
		s.decode[i] += n
	}
	s.innerLeft += r.left
	s.places.addPlaces(r.places)
	if r.sample != nil {
		s.sampled += r.sample.left
		s.lowest = r.sample.s.lowest()
	}
}

func (s *summary) addShard(sh *shard) {
	t := sh.table.Stats()
	s.flows.Add(&t)
	s.addSeen(sh.table.Points())
	s.engine.Add(sh.eng.Stats())
	s.join.Add(sh.join.Stats())
	s.cut += sh.gate.cuts()
	s.places.addCounts(sh.dups.Counts())
}

// add sums up what readers and workers counted.
func (s *summary) add(o *summary) {
	for i, n := range o.decode {
		s.decode[i] += n
	}
	s.flows.Add(&o.flows)
	s.addSeen(o.seen)
	if len(o.engine.Protos) > 0 {
		s.engine.Add(&o.engine)
	}
	s.join.Add(&o.join)
	s.places.add(&o.places)
	s.sampled += o.sampled
	s.lowest = max(s.lowest, o.lowest)
	s.cut += o.cut
}

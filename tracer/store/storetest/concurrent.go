package storetest

import (
	"sync"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/store"
)

// testConcurrent writes with four goroutines while three read; what a writer has
// written, a reader must see.
func testConcurrent(r *rig) {
	const writers, batches, size = 4, 20, 50
	var wg, readers sync.WaitGroup
	var done [writers]atomic.Int64 // batches of each writer that were taken
	var stop atomic.Bool
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				list := make([]store.Span, size)
				for i := range list {
					n := (w*batches+b)*size + i
					list[i] = plain(n)
					list[i].Trace = traceID(uint64(1000000 + w*batches + b))
				}
				if err := r.st.Write(r.ctx, list); err != nil {
					r.Error(err)
					return
				}
				done[w].Add(1)
			}
		})
	}
	for k := range 3 {
		readers.Go(func() { r.readBeside(k, writers, batches, size, &stop, done[:]) })
	}
	wg.Wait()
	stop.Store(true)
	readers.Wait()
	r.sync()
	if got := r.search(store.Query{}); len(got) != writers*batches*size {
		r.Errorf("%d spans", len(got))
	}
}

func (r *rig) readBeside(k, writers, batches, size int, stop *atomic.Bool, done []atomic.Int64) {
	for i := 0; !stop.Load(); i++ {
		w := (i + k) % writers
		n := int(done[w].Load())
		if n == 0 {
			continue
		}
		id := traceID(uint64(1000000 + w*batches + n - 1))
		got, _, err := r.st.Related(r.ctx, []store.Key{store.TraceKey(id)}, all, 1000)
		if err != nil || len(got) != size {
			r.Errorf("a trace that was written has %d spans, %v", len(got), err)
			return
		}
		seen := 0
		last := int64(1<<63 - 1)
		err = r.st.Search(r.ctx, &store.Query{Limit: 100}, func(s *store.Span) bool {
			seen++
			if s.Start > last {
				r.Errorf("not the latest first")
			}
			last = s.Start
			return true
		})
		if err != nil || seen < size {
			r.Errorf("found %d spans, %v", seen, err)
			return
		}
	}
}

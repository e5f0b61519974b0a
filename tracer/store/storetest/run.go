package storetest

import (
	"context"
	"testing"

	"github.com/wirespan/wirespan/tracer/store"
)

// Open makes an empty store. Reopen closes what it gave and opens the same again;
// nil if what the engine keeps does not outlive it. The store is closed by the
// suite.
type Open func(t *testing.T) (s store.Store, reopen func() store.Store)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		run  func(*rig)
	}{
		{"empty store", testEmpty},
		{"every field and type comes back", testFields},
		{"readable at once", testAtOnce},
		{"keys of every kind", testKeys},
		{"equal hashes do no harm", testCollisions},
		{"windows", testWindows},
		{"limit and more", testLimit},
		{"the latest first", testOrder},
		{"each filter", testFilters},
		{"search by keys", testSearchKeys},
		{"expressions", testWhere},
		{"a search that is ended", testEnded},
		{"values", testValues},
		{"protocols of all signals", testProtocols},
		{"rates", testRates},
		{"rates of windows", testRateWindows},
		{"aliases", testAliases},
		{"spans that come twice", testTwice},
		{"spans days apart", testDays},
		{"huge spans", testHuge},
		{"odd spans", testOdd},
		{"borrowed spans", testBorrowed},
		{"writers and readers at once", testConcurrent},
		{"cancelled contexts", testCancelled},
		{"open again", testReopen},
		{"closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, reopen := open(t)
			r := &rig{T: t, ctx: context.Background(), st: s, reopen: reopen}
			defer func() {
				if err := r.st.Close(r.ctx); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			c.run(r)
		})
	}
}

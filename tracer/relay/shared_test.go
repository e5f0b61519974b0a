package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// office is what servers share: a store with its ledger, and a collector.
type office struct {
	*testing.T
	store  store.Store
	ledger *storetest.Ledger
	asm    *assemble.Assembler
	spans  map[span.SpanID]bool // that were taken

	mu  sync.Mutex
	out box
}

func newOffice(t *testing.T) *office {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	asm, err := assemble.New(st, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	return &office{T: t, store: st, ledger: storetest.NewLedger(), asm: asm, spans: map[span.SpanID]bool{}}
}

// take stores spans, whoever took them.
func (o *office) take(spans ...store.Span) {
	o.Helper()
	if err := o.store.Write(o.Context(), spans); err != nil {
		o.Fatal(err)
	}
	for i := range spans {
		o.spans[spans[i].ID] = true
	}
	o.ledger.Wrote(spans)
}

// traces stores some traces of two spans of an SDK.
func (o *office) traces(series string, n int) {
	for i := range n {
		id := fmt.Sprintf("%s%015d", series, i)
		id = id[:15] + string(rune('A'+i%60))
		root, leaf := fmt.Sprintf("%s%05dr", series, i), fmt.Sprintf("%s%05dl", series, i)
		o.take(scene.SDK("shop", id, root, "", span.Server, int64(i), int64(i+9)), scene.SDK("shop", id, leaf, root, span.Internal, int64(i+1), int64(i+2)))
	}
}

// server is one that shares.
type server struct {
	*Relay
	office *office
	ledger store.Ledger
	stop   context.CancelFunc
	done   chan struct{}
	held   chan struct{} // what is offered is not settled while this is open; nil: at once
	given  uint64
}

func (s *server) Buffer() []byte { return nil }

func (s *server) Offer(p sink.Parcel) error {
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.given += uint64(p.Spans)
	return s.office.out.Offer(p)
}

func (s *server) Settled() uint64 {
	if s.held != nil {
		select {
		case <-s.held:
		default:
			return 0
		}
	}
	return s.given
}

// hire starts a server by a ledger, that of the office if it is nil.
func (o *office) hire(l store.Ledger) *server {
	o.Helper()
	if l == nil {
		l = o.ledger
	}
	s := &server{office: o, ledger: l, done: make(chan struct{})}
	var err error
	if s.Relay, err = New(o.asm, s, o.store, Default()); err != nil {
		o.Fatal(err)
	}
	if err := s.Share(o.Context(), l, DefaultSharing(fmt.Sprint("server ", rand.IntN(1000)))); err != nil {
		o.Fatal(err)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(o.Context())
	go func() {
		s.Run(ctx)
		close(s.done)
	}()
	return s
}

// dismiss ends a server as a signal does; kill as a crash does, as far as the ledger
// hears of it.
func (s *server) dismiss() {
	s.kill()
	if err := s.Flush(s.office.Context()); err != nil {
		s.office.Error(err)
	}
}

func (s *server) kill() {
	s.stop()
	<-s.done
}

func (o *office) collected() []*trace.Span {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.spans()
}

// check wants every span that was taken once, with its parent in the same trace.
func (o *office) check() {
	o.Helper()
	seen, at := map[span.SpanID]int{}, map[string]bool{}
	for _, s := range o.collected() {
		seen[span.SpanID(s.SpanId)]++
		at[string(s.TraceId)+string(s.SpanId)] = true
	}
	for id := range o.spans {
		if seen[id] != 1 {
			o.Errorf("span %s arrived %d times", id[:], seen[id])
			return
		}
	}
	for _, s := range o.collected() {
		if len(s.ParentSpanId) > 0 && !at[string(s.TraceId)+string(s.ParentSpanId)] {
			o.Errorf("span %s has no parent", s.SpanId)
		}
	}
}

func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestShared: servers that come and go, as they should or not, send each span once.
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(nil)
		o.traces("A", 150)
		wait(12 * time.Second)
		o.check()
		b := o.hire(nil)
		o.traces("B", 150)
		wait(12 * time.Second)
		o.check()
		for _, s := range []*server{a, b} {
			st := s.Stats()
			if st.Shared.Servers != 2 || st.Shared.Parts < 80 || st.Traces == 0 {
				t.Errorf("%+v", st)
			}
		}
		o.traces("C", 150)
		wait(3 * time.Second)
		a.kill() // with all of these waiting
		c := o.hire(nil)
		o.traces("D", 150)
		wait(40 * time.Second)
		o.check()
		if b.Stats().Shared.Taken+c.Stats().Shared.Taken == 0 {
			t.Errorf("nobody took the work of who is gone: %+v, %+v", b.Stats(), c.Stats())
		}
		o.traces("E", 50)
		wait(2 * time.Second)
		b.dismiss()
		c.dismiss() // nobody is left
		wait(time.Minute)
		if len(o.collected()) == len(o.spans) {
			t.Error("sent although nobody is there")
		}
		o.traces("F", 50)
		d := o.hire(nil)
		wait(15 * time.Second)
		o.check()
		d.kill()
		o.traces("G", 50)
		wait(20 * time.Minute) // all are down for a while
		e := o.hire(nil)
		wait(30 * time.Second)
		o.check()
		if s := e.Stats(); s.Shared.Servers != 1 || s.Shared.Parts != store.Parts || s.Shared.Taken == 0 {
			t.Errorf("%+v", s)
		}
		e.dismiss()
	})
}

// TestSharedLate: what comes late goes behind, whoever sent the rest; ids that turn out
// to be of one trace leave as one.
func TestSharedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		team := []*server{o.hire(nil), o.hire(nil), o.hire(nil)}
		wait(5 * time.Second)
		all := full()
		o.take(all[:4]...)
		wait(30 * time.Second)
		if n := len(o.collected()); n < 4 {
			t.Fatalf("%d spans", n)
		}
		for _, s := range team[:2] {
			s.dismiss()
		}
		o.take(all[4])
		wait(30 * time.Second)
		got := o.collected()
		o.check()
		for _, s := range got {
			if string(s.TraceId) != string(got[0].TraceId) {
				t.Errorf("%s has trace %x, the others %x", s.Name, s.TraceId, got[0].TraceId)
			}
		}
		team[2].dismiss()
	})
}

// hung is a ledger that does not answer one of its servers for a while.
type hung struct {
	store.Ledger
	mu  sync.Mutex
	off bool
}

func (h *hung) hang(off bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.off = off
}

func (h *hung) Beat(ctx context.Context, own *store.Beat) ([]store.Beat, error) {
	h.mu.Lock()
	off := h.off
	h.mu.Unlock()
	if off {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.Ledger.Beat(ctx, own)
}

// TestSharedSilent: a server that the others do not hear of ends its work before they
// take it, and joins again.
func TestSharedSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(nil)
		h := &hung{Ledger: o.ledger}
		b := o.hire(h)
		wait(5 * time.Second)
		h.hang(true)
		for i := range 30 {
			o.traces(string(rune('a'+i%26))+string(rune('0'+i/26)), 5)
			wait(time.Second)
		}
		if s := b.Stats(); s.Shared.Failed == 0 {
			t.Errorf("%+v", s)
		}
		h.hang(false)
		wait(20 * time.Second)
		o.check()
		if s := b.Stats(); s.Shared.Servers != 2 {
			t.Errorf("%+v", s)
		}
		a.dismiss()
		b.dismiss()
	})
}

// TestSharedAway: without a ledger nothing is sent; then everything is, once.
func TestSharedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a, b := o.hire(nil), o.hire(nil)
		wait(5 * time.Second)
		o.traces("A", 40)
		o.ledger.Away(errors.New("away"))
		wait(time.Minute)
		if len(o.collected()) > 0 {
			t.Error("sent without asking")
		}
		if s := a.Stats(); s.Shared.Servers != 0 && s.Shared.Failed == 0 {
			t.Errorf("%+v", s)
		}
		o.ledger.Away(nil)
		wait(30 * time.Second)
		o.check()
		a.dismiss()
		b.dismiss()
	})
}

// TestSharedUnsettled: what a collector has not answered for when a server is killed is
// sent by the next.
func TestSharedUnsettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(nil)
		a.held = make(chan struct{})
		wait(3 * time.Second)
		o.traces("A", 20)
		wait(10 * time.Second)
		if n := len(o.collected()); n != 40 {
			t.Fatalf("%d spans", n)
		}
		a.stop() // its queue dies with it
		wait(15 * time.Second)
		<-a.done
		b := o.hire(nil)
		wait(30 * time.Second)
		if n := len(o.collected()); n != 80 || a.Stats().Shared.Unsure != 40 || b.Stats().Shared.Taken != 20 {
			t.Errorf("%d spans, %+v, %+v", n, a.Stats(), b.Stats())
		}
		b.dismiss()
	})
}

func TestParts(t *testing.T) {
	three := []uint64{3, 5 << 40, 7 << 60}
	owner := map[uint8]uint64{}
	for _, id := range three {
		list := partsOf(id, three)
		if len(list) < 50 {
			t.Errorf("%d parts", len(list))
		}
		for _, p := range list {
			if _, twice := owner[p]; twice {
				t.Errorf("part %d has two owners", p)
			}
			owner[p] = id
		}
	}
	if len(owner) != store.Parts {
		t.Errorf("%d parts have owners", len(owner))
	}
	for _, id := range three[:2] {
		for _, p := range partsOf(id, three[:2]) {
			if was := owner[p]; was != id && was != three[2] {
				t.Errorf("part %d moved from %d to %d", p, was, id)
			}
		}
	}
	if (&Sharing{Beat: time.Second, Dead: time.Second}).validate() == nil {
		t.Error("a server is dead after one beat")
	}
}

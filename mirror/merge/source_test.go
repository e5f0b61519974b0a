package merge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// fake is a source whose batches a test feeds.
type fake struct {
	name  string
	feed  chan []int64 // times of the packets of a batch
	err   error        // at its end, io.EOF if nil
	quit  chan struct{}
	once  sync.Once
	given atomic.Uint64
}

func newFake(name string) *fake {
	return &fake{name: name, feed: make(chan []int64, 100), quit: make(chan struct{})}
}

func (f *fake) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	select {
	case times, open := <-f.feed:
		if !open {
			if f.err != nil {
				return 0, f.err
			}
			return 0, io.EOF
		}
		for i, t := range times {
			dst[i] = capture.Packet{Time: t, Data: fmt.Appendf(nil, "%s %d", f.name, t), WireLen: 1}
		}
		f.given.Add(uint64(len(times)))
		return len(times), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-f.quit:
		return 0, io.EOF
	}
}

func (f *fake) Points() []capture.Point { return []capture.Point{{Name: f.name}} }
func (f *fake) Stats() (capture.Stats, error) {
	return capture.Stats{Packets: f.given.Load(), Drops: 1}, nil
}
func (f *fake) Close() error { f.once.Do(func() { close(f.quit) }); return nil }

// lender is a fake that lends, and counts what is out.
type lender struct {
	*fake
	out atomic.Int64
}

func (l *lender) Lend() func() {
	l.out.Add(1)
	var once sync.Once
	return func() { once.Do(func() { l.out.Add(-1) }) }
}

func open(t *testing.T, hold time.Duration, report func(string, error), list ...capture.Source) (capture.Source, *Source) {
	t.Helper()
	c := Config{Hold: hold, Report: report}
	for i, s := range list {
		c.Inputs = append(c.Inputs, Input{Name: fmt.Sprint("input ", i), Source: s})
	}
	src, m, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src, m
}

// drain reads to the end.
func drain(t *testing.T, src capture.Source) (got []string, err error) {
	t.Helper()
	dst := make([]capture.Packet, 7)
	for {
		n, e := src.ReadBatch(context.Background(), dst)
		for _, p := range dst[:n] {
			got = append(got, fmt.Sprintf("%s@%s", p.Data, src.Points()[p.Tap].Name))
		}
		if e != nil {
			return got, e
		}
	}
}

// TestOrder merges by time, with batches of any size, whoever lends.
func TestOrder(t *testing.T) {
	for _, lends := range []bool{false, true} {
		var list []capture.Source
		total := 0
		for i := range 5 {
			f := newFake(fmt.Sprint("p", i))
			f.feed = make(chan []int64, 1000)
			at := int64(1000)
			for range 200 {
				var times []int64
				for range 1 + rand.IntN(30) {
					at += 1 + rand.Int64N(50)
					times = append(times, at*10+int64(i))
				}
				total += len(times)
				f.feed <- times
			}
			close(f.feed)
			if lends {
				list = append(list, &lender{fake: f})
			} else {
				list = append(list, f)
			}
		}
		// Longer than a loaded machine keeps an input from being read.
		src, m := open(t, time.Second, nil, list...)
		if _, ok := src.(capture.Lender); ok != lends {
			t.Fatalf("lends %v, want %v", ok, lends)
		}
		last, n := int64(0), 0
		dst := make([]capture.Packet, 64)
		var releases []func()
		for {
			k, err := src.ReadBatch(context.Background(), dst)
			for _, p := range dst[:k] {
				if p.Time < last {
					t.Fatalf("%d behind %d", p.Time, last)
				}
				if want := fmt.Sprintf("p%d", p.Time%10); src.Points()[p.Tap].Name != want || string(p.Data) != fmt.Sprintf("%s %d", want, p.Time) {
					t.Fatalf("%s at %s", p.Data, src.Points()[p.Tap].Name)
				}
				last = p.Time
			}
			n += k
			if l, ok := src.(capture.Lender); ok && k > 0 {
				releases = append(releases, l.Lend())
				if len(releases) > 3 {
					releases[0]()
					releases = releases[1:]
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
		}
		for _, r := range releases {
			r()
		}
		if st, _ := src.Stats(); n != total || st.Packets != uint64(total) || st.Drops != 5 {
			t.Errorf("%d packets of %d, %+v", n, total, st)
		}
		for _, s := range list {
			if l, ok := s.(*lender); ok && l.out.Load() != 0 {
				t.Errorf("%d batches are still out", l.out.Load())
			}
		}
		if c := m.Counts(); c.Late != 0 {
			t.Errorf("%+v", c)
		}
	}
}

// TestHold waits for an input that is late, but not for a silent one.
func TestHold(t *testing.T) {
	a, b := newFake("a"), newFake("b")
	src, m := open(t, 300*time.Millisecond, nil, a, b)
	a.feed <- []int64{10, 30}
	time.AfterFunc(20*time.Millisecond, func() { b.feed <- []int64{20} })
	dst := make([]capture.Packet, 8)
	var got []int64
	for len(got) < 3 { // a stays silent: what came is handed on all the same
		n, err := src.ReadBatch(context.Background(), dst)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range dst[:n] {
			got = append(got, p.Time)
		}
	}
	if got[0] != 10 || got[1] != 20 || got[2] != 30 {
		t.Errorf("%v", got)
	}
	if m.Counts().Held == 0 {
		t.Error("nothing was held")
	}
	b.feed <- []int64{5}
	for n := 0; n == 0; {
		n, _ = src.ReadBatch(context.Background(), dst)
	}
	if m.Counts().Late != 1 {
		t.Errorf("%+v", m.Counts())
	}
}

// TestFailure lets one input fail: it is told, the others go on.
func TestFailure(t *testing.T) {
	broken := errors.New("broken")
	a, b := newFake("a"), newFake("b")
	a.err = broken
	var told atomic.Value
	src, _ := open(t, 0, func(name string, err error) { told.Store(fmt.Sprint(name, ": ", err)) }, a, b)
	close(a.feed)
	b.feed <- []int64{1, 2, 3}
	close(b.feed)
	got, err := drain(t, src)
	if len(got) != 3 || !errors.Is(err, io.EOF) || told.Load() != "input 0: broken" {
		t.Errorf("%v, %v, told %v", got, err, told.Load())
	}
	c := newFake("c")
	c.err = broken
	src, _ = open(t, 0, nil, c)
	close(c.feed)
	if _, err := drain(t, src); !errors.Is(err, broken) {
		t.Errorf("all failed: %v", err)
	}
}

// TestStop reads what is there and ends, though the inputs would go on.
func TestStop(t *testing.T) {
	a, b := newFake("a"), newFake("b")
	src, m := open(t, 10*time.Millisecond, nil, a, b)
	a.feed <- []int64{1}
	b.feed <- []int64{2}
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if got, err := drain(t, src); !errors.Is(err, io.EOF) || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestSamePoint makes one point of equal names.
func TestSamePoint(t *testing.T) {
	a, b, c := newFake("tap"), newFake("tap"), newFake("eth3")
	src, m := open(t, 0, nil, a, b, c)
	for i, f := range []*fake{a, b, c} {
		f.feed <- []int64{int64(i)}
		close(f.feed)
	}
	got, _ := drain(t, src)
	if len(got) != 3 || len(src.Points()) != 2 {
		t.Errorf("%v, %v", got, src.Points())
	}
	for tap, p := range src.Points() {
		if o := m.Origin(uint16(tap)); p.Name == "eth3" && o != 2 || p.Name == "tap" && o > 1 {
			t.Errorf("%s is of input %d", p.Name, o)
		}
	}
	if m.Origin(9) != -1 {
		t.Error("a point that is not there has an origin")
	}
}

// TestClose ends a ReadBatch that waits.
func TestClose(t *testing.T) {
	a := newFake("a")
	src, _ := open(t, 0, nil, a)
	done := make(chan error)
	go func() {
		_, err := src.ReadBatch(context.Background(), make([]capture.Packet, 1))
		done <- err
	}()
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestContext(t *testing.T) {
	src, _ := open(t, 0, nil, newFake("a"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := src.ReadBatch(ctx, make([]capture.Packet, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []Config{{}, {Inputs: make([]Input, MaxInputs+1)}, {Inputs: make([]Input, 1), Hold: -1}, {Inputs: make([]Input, 1), Batches: -1}} {
		if c.Validate() == nil {
			t.Errorf("%+v: want an error", c)
		}
	}
}

package link

import (
	"context"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// nowhere takes spans and forgets them.
type nowhere struct{}

func (nowhere) WriteSpans(context.Context, []span.Span) error { return nil }
func (nowhere) Close(context.Context) error                   { return nil }

// stream is steady traffic of traces with a number of hops, ready to be fed.
type stream struct {
	attrs span.Attrs
	l     *Linker
	b     *Batch
	q     []Queue
	now   int64
	hops  int
	next  uint64
}

func newStream(tb testing.TB, hops int) *stream {
	cfg := Default()
	cfg.Keys, cfg.Protos, cfg.Forms = span.NewKeys(), []string{"http"}, []Form{{Sink: nowhere{}}}
	points := []capture.Point{{Name: "p"}}
	l, err := New(cfg, func() []capture.Point { return points })
	if err != nil {
		tb.Fatal(err)
	}
	return &stream{l: l, b: &Batch{}, q: make([]Queue, 1), now: epoch, hops: hops}
}

// step feeds n traces at 2,000 a second.
func (s *stream) step(tb testing.TB, n int) {
	hosts := [...]string{cl, gw, sa, sb}
	s.b.Reset()
	for range n {
		s.next++
		var value [8]byte
		for i := range value {
			value[i] = "0123456789abcdef"[s.next>>(4*i)&15]
		}
		for ev := range 2 {
			for h := range s.hops {
				r := Record{
					Time: s.now + int64(ev*1000), Seq: s.next*16 + uint64(ev*s.hops+h), Slot: uint32(h), Facts: Facts{
						Class: l7.ClassHTTP, Flags: TCP, Exchange: s.next*7919 + uint64(h), Start: s.now + int64(h),
						Client: hostAddrs[h], Server: hostAddrs[h+1],
					},
				}
				if ev == 0 {
					r.Event = Opened
					mark := s.b.Mark()
					s.b.Bytes = AppendID(s.b.Bytes, []byte("x-request-id"), value[:], 128, false)
					r.IDs = s.b.Since(mark)
					r.Pieces = s.b.PutHost([]byte(hosts[h+1]))
				} else {
					r.Event, r.End, r.RequestEnd, r.ResponseStart = Finished, r.Time, r.Start, r.Time
					s.attrs = span.AppendString(s.attrs[:0], span.KeyHTTPRequestMethod, "GET")
					s.attrs = span.AppendString(s.attrs, span.KeyURLPath, "/items/4711")
					r.Pieces = s.b.Put(&[NumPieces][]byte{Attrs: s.attrs, Name: []byte("GET"), Template: []byte("/items/{id}")})
				}
				s.b.Records = append(s.b.Records, r)
			}
		}
		s.now += 500_000
	}
	s.q[0].Push(s.b)
	if err := s.l.Consume(context.Background(), s.q, s.now, func(*Batch) {}); err != nil {
		tb.Fatal(err)
	}
}

var hostAddrs = [...]flows.Endpoint{endpoint(cl, 40000), endpoint(gw, 80), endpoint(sa, 80), endpoint(sb, 80)}

// anybody is a Who that knows the same of everybody.
type anybody struct{ identity.Identity }

func (a *anybody) Endpoint(*identity.Query) *identity.Identity { return &a.Identity }
func (*anybody) Learn(int64, [16]byte, []byte, time.Duration)  {}
func (*anybody) SetFile([16]byte, string)                      {}

// A span costs at most a tenth of an allocation once the slabs have grown, with
// and without somebody who tells names.
func TestAllocs(t *testing.T) {
	for _, hops := range []int{1, 3} {
		testAllocs(t, hops, nil)
		testAllocs(t, hops, &anybody{identity.Identity{Service: "shop"}})
	}
}

func testAllocs(t *testing.T, hops int, who Who) {
	s := newStream(t, hops)
	s.l.cfg.Who = who
	for _, e := range hostAddrs { // names must cost nothing, either
		s.l.SetName([16]byte(e.Addr), "a service with a name")
	}
	for range 40 {
		s.step(t, 200)
	}
	before := s.l.Stats().Spans
	const runs = 20
	n := testing.AllocsPerRun(runs, func() { s.step(t, 200) })
	spans := float64(s.l.Stats().Spans-before) / (runs + 1)
	if spans < 200*float64(hops)*0.8 {
		t.Fatalf("%d hops: %v spans per run", hops, spans)
	}
	if n/spans > 0.1 {
		t.Errorf("%d hops, names %v: %v allocations per span", hops, who != nil, n/spans)
	}
}

func benchmarkSpans(b *testing.B, hops int) {
	s := newStream(b, hops)
	for range 40 {
		s.step(b, 200)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		s.step(b, 200)
		n += 200 * hops
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/span")
}

func BenchmarkSpan(b *testing.B)  { benchmarkSpans(b, 1) }
func BenchmarkChain(b *testing.B) { benchmarkSpans(b, 3) }

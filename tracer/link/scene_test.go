package link

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/span"
)

// ms is the unit of times in scenes.
const ms = int64(time.Millisecond)

// epoch is packet time zero of scenes, on the grid.
const epoch = int64(1_700_000_000) * int64(time.Second)

// call is one sighting of an exchange in a scene. Times are milliseconds.
type call struct {
	name     string // of the span; equal names are one exchange, unless key says otherwise
	from, to string // "10.0.0.1" or "10.0.0.1:80"
	at, end  int64
	wait     int64  // response start after at, 0: at the end
	ids      string // request IDs: "x-request-id=a b=c"
	echo     string // request IDs of the response
	ctx      string // "T1/p1", with "!" behind it: not sampled
	point    string // default p
	clock    int64  // what the point's clock is ahead
	key      uint64
	ttl      uint8
	target   string // method and target; DNS: name and type
	fwd      string // last address of X-Forwarded-For
	host     string
	class    l7.Class
	answers  string // "10.0.0.2/60 10.0.0.3/1": address and TTL
	conn     int64  // start of the connection, 0: unknown
	outcome  Outcome
	failed   bool
	status   l7.Status
	template string
	closing  flows.CloseReason
	closeAt  int64
	side     span.Kind // of a queue; a consumer's is known with the response
	msg      string    // what a message is known by
	back     bool      // ctx comes with the response
	seq      uint32    // of the request, 0: none
	rseq     uint32    // of the response
	trail    Trail     // its Head is made of head, or of target or name
	head     string
	whole    bool // the connection was seen from its start
	code     int32
	late     string // request IDs behind the head of the request
	terms    string // "k1=orders k2=": key and name; without one it is asked for
	tunnel   bool   // with InTunnel
	dest     string // messaging.destination.name that the wire told
}

// scene feeds calls to a Linker and keeps what it writes.
type scene struct {
	t      testing.TB
	cfg    Config
	points []capture.Point
	l      *Linker
	spans  []span.Span // of the first form, deep copies
	more   []span.Span // of the second
	keys   map[uint64]string
	names  map[span.SpanID]string
}

func newScene(t testing.TB) *scene {
	s := &scene{t: t, cfg: Default(), keys: map[uint64]string{}, names: map[span.SpanID]string{}}
	s.cfg.Keys = span.NewKeys()
	s.cfg.Protos = []string{"http", "dns", "tcp"}
	s.cfg.Batch = 4
	s.cfg.Forms = []Form{{Sink: (*keep)(&s.spans)}}
	return s
}

// keep is a sink that copies spans.
type keep []span.Span

func (k *keep) WriteSpans(_ context.Context, spans []span.Span) error {
	for _, s := range spans {
		s.Name, s.Service, s.Instance = bytes.Clone(s.Name), bytes.Clone(s.Service), bytes.Clone(s.Instance)
		s.Attrs, s.Resource, s.Links = bytes.Clone(s.Attrs), bytes.Clone(s.Resource), slices.Clone(s.Links)
		*k = append(*k, s)
	}
	return nil
}

func (k *keep) Close(context.Context) error { return nil }

// start makes the Linker, once the configuration is complete.
func (s *scene) start() {
	s.t.Helper()
	if s.l != nil {
		return
	}
	var err error
	if s.l, err = New(s.cfg, func() []capture.Point { return s.points }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) point(name string) uint16 {
	if name == "" {
		name = "p"
	}
	for i, p := range s.points {
		if p.Name == name {
			return uint16(i)
		}
	}
	s.points = append(s.points, capture.Point{Name: name})
	return uint16(len(s.points) - 1)
}

func endpoint(text string, port uint16) (e flows.Endpoint) {
	if a, err := netip.ParseAddrPort(text); err == nil {
		return flows.Endpoint{Addr: a.Addr().As16(), Port: a.Port()}
	}
	return flows.Endpoint{Addr: netip.MustParseAddr(text).As16(), Port: port}
}

func hash16(s string) (t span.TraceID) {
	return span.TraceOfRequestID("test", []byte(s))
}

func hash8(s string) (id span.SpanID) {
	copy(id[:], s)
	return id
}

// timed is a record with its bytes, before it is put into a batch.
type timed struct {
	rec Record
	put func(b *Batch, r *Facts) // adds its byte strings
}

// records makes the records of calls, in order of time.
func (s *scene) records(calls []call) (list []timed) {
	for i := range calls {
		c := &calls[i]
		open := s.record(c, uint32(i))
		fin := open
		open.Event, fin.Event = Opened, Finished
		if c.side == span.Consumer && c.outcome != Pushed && c.ids == "" { // a poll
			open.Kind = 0
		}
		if c.back {
			open.Flags &^= HasContext
			open.Context = Context{}
			fin.Flags |= ContextBack
		}
		open.Time, fin.Time = open.Start, open.Start+(c.end-c.at)*ms
		list = append(list, timed{open, func(b *Batch, r *Facts) {
			mark := b.Mark()
			appendIDs(b, c.ids, false)
			if c.msg != "" && c.side == span.Producer {
				b.Bytes = AppendMessageID(b.Bytes, []byte("queue"), []byte(c.msg), false)
			}
			if r.IDs = b.Since(mark); c.class != l7.ClassDNS {
				r.Pieces = b.PutHost([]byte(c.host))
			}
		}})
		fin.RequestEnd, fin.End = fin.Start, fin.Time
		if c.rseq != 0 {
			fin.SeqResponse = c.rseq
			fin.Flags |= HasSeqResp
		}
		if c.outcome == Answered || c.outcome == Orphan {
			fin.ResponseStart = fin.Time
			if c.wait != 0 {
				fin.ResponseStart = fin.Start + c.wait*ms
			}
		}
		if open.Flags&HasRequestIDTrace == 0 {
			nameTrace(&fin.Facts, c.late+" "+c.echo)
		}
		list = append(list, timed{fin, func(b *Batch, r *Facts) { putFinished(b, r, c) }})
		if c.closing != 0 {
			list = append(list, timed{Record{
				Time: epoch + (c.closeAt+c.clock)*ms, Event: Closing, Shard: open.Shard,
				Facts: Facts{Exchange: open.Exchange, Point: open.Point, Close: c.closing},
			}, func(*Batch, *Facts) {}})
		}
	}
	slices.SortStableFunc(list, func(a, b timed) int { return cmp.Compare(a.rec.Time, b.rec.Time) })
	for i := range list {
		list[i].rec.Seq = uint64(i)
	}
	return list
}

// record is what both records of a call share.
func (s *scene) record(c *call, slot uint32) (r Record) {
	key := c.key
	if key == 0 {
		key = xxhash.Sum64String(c.name)
	}
	s.keys[key] = c.name
	r = Record{
		Shard: uint8(slot % 64), Slot: slot, Facts: Facts{
			Class: c.class, Exchange: key, Point: s.point(c.point), TTL: c.ttl,
			Client: endpoint(c.from, 40000+uint16(slot)), Server: endpoint(c.to, 80), Outcome: c.outcome, Status: c.status,
			Start: epoch + (c.at+c.clock)*ms, Flags: TCP,
		},
	}
	if c.class == l7.ClassOther {
		r.Class = l7.ClassHTTP
	}
	r.Kind = c.side
	if c.class == l7.ClassDNS {
		r.Proto, r.Flags, r.Server = 1, 0, endpoint(c.to, 53)
	}
	if c.failed {
		r.Flags |= Failed
	}
	if c.tunnel {
		r.Flags |= InTunnel
	}
	if c.conn != 0 {
		r.Flags |= Handshake | FirstOfConn
		r.ConnStart = epoch + c.conn*ms
	}
	if c.target != "" {
		name, variant, _ := strings.Cut(c.target, " ")
		if c.class != l7.ClassDNS {
			name, variant = c.target, ""
		}
		r.Target, r.Variant = xxhash.Sum64String(name), uint16(xxhash.Sum64String(variant))
	}
	if c.fwd != "" {
		a := netip.MustParseAddr(c.fwd).As16()
		r.Forwarded = AddrHash(&a)
	}
	if c.ctx != "" {
		text, unsampled := strings.CutSuffix(c.ctx, "!")
		trace, parent, _ := strings.Cut(text, "/")
		r.Flags |= HasContext
		r.Context = Context{Trace: hash16(trace), Parent: hash8(parent), Kind: ids.W3C, Sampled: !unsampled}
		if parent != "" {
			s.names[hash8(parent)] = "sdk:" + parent
		}
	}
	r.Trail, r.Code = c.trail, c.code
	if c.outcome != Orphan {
		r.Trail.Head = xxhash.Sum64String(cmp.Or(c.head, c.target, c.name))
	}
	if c.seq != 0 {
		r.SeqRequest = c.seq
		r.Flags |= HasSeq
	}
	if c.whole {
		r.Flags |= Handshake
	}
	nameTrace(&r.Facts, c.ids)
	return r
}

// nameTrace gives a record the trace of its first random request ID.
func nameTrace(r *Facts, list string) {
	for _, f := range strings.Fields(list) {
		if k, v, _ := strings.Cut(f, "="); ids.Entropy([]byte(v)) >= strongBits {
			r.Flags |= HasRequestIDTrace
			r.IDTrace = span.TraceOfRequestID(k, []byte(v))
			return
		}
	}
}

func appendIDs(b *Batch, list string, response bool) Ref {
	mark := b.Mark()
	for _, f := range strings.Fields(list) {
		k, v, _ := strings.Cut(f, "=")
		b.Bytes = AppendID(b.Bytes, []byte(k), []byte(v), ids.Entropy([]byte(v)), response)
	}
	return b.Since(mark)
}

func putFinished(b *Batch, r *Facts, c *call) {
	var a span.Attrs
	for _, l := range []struct {
		key  span.Key
		text string
	}{{span.KeyRequestID, c.ids + " " + c.late}, {span.KeyRequestIDResponse, c.echo}, {span.KeyContext, c.ctx}} {
		var list []byte
		for _, f := range strings.Fields(l.text) {
			list = span.AppendElem(list, f)
		}
		if len(list) > 0 {
			a = span.AppendStrings(a, l.key, list)
		}
	}
	var answers []byte
	for _, f := range strings.Fields(c.answers) {
		addr, ttl, _ := strings.Cut(f, "/")
		n, _ := strconv.ParseUint(ttl, 10, 32)
		at := netip.MustParseAddr(addr).As16()
		answers = AppendAnswer(answers, &at, uint32(n))
	}
	for _, f := range strings.Fields(c.terms) {
		key, name, _ := strings.Cut(f, "=")
		at := [16]byte(hash16(key))
		answers = AppendTerm(answers, &at, []byte(name))
	}
	if c.dest != "" {
		a = span.AppendString(a, destKey, []byte(c.dest))
	}
	var echo Batch
	appendIDs(&echo, c.late, false)
	appendIDs(&echo, c.echo, true)
	if c.msg != "" && c.side == span.Consumer {
		echo.Bytes = AppendMessageID(echo.Bytes, []byte("queue"), []byte(c.msg), true)
	}
	r.Pieces = b.Put(&[NumPieces][]byte{
		Attrs: a, Name: []byte(c.name), Template: []byte(c.template), ResponseIDs: echo.Bytes, Answers: answers, Host: []byte(c.host),
	})
}

// batch puts records into one batch.
func batch(list []timed) *Batch {
	b := &Batch{}
	for _, t := range list {
		r := t.rec
		t.put(b, &r.Facts)
		b.Records = append(b.Records, r)
	}
	return b
}

// feed consumes calls up to the end of the last one.
func (s *scene) feed(calls ...call) {
	s.t.Helper()
	list := s.records(calls)
	s.start()
	q := make([]Queue, 1)
	q[0].Push(batch(list))
	s.to(q, list[len(list)-1].rec.Time+1)
}

func (s *scene) to(q []Queue, mark int64) {
	s.t.Helper()
	if err := s.l.Consume(context.Background(), q, mark, func(*Batch) {}); err != nil {
		s.t.Fatal(err)
	}
}

// pass lets packet time go on without records.
func (s *scene) pass(until int64) { s.t.Helper(); s.to(nil, epoch+until*ms) }

// flush ends the input and checks that nothing is left.
func (s *scene) flush() {
	s.t.Helper()
	if err := s.l.Flush(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	l := s.l
	if a, b, c, d := l.exchs.live(), l.sights.live(), l.kins.live(), l.ix.more.live(); a+b+c+d+l.waiting+l.ix.used != 0 {
		s.t.Errorf("after Flush: %d exchanges, %d sightings, %d candidates, %d entries, %d slots", a, b, c, d, l.ix.used)
	}
	for i := range l.bytes.chunks {
		if l.bytes.chunks[i].live != 0 {
			s.t.Errorf("after Flush: %d strings", l.bytes.chunks[i].live)
		}
	}
}

// tell renders spans: trace by order of appearance, name, at the point unless
// it is p, parent, rule and confidence, then links after "~".
func (s *scene) tell(spans []span.Span) (out []string) {
	traces := map[span.TraceID]int{}
	for _, sp := range spans {
		s.names[sp.ID] = s.nameOf(&sp)
	}
	for _, sp := range spans {
		if traces[sp.Trace] == 0 {
			traces[sp.Trace] = len(traces) + 1
		}
		line := fmt.Sprintf("%d %s", traces[sp.Trace], s.nameOf(&sp))
		if !sp.Parent.IsZero() {
			name, ok := s.names[sp.Parent]
			if !ok {
				name = "?"
			}
			line += " < " + name
			if at, ok := sp.Attrs.Find(span.KeyLinkRule); ok {
				c, _ := sp.Attrs.Find(span.KeyLinkConfidence)
				line += fmt.Sprintf(" %s %g", at.Str, c.Float())
			}
		} else if at, ok := sp.Attrs.Find(span.KeyLinkRule); ok {
			line += " rule without parent: " + string(at.Str)
		}
		for _, l := range sp.Links {
			line += fmt.Sprintf(" ~ %s %s %g", s.names[l.ID], l.Rule, l.Confidence)
		}
		out = append(out, line)
	}
	return out
}

func (s *scene) nameOf(sp *span.Span) string {
	name := string(sp.Name)
	if at, ok := sp.Attrs.Find(span.KeyExchange); ok && s.keys[uint64(at.Num)] != "" {
		name = s.keys[uint64(at.Num)]
	}
	if at, ok := sp.Attrs.Find(span.KeyCapturePoint); ok && string(at.Str) != "p" {
		name += "@" + string(at.Str)
	}
	if at, ok := sp.Attrs.Find(span.KeySynthetic); ok && at.Num != 0 {
		name += "'"
	}
	return name
}

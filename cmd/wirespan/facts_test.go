package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// sightingFacts is what is known of one exchange at one point.
type sightingFacts struct {
	Exchange uint64
	Point    string
	Start    int64
	facts.Facts
}

// TestFactsOfGoldens: what spans say with Form.Facts is what join told the linker
// of each exchange, for every capture in testdata/golden.
func TestFactsOfGoldens(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	cases := [][]string{demoCaptures()}
	for _, f := range files {
		cases = append(cases, []string{f})
	}
	all := 0
	var seen facts.Facts
	for _, inputs := range cases {
		t.Run(filepath.Base(inputs[0]), func(t *testing.T) {
			told, written := factsThrough(t, inputs)
			if d := cmp.Diff(told, written); d != "" {
				t.Errorf("-told +written:\n%s", d)
			}
			all += len(written)
			for i := range written {
				f := &written[i].Facts
				seen.HasContext = seen.HasContext || f.HasContext
				seen.Age, seen.Target, seen.Forwarded, seen.Head = seen.Age|f.Age, seen.Target|f.Target, seen.Forwarded|f.Forwarded, seen.Head|f.Head
				seen.Host, seen.Answers = append(seen.Host, f.Host...), append(seen.Answers, f.Answers...)
			}
		})
	}
	if all < 100 || !seen.HasContext || seen.Age == 0 || seen.Target == 0 || seen.Forwarded == 0 || seen.Head == 0 || len(seen.Host) == 0 || len(seen.Answers) == 0 {
		t.Errorf("%d exchanges, and some of the facts in none of them", all)
	}
}

// factsThrough analyses captures and returns the facts that went into the linker,
// and those that came out.
func factsThrough(t *testing.T, inputs []string) (told, written []sightingFacts) {
	t.Helper()
	o := &readOptions{}
	o.add(pflag.NewFlagSet("", pflag.ContinueOnError))
	o.placing.add(pflag.NewFlagSet("", pflag.ContinueOnError), byAuto, byAuto)
	o.packetsOut, o.workers = true, 1 // no tree
	in, err := parseInputs(inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := openSource(t.Context(), o, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p, err := compose(&o.options)
	if err != nil {
		t.Fatal(err)
	}
	out := &factsSink{}
	p.cfg.link.Forms = []link.Form{{Facts: true, Sink: out}}
	pipe, err := p.newPipelineOn(src)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecordTap()
	j, queues := &job{}, make([]link.Queue, 1)
	for more := true; more; {
		more = pipe.next(t.Context(), pipe.readers[0], j)
		b := &link.Batch{}
		pipe.work(j, b, 0, 1)
		r.take(b)
		queues[0].Push(b)
		if err := pipe.consume(t.Context(), queues, watermark(j), func(*link.Batch) {}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pipe.linker.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	points := *pipe.points.Load()
	for _, s := range r.done {
		s.s.Point = points[s.point].Name
		told = append(told, s.s)
	}
	written = out.list
	for _, l := range [][]sightingFacts{told, written} {
		slices.SortFunc(l, func(a, b sightingFacts) int {
			return bytes.Compare(sortKey(&a), sortKey(&b))
		})
	}
	return told, written
}

func sortKey(s *sightingFacts) []byte {
	var h span.Attrs
	h = span.AppendHex(h, 0, s.Exchange)
	h = span.AppendInt(h, 0, s.Start)
	h = span.AppendString(h, 0, s.Point)
	return facts.Append(h, &s.Facts)
}

// factsSink reads the facts off spans.
type factsSink struct{ list []sightingFacts }

func (k *factsSink) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		s := &spans[i]
		at, _ := s.Attrs.Find(span.KeyFacts)
		f, err := facts.Parse(bytes.Clone(at.Str))
		if err != nil || at.Type != span.TypeBytes {
			return errors.Join(facts.ErrFacts, err)
		}
		x, _ := s.Attrs.Find(span.KeyExchange)
		p, _ := s.Attrs.Find(span.KeyCapturePoint)
		ahead, _ := s.Attrs.Find(span.KeyClockOffset)
		e := sightingFacts{Exchange: uint64(x.Num), Point: string(p.Str), Start: s.Start - ahead.Num, Facts: f}
		if f.Exchange != 0 {
			e.Exchange, e.Facts.Exchange = f.Exchange, 0
		}
		k.list = append(k.list, e)
	}
	return nil
}

func (k *factsSink) Close(context.Context) error { return nil }

// recordTap keeps what records say, put together as SPANS.md has it: the head of
// the request by the opened record, the rest by the finished one.
type recordTap struct {
	open map[[2]uint32]*link.Facts
	ids  map[[2]uint32][]byte
	done []tapped
}

type tapped struct {
	s     sightingFacts
	point uint16
}

func newRecordTap() *recordTap {
	return &recordTap{open: map[[2]uint32]*link.Facts{}, ids: map[[2]uint32][]byte{}}
}

func (r *recordTap) take(b *link.Batch) {
	for i := range b.Records {
		rec := &b.Records[i]
		slot := [2]uint32{uint32(rec.Shard), rec.Slot}
		if rec.Event&link.Opened != 0 {
			f := rec.Facts
			r.open[slot], r.ids[slot] = &f, bytes.Clone(b.View(rec.IDs))
		}
		if rec.Event&link.Finished != 0 {
			r.done = append(r.done, r.finish(r.open[slot], r.ids[slot], b, &rec.Facts))
		}
	}
}

const idBytes = 18 // of link.AppendMessageID

func (r *recordTap) finish(o *link.Facts, ids []byte, b *link.Batch, f *link.Facts) tapped {
	s := sightingFacts{Exchange: o.Exchange, Start: o.Start, Facts: facts.Facts{
		Class: uint8(o.Class), Kind: uint8(f.Kind), Status: uint8(f.Status), TTL: o.TTL, Flags: uint16(o.Flags | f.Flags), Variant: o.Variant,
		Target: o.Target, Forwarded: o.Forwarded, Head: o.Trail.Head, Ack: o.Trail.Ack, Next: f.Trail.Next, Offset: o.Trail.Offset,
		RTTClient: o.Trail.RTTClient, RTTServer: o.Trail.RTTServer, Length: o.Trail.Length,
		Messages: []byte{}, Host: bytes.Clone(b.Piece(f, link.Host)), Answers: bytes.Clone(b.Piece(f, link.Answers)),
	}}
	if o.ConnStart != 0 {
		s.Age = o.Start - o.ConnStart
	}
	c := o.Context
	if f.Flags&link.ContextBack != 0 {
		c = f.Context
	}
	if (o.Flags|f.Flags)&link.HasContext != 0 {
		s.HasContext, s.Sampled, s.ContextKind, s.Trace, s.Parent = true, c.Sampled, uint8(c.Kind), c.Trace, c.Parent
	}
	for _, l := range [][]byte{ids, b.Piece(f, link.ResponseIDs)} {
		for ; len(l) >= idBytes; l = l[idBytes:] {
			if l[idBytes-1]&2 != 0 {
				s.Messages = append(s.Messages, l[:idBytes]...)
			}
		}
	}
	return tapped{s, f.Point}
}

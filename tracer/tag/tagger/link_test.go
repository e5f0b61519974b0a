package tagger_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
	"github.com/wirespan/wirespan/tracer/tag/names"
	"github.com/wirespan/wirespan/tracer/tag/tagger"
)

var _ link.Who = (*tagger.Tagger)(nil)

// kept is a sink that keeps what a span says of its resource.
type kept struct {
	keys *span.Keys
	list []string
}

func (k *kept) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		s := &spans[i]
		text := fmt.Sprintf("%v %s %s", s.Kind, s.Service, s.Instance)
		for a := range s.Resource.All {
			text += fmt.Sprintf(" %s=%s", k.keys.Name(a.Key), a.Str)
		}
		k.list = append(k.list, text)
	}
	return nil
}

func (*kept) Close(context.Context) error { return nil }

// TestLinkerAsks has the linker write both sides of one exchange with the names
// of a Tagger.
func TestLinkerAsks(t *testing.T) {
	rule, err := names.ReadYAML(strings.NewReader("10.0.0.5:80: {service: web, namespace: shop, host: box}\n10.0.0.9: edge\n"), "names")
	if err != nil {
		t.Fatal(err)
	}
	m, err := names.NewMap(rule)
	if err != nil {
		t.Fatal(err)
	}
	keys := span.NewKeys(identity.Keys(nil)...)
	c := tagger.Default()
	c.Keys, c.Names = keys, m
	tg, err := tagger.New(c)
	if err != nil {
		t.Fatal(err)
	}
	sink := &kept{keys: keys}
	lc := link.Default()
	lc.Keys, lc.Protos, lc.Who, lc.Forms = keys, []string{"http"}, tg, []link.Form{{Pair: true, Sink: sink}}
	l, err := link.New(lc, func() []capture.Point { return nil })
	if err != nil {
		t.Fatal(err)
	}
	b := &link.Batch{Records: []link.Record{{
		Time: 1e9, Seq: 1, Slot: 1, Event: link.Opened | link.Finished,
		Facts: link.Facts{
			Class: l7.ClassHTTP, Flags: link.TCP, Exchange: 7, Start: 1e9, End: 1e9 + 5,
			Client: flows.Endpoint{Addr: netip.MustParseAddr("10.0.0.9").As16(), Port: 44444},
			Server: flows.Endpoint{Addr: netip.MustParseAddr("10.0.0.5").As16(), Port: 80},
		},
	}}}
	queues := make([]link.Queue, 1)
	queues[0].Push(b)
	if err := l.Consume(t.Context(), queues, 2e9, func(*link.Batch) {}); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"CLIENT edge ", "SERVER web 10.0.0.5:80 service.namespace=shop host.name=box"}
	if d := cmp.Diff(want, sink.list); d != "" {
		t.Error(d)
	}
}

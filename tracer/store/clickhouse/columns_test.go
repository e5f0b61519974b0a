package clickhouse

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/store"
)

// block is a batch that goes nowhere, of the driver's own columns.
type block struct {
	driver.Batch
	columns []column.Interface
	flushed int
}

func newBlock(t testing.TB) *block {
	t.Helper()
	b := &block{}
	for _, c := range inputColumns {
		col, err := column.Type(c.Type).Column(c.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.columns = append(b.columns, col)
	}
	return b
}

func (b *block) Flush() error {
	b.flushed++
	return b.reset()
}

func (b *block) reset() error {
	for _, c := range b.columns {
		c.Reset()
	}
	return nil
}

func (b *block) Column(i int) driver.BatchColumn { return blockColumn{nil, b.columns[i]} }

type blockColumn struct {
	driver.BatchColumn
	column column.Interface
}

func (c blockColumn) AppendRow(v any) error { return c.column.AppendRow(v) }

// agentSpan is like those of an agent: about 30 attributes.
func agentSpan() store.Span {
	s := sampleSpan(1, 1)
	for _, k := range []string{
		"http.request.method", "url.path", "url.scheme", "user_agent.original", "server.address", "client.address", "network.peer.address",
		"network.transport", "network.type", "wirespan.exchange", "wirespan.capture.point", "wirespan.flow", "wirespan.host", "wirespan.link.rule",
		"wirespan.link.evidence", "http.route", "network.protocol.version", "http.response.header.content-type",
	} {
		s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.StringValue("00000000000000ab " + k)})
	}
	for _, k := range []string{
		"http.response.status_code", "server.port", "client.port", "network.peer.port", "wirespan.request.size", "wirespan.response.size",
		"wirespan.tcp.rtt", "wirespan.request.end", "wirespan.response.start", "wirespan.tcp.retransmissions",
	} {
		s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.IntValue(1234567)})
	}
	s.Resource = []store.Attr{{Key: "host.name", Value: store.StringValue("h1")}}
	return s
}

// TestColumnsAllocate holds what a span costs once buffers have grown.
func TestColumnsAllocate(t *testing.T) {
	b, s := newBlock(t), agentSpan()
	var c columns
	c.open(b, 1)
	add := func() {
		if err := c.add(&s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2000 {
		add()
	}
	b.reset()
	if n := testing.AllocsPerRun(1000, add); n > 15 {
		t.Errorf("%.0f allocations per span with %d attributes", n, len(s.Attrs))
	} else {
		t.Logf("%.0f allocations per span", n)
	}
}

// TestFlush sends huge spans in several blocks.
func TestFlush(t *testing.T) {
	b := newBlock(t)
	huge := agentSpan()
	huge.Attrs = append(huge.Attrs, store.Attr{Key: "huge", Value: store.StringValue(string(make([]byte, 5<<20)))})
	r := &request{spans: []store.Span{huge, huge, huge, huge, huge, huge, huge, huge}}
	var c columns
	c.open(b, 1)
	if err := r.encode(&c, b); err != nil {
		t.Fatal(err)
	}
	if b.flushed != 1 || b.columns[0].Rows() != 1 {
		t.Errorf("%d blocks, %d spans left", b.flushed, b.columns[0].Rows())
	}
}

func BenchmarkColumns(b *testing.B) {
	bl, s := newBlock(b), agentSpan()
	var c columns
	c.open(bl, 1)
	b.ReportAllocs()
	for i := range b.N {
		if err := c.add(&s); err != nil {
			b.Fatal(err)
		}
		if i%20_000 == 0 {
			bl.reset()
		}
	}
}

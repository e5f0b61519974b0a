package clickhouse

import (
	"strings"
	"unsafe"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/store"
)

// inputColumns are those of spans_in, in the order in which columns fills them. That
// the types are known spares HTTP a question per INSERT.
var inputColumns = []ch.ColumnNameAndType{
	{Name: "start", Type: "Int64"},
	{Name: "duration", Type: "Int64"},
	{Name: "trace", Type: "FixedString(16)"},
	{Name: "span", Type: "FixedString(8)"},
	{Name: "parent", Type: "FixedString(8)"},
	{Name: "kind", Type: "UInt8"},
	{Name: "status", Type: "UInt8"},
	{Name: "signal", Type: "UInt8"},
	{Name: "service", Type: "String"},
	{Name: "instance", Type: "String"},
	{Name: "agent", Type: "String"},
	{Name: "name", Type: "String"},
	{Name: "message", Type: "String"},
	{Name: "state", Type: "String"},
	{Name: "scope", Type: "String"},
	{Name: "protocol", Type: "String"},
	{Name: "attr_key", Type: "Array(String)"},
	{Name: "attr_type", Type: "Array(UInt8)"},
	{Name: "attr_value", Type: "Array(String)"},
	{Name: "resource_key", Type: "Array(String)"},
	{Name: "resource_type", Type: "Array(UInt8)"},
	{Name: "resource_value", Type: "Array(String)"},
	{Name: "event_time", Type: "Array(Int64)"},
	{Name: "event_name", Type: "Array(String)"},
	{Name: "event_attrs", Type: "Array(String)"},
	{Name: "link_trace", Type: "Array(FixedString(16))"},
	{Name: "link_span", Type: "Array(FixedString(8))"},
	{Name: "link_attrs", Type: "Array(String)"},
	{Name: "key_kind", Type: "Array(UInt8)"},
	{Name: "key_hash", Type: "Array(UInt64)"},
	{Name: "step", Type: "Int64"},
	{Name: "counted", Type: "UInt8"},
	{Name: "bucket", Type: "UInt8"},
	{Name: "batch", Type: "UInt64"},
}

// columns puts spans into the columns of an INSERT. Fields are handed over by
// pointer, which costs no allocation; the driver copies what they point to.
type columns struct {
	cols  []driver.BatchColumn
	next  int
	err   error
	batch uint64 // number of the INSERT
	bytes int    // of attributes since the last Flush, about

	duration, step              int64 // of the span, as the following
	trace, id, parent, protocol string

	keys   []store.Key
	kinds  []uint8
	hashes []uint64
	key    []*string
	types  []uint8
	value  []*string
	values []string
	text   []byte // of values that are no strings, for one span
	ends   []int
}

// open begins an INSERT, or a further attempt of it with the same number.
func (c *columns) open(b driver.Batch, number uint64) {
	c.cols, c.err, c.batch, c.bytes = c.cols[:0], nil, number, 0
	for i := range inputColumns {
		c.cols = append(c.cols, b.Column(i))
	}
}

func (c *columns) put(v any) {
	if c.err == nil {
		c.err = c.cols[c.next].AppendRow(v)
	}
	c.next++
}

// add appends a span.
func (c *columns) add(s *store.Span) error {
	c.next = 0
	c.duration, c.step = s.End-s.Start, store.Floor(s.Start, store.RateStep)
	c.trace, c.id, c.parent = view(s.Trace[:]), view(s.ID[:]), view(s.Parent[:])
	c.protocol = s.Protocol()
	c.put(&s.Start)
	c.put(&c.duration)
	c.put(&c.trace)
	c.put(&c.id)
	c.put(&c.parent)
	c.put(uint8(s.Kind))
	c.put(uint8(s.Status))
	c.put(uint8(s.Signal))
	for _, t := range [...]*string{&s.Service, &s.Instance, &s.Agent, &s.Name, &s.Message, &s.State, &s.Scope, &c.protocol} {
		c.put(t)
	}
	c.attrs(s.Attrs)
	c.attrs(s.Resource)
	c.events(s.Events)
	c.links(s.Links)
	c.index(s)
	c.put(&c.step)
	var counted uint8
	if store.Counted(s) {
		counted = 1
	}
	c.put(counted)
	c.put(uint8(store.Bucket(max(0, c.duration))))
	c.put(&c.batch)
	return c.err
}

// view is bytes as a string that lives no longer than they do.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (c *columns) attrs(list []store.Attr) {
	c.key, c.types, c.values, c.value = c.key[:0], c.types[:0], c.values[:0], c.value[:0]
	c.text, c.ends = c.text[:0], c.ends[:0]
	for i := range list {
		a := &list[i]
		c.bytes += len(a.Key) + len(a.Value.Str)
		c.key = append(c.key, &a.Key)
		c.types = append(c.types, uint8(a.Value.Type))
		if a.Value.Type != store.String && a.Value.Type != store.Bytes {
			c.text = appendValue(c.text, &a.Value)
		}
		c.ends = append(c.ends, len(c.text))
	}
	text, from := view(c.text), 0
	for i, end := range c.ends {
		if a := &list[i].Value; a.Type == store.String || a.Type == store.Bytes {
			c.values = append(c.values, a.Str)
		} else {
			c.values = append(c.values, text[from:end])
		}
		from = end
	}
	for i := range c.values {
		c.value = append(c.value, &c.values[i])
	}
	c.bytes += len(c.text)
	c.put(c.key)
	c.put(c.types)
	c.put(c.value)
}

func (c *columns) events(list []store.Event) {
	var times []int64
	var names, attrs []string
	for i := range list {
		times = append(times, list[i].Time)
		names = append(names, list[i].Name)
		attrs = append(attrs, string(appendMap(nil, list[i].Attrs)))
		c.bytes += len(attrs[i])
	}
	c.put(times)
	c.put(names)
	c.put(attrs)
}

func (c *columns) links(list []store.Link) {
	var traces, ids, attrs []string
	for i := range list {
		traces = append(traces, string(list[i].Trace[:]))
		ids = append(ids, string(list[i].ID[:]))
		attrs = append(attrs, string(appendMap(nil, list[i].Attrs)))
	}
	c.put(traces)
	c.put(ids)
	c.put(attrs)
}

func (c *columns) index(s *store.Span) {
	c.keys, c.kinds, c.hashes = store.AppendKeys(c.keys[:0], s), c.kinds[:0], c.hashes[:0]
	for _, k := range c.keys {
		c.kinds = append(c.kinds, uint8(k.Kind))
		c.hashes = append(c.hashes, k.Hash)
	}
	c.put(c.kinds)
	c.put(c.hashes)
}

// insertSQL begins the INSERT of a database.
func insertSQL(database string) string {
	var names []string
	for _, c := range inputColumns {
		names = append(names, c.Name)
	}
	return "INSERT INTO " + name(database) + ".spans_in (" + strings.Join(names, ", ") + ")"
}

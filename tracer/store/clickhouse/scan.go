package clickhouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// scanner reads spans from an answer to dialect.columns.
type scanner struct {
	start, duration                int64
	trace, id, parent              string
	kind, status, signal           uint8
	attrs, resource, events, links string
	service, instance, agent, name string
	message, state, scope          string
	dest                           []any
	damaged                        uint64 // rows with arrays that are not as we write them
}

func newScanner() *scanner {
	c := &scanner{}
	c.dest = []any{
		&c.start, &c.duration, &c.trace, &c.id, &c.parent, &c.kind, &c.status, &c.signal, &c.service, &c.instance, &c.agent,
		&c.name, &c.message, &c.state, &c.scope, &c.attrs, &c.resource, &c.events, &c.links,
	}
	return c
}

// scan reads the row that rows stands at.
func (c *scanner) scan(rows driver.Rows, s *store.Span) error {
	if err := rows.Scan(c.dest...); err != nil {
		return err
	}
	*s = store.Span{
		Start: c.start, End: c.start + c.duration, Kind: span.Kind(c.kind), Status: span.Status(c.status), Signal: store.Signal(c.signal),
		Service: c.service, Instance: c.instance, Agent: c.agent, Name: c.name, Message: c.message, State: c.state, Scope: c.scope,
	}
	copy(s.Trace[:], c.trace)
	copy(s.ID[:], c.id)
	copy(s.Parent[:], c.parent)
	var ok [4]bool
	s.Attrs, ok[0] = unpackAttrs(c.attrs)
	s.Resource, ok[1] = unpackAttrs(c.resource)
	s.Events, ok[2] = unpackEvents(c.events)
	s.Links, ok[3] = unpackLinks(c.links)
	if ok != [4]bool{true, true, true, true} {
		c.damaged++
	}
	return nil
}

// size is about how many bytes the row is.
func (c *scanner) size() int {
	return 200 + len(c.attrs) + len(c.resource) + len(c.events) + len(c.links) + len(c.message)
}

// spans asks for spans and calls take for each, which may keep them; false ends it.
func (s *Store) spans(ctx context.Context, sql string, take func(sp *store.Span, size int) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a question that take ended
	rows, err := s.query(ctx, sql)
	if err != nil {
		return err
	}
	c := newScanner()
	defer func() { s.damaged.Add(c.damaged) }()
	var ended bool
	for !ended && rows.Next() {
		var sp store.Span
		if err = c.scan(rows, &sp); err != nil {
			ended = true
		} else {
			ended = !take(&sp, c.size())
		}
	}
	if ended {
		cancel()
		rows.Close()
		return err
	}
	if err := rows.Err(); err != nil {
		rows.Close()
		return err
	}
	return rows.Close()
}

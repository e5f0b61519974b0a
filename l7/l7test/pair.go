package l7test

import (
	"fmt"

	"github.com/wirespan/wirespan/l7"
)

// Exchange is a request with its response, as far as tests compare it: each
// half is empty if it was not seen.
type Exchange struct {
	Request, Response string
	parts             []Message // those that were seen
}

// Identity is what Drop compares of a message: op, resource and code.
func Identity(m Message) string { return fmt.Sprintf("%s %s %d", m.Op, m.Resource, m.Code) }

// exchanges pairs the messages of a connection as Proto.Pairing says. Where a
// direction lost its place, nothing is paired over the loss by order.
func exchanges(c *Connection, identity func(Message) string) []Exchange {
	q := pairing{identity: identity}
	misses := c.misses
	for _, m := range c.Messages {
		for len(misses) > 0 && misses[0].seq < m.seq {
			if c.proto.Pairing != l7.ByMatch {
				q.miss(misses[0].dir)
			}
			misses = misses[1:]
		}
		q.add(m, c.proto.Pairing == l7.ByMatch)
	}
	for _, m := range q.waiting {
		if !m.barrier {
			q.out = append(q.out, Exchange{Request: identity(m.m), parts: []Message{m.m}})
		}
	}
	return q.out
}

type waiting struct {
	m       Message
	barrier bool // requests may be missing here
}

type pairing struct {
	identity func(Message) string
	waiting  []waiting
	out      []Exchange
}

// miss keeps order from being trusted over a loss: lost responses may have
// answered whatever waits, lost requests stand between those before and after.
func (q *pairing) miss(dir l7.Dir) {
	if dir == l7.ToServer {
		q.waiting = append(q.waiting, waiting{barrier: true})
		return
	}
	for _, w := range q.waiting {
		if !w.barrier {
			q.out = append(q.out, Exchange{Request: q.identity(w.m), parts: []Message{w.m}})
		}
	}
	q.waiting = q.waiting[:0]
}

func (q *pairing) add(m Message, byMatch bool) {
	switch m.kind {
	case l7.Request:
		q.waiting = append(q.waiting, waiting{m: m})
	case l7.Response:
		i := 0
		for byMatch && i < len(q.waiting) && (q.waiting[i].barrier || q.waiting[i].m.Match != m.Match) {
			i++
		}
		x := Exchange{Response: q.identity(m), parts: []Message{m}}
		if i < len(q.waiting) {
			if w := q.waiting[i]; !w.barrier {
				x.Request, x.parts = q.identity(w.m), append(x.parts, w.m)
			}
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
		}
		q.out = append(q.out, x)
	case l7.OneWay, l7.Pushed, l7.Interim:
		q.out = append(q.out, Exchange{Request: q.identity(m), parts: []Message{m}})
	}
}

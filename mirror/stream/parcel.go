package stream

import (
	"math"
	"slices"

	"github.com/wirespan/wirespan/capture"
)

const (
	parcelSize = 256 // packets
	parcels    = 4   // of a connection
)

// parcel is a batch on its way from the goroutine of a connection to the
// reader, and back.
type parcel struct {
	conn    *conn
	packets [parcelSize]capture.Packet
	n       int
	at      int // packets before it were handed on
	release func()
	shared  *shared // in place of release, once several batches need it
	names   []capture.Name
}

func (p *parcel) head() int64 { return p.packets[p.at].Time }

// take hands on packets up to a time, at least one.
func (p *parcel) take(dst []capture.Packet, limit int64) int {
	n := 0
	for n < len(dst) && p.at < p.n && (n == 0 || p.head() <= limit) {
		dst[n] = p.packets[p.at]
		p.at++
		n++
	}
	return n
}

// queue are the connections whose parcels wait to be read. It is the reader's.
type queue struct{ conns []*conn }

func (q *queue) add(p *parcel) {
	if len(p.conn.line) == 0 {
		q.conns = append(q.conns, p.conn)
	}
	p.conn.line = append(p.conn.line, p)
}

// earliest gives the parcel with the earliest packet, of each connection its
// first, and the time up to which it may be read; nil if there is none.
func (q *queue) earliest() (first *parcel, limit int64) {
	limit = math.MaxInt64
	for _, c := range q.conns {
		p := c.line[0]
		switch {
		case first == nil:
			first = p
		case p.head() < first.head():
			first, limit = p, first.head()
		case p.head() < limit:
			limit = p.head()
		}
	}
	return first, limit
}

// remove takes out the first parcel of a connection.
func (q *queue) remove(p *parcel) {
	c := p.conn
	copy(c.line, c.line[1:])
	c.line[len(c.line)-1] = nil
	if c.line = c.line[:len(c.line)-1]; len(c.line) == 0 {
		q.conns = slices.DeleteFunc(q.conns, func(o *conn) bool { return o == c })
	}
}

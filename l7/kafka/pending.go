package kafka

import "slices"

// maxPending bounds the requests of a connection that wait for their response.
const maxPending = 1024

// pending is what the response to a request is read with.
type pending struct {
	match   uint32
	key     int16
	version int16
	topic   []byte  // of the request, if its span has none yet
	told    bool    // the span has the topic
	placed  bool    // the span has the partition
	sent    []count // records, by place
}

// queue are the requests that wait, oldest first: a ring whose slots keep their
// buffers.
type queue struct {
	ring  []pending
	first int
	n     int
}

func (q *queue) at(i int) *pending { return &q.ring[(q.first+i)%len(q.ring)] }

// push adds a request, in the place of the oldest if there are too many.
func (q *queue) push() *pending {
	switch {
	case q.n < len(q.ring):
	case q.n < maxPending:
		grown := make([]pending, max(8, 2*q.n))
		for i := range q.n {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	default:
		q.first = (q.first + 1) % len(q.ring)
		q.n--
	}
	q.n++
	p := q.at(q.n - 1)
	*p = pending{topic: p.topic[:0], sent: p.sent[:0]}
	return p
}

// find is the place of the oldest request with a correlation id, -1 if there is
// none.
func (q *queue) find(match uint32) int {
	for i := range q.n {
		if q.at(i).match == match {
			return i
		}
	}
	return -1
}

// take removes the i-th request and those before it, borrowed until the next
// push: a broker answers in order, so their responses were lost.
func (q *queue) take(i int) *pending {
	p := q.at(i)
	q.first = (q.first + i + 1) % len(q.ring)
	q.n -= i + 1
	return p
}

// remember notes a request for its response.
func (q *queue) remember(h *half) {
	p := q.push()
	p.match, p.key, p.version = h.match, h.key, h.version
	f := &h.f
	p.topic = append(p.topic, f.get(f.topic)...)
	p.told, p.placed = h.told(), h.placed()
	if h.key == keyProduce {
		p.sent = append(slices.Grow(p.sent, len(f.counts)), f.counts...)
	}
}

package postgresql

import "github.com/wirespan/wirespan/l7"

// kind is how an answer ends.
type kind uint8

const (
	simple   kind = iota // Query, function call: with ReadyForQuery
	startup              // with ReadyForQuery or an error
	unit                 // of the extended protocol: with what answers its last message
	boundary             // Sync: no request, but ReadyForQuery answers it
)

// op is a request that waits for its answer, or a boundary.
type op struct {
	seq, ack uint32 // of the request's first byte and of its segment
	end      uint32 // sequence number behind it, of a simple query, the start-up and a boundary
	kind     kind
	last     byte // of a unit: its last message
	doubt    bool // answers were lost, and which is not known
	cut      bool // requests behind it may be missing
}

// at makes an op of the place where a request began.
func at(s l7.Stamp, k kind) op { return op{seq: s.Seq, ack: s.Ack, kind: k} }

// fits reports whether what the server sent at a place may answer o: it had
// seen the request, and the client had not seen it before. Without sequence
// numbers it may.
func (o *op) fits(s l7.Stamp) bool {
	if o.seq|o.ack == 0 || s.Seq|s.Ack == 0 {
		return true
	}
	return !before(s.Seq, o.ack) && before(o.seq, s.Ack)
}

// queue holds them in the order of the requests.
type queue struct {
	first [4]op
	ring  []op // its length is a power of two
	head  int
	n     int
}

// push reports false when the bound is reached.
func (q *queue) push(o op) bool {
	if q.ring == nil {
		q.ring = q.first[:]
	}
	if q.n == len(q.ring) {
		if q.n >= maxWaiting {
			return false
		}
		more := make([]op, 2*len(q.ring))
		for i := range q.n {
			more[i] = *q.at(i)
		}
		q.ring, q.head = more, 0
	}
	q.n++
	*q.at(q.n - 1) = o
	return true
}

func (q *queue) at(i int) *op { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue) drop(n int) {
	if q.n -= n; q.n == 0 {
		q.head = 0
		return
	}
	q.head = (q.head + n) & (len(q.ring) - 1)
}

// group is how many entries from the first on one ReadyForQuery answers.
func (q *queue) group() int {
	for i := range q.n {
		if k := q.at(i).kind; k != unit {
			return i + 1
		}
	}
	return q.n
}

// boundaryNext reports whether the request behind the first is a boundary.
func (q *queue) boundaryNext() bool { return q.n > 1 && q.at(1).kind == boundary }

// find returns the first entry if what the server sent at a place answers it.
// After a loss of answers a group is passed over when the next one was sent by
// a client that had read on, and that not behind this place, or when the server
// had read requests that were lost behind it. If several groups
// waited during the loss, only such a request sets order right again.
func (q *queue) find(s l7.Stamp, lost bool) *op {
	for q.n > 0 {
		x := q.at(0)
		if !x.fits(s) {
			return nil
		}
		if lost {
			if n := q.passed(x, s); n > 0 {
				q.drop(n)
				continue
			}
			if x.doubt {
				return nil
			}
		}
		return x
	}
	return nil
}

// passed is how many entries were answered unseen.
func (q *queue) passed(x *op, s l7.Stamp) int {
	n := q.group()
	for x.doubt && n < q.n && q.at(n).doubt {
		n++
	}
	if z := q.at(n - 1); z.cut && z.kind != unit && before(z.end, s.Ack) {
		return n // the server had read on
	}
	if n < q.n {
		if y := q.at(n); before(x.ack, y.ack) && !before(s.Seq, y.ack) {
			return n
		}
	}
	return 0
}

// cut marks the last request: those behind it may be missing.
func (q *queue) cut() {
	if q.n > 0 {
		q.at(q.n - 1).cut = true
	}
}

// suspect marks the groups that wait for answers since one and the same
// moment, if there are several: which of them lost bytes answered cannot be
// told. Requests of a client that had read on in between can be told apart.
func (q *queue) suspect() bool {
	if q.n == 0 {
		return false
	}
	n, ack := q.group(), q.at(0).ack
	if n == q.n || before(ack, q.at(n).ack) {
		return false
	}
	for i := 0; i < q.n && q.at(i).ack == ack; i++ {
		q.at(i).doubt = true
	}
	return true
}

package http1

import "github.com/wirespan/wirespan/l7"

// flag is what a response cannot be read without knowing of its request.
type flag uint8

const (
	isHead    flag = 1 << iota
	isConnect      // the connection becomes a tunnel when it is accepted
	isUpgrade      // the connection may change protocol
	isUnknown      // the request was not seen
)

// fact is one request that waits for its response.
type fact struct {
	seq, ack uint32 // of the request's first byte and of its segment
	flags    flag
}

// facts is a bounded queue of them, in the order of the requests.
//
// Bytes may be lost in both directions, so that a count alone would shift: a
// HEAD would be taken for the GET behind it for the rest of the connection.
// TCP helps: when the request was sent, its segment acknowledged what the
// client had of the response stream, and the segment of the response
// acknowledges what the server had of the request stream. A response that
// starts before the one or acknowledges less than the other answers an earlier
// request, and the request whose acknowledgement is exactly the response's
// first byte was sent by a client that had read everything before.
type facts struct {
	first [4]fact
	ring  []fact // its length is a power of two
	head  int
	n     int
	doubt bool // requests or responses may be missing
}

func (q *facts) init() { q.ring = q.first[:] }

// push adds a request. Beyond the bound the request is forgotten.
func (q *facts) push(at l7.Stamp, f flag) {
	if q.n == len(q.ring) {
		if q.n >= maxFacts {
			q.doubt = true
			return
		}
		more := make([]fact, 2*len(q.ring))
		for i := range q.n {
			more[i] = *q.at(i)
		}
		q.ring, q.head = more, 0
	}
	q.n++
	*q.at(q.n - 1) = fact{seq: at.Seq, ack: at.Ack, flags: f}
}

func (q *facts) at(i int) *fact { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *facts) drop(n int) {
	q.head = (q.head + n) & (len(q.ring) - 1)
	q.n -= n
}

// pending reports whether a request that waits has one of the flags.
func (q *facts) pending(f flag) bool {
	for i := range q.n {
		if q.at(i).flags&f != 0 {
			return true
		}
	}
	return false
}

// answer takes the request off that a response at this place answers.
func (q *facts) answer(at l7.Stamp) flag {
	if q.n == 0 {
		return isUnknown
	}
	first := *q.at(0)
	if !q.doubt && first.fits(at) {
		q.drop(1)
		return first.flags
	}
	if first.stamped() && at.Seq|at.Ack != 0 {
		for i := range q.n {
			if f := *q.at(i); f.ack == at.Seq && f.fits(at) {
				q.drop(i + 1)
				q.doubt = false
				return f.flags
			}
		}
	}
	if q.doubt && first.fits(at) {
		q.drop(1)
	}
	return isUnknown
}

func (f fact) stamped() bool { return f.seq|f.ack != 0 }

// fits reports whether the response may answer f; without stamps it may.
func (f fact) fits(at l7.Stamp) bool {
	if !f.stamped() || at.Seq|at.Ack == 0 {
		return true
	}
	return int32(at.Seq-f.ack) >= 0 && int32(at.Ack-f.seq) > 0
}

package join

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
)

// pair returns the open exchange that a response answers, dead if that timed
// out, nil if its request was not captured.
func (j *Joiner) pair(c *flows.Conn, st *conn, p *l7.Proto, m *l7.Message) *exchange {
	st.widenHole(c, m)
	if p.Pairing == l7.ByMatch {
		for _, x := range st.open {
			if x.match == m.Match && !x.responded && x.rec.Outcome == link.Answered {
				return j.doubted(c, st, x, m)
			}
		}
		return nil
	}
	return j.pairInOrder(c, st, m)
}

// doubted returns x unless its parser, which counts messages since there is
// nothing on the wire that names them, has lost count. Then the name is the
// place of the request.
func (j *Joiner) doubted(c *flows.Conn, st *conn, x *exchange, m *l7.Message) *exchange {
	if c.Proto != 6 || x.dead || !counted(x, m) {
		return x
	}
	if x.adrift {
		return nil
	}
	if !st.holed[l7.ToClient] || !st.beganUnseen(x, m) {
		return x
	}
	j.unanswered(c, st, x, captureEnded, 0)
	return nil
}

// counted reports whether the name of a message is the place of its request.
func counted(x *exchange, m *l7.Message) bool { return uint32(m.Match) == x.first.Seq }

// widenHole takes the bytes that were passed over behind a hole, in search of
// the response m, for a part of it. A connection whose first response is seen
// may have lost others before its protocol was known.
func (st *conn) widenHole(c *flows.Conn, m *l7.Message) {
	switch {
	case !st.haveEnd && !st.holed[l7.ToClient] && c.TCP.Dir[flows.ToClient].Lost > 0:
		st.holed[l7.ToClient], st.holeEnd = true, m.First.Seq
	case st.respLost && before(st.holeEnd, m.First.Seq):
		st.holeEnd = m.First.Seq
	}
	st.respLost = false
}

// pairInOrder takes the oldest unanswered request. Where segments were lost,
// TCP tells which message went with them: a client that acknowledged bytes
// after the last response we know, before it sent its next request, had got an
// answer that we have not; a response whose segment does not acknowledge a
// request cannot answer it.
func (j *Joiner) pairInOrder(c *flows.Conn, st *conn, m *l7.Message) *exchange {
	for {
		x, next := st.waiting()
		if x == nil {
			return nil
		}
		if c.Proto == 6 && !x.mayAnswer(m) {
			return nil
		}
		if !st.holed[l7.ToClient] || c.Proto != 6 || !st.beganUnseen(x, m) && (next == nil || !st.answeredUnseen(x, next, m)) {
			if x.adrift {
				return nil
			}
			return x
		}
		if x.dead {
			j.bury(st, x)
			continue
		}
		j.unanswered(c, st, x, captureEnded, 0)
	}
}

// mayAnswer reports whether TCP allows that a response answers x: whoever sent
// it had the beginning of x, and whoever sent x did not have it yet. A stamp
// without acknowledgement number is of bytes that came behind a hole.
func (x *exchange) mayAnswer(m *l7.Message) bool {
	return (m.First.Ack == 0 || !before(m.First.Ack, x.first.Seq+1)) && (x.first.Ack == 0 || !before(m.First.Seq, x.first.Ack))
}

// takeLost lays the missing bytes of responses to one exchange.
func (st *conn) takeLost() int64 {
	n := st.lost[l7.ToClient]
	st.lost[l7.ToClient] = 0
	return n
}

// lostAfter reports whether responses are missing that were sent after x was.
func (st *conn) lostAfter(x *exchange) bool {
	return st.holed[l7.ToClient] && before(x.first.Ack, st.holeEnd)
}

// waiting returns the two oldest requests without response; those that timed
// out still wait for a late one.
func (st *conn) waiting() (x, next *exchange) {
	for _, o := range st.open {
		if o.responded || o.rec.Outcome != link.Answered {
			continue
		}
		if x != nil {
			return x, o
		}
		x = o
	}
	return x, nil
}

// answeredUnseen reports whether x was answered in bytes that were lost,
// before next was sent.
func (st *conn) answeredUnseen(x, next *exchange, m *l7.Message) bool {
	end := x.first.Ack
	if st.haveEnd && before(end, st.respEnd) {
		end = st.respEnd
	}
	return before(end, next.first.Ack) && !before(m.First.Seq, next.first.Ack)
}

// beganUnseen reports whether the response to x began in bytes that were lost:
// they come between what was there when x was sent, or the end of the response
// before, and m.
func (st *conn) beganUnseen(x *exchange, m *l7.Message) bool {
	end := x.first.Ack
	if st.haveEnd && before(end, st.respEnd) {
		end = st.respEnd
	}
	return end != 0 && before(end, st.holeEnd) && !before(m.First.Seq, st.holeEnd)
}

// drift finds out whether the response to a new request x can be told from
// those to requests that were lost. Who waits for answers has acknowledged one
// before it sends the next request; who does not has had several requests
// under way, and nobody can say which of them are lost. Their responses are
// left alone until the client has all that was sent.
func (j *Joiner) drift(c *flows.Conn, st *conn, x *exchange) {
	ack := x.first.Ack
	switch {
	case st.drifting && before(st.driftAck, ack) && st.haveEnd && !before(ack, st.respEnd):
		for i := 0; i < len(st.open); {
			o := st.open[i]
			if i++; o.adrift && !o.responded && !o.dead {
				i--
				j.unanswered(c, st, o, captureEnded, 0)
			}
		}
		st.drifting = false
	case st.drifting:
		x.adrift = true
	case st.reqLost && (st.havePaired && !before(st.pairedEnd, ack) || !st.havePaired && !(st.haveEnd && !before(ack, st.respEnd))):
		x.adrift, st.drifting = true, true
	}
	st.reqLost = false
	if x.adrift {
		st.driftAck = ack
	}
}

// before compares sequence numbers (RFC 9293, section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// remove takes an exchange out of the open ones.
func (st *conn) remove(x *exchange) {
	for i, o := range st.open {
		if o == x {
			st.open = append(st.open[:i], st.open[i+1:]...)
			break
		}
	}
	if st.sending == x {
		st.sending = nil
	}
	if st.receiving == x {
		st.receiving = nil
	}
}

package join

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
)

// reused ends the open request of a TCP connection whose id a new one has: TCP
// delivers a request once, so that a client which gives an id again has had the
// answer to the first, or has given it up. What answers from now on is the
// second's.
func (j *Joiner) reused(c *flows.Conn, st *conn, dir l7.Dir, m *l7.Message) {
	for _, o := range st.open {
		if o.match == m.Match && o.back == (dir == l7.ToClient) && !o.responded && !o.dead && o.rec.Outcome == link.Answered {
			j.unanswered(c, st, o, captureEnded, 0)
			return
		}
	}
}

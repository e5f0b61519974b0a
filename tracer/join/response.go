package join

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// response finds the request that a response answers and completes the
// exchange, or makes an orphan of it.
func (j *Joiner) response(c *flows.Conn, st *conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	j.stats.Responses++
	x := j.pair(c, st, p, m)
	switch {
	case x == nil && st.unjoined > 0:
		st.unjoined--
		j.stats.Unjoined++
		j.passed(st, m, whole)
		return
	case x == nil:
		if x = j.orphan(c, st, p, dir, m, head); x == nil {
			j.stats.Dropped++
			return
		}
	case x.dead:
		j.stats.Late++
		j.bury(st, x)
		j.passed(st, m, whole)
		return
	}
	x.responded = true
	r := &x.rec
	r.ResponseStart, r.Code, r.Status = m.First.Time, m.Code, m.Status
	j.override(r, m)
	if c.Proto == 6 {
		r.SeqResponse = m.First.Seq
		r.Flags |= link.HasSeqResp
	}
	j.describeResponse(x, m)
	if !whole {
		x.respOpen = true
		st.receiving = x
		return
	}
	j.noteEnd(st, m.Last)
	x.lost += m.Lost
	r.End = m.Last.Time
	j.settle(c, st, x)
}

// passed notes a response that belongs to no exchange.
func (j *Joiner) passed(st *conn, m *l7.Message, whole bool) {
	if whole {
		j.noteEnd(st, m.Last)
	}
}

// noteEnd remembers where the last response ended.
func (j *Joiner) noteEnd(st *conn, last l7.Stamp) { st.respEnd, st.haveEnd = last.Seq+1, true }

// notePaired remembers that this was the end of the response to a known request.
func (st *conn) notePaired() { st.pairedEnd, st.havePaired = st.respEnd, st.haveEnd }

// interim notes a 1xx response: one exchange with the final one.
func (j *Joiner) interim(c *flows.Conn, st *conn, p *l7.Proto, m *l7.Message) {
	j.stats.Interims++
	if x := j.pair(c, st, p, m); x != nil && !x.dead && len(x.interims) < 64 {
		x.interims = span.AppendIntElem(x.interims, int64(m.Code))
	}
	j.noteEnd(st, m.Last)
}

// describeResponse copies what the response says.
func (j *Joiner) describeResponse(x *exchange, m *l7.Message) {
	if x.rec.Class == l7.ClassHTTP && m.Code != 0 { // 0: HTTP/2 without its header table, or a stream that was reset
		x.attrs = span.AppendInt(x.attrs, span.KeyHTTPResponseStatusCode, int64(m.Code))
	}
	if len(m.Name) > 0 {
		x.name = append(x.name[:0], limit(m.Name, 512)...)
	}
	j.attributes(x, m)
	x.wireResp = j.addIDs(x.wireResp, x, m, true)
	if m.Side == l7.Consumer && x.rec.Flags&link.HasContext == 0 {
		if j.contexts(x, m); x.rec.Flags&link.HasContext != 0 {
			x.rec.Flags |= link.ContextBack
		}
	}
	if len(m.Error) > 0 {
		x.err = append(x.err[:0], limit(m.Error, 256)...)
	} else if m.Status >= l7.ClientError && m.Code != 0 {
		x.err = appendCode(x.err[:0], m.Code)
	}
	if m.Size >= 0 {
		x.respSize = m.Size
	}
	for i := range m.Answers {
		a := &m.Answers[i]
		if len(x.answers) < maxAnswers*20 {
			x.answers = link.AppendAnswer(x.answers, &a.Addr, a.TTL)
		}
		x.host = append(x.host[:0], limit(a.Name, 255)...)
	}
	if len(m.Terms) > 0 {
		x.terms(m)
	}
}

// maxAnswers bounds the addresses of one DNS response.
const maxAnswers = 32

// orphan opens an exchange whose request was not captured.
func (j *Joiner) orphan(c *flows.Conn, st *conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte) *exchange {
	x := j.take()
	if x == nil {
		return nil
	}
	j.place(x, c, p, m, dir == l7.ToServer)
	r := &x.rec
	x.match, x.first = m.Match, m.First
	r.Outcome, r.Start = link.Orphan, m.First.Time
	x.back = dir == l7.ToServer
	if c.Proto == 6 {
		r.Exchange = span.ExchangeTCP(m.First.Seq, m.First.Ack, head, j.stream(x, m))
		r.Trail = link.Trail{Ack: m.First.Ack}
	} else {
		r.Exchange = span.ExchangeUDP(m.Match, head, r.Client.Port, m.First.Time)
	}
	j.describeOrphan(x, m)
	x.lost = st.lost[l7.ToServer]
	st.lost[l7.ToServer] = 0
	j.emit(x, link.Opened)
	st.open = append(st.open, x)
	return x
}

// describeOrphan names an exchange by its response alone.
func (j *Joiner) describeOrphan(x *exchange, m *l7.Message) {
	switch {
	case x.rec.Class == l7.ClassHTTP:
		x.name = append(x.name[:0], "HTTP response"...)
	case x.rec.Class == l7.ClassDNS:
		x.name = append(append(x.name[:0], "DNS "...), m.Op...)
	default:
		x.name = append(x.name[:0], m.Op...)
		if len(x.name) == 0 {
			x.name = append(append(x.name, j.cfg.Protos[min(int(x.rec.Proto), len(j.cfg.Protos)-1)].Name...), " response"...)
		}
	}
	if len(m.Version) > 0 && !j.cfg.Core {
		x.attrs = span.AppendString(x.attrs, span.KeyNetworkProtocolVersion, m.Version)
	}
}

// event makes a span of a message that is not part of a pair.
func (j *Joiner) event(c *flows.Conn, st *conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	x := j.take()
	if x == nil {
		j.stats.Dropped++
		return
	}
	j.place(x, c, p, m, (m.Kind == l7.Pushed) == (dir == l7.ToServer))
	j.describeRequest(x, c, st, m, head)
	r := &x.rec
	r.Outcome = link.OneWay
	if m.Kind == l7.Pushed {
		r.Outcome = link.Pushed
	}
	r.Code, r.Status = m.Code, m.Status
	x.responded = true
	j.openRecord(x, m)
	if len(m.Error) > 0 {
		x.err = append(x.err[:0], limit(m.Error, 256)...)
	}
	for i := range m.Answers {
		if a := &m.Answers[i]; len(x.answers) < maxAnswers*20 {
			x.answers = link.AppendAnswer(x.answers, &a.Addr, a.TTL)
		}
	}
	st.open = append(st.open, x)
	if whole {
		r.RequestEnd, r.End, x.lost = m.Last.Time, m.Last.Time, m.Lost
		j.settle(c, st, x)
		return
	}
	if dir == l7.ToServer {
		x.reqOpen, st.sending = true, x
	} else {
		x.respOpen, st.receiving = true, x
	}
}

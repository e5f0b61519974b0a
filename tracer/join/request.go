package join

import (
	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// request opens an exchange.
func (j *Joiner) request(c *flows.Conn, st *conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	j.stats.Requests++
	if p.Pairing == l7.ByMatch {
		if c.Proto == 6 {
			j.reused(c, st, dir, m)
		} else if j.repeated(st, m) {
			return
		}
	}
	x := j.admit(st, p)
	if x == nil {
		j.stats.Refused++
		return
	}
	j.place(x, c, p, m, dir == l7.ToClient)
	j.describeRequest(x, c, st, m, head)
	x.back = dir == l7.ToClient
	j.answeredElsewhere(c, st, p, m)
	if c.Proto == 6 && (p.Pairing == l7.InOrder || counted(x, m)) {
		st.reqLost = st.reqLost || st.requests == 0 && c.TCP.Dir[flows.ToServer].Lost > 0
		if st.reqLost || st.drifting {
			j.drift(c, st, x)
		}
	}
	st.open = append(st.open, x)
	st.requests++
	if whole {
		x.rec.RequestEnd, x.lost = m.Last.Time, m.Lost
		x.rec.Trail.Next = m.Last.Seq + 1
	} else {
		x.reqOpen = true
		st.sending = x
	}
	j.openRecord(x, m)
	j.await(c, x)
}

// admit takes an exchange for a request. Where responses come in order, a
// request that is refused takes those after it along until its own response
// has passed: which response is whose depends on the count.
func (j *Joiner) admit(st *conn, p *l7.Proto) (x *exchange) {
	if len(st.open) < maxPerConn && st.unjoined == 0 {
		x = j.take()
	}
	if x == nil && p.Pairing != l7.ByMatch {
		st.unjoined++
	}
	return x
}

// await sets the deadline of a request.
func (j *Joiner) await(c *flows.Conn, x *exchange) {
	j.due.push(deadline{at: j.now + int64(j.cfg.Timeout), x: x, born: x.born, c: c})
}

// openRecord makes the opened record of an exchange.
func (j *Joiner) openRecord(x *exchange, m *l7.Message) {
	x.host = append(x.host[:0], limit(m.Host, 255)...)
	x.rec.IDs = j.wireIDs(x, m, false)
	x.rec.Pieces = j.out.PutHost(x.host)
	j.emit(x, link.Opened)
	x.rec.IDs, x.rec.Pieces = link.Ref{}, link.Pieces{}
}

// repeated reports whether an open request was sent again.
func (j *Joiner) repeated(st *conn, m *l7.Message) bool {
	for _, o := range st.open {
		if o.match == m.Match && !o.responded && !o.dead && o.rec.Outcome == link.Answered {
			j.stats.Repeats++
			return true
		}
	}
	return false
}

// describeRequest copies what must outlive the message.
func (j *Joiner) describeRequest(x *exchange, c *flows.Conn, st *conn, m *l7.Message, head []byte) {
	r := &x.rec
	x.reqSize = m.Size
	x.match, x.first = m.Match, m.First
	r.Start = m.First.Time
	if c.Proto == 6 {
		r.SeqRequest = m.First.Seq
		r.Flags |= link.HasSeq
		r.Exchange = span.ExchangeTCP(m.First.Seq, m.First.Ack, head, j.stream(x, m))
		r.Trail = tcpTrail(c, m, head)
	} else {
		r.Exchange = span.ExchangeUDP(m.Match, head, r.Client.Port, m.First.Time)
		r.Trail = link.Trail{Head: xxhash.Sum64(head[:min(64, len(head))]) ^ m.Match}
	}
	if !st.described {
		st.described = true
		x.rec.Flags |= link.FirstOfConn
		if !j.cfg.Core {
			j.describeConn(x, c)
		}
	}
	if ns := engine.StateOf(c).Handshake(); ns > 0 && !j.cfg.Core {
		x.attrs = span.AppendInt(x.attrs, span.KeyPhaseTLS, ns)
	}
	j.describeTarget(x, m)
	j.attributes(x, m)
	j.contexts(x, m)
	if len(m.Terms) > 0 {
		x.terms(m)
	}
}

// stream is the stream id of a multiplexed protocol, which is part of the
// exchange key.
func (j *Joiner) stream(x *exchange, m *l7.Message) uint64 {
	if j.cfg.Protos[x.proto].Pairing == l7.ByMatch {
		return m.Match
	}
	return 0
}

// describeConn adds what belongs to the first exchange of a connection.
func (j *Joiner) describeConn(x *exchange, c *flows.Conn) {
	t := &c.TCP
	if c.OpenTime != 0 && c.SynTime != 0 && !c.LateOpen {
		x.attrs = span.AppendInt(x.attrs, span.KeyPhaseConnect, max(0, c.OpenTime-c.SynTime))
	}
	for _, v := range [...]struct {
		key span.Key
		ns  int64
	}{{span.KeyTCPRTT, t.RTT}, {span.KeyTCPRTTClient, t.RTTClient}, {span.KeyTCPRTTServer, t.RTTServer}} {
		if v.ns > 0 {
			x.attrs = span.AppendInt(x.attrs, v.key, v.ns)
		}
	}
	if c.VLAN != 0 {
		x.attrs = span.AppendInt(x.attrs, span.KeyVLAN, int64(c.VLAN))
	}
}

// attributes adds those that the parser set, each key once for an exchange;
// lists come as repeated attributes in a row.
func (j *Joiner) attributes(x *exchange, m *l7.Message) {
	keys, docs := j.keys[x.proto], j.cfg.Protos[x.proto].Keys
	for i := 0; i < len(m.Attrs) && len(x.attrs) < maxAttrs; i++ {
		a := &m.Attrs[i]
		if set := uint64(1) << (a.Key % 64); x.keys[a.Key/64]&set != 0 {
			continue // requests and responses may say the same
		} else {
			x.keys[a.Key/64] |= set
		}
		key := keys[a.Key]
		if key == noKey {
			continue
		}
		switch docs[a.Key].Type {
		case l7.String:
			x.attrs = span.AppendString(x.attrs, key, limit(a.Str, maxValue))
		case l7.Body:
			if j.cfg.Bodies.leaves() {
				continue
			}
			j.list = j.cfg.Redact.AppendBody(j.list[:0], m.Media, limit(a.Str, maxValue))
			x.attrs = span.AppendString(x.attrs, key, limit(j.list, maxValue))
		case l7.Int:
			x.attrs = span.AppendInt(x.attrs, key, a.Num)
		case l7.Bool:
			x.attrs = span.AppendBool(x.attrs, key, a.Num != 0)
		case l7.Float:
			x.attrs = span.AppendFloatBits(x.attrs, key, a.Num)
		case l7.Strings:
			l := j.list[:0]
			for ; i < len(m.Attrs) && m.Attrs[i].Key == a.Key; i++ {
				if len(l) < maxList {
					l = span.AppendElem(l, limit(m.Attrs[i].Str, 1024))
				}
			}
			i--
			j.list = l
			x.attrs = span.AppendStrings(x.attrs, key, l)
		case l7.Ints:
			l := j.list[:0]
			for ; i < len(m.Attrs) && m.Attrs[i].Key == a.Key; i++ {
				if len(l) < maxList {
					l = span.AppendIntElem(l, m.Attrs[i].Num)
				}
			}
			i--
			j.list = l
			x.attrs = span.AppendInts(x.attrs, key, l)
		}
	}
}

// maxValue bounds one attribute value, maxList one list before its last
// element, maxAttrs the attributes that parsers add to a span before the last
// one; with what join adds itself they fit link.MaxString.
const (
	maxValue = 16 << 10
	maxList  = 4 << 10
	maxAttrs = 24 << 10
)

func limit(b []byte, n int) []byte {
	if len(b) > n {
		return b[:n]
	}
	return b
}

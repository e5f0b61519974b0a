package join

import (
	"strconv"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// Done meets engine.Sink: a message that went on has ended.
func (j *Joiner) Done(c *flows.Conn, dir l7.Dir, match uint64, m *l7.Message, last l7.Stamp, lost int64, cut bool) {
	st := stateOf(c)
	x := st.ongoing(dir, match)
	if x == nil {
		return
	}
	x.lost += lost
	if cut {
		st.laid[dir] += lost
	}
	if m != nil {
		j.trailing(x, dir, m)
	}
	if x.asks(dir) {
		x.reqOpen = false
		x.rec.RequestEnd = max(last.Time, x.rec.Start)
		x.rec.Trail.Next = last.Seq + 1
		if st.sending == x {
			st.sending = nil
		}
		if x.overdue {
			x.overdue = false
			j.await(c, x)
		}
		if x.rec.Outcome == link.OneWay {
			x.rec.End = x.rec.RequestEnd
		}
	} else {
		x.respOpen = false
		x.rec.End = last.Time
		if st.receiving == x {
			st.receiving = nil
		}
		if !cut {
			j.noteEnd(st, last)
		}
	}
	j.settle(c, st, x)
}

// ongoing finds the exchange whose message in dir goes on.
func (st *conn) ongoing(dir l7.Dir, match uint64) *exchange {
	for _, x := range [...]*exchange{st.sending, st.receiving} {
		if x != nil && x.match == match && x.asks(dir) == (x == st.sending) {
			return x
		}
	}
	for i := len(st.open) - 1; i >= 0; i-- {
		o := st.open[i]
		if o.match == match && (o.asks(dir) && o.reqOpen || !o.asks(dir) && o.respOpen) {
			return o
		}
	}
	return nil
}

// asks reports whether the request of an exchange travels in dir.
func (x *exchange) asks(dir l7.Dir) bool { return (dir == l7.ToServer) != x.back }

// trailing takes what the end of a message brought.
func (j *Joiner) trailing(x *exchange, dir l7.Dir, m *l7.Message) {
	if x.dead {
		return
	}
	j.attributes(x, m)
	if m.Size >= 0 {
		if x.asks(dir) {
			x.reqSize = m.Size
		} else {
			x.respSize = m.Size
		}
	}
	if m.Status != l7.Unset {
		x.rec.Status, x.rec.Code = m.Status, m.Code
	}
	if len(m.Error) > 0 {
		x.err = append(x.err[:0], limit(m.Error, 256)...)
	}
	if len(m.IDs) > 0 {
		x.wireResp = j.addIDs(x.wireResp, x, m, !x.asks(dir))
	}
}

// settle finishes an exchange when both its messages have ended.
func (j *Joiner) settle(c *flows.Conn, st *conn, x *exchange) {
	if !x.responded || x.respOpen || x.reqOpen {
		return
	}
	st.remove(x)
	j.finish(c, st, x)
}

// finish makes the finished record and gives the exchange back.
func (j *Joiner) finish(c *flows.Conn, st *conn, x *exchange) {
	if x.responded && x.rec.Outcome == link.Answered {
		st.notePaired()
	}
	j.report(c, st, x)
	j.retire(c, st, x.rec.Slot)
	j.forget(x)
}

// report makes the finished record.
func (j *Joiner) report(c *flows.Conn, st *conn, x *exchange) {
	r := &x.rec
	r.End = max(r.End, r.Start)
	j.count(r)
	j.metrics(x, c)
	list := [link.NumPieces][]byte{
		link.Attrs: x.attrs, link.Name: limit(x.name, 512), link.Template: x.template, link.ErrorType: x.err,
		link.ResponseIDs: x.wireResp, link.Answers: x.answers, link.Host: x.host,
	}
	if !j.cfg.Core {
		list[link.Community] = st.communityID(c)
	}
	r.Pieces = j.out.Put(&list)
	st.lastKey = r.Exchange
	j.emit(x, link.Finished)
}

// count adds an exchange to the statistics.
func (j *Joiner) count(r *link.Record) {
	j.stats.Exchanges++
	j.stats.ByProto[min(int(r.Proto), len(j.stats.ByProto)-1)]++
	switch r.Outcome {
	case link.None:
		j.stats.Unanswered++
	case link.OneWay:
		j.stats.OneWay++
	case link.Orphan:
		j.stats.Orphans++
	case link.Pushed:
		j.stats.Pushed++
	}
}

// metrics adds lists, sizes, losses and what TCP met during the exchange.
func (j *Joiner) metrics(x *exchange, c *flows.Conn) {
	a := x.attrs
	if len(x.reqIDs) > 0 {
		a = span.AppendStrings(a, span.KeyRequestID, x.reqIDs)
	}
	if len(x.respIDs) > 0 {
		a = span.AppendStrings(a, span.KeyRequestIDResponse, x.respIDs)
	}
	if len(x.contexts) > 0 {
		a = span.AppendStrings(a, span.KeyContext, x.contexts)
	}
	if len(x.interims) > 0 {
		a = span.AppendInts(a, span.KeyInterim, x.interims)
	}
	if x.reqSize > 0 && x.rec.Class == l7.ClassHTTP {
		a = span.AppendInt(a, span.KeyHTTPRequestBodySize, x.reqSize)
	}
	if x.respSize >= 0 && x.rec.Class == l7.ClassHTTP {
		a = span.AppendInt(a, span.KeyHTTPResponseBodySize, x.respSize)
	}
	if x.lost > 0 {
		a = span.AppendInt(a, span.KeyLossBytes, x.lost)
	}
	retrans, ooo, zw := troubles(c)
	for _, v := range [...]struct {
		key  span.Key
		n, o uint32
	}{{span.KeyTCPRetransmissions, retrans, x.retrans}, {span.KeyTCPOutOfOrder, ooo, x.ooo}, {span.KeyTCPZeroWindows, zw, x.zw}} {
		if v.n > v.o {
			a = span.AppendInt(a, v.key, int64(v.n-v.o))
		}
	}
	for d := range c.TCP.Dir {
		if c.TCP.Dir[d].Truncated > 0 && x.lost > 0 {
			x.rec.Flags |= link.Truncated
		}
	}
	x.attrs = tunnel(a, c)
}

func tunnel(a span.Attrs, c *flows.Conn) span.Attrs {
	t := &c.Tunnel
	if t.Kind == 0 {
		return a
	}
	a = span.AppendString(a, span.KeyTunnelKind, t.Kind.String())
	if t.HasID {
		var text [10]byte
		a = span.AppendString(a, span.KeyTunnelID, strconv.AppendUint(text[:0], uint64(t.ID), 10))
	}
	if t.Src != [16]byte{} {
		src, dst := [16]byte(t.Src), [16]byte(t.Dst)
		a = span.AppendAddr(a, span.KeyTunnelSource, &src)
		a = span.AppendAddr(a, span.KeyTunnelDestination, &dst)
	}
	if t.VLAN != 0 {
		a = span.AppendInt(a, span.KeyTunnelVLAN, int64(t.VLAN))
	}
	return a
}

func appendCode(b []byte, code int32) []byte { return strconv.AppendInt(b, int64(code), 10) }

package join

import (
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// exchange is a request that waits for its response. Exchanges are pooled;
// their byte slices are their own.
type exchange struct {
	rec   link.Record
	proto uint8 // index of the protocol whose parser found it; rec may have another name
	match uint64
	first l7.Stamp // of the request
	born  uint64   // guards the deadline against reuse

	back              bool // the server asks, the client answers
	reqOpen, respOpen bool // a body goes on
	responded         bool
	dead              bool   // timed out; a late response is swallowed
	adrift            bool   // nobody can say which response is its own
	overdue           bool   // its deadline passed while the request went on
	retrans, ooo, zw  uint32 // counts of the connection when the request began

	keys     [4]uint64 // of the parser's attributes, those that attrs has
	attrs    span.Attrs
	interims []byte // encoded list
	reqIDs   []byte // encoded list, name=value
	respIDs  []byte
	contexts []byte
	wireResp []byte // encoded for link
	name     []byte
	template []byte
	err      []byte
	answers  []byte
	host     []byte // name of the question for answers
	lost     int64
	reqSize  int64
	respSize int64
}

// take gets an exchange from the pool and a slot for it; nil when the bound is
// reached.
func (j *Joiner) take() *exchange {
	if j.open >= j.cfg.MaxOpen {
		return nil
	}
	j.open++
	var x *exchange
	if n := len(j.free); n > 0 {
		x, j.free = j.free[n-1], j.free[:n-1]
	} else {
		x = &exchange{}
	}
	x.born++
	slot := j.top
	if n := len(j.slots); n > 0 {
		slot, j.slots = j.slots[n-1], j.slots[:n-1]
	} else {
		j.top++
	}
	x.rec = link.Record{Shard: j.shard, Slot: slot}
	return x
}

// retire frees a slot after its finished record was made. The last one of a
// TCP connection is kept: the linker finds there whom to tell how the
// connection ended.
func (j *Joiner) retire(c *flows.Conn, st *conn, slot uint32) {
	if c.Proto != wire.ProtoTCP {
		j.slots = append(j.slots, slot)
		return
	}
	j.freeLast(st)
	st.lastSlot, st.kept = slot, true
}

// freeLast frees the slot that retire kept.
func (j *Joiner) freeLast(st *conn) {
	if st.kept {
		j.slots = append(j.slots, st.lastSlot)
		st.kept = false
	}
}

// forget gives an exchange back without its slot.
func (j *Joiner) forget(x *exchange) {
	j.open--
	j.clear(x)
	j.free = append(j.free, x)
}

// clear empties an exchange; what its record holds goes when it is taken again.
func (j *Joiner) clear(x *exchange) {
	x.born++
	x.back, x.reqOpen, x.respOpen, x.responded, x.dead, x.overdue = false, false, false, false, false, false
	x.adrift = false
	x.attrs, x.interims, x.reqIDs, x.respIDs = x.attrs[:0], x.interims[:0], x.reqIDs[:0], x.respIDs[:0]
	x.contexts, x.wireResp, x.name, x.template = x.contexts[:0], x.wireResp[:0], x.name[:0], x.template[:0]
	x.err, x.answers, x.host = x.err[:0], x.answers[:0], x.host[:0]
	x.keys, x.lost = [4]uint64{}, 0
}

// bury removes an exchange that timed out and will not be answered any more.
func (j *Joiner) bury(st *conn, x *exchange) {
	st.remove(x)
	j.forget(x)
}

// place fills in what the connection knows. swapped says that the message
// shows other roles than the connection has: both ends of a DNS connection may
// ask.
func (j *Joiner) place(x *exchange, c *flows.Conn, p *l7.Proto, m *l7.Message, swapped bool) {
	r := &x.rec
	r.Class, r.Point, r.Client, r.Server, r.ConnStart = l7.ClassOther, c.Point, c.Client, c.Server, c.First
	if swapped {
		r.Client, r.Server = r.Server, r.Client
	}
	if p == nil {
		r.Proto = j.protoIndex("tcp")
	} else {
		if p != j.proto {
			j.proto, j.index = p, uint8(j.protos[p])
		}
		r.Class, r.Proto, x.proto = p.Class, j.index, j.index
		if m != nil {
			j.override(r, m)
		}
	}
	r.TTL = c.TTL[flows.ToServer]
	if c.Proto == 6 {
		r.Flags |= link.TCP
	}
	if c.Version == 6 {
		r.Flags |= link.IPv6
	}
	if c.Handshake {
		r.Flags |= link.Handshake
	}
	if mayBeHalf(&c.Tunnel) {
		r.Flags |= link.InTunnel
	}
	x.retrans, x.ooo, x.zw = troubles(c)
	x.reqSize, x.respSize = -1, -1
}

// mayBeHalf reports whether a tunnel is one of those that balancers put requests
// into, and servers no answers: IPVS and Katran IPIP, Maglev GRE.
func mayBeHalf(t *wire.Tunnel) bool {
	switch t.Kind {
	case wire.IPIP, wire.IPv4in6, wire.IPv6in4, wire.IPv6in6:
		return true
	case wire.GRE:
		return !t.HasID
	}
	return false
}

// override takes what a message says instead of its protocol.
func (j *Joiner) override(r *link.Record, m *l7.Message) {
	if m.Protocol != "" {
		r.Proto = j.protoIndex(m.Protocol)
	}
	if m.Class != l7.ClassOther {
		r.Class = m.Class
	}
	if m.Side != l7.AnySide {
		r.Kind = kinds[m.Side]
	}
}

// kinds are the span kinds of sides.
var kinds = [...]span.Kind{l7.ClientSide: span.Client, l7.Producer: span.Producer, l7.Consumer: span.Consumer}

// protoIndex finds a name that is not that of a Proto, "tcp" for unknown ones.
func (j *Joiner) protoIndex(name string) uint8 {
	at := len(j.names) - 1
	for i := len(j.cfg.Protos); i < len(j.names); i++ {
		if j.names[i] == name {
			at = i
			break
		}
	}
	return uint8(at)
}

// troubles sums up what the connection met in both directions so far.
func troubles(c *flows.Conn) (retrans, ooo, zw uint32) {
	for i := range c.TCP.Dir {
		d := &c.TCP.Dir[i]
		retrans += d.Retransmissions
		ooo += d.OutOfOrder
		zw += d.ZeroWindows
	}
	return
}

// emit makes a record of an exchange.
func (j *Joiner) emit(x *exchange, ev link.Event) *link.Record {
	j.seq++
	x.rec.Time, x.rec.Seq, x.rec.Event = j.now, j.seq, ev
	j.out.Records = append(j.out.Records, x.rec)
	return &j.out.Records[len(j.out.Records)-1]
}

package engine

import (
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
)

// phase is what the Engine does with the bytes of a connection.
type phase uint8

const (
	detecting phase = iota
	parsing
	opaque
)

// ConnState is what the Engine keeps of a connection, in flows.Conn.Ext.
type ConnState struct {
	// User belongs to the Sink, from Opened until Closed returns. A pointer
	// in it costs no allocation.
	User any

	conn  *flows.Conn
	phase phase
	why   Reason // valid iff phase is opaque

	proto  *l7.Proto
	index  int // of proto
	parser l7.Parser
	window int

	transport l7.Transport
	force     string // name of the only protocol to try; "" for all
	tried     protos // whose parser refused the stream
	hints     protos // that a port of the connection hints at, once hinted
	hinted    bool
	gapped    bool   // bytes were lost before a protocol was found
	late      bool   // nobody claims the first bytes: something else may precede the protocol
	asked     bool   // Config.Force was looked up
	flipped   bool   // by the current candidate
	confirmed bool   // a message was found
	replay    bool   // read bytes are kept for the next candidate
	owed      int    // requests that were announced and not answered
	answers   bool   // the message of this step answered one of them
	switches  int    // protocols that ended with ErrSwitch
	after     string // the last of them
	strikes   int    // datagrams in a row that were not of the protocol

	inner     *ConnState // what the parser deciphers, nil if nothing
	depth     int        // of nesting; 0 is the connection itself
	plainEnd  [2]int64   // bytes of the deciphered stream so far, by direction
	handshake int64      // ns that encryption took to set up, until an exchange says so
	forwarded []byte     // client that a PROXY header named, empty if none

	half  [2]*half // by direction
	store [2]half
}

// StateOf returns the Engine's state of a connection that it was given, for
// the sake of ConnState.User.
func StateOf(c *flows.Conn) *ConnState { return c.Ext.(*ConnState) }

// Proto is the protocol found, nil if none was.
func (st *ConnState) Proto() *l7.Proto { return st.proto }

// retains reports whether bytes that were read must be kept for another
// candidate.
func (st *ConnState) retains() bool { return st.replay && !st.confirmed }

// Handshake is how long the connection took to become encrypted, in
// nanoseconds; 0 if it did not, or has been asked before.
func (st *ConnState) Handshake() int64 {
	ns := st.handshake
	st.handshake = 0
	return ns
}

// settledRoles reports whether content cannot exchange client and server: they
// were seen to connect, or the stream lies within another.
func (st *ConnState) settledRoles() bool { return st.conn.Roles == flows.Observed || st.depth > 0 }

// mid reports whether the first bytes need not begin a message: the capture may
// have begun within the connection, or the protocol later than the connection.
func (st *ConnState) mid() bool {
	return st.transport == l7.TCP && (st.gapped || st.late || !st.settledRoles())
}

// open readies a state for a new connection.
func (e *Engine) open(c *flows.Conn) *ConnState {
	st := e.fresh(c)
	c.Ext = st
	return st
}

// fresh readies a state.
func (e *Engine) fresh(c *flows.Conn) *ConnState {
	var st *ConnState
	if n := len(e.spare); n > 0 {
		st, e.spare = e.spare[n-1], e.spare[:n-1]
	} else {
		st = &ConnState{}
	}
	st.conn, st.phase, st.replay = c, detecting, true
	st.half = [2]*half{&st.store[0], &st.store[1]}
	st.transport = l7.TCP
	switch c.Proto {
	case wire.ProtoUDP:
		st.transport = l7.UDP
	case wire.ProtoICMP, wire.ProtoICMPv6:
		st.transport = l7.ICMP
	}
	return st
}

// recycle takes back the state of a closed connection.
func (e *Engine) recycle(st *ConnState) {
	if st.depth == 0 {
		st.conn.Ext = nil
	}
	a, b := st.store[0], st.store[1]
	*st = ConnState{forwarded: st.forwarded[:0]}
	st.store[0] = half{marks: a.marks[:0], open: e.emptied(a.open)}
	st.store[1] = half{marks: b.marks[:0], open: e.emptied(b.open)}
	if len(e.spare) < maxSpare {
		e.spare = append(e.spare, st)
	}
}

// emptied is a list of open messages for the next connection; one that has grown
// is given up.
func (e *Engine) emptied(list []open) []open {
	e.opened -= len(list)
	if cap(list) > maxOpenMine {
		return nil
	}
	return list[:0]
}

// options adds to the parser options what is known of the connection.
func (e *Engine) options(st *ConnState) l7.Options {
	c, o := st.conn, e.cfg.Options
	o.After = st.after
	o.ClientPort, o.ServerPort = c.Client.Port, c.Server.Port
	if st.depth >= l7.MaxNested {
		o.Keys = nil
	}
	o.Multicast = multicast(&c.Client.Addr) || multicast(&c.Server.Addr)
	return o
}

// multicast reports whether an address is a group: RFC 4291, section 2.7, and
// RFC 5771.
func multicast(a *wire.Addr) bool {
	mapped := a[10] == 0xff && a[11] == 0xff && [10]byte(a[:10]) == [10]byte{}
	return a[0] == 0xff || mapped && a[12]&0xf0 == 0xe0
}

package join

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// Joiner pairs the messages of one shard. It meets engine.Sink.
type Joiner struct {
	cfg   Config
	shard uint8
	out   *link.Batch
	now   int64 // processing clock
	seq   uint64

	keys   [][]span.Key      // by protocol and Attr.Key
	protos map[*l7.Proto]int // index of a protocol
	proto  *l7.Proto         // found last
	index  uint8             // its index
	names  []string          // values of network.protocol.name
	free   []*exchange
	conns  []*conn
	slots  []uint32 // free slots
	top    uint32
	open   int
	due    deadlines
	list   []byte
	stats  Stats
}

// conn is what a Joiner keeps of a connection.
type conn struct {
	open       []*exchange // in order of request
	sending    *exchange   // its request goes on
	receiving  *exchange   // its response goes on
	requests   uint64
	respEnd    uint32 // sequence number after the last response
	haveEnd    bool
	holed      [2]bool  // messages may be missing, by direction
	lost       [2]int64 // bytes of messages that are missing, not yet laid to an exchange
	laid       [2]int64 // of the next hole, bytes that were
	holeEnd    uint32   // sequence number after the last hole in the responses
	reqLost    bool     // requests may be missing since the last one
	respLost   bool     // the hole ends where the next response begins: bytes in front of it may have been passed over
	drifting   bool     // some that are open have adrift set
	driftAck   uint32   // acknowledgement number of the last of these
	pairedEnd  uint32   // sequence number after the last response whose request is known
	havePaired bool
	unjoined   uint32 // refused requests whose responses are to come, all after the open ones
	described  bool   // an exchange says how the connection began
	lastKey    uint64 // of the last finished exchange, for how the connection ended
	lastSlot   uint32 // its slot, if it is kept
	kept       bool

	community [communitySize]byte // Community ID, once an exchange needed it
}

// New returns the Joiner of a shard.
func New(cfg Config, shard uint8) *Joiner {
	j := &Joiner{cfg: cfg, shard: shard, protos: make(map[*l7.Proto]int), names: ProtocolNames(cfg.Protos)}
	for i := range cfg.Protos {
		p := &cfg.Protos[i]
		j.protos[p] = i
		keys := make([]span.Key, len(p.Keys))
		for n, k := range p.Keys {
			if keys[n], _ = cfg.Keys.Lookup(k.Name); cfg.Core && leftOut(keys[n]) {
				keys[n] = noKey
			}
		}
		j.keys = append(j.keys, keys)
	}
	return j
}

// noKey stands for an attribute that is left out.
const noKey = ^span.Key(0)

// leftOut reports attributes of parsers that are not among the core ones.
func leftOut(k span.Key) bool { return k == span.KeyUserAgentOriginal }

// Begin says where records go from now on, and the processing clock.
func (j *Joiner) Begin(out *link.Batch, now int64) { j.out, j.now = out, now }

// Stats returns the counters.
func (j *Joiner) Stats() *Stats { return &j.stats }

// Open is the number of exchanges that wait for something.
func (j *Joiner) Open() int { return j.open }

func stateOf(c *flows.Conn) *conn { return engine.StateOf(c).User.(*conn) }

// Opened meets engine.Sink.
func (j *Joiner) Opened(c *flows.Conn) {
	var st *conn
	if n := len(j.conns); n > 0 {
		st, j.conns = j.conns[n-1], j.conns[:n-1]
	} else {
		st = &conn{}
	}
	engine.StateOf(c).User = st
}

// Message meets engine.Sink.
func (j *Joiner) Message(c *flows.Conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	st := stateOf(c)
	switch m.Kind {
	case l7.Request:
		j.request(c, st, p, dir, m, head, whole)
	case l7.Response:
		j.response(c, st, p, dir, m, head, whole)
	case l7.Interim:
		j.interim(c, st, p, m)
	case l7.OneWay, l7.Pushed:
		j.event(c, st, p, dir, m, head, whole)
	}
}

// Missed meets engine.Sink.
func (j *Joiner) Missed(c *flows.Conn, dir l7.Dir, bytes int64, at l7.Stamp) {
	st := stateOf(c)
	st.holed[dir] = true
	st.lost[dir] += max(0, bytes-st.laid[dir])
	st.laid[dir] = 0
	if dir == l7.ToServer {
		st.reqLost = true
	} else {
		st.respLost = true
		st.holeEnd = at.Seq + uint32(bytes)
		st.unjoined = 0
	}
}

// Opaque meets engine.Sink: nothing more will be found, so whatever waits is
// over as far as we can see.
func (j *Joiner) Opaque(c *flows.Conn, p *l7.Proto, why engine.Reason) {
	st := stateOf(c)
	j.endAll(c, st, captureEnded, 0)
}

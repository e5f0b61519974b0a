package link

import (
	"slices"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// system joins what processes did with the exchanges that packets show: a
// message of tracer/executor belongs to an exchange when the first byte of the
// exchange's request or response is one of its bytes. An exchange then has a
// side for the process that asked and one for the process that served, and
// what executor says about messages says who is whose parent.
type system struct {
	on     bool
	hosts  []SystemHost
	acts   slab[act]
	byID   map[uint64]int32 // acts by ID of the message
	byEnd  map[connEnd]int32
	oldest acts // all of them, in the order in which they were told last
	lone   int  // those that no exchange was found for
	sides  slab[side]
	room   int              // how many of those there may be
	served map[uint64]int32 // exchanges by ID of the request that was read
	eager  map[uint64]int32 // the first exchange whose call was for a request that no exchange has yet
	stats  SystemStats
}

// maxActs bounds the messages that wait for their exchanges.
const maxActs = 32 << 10

// actLife is how long a message waits for its exchange, and is found by it,
// after it was told last: packets and events come within a second.
const actLife = int64(2e9)

// maxActScan bounds the messages of one end of a connection, and the exchanges
// on it, that are looked at: as many as packets may be ahead of events, or
// behind.
const maxActScan = 1024

// connEnd is one end of a connection.
type connEnd struct{ local, remote flows.Endpoint }

// act is a message as a process moved it.
type act struct {
	m          executor.Message
	label      executor.Label // of a call; Request 0: none
	x          int32          // the exchange it was joined with last, 0 none
	older      int32          // message of the same end
	prev, next int32          // in the order in which they were told last
	used       bool
	asked      uint64 // key of the first exchange that has its first byte in it
	common     bool   // there are others
	host       uint16 // in system.hosts
	seen       int64  // processing time at which it was told last
}

type acts struct{ first, last int32 }

// SystemHost says whose processes a Tracker tells of.
type SystemHost struct {
	Tier  sys.Tier // of the source of the events
	Agent string   // that had them; "" for this one
	Index int      // tells hosts of one name apart
}

// maxSystemHosts bounds the hosts that are told apart.
const maxSystemHosts = 1 << 15

// System takes what a Tracker finds on a host; each has one of its own. It is
// called by the Linker's goroutine, between calls of Consume.
func (l *Linker) System(h SystemHost) executor.Sink {
	y := &l.system
	if !y.on {
		y.on, y.room = true, maxSides
		y.byID, y.byEnd = make(map[uint64]int32), make(map[connEnd]int32)
		y.served, y.eager = make(map[uint64]int32), make(map[uint64]int32)
		for x := l.oldest.first; x != 0; x = l.exchs.at(x).arrival.next {
			l.awaitActs(x)
		}
	}
	i := slices.Index(y.hosts, h)
	if i < 0 {
		i = min(len(y.hosts), maxSystemHosts)
		y.hosts = append(y.hosts[:i], h)
	}
	return systemSink{l, uint16(i)}
}

type systemSink struct {
	l    *Linker
	host uint16
}

// id makes the ID of a message one of all hosts.
func (s systemSink) id(id uint64) uint64 { return id&(1<<48-1) | uint64(s.host)<<48 }

func endpointOf(e executor.Endpoint) flows.Endpoint {
	return flows.Endpoint{Addr: wire.Addr(e.Addr), Port: e.Port}
}

// Message takes a message, or more of one.
func (s systemSink) Message(m *executor.Message) {
	l, y := s.l, &s.l.system
	id := s.id(m.ID)
	i, known := y.byID[id]
	if known {
		y.unlist(i)
	} else {
		y.stats.Messages++
		if y.acts.live() >= maxActs {
			l.dropAct(y.oldest.first, &y.stats.Refused)
		}
		i = y.acts.take()
		y.lone++
		end := connEnd{endpointOf(m.Local), endpointOf(m.Remote)}
		*y.acts.at(i) = act{used: true, older: y.byEnd[end]}
		y.byID[id], y.byEnd[end] = i, i
		l.meetProcess(m)
	}
	y.list(i)
	a := y.acts.at(i)
	a.m, a.host, a.seen = *m, s.host, max(l.now, m.End) // events may come before the first packet
	a.m.ID = id
	l.findExchanges(i)
}

// meetProcess asks who a process is while it is there.
func (l *Linker) meetProcess(m *executor.Message) {
	if l.cfg.Who == nil || !m.Request() {
		return
	}
	l.cfg.Who.Endpoint(&identity.Query{
		At: m.Begin, Addr: m.Local.Addr, Port: m.Local.Port, PeerAddr: m.Remote.Addr, PeerPort: m.Remote.Port,
		Client: m.Role == executor.Calling, PID: m.Last.TGID,
	})
}

// Label takes what a call was made for.
func (s systemSink) Label(b executor.Label) {
	l, y := s.l, &s.l.system
	y.stats.Labels++
	b.Call, b.Request = s.id(b.Call), s.id(b.Request)
	i, known := y.byID[b.Call]
	if !known {
		return
	}
	a := y.acts.at(i)
	a.label = b
	if a.x != 0 {
		l.findExchanges(i)
	}
}

// expireActs lets go of messages that wait no longer.
func (l *Linker) expireActs() {
	y := &l.system
	for i := y.oldest.first; i != 0 && y.acts.at(i).seen+actLife < l.now; i = y.oldest.first {
		if y.acts.at(i).unplaced() {
			l.dropAct(i, &y.stats.Uncertain)
		} else {
			l.dropAct(i, &y.stats.Unjoined)
		}
	}
}

// dropAct lets go of a message; count is that of those that no exchange was
// found for.
func (l *Linker) dropAct(i int32, count *uint64) {
	y := &l.system
	a := y.acts.at(i)
	if a.x == 0 {
		*count++
		y.lone--
	}
	delete(y.byID, a.m.ID)
	end := connEnd{endpointOf(a.m.Local), endpointOf(a.m.Remote)}
	if y.byEnd[end] == i {
		delete(y.byEnd, end)
	}
	y.unlist(i)
	a.used = false
	y.acts.put(i)
}

// list puts a message at the end of those that wait, unlist takes it out.
func (y *system) list(i int32) {
	a := y.acts.at(i)
	if a.prev, a.next = y.oldest.last, 0; a.prev != 0 {
		y.acts.at(a.prev).next = i
	} else {
		y.oldest.first = i
	}
	y.oldest.last = i
}

func (y *system) unlist(i int32) {
	a := y.acts.at(i)
	if a.prev != 0 {
		y.acts.at(a.prev).next = a.next
	} else {
		y.oldest.first = a.next
	}
	if a.next != 0 {
		y.acts.at(a.next).prev = a.prev
	} else {
		y.oldest.last = a.prev
	}
}

// memory is what waits, in bytes.
func (y *system) memory() int {
	if !y.on {
		return 0
	}
	return y.acts.live()*actSize + y.sides.live()*int(unsafe.Sizeof(side{}))
}

// actSize is what a message takes, with its places in the maps.
const actSize = int(unsafe.Sizeof(act{}) + 2*unsafe.Sizeof(connEnd{}) + 64)

// actKey finds the exchanges on a connection.
func actKey(client, server *flows.Endpoint) uint64 {
	var b [36]byte
	copy(b[:], client.Addr[:])
	copy(b[16:], server.Addr[:])
	b[32], b[33], b[34], b[35] = byte(client.Port), byte(client.Port>>8), byte(server.Port), byte(server.Port>>8)
	return mix(xxhash.Sum64(b[:]), domSystem)
}

// ends returns client and server of a message's connection.
func (a *act) ends() (client, server flows.Endpoint) {
	local, remote := endpointOf(a.m.Local), endpointOf(a.m.Remote)
	if a.m.Role == executor.Calling {
		return local, remote
	}
	return remote, local
}

// unplaced reports whether it is not known where the message lies. No exchange
// is found by it.
func (a *act) unplaced() bool { return a.m.Flags&sys.Uncertain != 0 }

// has reports whether a sequence number is that of one of the message's bytes.
func (a *act) has(seq uint32) bool { return seq-a.m.Seq < a.m.Length }

// findExchanges joins a message with the exchanges that wait, of which the
// newest come first.
func (l *Linker) findExchanges(i int32) {
	if l.system.acts.at(i).unplaced() {
		return
	}
	client, server := l.system.acts.at(i).ends()
	e := l.ix.first(actKey(&client, &server))
	for n := 0; e != 0 && n < maxActScan; e, n = l.ix.next(e), n+1 {
		if l.tryAct(l.ix.exchange(e), i) == earlier {
			break // and so are all others
		}
	}
}

// awaitActs lets messages find an exchange, on every connection on which it was
// seen, and joins it with those that have come.
func (l *Linker) awaitActs(x int32) {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		l.awaitActsAt(x, s)
	}
}

func (l *Linker) awaitActsAt(x, s int32) {
	r := &l.sights.at(s).rec
	if !l.system.on || r.Flags&TCP == 0 || r.Flags&ContentLess != 0 {
		return
	}
	for o := l.exchs.at(x).first; ; o = l.sights.at(o).next {
		if f := &l.sights.at(o).rec; o == s {
			l.addKey(x, actKey(&r.Client, &r.Server))
			break
		} else if f.Client == r.Client && f.Server == r.Server {
			break // it is under this key
		}
	}
	l.findActs(x, s)
}

// findActs joins an exchange with messages that have come, at both ends of the
// connection of a sighting.
func (l *Linker) findActs(x, s int32) {
	y := &l.system
	if !y.on {
		return
	}
	r := &l.sights.at(s).rec
	for _, end := range [...]connEnd{{r.Client, r.Server}, {r.Server, r.Client}} {
		i := y.byEnd[end]
		for n := 0; i != 0 && n < maxActScan; n++ {
			a := y.acts.at(i)
			if !a.used || endpointOf(a.m.Local) != end.local || endpointOf(a.m.Remote) != end.remote {
				break // the older ones have gone
			}
			if !a.unplaced() && l.tryAct(x, i) == later && a.m.Request() {
				break // what is older was before the request
			}
			i = a.older
		}
	}
}

// order says how an exchange lies to a message of its connection.
type order uint8

const (
	apart   order = iota // not known
	joined               // they share a byte
	earlier              // the exchange was over when the message began
	later                // the message ended before the exchange began
)

// tryAct joins a message with an exchange if a sighting of it says that they
// share a byte.
func (l *Linker) tryAct(x, i int32) order {
	a := l.system.acts.at(i)
	client, server := a.ends()
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		r := &l.sights.at(s).rec
		if r.Client != client || r.Server != server {
			continue
		}
		request, seq, known := a.m.Request(), r.SeqResponse, r.Flags&HasSeqResp != 0
		if request {
			seq, known = r.SeqRequest, r.Flags&HasSeq != 0
		}
		if a.m.Flags&sys.RelativeSeq != 0 {
			seq, known = l.relative(r, a)
		}
		switch {
		case !known:
			continue
		case int32(seq-a.m.Seq) < 0:
			return earlier
		case !a.has(seq):
			return later
		case l.exchs.at(x).fixed: // its children have left below what was known
			return apart
		}
		if !l.joinAct(x, a, request) {
			return apart
		}
		return joined
	}
	return apart
}

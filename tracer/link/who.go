package link

import (
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// Who knows who is at an end of a flow: tagger.Tagger. It is called by the
// Linker's goroutine. Without one, addresses have the names that the
// configuration, the capture and DNS answers on the wire give them.
type Who interface {
	// Endpoint returns who is at an end, nil if nothing is known. q is borrowed.
	// The answer is shared and never changes.
	Endpoint(q *identity.Query) *identity.Identity
	// Learn takes an address of a DNS answer; name is borrowed.
	Learn(at int64, addr [16]byte, name []byte, ttl time.Duration)
	// SetFile takes a name from a capture file.
	SetFile(addr [16]byte, name string)
}

// acquaintance is an answer that was given lately. Connections are asked about
// with every request, and at both ends; what is known of them changes seldom.
type acquaintance struct {
	q     identity.Query // but for its time
	until int64          // processing time
	id    *identity.Identity
}

// An answer holds for so long, and for a shorter time if there was none, since
// then it may have been looked for.
const (
	numAcquaintances = 512 // a power of two
	knownFor         = int64(time.Second)
	unknownFor       = int64(100 * time.Millisecond)
)

// who asks for one end of an exchange, nil if nothing is known.
func (l *Linker) who(r *Facts, client bool) *identity.Identity {
	return l.whoOf(r, client, 0)
}

// whoOf is who, where the process is known; 0: it is not.
func (l *Linker) whoOf(r *Facts, client bool, pid uint32) *identity.Identity {
	if l.cfg.Who == nil {
		return nil
	}
	q := l.query(r, client)
	q.PID = pid
	a := &l.met[acquaintanceOf(&q)]
	at := q.At
	if q.At = 0; a.q == q && l.now < a.until {
		return a.id
	}
	a.q, l.asked = q, q
	l.asked.At = at // in place: a query of its own would be an allocation for every question
	a.id, a.until = l.cfg.Who.Endpoint(&l.asked), l.now+knownFor
	if a.id == nil {
		a.until = l.now + unknownFor
	}
	return a.id
}

// AskAgain makes the Linker ask Who anew about everybody, since names have
// changed. Nothing else of the Linker may run meanwhile.
func (l *Linker) AskAgain() { clear(l.met[:]) }

func acquaintanceOf(q *identity.Query) int {
	h := uint(q.Port)*31 + uint(q.PeerPort)*17 + uint(q.Addr[15]) + uint(q.Addr[14])<<3 + uint(q.PeerAddr[15])<<1
	if q.Client {
		h += numAcquaintances / 2
	}
	return int(h % numAcquaintances)
}

func (l *Linker) query(r *Facts, client bool) identity.Query {
	q := identity.Query{
		At: r.Start, Addr: [16]byte(r.Server.Addr), Port: r.Server.Port, PeerAddr: [16]byte(r.Client.Addr), PeerPort: r.Client.Port,
		Point: r.Point, UDP: r.Flags&TCP == 0, Client: client,
	}
	if client {
		q.Addr, q.PeerAddr, q.Port, q.PeerPort = q.PeerAddr, q.Addr, q.PeerPort, q.Port
	}
	return q
}

// meet asks for both ends when a connection begins to be used, so that sockets
// are looked for while they exist.
func (l *Linker) meet(r *Facts) {
	if l.cfg.Who != nil {
		l.who(r, false)
		l.who(r, true)
	}
}

// knownAs is the name of an end by what is known of its address, empty if it
// has none.
func (l *Linker) knownAs(r *Facts, client bool) string {
	if l.cfg.Who != nil {
		if id := l.who(r, client); id != nil {
			return id.Service
		}
		return ""
	}
	if client {
		return l.names.addrName([16]byte(r.Client.Addr))
	}
	return l.names.addrName([16]byte(r.Server.Addr))
}

// resource returns who is at the side that a span describes.
func (l *Linker) resource(r *Facts, k span.Kind) *identity.Identity {
	if id := l.who(r, k == span.Client); id != nil {
		return id
	}
	return &nobody
}

var nobody = identity.Identity{}

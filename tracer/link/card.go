package link

import (
	"bytes"
	"net/netip"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// card is what a server is called when it is asked for by a Host: few servers
// take most requests, and looking all names up anew costs more than the rest
// of a span. It holds as long as no name changes.
type card struct {
	epoch    uint64 // of names, 0: empty
	server   flows.Endpoint
	host     []byte // as asked for
	certain  []byte // host, if it names the endpoint alone; of host's memory
	service  []byte // service.name
	instance []byte // service.instance.id
}

// numCards is a power of two.
const numCards = 64

// card returns what a server is called. It is valid until the next call.
func (w *writer) card(host []byte, server *flows.Endpoint) *card {
	n := &w.l.names
	a := &server.Addr
	at := uint(a[15]) ^ uint(a[14])<<2 ^ uint(server.Port) ^ uint(len(host))
	c := &w.cards[at%numCards]
	if c.epoch == n.epoch && c.server == *server && bytes.Equal(c.host, host) {
		return c
	}
	c.epoch, c.server = n.epoch, *server
	c.host = append(c.host[:0], host...)
	c.certain = n.certainHost(c.host, *server)
	c.service = c.service[:0]
	if name := n.addrName([16]byte(server.Addr)); name != "" && w.l.cfg.Who == nil {
		c.service = append(c.service, name...)
	} else if c.certain != nil {
		c.service = append(c.service, c.certain...)
	} else {
		c.service = appendEndpoint(c.service, server)
	}
	c.instance = appendEndpoint(c.instance[:0], server)
	return c
}

// service appends service.name of the side that a span describes.
func (w *writer) service(r *Facts, k span.Kind, c *card, id *identity.Identity) {
	n := &w.l.names
	if id.Service != "" {
		w.names = append(w.names, id.Service...)
		return
	}
	if k != span.Client {
		w.names = append(w.names, c.service...)
		return
	}
	addr := [16]byte(r.Client.Addr)
	if name := n.addrName(addr); name != "" && w.l.cfg.Who == nil {
		w.names = append(w.names, name...)
		return
	}
	// The loopback's address is everybody's: who listens there is not who asks.
	if at, ok := n.listeners[addr]; ok && !at.many && !netip.AddrFrom16(addr).Unmap().IsLoopback() {
		ep := flows.Endpoint{Addr: r.Client.Addr, Port: at.port}
		if at.hosts == 1 && n.isCertain(at.host, ep) {
			w.names = append(w.names, at.host...)
			return
		}
		w.names = appendEndpoint(w.names, &ep)
		return
	}
	w.names = span.AppendIP(w.names, &addr)
}

// instance appends service.instance.id.
func (w *writer) instance(k span.Kind, c *card, id *identity.Identity) {
	if id.Instance != "" {
		w.names = append(w.names, id.Instance...)
	} else if k != span.Client {
		w.names = append(w.names, c.instance...)
	}
}

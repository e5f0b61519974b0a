package relay

import (
	"net/netip"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// name gives the sightings of an exchange one service. Agents that see a part of the way
// each may take the Host that proxies have preserved for the name of the last server: a
// name that is that of another server of the same trace, too, gives way to one that
// another agent knows.
func (p *shaper) name(list []exchange) {
	servers := map[string]map[netip.AddrPort]bool{} // by service
	for i := range list {
		for _, k := range list[i].chain {
			s := p.t.Nodes[k].Span
			at := serverOf(s)
			if s.Kind != span.Server || !at.IsValid() {
				continue
			}
			if servers[s.Service] == nil {
				servers[s.Service] = map[netip.AddrPort]bool{}
			}
			servers[s.Service][at] = true
		}
	}
	for i := range list {
		p.settle(&list[i], func(s *store.Span) bool { return len(servers[s.Service]) > 1 })
	}
}

// settle renames the SERVER sightings of an exchange whose names are doubtful by the
// innermost whose name is not.
func (p *shaper) settle(x *exchange, doubtful func(*store.Span) bool) {
	var sure *store.Span
	doubts := false
	for _, k := range x.chain {
		if s := p.t.Nodes[k].Span; s.Kind == span.Server {
			if doubtful(s) {
				doubts = true
			} else {
				sure = s
			}
		}
	}
	if sure == nil || !doubts {
		return
	}
	for _, k := range x.chain {
		if s := p.t.Nodes[k].Span; s.Kind == span.Server && doubtful(s) {
			p.out[k].span.Service = sure.Service
		}
	}
}

// serverOf is the server's end of the flow that a SERVER span was seen in.
func serverOf(s *store.Span) (at netip.AddrPort) {
	ip, err := netip.ParseAddr(s.Text("network.local.address"))
	port, ok := s.Int("network.local.port")
	if err != nil || !ok || port < 0 || port > 65535 {
		return at
	}
	return netip.AddrPortFrom(ip, uint16(port))
}

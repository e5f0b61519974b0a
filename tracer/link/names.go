package link

import (
	"bytes"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/tag"
)

// Bounds of what the linker remembers about names.
const (
	maxAddrNames = 10_000
	maxHosts     = 1_000 // SPANS.md, service.name
	maxListeners = 10_000
	maxTemplates = 200 // distinct per service, SPANS.md, "Name and kind"
	maxServices  = 1_000
)

// names knows which service an address is.
type names struct {
	addrs     map[[16]byte]addrName
	hosts     map[string]hostAt
	listeners map[[16]byte]listener
	templates *tag.Templates
	refused   uint64 // beyond a bound
	epoch     uint64 // changes with what a server is called
}

type addrName struct {
	name string
	many bool // several names are known
}

// hostAt is the one endpoint where a Host was seen.
type hostAt struct {
	at   flows.Endpoint
	many bool
}

// listener is the one port on which an address serves.
type listener struct {
	port  uint16
	many  bool
	host  string // the one Host it was asked for, for its name as a client
	hosts uint8  // how many it was asked for: none, one, more
}

func (n *names) init() {
	n.epoch = 1
	n.addrs = make(map[[16]byte]addrName)
	n.hosts = make(map[string]hostAt)
	n.listeners = make(map[[16]byte]listener)
	n.templates = tag.NewTemplates(maxServices, maxTemplates)
}

// set tells a name of an address from the capture file.
func (n *names) set(addr [16]byte, name string) {
	if have, ok := n.addrs[addr]; ok {
		if have.name != name && !have.many {
			have.many = true
			n.addrs[addr] = have
			n.epoch++
		}
		return
	}
	switch {
	case name == "":
	case len(n.addrs) < maxAddrNames:
		n.addrs[addr] = addrName{name: name}
		n.epoch++
	default:
		n.refused++
	}
}

// learn takes the answers of a DNS response.
func (n *names) learn(answers, name []byte) {
	for i := range len(answers) / answerSize {
		addr, _ := answerAt(answers, i)
		if have, ok := n.addrs[addr]; ok && have.name == string(name) {
			continue
		}
		n.set(addr, string(name))
	}
}

// saw notes that an address listens and where a Host was asked for, the latter
// at the first sighting of an exchange only: behind an address translation the
// same request goes to another address.
func (n *names) saw(host []byte, r *Facts, first bool) {
	if r.Flags&ContentLess != 0 || r.Outcome == Pushed {
		return
	}
	h := bareHost(host)
	named := first && len(h) > 0 && !isIP(h)
	if named {
		n.sawHost(h, r.Server)
	}
	addr := [16]byte(r.Server.Addr)
	l, ok := n.listeners[addr]
	if !ok {
		if len(n.listeners) >= maxListeners {
			n.refused++
			return
		}
		l.port = r.Server.Port
	}
	was := l
	l.many = l.many || l.port != r.Server.Port
	if named && l.hosts < 2 && (l.hosts == 0 || l.host != string(h)) {
		if l.hosts++; l.hosts == 1 {
			l.host = string(h)
		}
	}
	if !ok || l != was {
		n.listeners[addr] = l
	}
}

// sawHost notes an endpoint where a Host was asked for.
func (n *names) sawHost(h []byte, at flows.Endpoint) {
	have, ok := n.hosts[string(h)]
	switch {
	case !ok && len(n.hosts) >= maxHosts:
		n.refused++
	case !ok:
		n.hosts[string(h)] = hostAt{at: at}
		n.epoch++
	case have.at != at && !have.many:
		have.many = true
		n.hosts[string(h)] = have
		n.epoch++
	}
}

// certainHost returns the Host of a request if it names its endpoint alone.
func (n *names) certainHost(host []byte, at flows.Endpoint) []byte {
	h := bareHost(host)
	if len(h) == 0 || isIP(h) {
		return nil
	}
	if e, ok := n.hosts[string(h)]; ok && !e.many && e.at == at {
		return h
	}
	return nil
}

func (n *names) isCertain(host string, at flows.Endpoint) bool {
	e, ok := n.hosts[host]
	return ok && !e.many && e.at == at
}

// addrName returns the name of an address, empty if it has none or several.
func (n *names) addrName(addr [16]byte) string {
	if a, ok := n.addrs[addr]; ok && !a.many {
		return a.name
	}
	return ""
}

// bareHost strips the port of an authority.
func bareHost(h []byte) []byte {
	if len(h) > 0 && h[0] == '[' {
		if i := bytes.IndexByte(h, ']'); i > 0 {
			return h[1:i]
		}
		return h
	}
	if i := bytes.LastIndexByte(h, ':'); i >= 0 && bytes.IndexByte(h, ':') == i {
		return h[:i]
	}
	return h
}

// isIP reports whether a host is an address rather than a name: it has a
// colon, or nothing but digits and dots.
func isIP(h []byte) bool {
	for _, c := range h {
		if c == ':' {
			return true
		}
		if (c < '0' || c > '9') && c != '.' {
			return bytes.IndexByte(h, ':') >= 0
		}
	}
	return true
}

package procs

// snapshot is what lookups see. It never changes once it is published.
type snapshot struct {
	own     uint32 // namespace that Endpoint.Netns 0 means
	sockets        // as of the last whole look
	recent  sockets
	holders map[Addr][]uint32   // namespaces that an address is local to
	soles   map[uint32]*Process // the container that is alone in a namespace
}

// sockets are the owners of connections and of listeners.
type sockets struct {
	conns map[connection]owner
	binds map[binding]owner
}

// owner is who has a socket, or had it.
type owner struct {
	p    *Process
	gone bool // the socket was not there in the last whole look
}

// outcome says what a lookup found.
type outcome uint8

const (
	known   outcome = iota
	foreign         // the address is not of this machine
	unknown         // it is, but the socket is not known, or was gone
)

// lookup finds the owner of an endpoint. Loopback addresses are those of the
// namespace of the capture; others are looked for there first, then wherever
// they are local, as the packets of containers pass the host's interfaces.
func (s *snapshot) lookup(e *Endpoint) (*Process, outcome) {
	ns := e.Netns
	if ns == 0 {
		ns = s.own
	}
	if isLoopback(e.Addr) {
		if o := s.in(ns, e); o.p != nil {
			return o.result()
		}
		return s.soles[ns], unknown
	}
	holders := s.holders[e.Addr]
	if len(holders) == 0 {
		return nil, foreign
	}
	for _, h := range holders {
		if h == ns {
			if o := s.in(ns, e); o.p != nil {
				return o.result()
			}
			break
		}
	}
	// Containers on networks of their own may have equal addresses: then only
	// a connection with both ends tells which it is.
	var one owner
	for _, h := range holders {
		if h == ns {
			continue
		}
		o := s.in(h, e)
		if o.p == nil {
			continue
		}
		if one.p != nil && one.p != o.p {
			return nil, unknown
		}
		one = o
	}
	if one.p != nil {
		return one.result()
	}
	if len(holders) == 1 {
		return s.soles[holders[0]], unknown
	}
	return nil, unknown
}

// result is the answer of an owner. One whose socket was gone is worth another
// look: somebody else may have the port now.
func (o owner) result() (*Process, outcome) {
	if o.gone {
		return o.p, unknown
	}
	return o.p, known
}

// in looks into one namespace: the connection, the listener at the address,
// the listener at all addresses. A connection whose process may not be seen
// belongs to the one that listens, if that was seen.
func (s *snapshot) in(ns uint32, e *Endpoint) owner {
	k := connection{netns: ns, proto: e.Proto, port: e.Port, peer: e.PeerPort, addr: e.Addr, from: e.PeerAddr}
	conn, ok := s.recent.conns[k]
	if !ok {
		conn = s.conns[k]
	}
	if conn.p != nil && conn.p.PID != 0 {
		return conn
	}
	for _, a := range [...]Addr{e.Addr, wild4(), wild6()} {
		b := binding{netns: ns, proto: e.Proto, port: e.Port, addr: a}
		o, ok := s.recent.binds[b]
		if !ok {
			o = s.binds[b]
		}
		if o.p != nil && (conn.p == nil || o.p.PID != 0) {
			return o
		}
	}
	return conn
}

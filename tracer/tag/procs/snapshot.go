package procs

// snapshot is what lookups see. It never changes once it is published.
type snapshot struct {
	own     uint32 // namespace that Endpoint.Netns 0 means
	conns   map[connection]*Process
	binds   map[binding]*Process
	holders map[Addr][]uint32   // namespaces that an address is local to
	soles   map[uint32]*Process // the container that is alone in a namespace
}

// outcome says what a lookup found.
type outcome uint8

const (
	known   outcome = iota
	foreign         // the address is not of this machine
	unknown         // it is, but the socket is not known
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
		if p := s.in(ns, e); p != nil {
			return p, known
		}
		return s.soles[ns], unknown
	}
	holders := s.holders[e.Addr]
	if len(holders) == 0 {
		return nil, foreign
	}
	for _, h := range holders {
		if h == ns {
			if p := s.in(ns, e); p != nil {
				return p, known
			}
			break
		}
	}
	// Containers on networks of their own may have equal addresses: then only
	// a connection with both ends tells which it is.
	var one *Process
	for _, h := range holders {
		if h == ns {
			continue
		}
		p := s.in(h, e)
		if p == nil {
			continue
		}
		if one != nil && one != p {
			return nil, unknown
		}
		one = p
	}
	if one == nil {
		if len(holders) == 1 {
			return s.soles[holders[0]], unknown
		}
		return nil, unknown
	}
	return one, known
}

// in looks into one namespace: the connection, the listener at the address,
// the listener at all addresses. A connection whose process may not be seen
// belongs to the one that listens, if that was seen.
func (s *snapshot) in(ns uint32, e *Endpoint) *Process {
	conn := s.conns[connection{netns: ns, proto: e.Proto, port: e.Port, peer: e.PeerPort, addr: e.Addr, from: e.PeerAddr}]
	if conn != nil && conn.PID != 0 {
		return conn
	}
	for _, a := range [...]Addr{e.Addr, wild4(), wild6()} {
		if p := s.binds[binding{netns: ns, proto: e.Proto, port: e.Port, addr: a}]; p != nil && (conn == nil || p.PID != 0) {
			return p
		}
	}
	return conn
}

package procs

// Proto is the transport of a socket.
type Proto uint8

// Transports, by their IP protocol numbers.
const (
	TCP Proto = 6
	UDP Proto = 17
)

// Addr is an address, IPv4 mapped into IPv6.
type Addr = [16]byte

// Endpoint asks who is at one end of a flow.
type Endpoint struct {
	Netns    uint32 // inode of the network namespace of the capture, 0: the one this program runs in
	Proto    Proto
	Addr     Addr // the end that is asked about
	Port     uint16
	PeerAddr Addr // the other end
	PeerPort uint16
}

// connection is the key of a connected socket.
type connection struct {
	netns      uint32
	proto      Proto
	port, peer uint16
	addr, from Addr
}

// binding is the key of a socket without a peer: a listener, or UDP.
type binding struct {
	netns uint32
	proto Proto
	port  uint16
	addr  Addr
}

// wild4 and wild6 are the addresses of sockets bound to all addresses. A
// socket at wild6 takes IPv4 too, unless it was told not to.
func wild4() Addr { return Addr{10: 0xff, 11: 0xff} }

func wild6() Addr { return Addr{} }

func isWild(a Addr) bool { return a == wild4() || a == wild6() }

// isLoopback reports addresses that mean something else in every namespace.
func isLoopback(a Addr) bool {
	if [12]byte(a[:12]) == [12]byte{10: 0xff, 11: 0xff} {
		return a[12] == 127
	}
	return a == Addr{15: 1}
}

// States of sockets, include/net/tcp_states.h.
const (
	stateEstablished = 1
	stateSynRecv     = 3
	stateTimeWait    = 6
	stateClose       = 7
	stateListen      = 10
	stateNewSynRecv  = 12
)

// socket is one socket as the kernel lists it.
type socket struct {
	proto      Proto
	state      uint8
	port, peer uint16
	addr, from Addr
	uid        uint32
	inode      uint32 // 0: no process has it
}

// bound reports a socket that takes what comes from any peer.
func (s *socket) bound() bool {
	return s.state == stateListen || s.proto == UDP && s.peer == 0
}

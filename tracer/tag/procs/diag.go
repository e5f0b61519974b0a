package procs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
)

// Netlink as sock_diag(7) has it, from include/uapi/linux/{netlink,sock_diag,inet_diag}.h.
const (
	sizeNlmsghdr    = 16
	sizeDiagRequest = 56 // inet_diag_req_v2
	sizeDiagMessage = 72 // inet_diag_msg

	sockDiagByFamily = 20
	nlmsgError       = 2
	nlmsgDone        = 3
	nlmFlagRequest   = 1
	nlmFlagDump      = 0x300 // NLM_F_ROOT | NLM_F_MATCH
	nlmFlagDumpIntr  = 0x10

	afInet  = 2
	afInet6 = 10
)

// tcpStates are those in which a process can have the socket: not TIME_WAIT,
// not a request that is not accepted yet. UDP knows connected and not.
const (
	tcpStates = (1<<13 - 1) &^ (1<<stateTimeWait | 1<<stateClose | 1<<stateNewSynRecv | 1<<stateSynRecv | 1)
	udpStates = 1<<stateEstablished | 1<<stateClose
)

var errTruncated = errors.New("message is cut short")

// appendDiagRequest appends a request for all sockets of a family or, with an
// endpoint, for the one that would get a packet from its peer.
//
//	 0 length      4 type (20)   6 flags        8 sequence    12 port id
//	16 family     17 protocol   18 extensions  19 padding     20 states
//	24 source port   26 destination port   28 source   44 destination
//	60 interface, 0: any   64 cookie, all ones: any
func appendDiagRequest(b []byte, family uint8, proto Proto, seq uint32, one *Endpoint) []byte {
	n := binary.NativeEndian
	b = n.AppendUint32(b, sizeNlmsghdr+sizeDiagRequest)
	b = n.AppendUint16(b, sockDiagByFamily)
	flags := uint16(nlmFlagRequest)
	if one == nil {
		flags |= nlmFlagDump
	}
	b = n.AppendUint16(b, flags)
	b = n.AppendUint32(b, seq)
	b = n.AppendUint32(b, 0)
	b = append(b, family, byte(proto), 0, 0)
	states := uint32(tcpStates)
	if proto == UDP {
		states = udpStates
	}
	b = n.AppendUint32(b, states)
	if one == nil {
		return append(b, make([]byte, 48)...)
	}
	from, to := one, &Endpoint{Addr: one.PeerAddr, Port: one.PeerPort}
	if proto == UDP { // "swapped for historical reasons", net/ipv4/udp_diag.c
		from, to = to, from
	}
	b = binary.BigEndian.AppendUint16(b, from.Port)
	b = binary.BigEndian.AppendUint16(b, to.Port)
	b = appendDiagAddr(b, family, &from.Addr)
	b = appendDiagAddr(b, family, &to.Addr)
	b = n.AppendUint32(b, 0)
	return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
}

// appendDiagAddr appends an address in 16 bytes, of which IPv4 takes four.
func appendDiagAddr(b []byte, family uint8, a *Addr) []byte {
	if family == afInet {
		return append(append(b, a[12:]...), make([]byte, 12)...)
	}
	return append(b, a[:]...)
}

// parseDiag reads what one receive gave and calls take for each socket. done
// tells that the dump is complete; interrupted, that the kernel's tables
// changed meanwhile so that sockets may be missing. Messages of another
// sequence are left overs of an earlier dump.
func parseDiag(b []byte, proto Proto, seq uint32, take func(*socket)) (done, interrupted bool, err error) {
	n := binary.NativeEndian
	for len(b) >= sizeNlmsghdr {
		size := int(n.Uint32(b))
		if size < sizeNlmsghdr || size > len(b) {
			return false, interrupted, errTruncated
		}
		body := b[sizeNlmsghdr:size]
		if n.Uint32(b[8:]) == seq {
			interrupted = interrupted || n.Uint16(b[6:])&nlmFlagDumpIntr != 0
			switch n.Uint16(b[4:]) {
			case nlmsgDone:
				return true, interrupted, doneError(body)
			case nlmsgError:
				if len(body) < 4 {
					return false, interrupted, errTruncated
				}
				return true, interrupted, fmt.Errorf("kernel says: %w", syscall.Errno(-int32(n.Uint32(body))))
			case sockDiagByFamily:
				var s socket
				if s.fromDiag(body, proto) {
					take(&s)
				}
			}
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	if len(b) > 0 {
		return false, interrupted, errTruncated
	}
	return false, interrupted, nil
}

// doneError is the error that a dump ends with, if any.
func doneError(body []byte) error {
	if len(body) >= 4 {
		if e := int32(binary.NativeEndian.Uint32(body)); e < 0 {
			return fmt.Errorf("kernel says: %w", syscall.Errno(-e))
		}
	}
	return nil
}

// fromDiag reads an inet_diag_msg:
//
//	 0 family   1 state   2 timer   3 retransmissions
//	 4 source port   6 destination port   8 source   24 destination
//	40 interface   44 cookie   52 expires   56 receive queue   60 send queue
//	64 user   68 inode
func (s *socket) fromDiag(b []byte, proto Proto) bool {
	if len(b) < sizeDiagMessage {
		return false
	}
	s.proto, s.state = proto, b[1]
	s.port, s.peer = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	switch b[0] {
	case afInet:
		s.addr, s.from = wild4(), wild4()
		copy(s.addr[12:], b[8:12])
		copy(s.from[12:], b[24:28])
	case afInet6:
		copy(s.addr[:], b[8:24])
		copy(s.from[:], b[24:40])
	default:
		return false
	}
	s.uid, s.inode = binary.NativeEndian.Uint32(b[64:]), binary.NativeEndian.Uint32(b[68:])
	return true
}

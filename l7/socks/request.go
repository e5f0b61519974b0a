package socks

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/wirespan/wirespan/l7/cursor"
)

// Commands, RFC 1928, section 4.
const (
	connect   = 1
	bind      = 2
	associate = 3
)

// Methods, RFC 1928, section 3.
const (
	methodNone     = 0
	methodGSSAPI   = 1
	methodPassword = 2
	refused        = 0xff
)

// Address types, RFC 1928, section 5.
const (
	addrIPv4 = 1
	addrName = 3
	addrIPv6 = 4
)

// SOCKS 4: version, command, port, address, user name and a zero; in 4a, where
// the address is 0.0.0.x, a host name and a zero.
const (
	head4   = 8
	reply4  = 8
	granted = 90
	maxUser = 255
)

// request is what a client asks for, borrowed.
type request struct {
	command byte
	host    []byte // name, if named
	addr    netip.Addr
	port    uint16
	named   bool
}

// read4 reads a request of SOCKS 4. size is 0 if it is not all there.
func read4(b []byte) (r request, size int, ok bool) {
	if len(b) < head4 {
		return r, 0, true
	}
	r.command = b[1]
	r.port, _ = cursor.Uint16(b, 2)
	r.addr = netip.AddrFrom4([4]byte(b[4:]))
	n, ok := zero(b[head4:])
	if !ok || n == 0 {
		return r, 0, ok
	}
	size = head4 + n
	if b[4]|b[5]|b[6] == 0 && b[7] != 0 {
		n, ok = zero(b[size:])
		if !ok || n == 0 {
			return r, 0, ok
		}
		r.host, r.named = b[size:size+n-1], true
		size += n
		return r, size, validHost(r.host)
	}
	return r, size, true
}

// zero gives the length of a text with the zero that ends it, 0 if that is yet
// to come.
func zero(b []byte) (n int, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), maxUser+1)], 0)
	if i < 0 {
		i = len(b)
		if i > maxUser {
			return 0, false
		}
	} else {
		n = i + 1
	}
	for _, c := range b[:i] {
		if c < ' ' || c == 0x7f {
			return 0, false
		}
	}
	return n, true
}

// read5 reads a request, or a reply, of SOCKS 5. size is how many bytes it has,
// or at least has.
func read5(b []byte) (r request, size int, ok bool) {
	const head = 4
	for i, c := range b[:min(len(b), head)] {
		switch {
		case i == 0 && c != 5, i == 2 && c != 0, i == 1 && c > associate && c > 8, i == 3 && c != addrIPv4 && c != addrName && c != addrIPv6:
			return r, 0, false
		}
	}
	if len(b) < head+1 {
		return r, head + 1, true
	}
	r.command = b[1]
	at := head
	switch b[3] {
	case addrIPv4:
		size = at + 4
	case addrIPv6:
		size = at + 16
	default:
		at++
		size = at + int(b[head])
		r.named = true
	}
	if size += 2; len(b) < size {
		return r, size, true
	}
	switch where := b[at : size-2]; {
	case r.named:
		r.host, ok = where, validHost(where)
	case len(where) == 4:
		r.addr, ok = netip.AddrFrom4([4]byte(where)), true
	default:
		r.addr, ok = netip.AddrFrom16([16]byte(where)), true
	}
	r.port, _ = cursor.Uint16(b, size-2)
	return r, size, ok
}

func validHost(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// appendTarget adds host and port.
func (r *request) appendTarget(b []byte) []byte {
	switch {
	case r.named:
		b = append(b, r.host...)
	case r.addr.Is6():
		b = append(r.addr.AppendTo(append(b, '[')), ']')
	default:
		b = r.addr.AppendTo(b)
	}
	return strconv.AppendUint(append(b, ':'), uint64(r.port), 10)
}

// commandName names a command.
func commandName(c byte) string {
	switch c {
	case connect:
		return "CONNECT"
	case bind:
		return "BIND"
	case associate:
		return "UDP ASSOCIATE"
	}
	return "UNKNOWN"
}

// status5 names a reply of SOCKS 5, RFC 1928, section 6.
func status5(c byte) string {
	switch c {
	case 0:
		return "succeeded"
	case 1:
		return "general_failure"
	case 2:
		return "not_allowed"
	case 3:
		return "network_unreachable"
	case 4:
		return "host_unreachable"
	case 5:
		return "connection_refused"
	case 6:
		return "ttl_expired"
	case 7:
		return "command_not_supported"
	case 8:
		return "address_type_not_supported"
	}
	return "reply_" + strconv.Itoa(int(c))
}

// status4 names a reply of SOCKS 4.
func status4(c byte) string {
	switch c {
	case granted:
		return "granted"
	case granted + 1:
		return "rejected"
	case granted + 2:
		return "no_identd"
	}
	return "identd_mismatch"
}

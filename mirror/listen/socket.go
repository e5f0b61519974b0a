//go:build linux

package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is one that packets of a listener come to: one for UDP, one each for
// IPv4 and IPv6 where it is a protocol.
type socket struct {
	fd       int
	name     string // of the listener
	listener int
	point    uint16
	kind     Kind
	beside   kindSet
	port     uint16 // that packets show
	headers  bool   // the kernel gives the IP header: a raw socket of IPv4
	raw6     bool

	packets, foreign atomic.Uint64
	losses           losses
}

// refusal notes an option that the kernel did not take.
type refusal func(option, format string, args ...any)

// openSockets opens what a listener needs.
func openSockets(s Spec, buffer int, refused refusal) ([]*socket, error) {
	families := []int{unix.AF_INET6, unix.AF_INET}
	switch {
	case s.Addr.Is4():
		families = families[1:]
	case s.Addr.Is6():
		families = families[:1]
	}
	var all []*socket
	for _, family := range families {
		k, err := openSocket(s, family, buffer, refused)
		if errors.Is(err, unix.EAFNOSUPPORT) && len(families) > 1 && family == unix.AF_INET6 {
			continue // a host without IPv6
		}
		if err != nil {
			for _, k := range all {
				k.close()
			}
			return nil, err
		}
		all = append(all, k)
		if s.Kind.UDP() {
			break // a socket of IPv6 takes IPv4 as well
		}
	}
	return all, nil
}

func openSocket(s Spec, family, buffer int, refused refusal) (*socket, error) {
	kind, proto := unix.SOCK_RAW, protoGRE
	if s.Kind.UDP() {
		kind, proto = unix.SOCK_DGRAM, 0
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("open socket of %s: %w (IP protocol %d needs CAP_NET_RAW)", s, err, protoGRE)
	}
	if err != nil {
		return nil, fmt.Errorf("open socket of %s: %w", s, err)
	}
	k := &socket{
		fd: fd, name: s.String(), kind: s.Kind,
		headers: !s.Kind.UDP() && family == unix.AF_INET, raw6: !s.Kind.UDP() && family == unix.AF_INET6,
	}
	if s.Kind.UDP() {
		k.port = s.Kind.shown(s.port())
	}
	if err := k.prepare(s, family, buffer, refused); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// prepare sets all options before the socket is bound, so that no packet comes
// without them.
func (k *socket) prepare(s Spec, family, buffer int, refused refusal) error {
	if s.Device != "" {
		if err := unix.BindToDevice(k.fd, s.Device); err != nil {
			return fmt.Errorf("listen on %s: bind to interface %s: %w", s, s.Device, err)
		}
	}
	k.ask(family, refused)
	if granted := setBuffer(k.fd, buffer); granted < buffer {
		refused("receive buffer", "%d of %d bytes: sysctl -w net.core.rmem_max=%d, or run with CAP_NET_ADMIN; bursts will be dropped earlier", granted, buffer, buffer)
	}
	k.losses.begin(k.fd)
	err := unix.Bind(k.fd, sockaddr(s, family))
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("listen on %s: %w (another program or a tunnel device of the kernel has the port)", s, err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("listen on %s: %w (no interface has this address)", s, err)
	case err != nil:
		return fmt.Errorf("listen on %s: %w", s, err)
	}
	return nil
}

// ask makes the kernel tell what the headers said. Of a socket of IPv6 both
// kinds of options are asked, for it takes IPv4 as well.
func (k *socket) ask(family int, refused refusal) {
	type option struct {
		level, name int
		what        string
	}
	options := []option{
		{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, "time stamps"},
		{unix.SOL_SOCKET, unix.SO_RXQ_OVFL, "drop counter"},
	}
	if family == unix.AF_INET6 {
		if k.kind.UDP() {
			if err := unix.SetsockoptInt(k.fd, unix.SOL_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
				refused("IPv4", "%v", err)
			}
		}
		options = append(options,
			option{unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, "outer destination"},
			option{unix.SOL_IPV6, unix.IPV6_RECVHOPLIMIT, "outer hop limit"},
			option{unix.SOL_IPV6, unix.IPV6_RECVTCLASS, "outer traffic class"})
	}
	if k.kind.UDP() {
		options = append(options,
			option{unix.SOL_IP, unix.IP_PKTINFO, "outer destination"},
			option{unix.SOL_IP, unix.IP_RECVTTL, "outer hop limit"},
			option{unix.SOL_IP, unix.IP_RECVTOS, "outer traffic class"})
		if family == unix.AF_INET6 {
			// Tunnels over IPv6 come without checksum (RFC 6935).
			options = append(options, option{unix.SOL_UDP, unix.UDP_NO_CHECK6_RX, "datagrams without checksum"})
		}
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(k.fd, o.level, o.name, 1); err != nil {
			refused(o.what, "%v", err)
		}
	}
}

// setBuffer asks for a receive buffer and returns what was granted. The kernel
// doubles what it is asked for, for its own structures.
func setBuffer(fd, size int) int {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, size)
	}
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return n / 2
}

func sockaddr(s Spec, family int) unix.Sockaddr {
	if family == unix.AF_INET {
		sa := &unix.SockaddrInet4{}
		if s.Addr.IsValid() {
			sa.Addr = s.Addr.As4()
		}
		if s.Kind.UDP() {
			sa.Port = int(s.port())
		}
		return sa
	}
	sa := &unix.SockaddrInet6{}
	if s.Addr.IsValid() {
		sa.Addr = s.Addr.As16()
		if s.Addr.IsLinkLocalUnicast() && s.Device != "" {
			sa.ZoneId = zone(s.Device)
		}
	}
	if s.Kind.UDP() {
		sa.Port = int(s.port())
	}
	return sa
}

// zone is the number of the interface that a link-local address is of.
func zone(device string) uint32 {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(device)
	if err != nil || unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req) != nil {
		return 0
	}
	return req.Uint32()
}

func (k *socket) close() { _ = unix.Close(k.fd) }

// memInfo is what SO_MEMINFO gives, linux/sock_diag.h; the last is the number of
// packets dropped.
type memInfo [9]uint32

func readMemInfo(fd int) (drops uint32, err error) {
	var m memInfo
	size := uint32(unsafe.Sizeof(m))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, errno
	}
	if size < uint32(unsafe.Sizeof(m)) {
		return 0, unix.ENOPROTOOPT
	}
	return m[len(m)-1], nil
}

//go:build linux

package listen

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	maxBatch    = 64       // datagrams of one recvmmsg
	maxDatagram = 64 << 10 // bytes of one
	controlSize = 320      // of the control messages that are asked for
)

// messages are the arrays that recvmmsg(2) fills: the first bytes of each
// datagram go into a slot, what is larger into a scratch buffer that only large
// datagrams touch.
type messages struct {
	heads   [maxBatch]unix.Mmsghdr
	iovecs  [maxBatch][2]unix.Iovec
	names   [maxBatch]unix.RawSockaddrInet6
	control [maxBatch][controlSize]byte
	scratch []byte
}

func newMessages() *messages {
	m := &messages{scratch: make([]byte, maxBatch*maxDatagram)}
	for i := range m.heads {
		h := &m.heads[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&m.names[i]))
		h.Control = &m.control[i][0]
		h.Iov = &m.iovecs[i][0]
		h.SetIovlen(2)
		m.iovecs[i][1].Base = &m.scratch[i*maxDatagram]
		m.iovecs[i][1].SetLen(maxDatagram)
	}
	return m
}

// receive takes up to n datagrams without waiting; slots are those from b on.
func (m *messages) receive(fd int, b []byte, n int) (int, error) {
	for i := range n {
		h := &m.heads[i].Hdr
		h.Namelen, h.Flags = uint32(unsafe.Sizeof(m.names[i])), 0
		h.SetControllen(controlSize)
		m.iovecs[i][0].Base = &b[i*slotSize+headroom]
		m.iovecs[i][0].SetLen(slotRoom)
	}
	// With MSG_TRUNC the length told is that of the datagram.
	got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&m.heads[0])),
		uintptr(n), unix.MSG_DONTWAIT|unix.MSG_TRUNC, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(got), nil
}

// tail is what of datagram i did not fit into its slot.
func (m *messages) tail(i, size int) []byte { return m.scratch[i*maxDatagram:][:size-slotRoom] }

// mapped is the prefix of IPv4 in IPv6, RFC 4291, 2.5.5.2.
var mapped = [12]byte{10: 0xff, 11: 0xff}

// told is what the control messages of a datagram say.
type told struct {
	envelope
	time  int64  // ns since 1970, 0 if the kernel did not stamp it
	drops uint32 // of the socket when it was received, valid iff dropped
	// dropped says that drops is there: the kernel leaves out a zero.
	dropped bool
}

// tell reads what came with datagram i.
func (m *messages) tell(i int, t *told) {
	*t = told{}
	t.source(&m.names[i])
	h := &m.heads[i].Hdr
	c := m.control[i][:min(int(h.Controllen), controlSize)]
	for len(c) >= unix.SizeofCmsghdr {
		cm := (*unix.Cmsghdr)(unsafe.Pointer(&c[0]))
		size := int(cm.Len)
		if size < unix.SizeofCmsghdr || size > len(c) {
			return
		}
		t.control(int(cm.Level), int(cm.Type), c[unix.CmsgLen(0):size])
		c = c[min(len(c), unix.CmsgSpace(size-unix.CmsgLen(0))):]
	}
}

// source reads the address that a datagram came from.
func (t *told) source(name *unix.RawSockaddrInet6) {
	port := (*[2]byte)(unsafe.Pointer(&name.Port))
	t.sport = binary.BigEndian.Uint16(port[:])
	if name.Family == unix.AF_INET {
		t.v4 = true
		copy(t.src[:], mapped[:])
		copy(t.src[12:], (*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr[:])
		return
	}
	t.src = name.Addr
	t.v4 = [12]byte(name.Addr[:12]) == mapped
}

func (t *told) control(level, kind int, b []byte) {
	switch level {
	case unix.SOL_SOCKET:
		switch {
		case kind == unix.SCM_TIMESTAMPNS && len(b) >= int(unsafe.Sizeof(unix.Timespec{})):
			t.time = (*unix.Timespec)(unsafe.Pointer(&b[0])).Nano()
		case kind == unix.SO_RXQ_OVFL && len(b) >= 4:
			t.drops, t.dropped = binary.NativeEndian.Uint32(b), true
		}
	case unix.SOL_IP:
		switch {
		case kind == unix.IP_PKTINFO && len(b) >= unix.SizeofInet4Pktinfo:
			copy(t.dst[:], mapped[:])
			copy(t.dst[12:], (*unix.Inet4Pktinfo)(unsafe.Pointer(&b[0])).Addr[:])
		case kind == unix.IP_TTL && len(b) >= 4:
			t.ttl = uint8(binary.NativeEndian.Uint32(b))
		case kind == unix.IP_TOS && len(b) >= 1:
			t.tos = b[0]
		}
	case unix.SOL_IPV6:
		switch {
		case kind == unix.IPV6_PKTINFO && len(b) >= unix.SizeofInet6Pktinfo:
			t.dst = (*unix.Inet6Pktinfo)(unsafe.Pointer(&b[0])).Addr
		case kind == unix.IPV6_HOPLIMIT && len(b) >= 4 && !t.v4:
			t.ttl = uint8(binary.NativeEndian.Uint32(b))
		case kind == unix.IPV6_TCLASS && len(b) >= 4 && !t.v4:
			t.tos = uint8(binary.NativeEndian.Uint32(b))
		}
	}
}

//go:build linux

package afpacket

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// raw is what the two layouts of headers have alike. All offsets are in mem.
type raw struct {
	addr      int // of the link-layer address
	data      int
	n, wire   uint32
	status    uint32
	tci, tpid uint16
}

// take hands packets of the current unit on, up to the time limit. It returns
// how many of dst it filled; the unit may be finished or not.
func (r *ring) take(s *Source, dst []capture.Packet, limit int64) int {
	n := 0
	user := r.user.Load()
	r.touched = true
	for n < len(dst) && r.head <= limit {
		var f raw
		if r.version == V3 {
			f = r.frame3()
		} else {
			f = r.frame2()
		}
		p := &dst[n]
		p.Time = r.head
		if r.fill(s, &f, p, user) {
			n++
		}
		if !r.advance() {
			break
		}
	}
	return n
}

// advance goes to the next packet of the unit, and reports whether there is one.
func (r *ring) advance() bool {
	r.left--
	if r.left > 0 {
		r.pos += int((*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.pos])).Next_offset)
		if r.peek() {
			return true
		}
	}
	r.reading = false
	return false
}

func (r *ring) frame3() raw {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.pos]))
	return raw{
		addr: r.pos + addr3, data: r.pos + int(h.Mac), n: h.Snaplen, wire: h.Len, status: h.Status,
		tci: uint16(h.Hv1.Vlan_tci), tpid: h.Hv1.Vlan_tpid,
	}
}

func (r *ring) frame2() raw {
	h := (*unix.Tpacket2Hdr)(unsafe.Pointer(&r.mem[r.pos]))
	return raw{
		addr: r.pos + addr2, data: r.pos + int(h.Mac), n: h.Snaplen, wire: h.Len, status: h.Status,
		tci: h.Vlan_tci, tpid: h.Vlan_tpid,
	}
}

// fill sets all of p but its time, and reports whether it is to be handed on.
func (r *ring) fill(s *Source, f *raw, p *capture.Packet, user *userFilter) bool {
	if f.data+int(f.n) > r.end {
		s.n.faults++
		return false
	}
	addr := r.sockaddr(f.addr)
	out := addr.Pkttype == unix.PACKET_OUTGOING
	if out && (r.way == capture.DirIn || r.lo != 0 && uint32(addr.Ifindex) == r.lo) ||
		!out && r.way == capture.DirOut && uint32(addr.Ifindex) != r.lo {
		return false // as the filter would, if the kernel takes none
	}
	if f.status&(sysHardware|rawHardware) != 0 {
		s.n.hardware++
	}
	p.VLAN = 0
	if f.status&vlanValid != 0 || f.tci != 0 {
		p.VLAN = f.tci
	}
	p.Link, p.WireLen = r.link, f.wire
	p.Data = r.mem[f.data : f.data+int(f.n) : f.data+int(f.n)]
	if r.link == capture.LinkSLL2 {
		r.cook(f, addr, p)
	}
	p.Dir = capture.DirIn
	switch {
	case uint32(addr.Ifindex) == r.lo && r.lo != 0:
		p.Dir = capture.DirUnknown // it goes both ways
	case out:
		p.Dir = capture.DirOut
	}
	if user != nil && !r.pass(f, addr, p, user) {
		s.n.filtered++
		return false
	}
	p.Tap = r.point
	if r.any {
		p.Tap = s.tapOf(addr.Ifindex)
	}
	if s.seen != nil && s.seen.before(p, addr.Ifindex) {
		s.n.duplicates++
		return false
	}
	s.n.packets++
	s.n.bytes += uint64(len(p.Data))
	s.n.wire += uint64(p.WireLen)
	return true
}

// cook writes a LINUX_SLL2 header in front of the packet, where the kernel has
// left room: packets of cooked sockets begin at a multiple of 16 at least 16
// bytes behind the address. Without room the packet is left as IP.
func (r *ring) cook(f *raw, addr *unix.RawSockaddrLinklayer, p *capture.Packet) {
	if f.data-(f.addr+addrLen) < sll2Len {
		p.Link = capture.LinkRaw
		return
	}
	b := r.mem[f.data-sll2Len : f.data]
	binary.BigEndian.PutUint16(b, cookedProtocol(htons(addr.Protocol), r.mem[f.data:f.data+int(f.n)], int(f.wire)))
	b[2], b[3] = 0, 0
	binary.BigEndian.PutUint32(b[sll2Interface:], uint32(addr.Ifindex))
	binary.BigEndian.PutUint16(b[sll2Hardware:], addr.Hatype)
	b[sll2PktType], b[sll2AddrLen] = addr.Pkttype, addr.Halen
	copy(b[sll2Addr:sll2Len], addr.Addr[:])
	end := f.data + int(f.n)
	p.Data = r.mem[f.data-sll2Len : end : end]
	p.WireLen += sll2Len
}

// cookedProtocol is the EtherType of what cooked sockets yield. Since 6.11
// kernels tell the protocol behind VLAN tags although the packet begins with a
// tag: the second one of two, where the first was stripped, or the only one
// where the device inserts none.
func cookedProtocol(proto uint16, b []byte, wire int) uint16 {
	if len(b) < 5 || binary.BigEndian.Uint16(b[2:]) != proto {
		return proto // no tag: its second half would be the protocol
	}
	switch {
	case proto == 0x0800 && b[4]>>4 == 4 && !(b[0]>>4 == 4 && wire == int(proto)):
		return 0x8100 // those two bytes are not the length of an IPv4 packet
	case proto == 0x86dd && b[4]>>4 == 6 && b[0]>>4 != 6:
		return 0x8100
	}
	return proto
}

// pass runs the filter in user space, and cuts the packet as it says.
func (r *ring) pass(f *raw, addr *unix.RawSockaddrLinklayer, p *capture.Packet, user *userFilter) bool {
	if p.Time > user.until {
		return false
	}
	keep := uint32(r.snaplen)
	if user.program != nil {
		keep = min(keep, cbpf.Run(user.program, p.Data, &cbpf.Meta{
			Len: p.WireLen, Interface: uint32(addr.Ifindex), Protocol: htons(addr.Protocol), Hardware: addr.Hatype,
			VLAN: f.tci, VLANProto: f.tpid, PktType: addr.Pkttype, HasVLAN: f.status&vlanValid != 0 || f.tci != 0,
		}))
	}
	if keep < uint32(len(p.Data)) {
		p.Data = p.Data[:keep:keep]
	}
	return keep > 0
}

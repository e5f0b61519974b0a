package filter_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/wirespan/wirespan/capture"
)

// packet is what a link layer carries: an EtherType, or an 802.2 header and
// what follows if proto is 0.
type packet struct {
	proto uint16
	data  []byte
}

var (
	hosts4 = []string{"10.0.0.1", "10.0.0.2", "192.168.1.5", "172.16.0.9", "224.0.0.5", "255.255.255.255", "1.2.3.4"}
	hosts6 = []string{"fd00::1", "fd00::2", "2001:db8::1", "ff02::1"}
	ports  = []uint16{22, 25, 53, 80, 81, 90, 443, 1023, 3306, 8050, 8080, 40000, 6081, 0, 65535}
	macs   = []string{"\x02\x00\x00\x00\x00\x01", "\x02\x00\x00\x00\x00\x02", "\xff\xff\xff\xff\xff\xff", "\x01\x00\x5e\x00\x00\x05"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func be(b []byte, v ...uint16) []byte {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

// ip4 makes an IPv4 packet.
func ip4(r *rand.Rand, proto byte, frag uint16, payload []byte) []byte {
	options := 4 * pick(r, []int{0, 0, 0, 1, 2, 10})
	h := make([]byte, 20+options)
	h[0] = 0x40 | byte(len(h)/4)
	h[1] = byte(r.IntN(256))
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	binary.BigEndian.PutUint16(h[6:], frag)
	h[8], h[9] = pick(r, []byte{1, 63, 64, 255}), proto
	src, dst := netip.MustParseAddr(pick(r, hosts4)).As4(), netip.MustParseAddr(pick(r, hosts4)).As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	return append(h, payload...)
}

// ip6 makes an IPv6 packet.
func ip6(r *rand.Rand, next byte, payload []byte) []byte {
	h := make([]byte, 40)
	h[0] = 0x60
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	h[6], h[7] = next, 64
	src, dst := netip.MustParseAddr(pick(r, hosts6)).As16(), netip.MustParseAddr(pick(r, hosts6)).As16()
	copy(h[8:], src[:])
	copy(h[24:], dst[:])
	return append(h, payload...)
}

// transport makes what follows an IP header.
func transport(r *rand.Rand, proto byte) []byte {
	n := pick(r, []int{0, 10, 30, 100})
	var b []byte
	switch proto {
	case 6:
		b = be(nil, pick(r, ports), pick(r, ports), 1, 2, 3, 4)
		b = append(b, byte(5+r.IntN(3))<<4, pick(r, []byte{2, 0x10, 0x12, 0x18, 0x11, 4, 0x29}))
		b = be(b, 1000, 0, 0)
		b = append(b, make([]byte, int(b[12]>>4)*4-len(b))...)
	case 17, 132:
		b = be(nil, pick(r, ports), pick(r, ports), uint16(8+n), 0)
	case 1, 58:
		b = []byte{pick(r, []byte{0, 3, 8, 11, 128, 129, 135}), byte(r.IntN(3)), 0, 0, 0, 1, 0, 2}
	case 51:
		b = append([]byte{pick(r, []byte{6, 17, 50}), 4, 0, 0}, make([]byte, 20)...)
		b = append(b, transport(r, b[0])...)
	case 44, 0, 60:
		b = []byte{pick(r, []byte{6, 17, 58}), 0, 0, byte(r.IntN(2)), 0, 0, 0, 1}
		b = append(b, transport(r, b[0])...)
	}
	return append(b, make([]byte, n)...)
}

// geneve makes the payload of a UDP datagram.
func geneve(r *rand.Rand) []byte {
	options := r.IntN(3)
	b := be(nil, uint16(r.Uint32()), 6081, 100, 0)
	inner := packet{0x0800, ip4(r, 6, 0, transport(r, 6))}
	if r.IntN(2) == 0 {
		inner = packet{0x86dd, ip6(r, 17, transport(r, 17))}
	}
	proto, data := inner.proto, inner.data
	if r.IntN(2) == 0 {
		proto, data = 0x6558, ethernet(r, inner)
	}
	b = append(b, byte(options), 0)
	b = be(b, proto)
	b = append(b, 0, 0, byte(r.IntN(3)), 0)
	b = append(b, make([]byte, 4*options)...)
	return append(b, data...)
}

// anyPacket makes a packet of any kind.
func anyPacket(r *rand.Rand) packet {
	four := func() packet {
		proto := pick(r, []byte{6, 6, 6, 17, 17, 1, 2, 9, 50, 51, 103, 112, 132})
		return packet{0x0800, ip4(r, proto, pick(r, []uint16{0, 0, 0, 0x4000, 0x2000, 0x0010}), transport(r, proto))}
	}
	six := func() packet {
		next := pick(r, []byte{6, 6, 17, 17, 58, 44, 0, 60, 51, 50, 103, 132})
		return packet{0x86dd, ip6(r, next, transport(r, next))}
	}
	switch r.IntN(24) {
	default:
		return four()
	case 0, 1, 2, 3, 4, 5:
		return six()
	case 6, 7:
		src, dst := netip.MustParseAddr(pick(r, hosts4)).As4(), netip.MustParseAddr(pick(r, hosts4)).As4()
		b := append([]byte{0, 1, 8, 0, 6, 4, 0, 1}, pick(r, macs)...)
		b = append(append(b, src[:]...), pick(r, macs)...)
		return packet{pick(r, []uint16{0x0806, 0x8035}), append(b, dst[:]...)}
	case 8, 9:
		p := four()
		if r.IntN(2) == 0 {
			p = six()
		}
		for range 1 + r.IntN(2) {
			p = packet{pick(r, []uint16{0x8100, 0x88a8, 0x9100}), append(be(nil, uint16(r.IntN(16))<<12|pick(r, []uint16{100, 200, 4095}), p.proto), p.data...)}
		}
		return p
	case 10, 11:
		p := four()
		if r.IntN(2) == 0 {
			p = six()
		}
		last := byte(1)
		for range 1 + r.IntN(3) {
			p.data = append([]byte{0, pick(r, []byte{0x10, 0x64}), 0x40 | last, 64}, p.data...)
			last = 0
		}
		p.proto = 0x8847
		return p
	case 12:
		p := four()
		proto := uint16(0x21)
		if r.IntN(2) == 0 {
			p, proto = six(), 0x57
		}
		return packet{0x8864, append(be([]byte{0x11, 0}, pick(r, []uint16{1, 77}), 100, proto), p.data...)}
	case 13:
		return packet{pick(r, []uint16{0x8863, 0x6003, 0x6004, 0x6007, 0x6001, 0x6002, 0x809b, 0x80f3, 0x8137, 0x9000, 0x88cc}), random(r, 60)}
	case 14:
		return packet{0x0800, ip4(r, 17, 0, geneve(r))}
	case 15:
		return packet{0x86dd, ip6(r, 17, geneve(r))}
	case 16, 17:
		return packet{0, llc(r)}
	}
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// llc makes an 802.2 header with something behind.
func llc(r *rand.Rand) []byte {
	sap := pick(r, []byte{0x42, 0xfe, 0xf0, 0xe0, 0x06, 0xaa, 0xff})
	control := pick(r, []byte{0x03, 0x03, 0x00, 0x01, 0x05, 0x63, 0xaf})
	b := []byte{sap, sap, control}
	switch sap {
	case 0xfe:
		b = append(b, pick(r, []byte{0x81, 0x82, 0x83, 0x83}), 0, 0, 0, pick(r, []byte{15, 16, 17, 18, 20, 24, 25, 26, 27}))
	case 0xaa:
		b[2] = 3
		b = append(b, pick(r, []string{"\x00\x00\x00", "\x08\x00\x07"})...)
		b = be(b, pick(r, []uint16{0x809b, 0x80f3, 0x8137, 0x0800}))
	}
	return append(b, random(r, 50)...)
}

func ethernet(r *rand.Rand, p packet) []byte {
	b := []byte(pick(r, macs) + pick(r, macs))
	proto := p.proto
	if proto == 0 {
		proto = uint16(len(p.data))
	}
	return append(be(b, proto), p.data...)
}

// wlan makes an 802.11 frame.
func wlan(r *rand.Rand, p packet, radio bool) []byte {
	control := pick(r, []byte{0x08, 0x08, 0x08, 0x88, 0x88, 0x48, 0x80, 0x40, 0xb4, 0xc4, 0xd4, 0x00})
	b := []byte{control, byte(r.IntN(4)), 0, 0}
	for range 3 {
		b = append(b, pick(r, macs)...)
	}
	b = append(b, 0, 0)
	if control&0x8c == 0x88 {
		b = append(b, 0, 0)
	}
	prefix := radiotap(r)
	if radio {
		if prefix.padded && control&0x0c == 0x08 {
			for (len(prefix.data)+len(b))%4 != 0 {
				b = append(b, 0)
			}
		}
		b = append(prefix.data, b...)
	}
	if p.proto != 0 {
		b = be(append(b, 0xaa, 0xaa, 3, 0, 0, 0), p.proto)
	}
	return append(b, p.data...)
}

type radiotapHeader struct {
	data   []byte
	padded bool
}

func radiotap(r *rand.Rand) radiotapHeader {
	h := radiotapHeader{data: []byte{0, 0, 0, 0, 0, 0, 0, 0}}
	if r.IntN(2) == 0 { // TSFT
		h.data[4] |= 1
		h.data = append(h.data, make([]byte, 8)...)
	}
	if r.IntN(2) == 0 { // flags
		h.data[4] |= 2
		flags := pick(r, []byte{0, 0x20, 0x30})
		h.padded = flags&0x20 != 0
		h.data = append(h.data, flags)
	}
	h.data = append(h.data, random(r, r.IntN(12))...)
	binary.LittleEndian.PutUint16(h.data[2:], uint16(len(h.data)))
	return h
}

// frame puts a packet on a link.
func frame(r *rand.Rand, link capture.LinkType, p packet) []byte {
	ppp := map[uint16]uint16{0x0800: 0x21, 0x86dd: 0x57, 0x8847: 0x281, 0x6003: 0x27, 0x809b: 0x29}[p.proto]
	if p.proto == 0 {
		ppp = pick(r, []uint16{0x23, 0x2b, 0x31})
	}
	family := map[uint16]uint32{0x0800: 2, 0x86dd: pick(r, []uint32{24, 28, 30})}[p.proto]
	switch link {
	case capture.LinkEthernet:
		return ethernet(r, p)
	case capture.LinkNull:
		return append(binary.LittleEndian.AppendUint32(nil, family), p.data...)
	case capture.LinkLoop:
		return append(binary.BigEndian.AppendUint32(nil, family), p.data...)
	case capture.LinkPPP, capture.LinkPPPSerial:
		return append(be(nil, 0xff03, ppp), p.data...)
	case capture.LinkPPPEther:
		return append(be(nil, 0x1100, 1, 100, ppp), p.data...)
	case capture.LinkCHDLC:
		proto := p.proto
		if proto == 0 {
			proto = 0xfefe
		}
		return append(be(nil, 0x0f00, proto), p.data...)
	case capture.LinkIEEE80211, capture.LinkRadiotap:
		return wlan(r, p, link == capture.LinkRadiotap)
	case capture.LinkSLL:
		proto := p.proto
		if proto == 0 {
			proto = pick(r, []uint16{4, 1})
		}
		b := be(nil, uint16(r.IntN(5)), 1, 6)
		return append(be(append(b, pick(r, macs)+"\x00\x00"...), proto), p.data...)
	case capture.LinkSLL2:
		proto := p.proto
		if proto == 0 {
			proto = 4
		}
		b := append(be(nil, proto, 0, 0, uint16(1+r.IntN(3)), 1), byte(r.IntN(5)), 6)
		return append(append(b, pick(r, macs)+"\x00\x00"...), p.data...)
	}
	return p.data
}

// frames makes n frames for a link type; those whose link header could not
// carry them are left as they come.
func frames(r *rand.Rand, link capture.LinkType, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = frame(r, link, anyPacket(r))
	}
	return list
}

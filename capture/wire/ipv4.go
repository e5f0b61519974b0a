package wire

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture/defrag"
)

// IPv4 header, RFC 791, section 3.1.
const (
	ip4Version  = 0 // and header length in 4 bytes
	ip4Total    = 2
	ip4ID       = 4
	ip4Fragment = 6 // flags 3 bits, offset in 8 bytes
	ip4TTL      = 8
	ip4Proto    = 9
	ip4Src      = 12
	ip4Dst      = 16
	ip4Len      = 20

	ip4More   = 0x2000
	ip4Offset = 0x1fff
)

func (d *Decoder) ipv4(f *Frame, b []byte, cut int) Reason {
	if len(b) < ip4Len {
		return TooShort
	}
	if b[ip4Version]>>4 != 4 {
		return BadHeader
	}
	head := int(b[ip4Version]&0xf) * 4
	if head < ip4Len {
		return BadHeader
	}
	total := int(be16(b[ip4Total:]))
	if total == 0 {
		total = len(b) + cut // segmentation offload: the NIC fills it in
	}
	if total < head {
		return BadLength
	}
	if head > len(b) {
		return TooShort
	}
	if total > len(b)+cut && d.copied {
		cut, f.Truncated = total-len(b), true
	}
	b, cut = f.trim(b, cut, total)
	if d.in.await {
		d.noteIP(b, cut)
	}
	f.Version, f.TTL, f.ID = 4, b[ip4TTL], be16(b[ip4ID:])
	map4(&f.Src, b[ip4Src:])
	map4(&f.Dst, b[ip4Dst:])
	proto, body := b[ip4Proto], b[head:]
	if frag := be16(b[ip4Fragment:]); frag&(ip4More|ip4Offset) != 0 {
		return d.fragment4(f, b, body, cut)
	}
	if proto == ProtoTCP {
		return tcp(f, body, cut)
	}
	return d.upper(f, proto, body, cut)
}

// map4 puts an IPv4 address into IPv6 (RFC 4291, 2.5.5.2). Two whole stores:
// built from bytes, the copy waits for the store buffer (8 ns per packet).
func map4(a *Addr, b []byte) {
	binary.LittleEndian.PutUint64(a[:8], 0)
	binary.LittleEndian.PutUint64(a[8:], 0xffff0000|uint64(binary.LittleEndian.Uint32(b))<<32)
}

func (d *Decoder) fragment4(f *Frame, b, body []byte, cut int) Reason {
	frag := be16(b[ip4Fragment:])
	k := defrag.Key{
		Src: f.Src, Dst: f.Dst, ID: uint32(be16(b[ip4ID:])), Proto: b[ip4Proto],
		Version: 4, Tap: f.Tap, Tunnel: f.TunnelKey,
	}
	return d.rebuild(f, k, defrag.Fragment{
		Data: body, Size: len(body) + cut, Offset: int(frag&ip4Offset) * 8,
		More: frag&ip4More != 0, Proto: b[ip4Proto], Time: f.Time,
	})
}

// rebuild adds a fragment and goes on with the datagram if it is whole.
func (d *Decoder) rebuild(f *Frame, k defrag.Key, part defrag.Fragment) Reason {
	if d.fed++; d.fed > MaxTunnels {
		return TooDeep
	}
	whole, v := d.frags.Add(k, part)
	switch v {
	case defrag.Waiting:
		return Fragment
	case defrag.Lost:
		return FragmentLost
	case defrag.BadLength:
		return BadLength
	}
	f.Fragments = uint8(min(whole.Count, 255))
	if k.Version == 6 {
		return d.extensions(f, whole.Proto, whole.Data, whole.Cut)
	}
	return d.upper(f, whole.Proto, whole.Data, whole.Cut)
}

// upper goes on after an IP header.
func (d *Decoder) upper(f *Frame, proto uint8, b []byte, cut int) Reason {
	switch proto {
	case ProtoTCP:
		return tcp(f, b, cut)
	case ProtoUDP:
		return d.udp(f, b, cut)
	case ProtoICMP:
		if f.Version == 4 {
			return icmp(f, proto, b, cut, echoRequest, echoReply)
		}
	case ProtoICMPv6:
		if f.Version == 6 {
			return icmp(f, proto, b, cut, echo6Request, echo6Reply)
		}
	}
	return d.nested(f, proto, b, cut)
}

package wire

import "github.com/wirespan/wirespan/capture/defrag"

// IPv6 header, RFC 8200, section 3.
const (
	ip6Version = 0
	ip6Size    = 4
	ip6Next    = 6
	ip6TTL     = 7 // hop limit
	ip6Src     = 8
	ip6Dst     = 24
	ip6Len     = 40
)

// Extension headers, RFC 8200, section 4: next header, length, content.
const (
	extNext = 0
	extSize = 1 // in 8 bytes less the first 8; AH: in 4 bytes less the first 8
	extMin  = 8

	nextHop       = 0
	nextRouting   = 43
	nextFragment  = 44
	nextESP       = 50
	nextAH        = 51
	nextDst       = 60
	nextMobility  = 135
	nextHIP       = 139
	nextShim6     = 140
	fragOffset    = 2 // offset in 8 bytes, 2 reserved bits, more
	fragID        = 4
	fragLen       = 8
	optJumbo      = 0xc2 // RFC 2675: a 4-byte length that replaces the header's
	routingType   = 2
	routingLeft   = 3
	routingAddrs  = 8
	routingSource = 0 // types, RFC 5095, RFC 6275, RFC 8754
	routingMobile = 2
	routingSRv6   = 4
)

func (d *Decoder) ipv6(f *Frame, b []byte, cut int) Reason {
	if len(b) < ip6Len {
		return TooShort
	}
	if b[ip6Version]>>4 != 6 {
		return BadHeader
	}
	if d.in.await {
		d.noteIP(b, cut)
	}
	f.Version, f.TTL, f.ID = 6, b[ip6TTL], 0
	f.Src, f.Dst = Addr(b[ip6Src:]), Addr(b[ip6Dst:])
	next, size := b[ip6Next], int(be16(b[ip6Size:]))
	b = b[ip6Len:]
	if size == 0 {
		// A jumbogram, or segmentation offload beyond 64 KiB, where Linux
		// leaves the option out.
		size = len(b) + cut
		if next == nextHop {
			size = jumbo(b, size)
		}
	}
	if size > len(b)+cut && d.copied {
		cut, f.Truncated = size-len(b), true
	}
	b, cut = f.trim(b, cut, size)
	if next == ProtoTCP {
		return tcp(f, b, cut)
	}
	return d.extensions(f, next, b, cut)
}

// jumbo finds the jumbo payload option at the head of hop-by-hop options.
func jumbo(b []byte, size int) int {
	const opt = 2 // the option needs an alignment of 4n+2, so it comes first
	if len(b) >= extMin && b[opt] == optJumbo && b[opt+1] == 4 {
		return int(be32(b[opt+2:]))
	}
	return size
}

// extensions walks the extension headers up to the upper layer.
func (d *Decoder) extensions(f *Frame, next uint8, b []byte, cut int) Reason {
	for range MaxExtensions + 1 {
		size := 0
		switch next {
		case nextHop, nextDst, nextRouting, nextMobility, nextHIP, nextShim6:
			if len(b) < extMin {
				return shortOr(b, cut, extMin)
			}
			size = (int(b[extSize]) + 1) * 8
		case nextAH:
			if len(b) < extMin {
				return shortOr(b, cut, extMin)
			}
			size = (int(b[extSize]) + 2) * 4
		case nextFragment:
			if len(b) < fragLen {
				return shortOr(b, cut, fragLen)
			}
			frag := be16(b[fragOffset:])
			if frag&^6 != 0 {
				return d.fragment6(f, b, cut)
			}
			size = fragLen // atomic fragment, RFC 6946
		default:
			return d.upper(f, next, b, cut)
		}
		if len(b) < size {
			return shortOr(b, cut, size)
		}
		if next == nextRouting {
			route(f, b[:size])
		}
		next, b = b[extNext], b[size:]
	}
	return TooDeep
}

// shortOr blames the snaplen when the wire had the bytes, else the length.
func shortOr(b []byte, cut, need int) Reason {
	if len(b)+cut >= need {
		return TooShort
	}
	return BadLength
}

// route replaces the destination by the final one while there are segments
// left, so that a flow has the same addresses all along its way.
func route(f *Frame, b []byte) {
	addrs := (len(b) - routingAddrs) / len(f.Dst)
	if b[routingLeft] == 0 || addrs == 0 {
		return
	}
	switch b[routingType] {
	case routingSource:
		f.Dst = Addr(b[routingAddrs+(addrs-1)*len(f.Dst):])
	case routingMobile, routingSRv6: // segments lie in reverse
		f.Dst = Addr(b[routingAddrs:])
	}
}

func (d *Decoder) fragment6(f *Frame, b []byte, cut int) Reason {
	frag := be16(b[fragOffset:])
	k := defrag.Key{
		Src: f.Src, Dst: f.Dst, ID: be32(b[fragID:]),
		Version: 6, Tap: f.Tap, Tunnel: f.TunnelKey,
	}
	body := b[fragLen:]
	return d.rebuild(f, k, defrag.Fragment{
		Data: body, Size: len(body) + cut, Offset: int(frag &^ 7),
		More: frag&1 != 0, Proto: b[extNext], Time: f.Time,
	})
}

package tunnel

// Geneve header, RFC 8926, section 3.4.
const (
	geneveOptions = 0 // version 2 bits, option length 6 bits in 4 bytes
	geneveFlags   = 1
	geneveProto   = 2
	geneveVNI     = 4
	geneveMin     = 8

	geneveControl  = 0x80
	geneveReserved = 0x3f

	// Options, section 3.5: class, type, length in 4 bytes.
	geneveOptionMin = 4

	// Classes of Gateway Load Balancers (IANA, "Geneve Option Class"). Both have
	// the id of the endpoint as type 1, 64 bits; the attachment (2) and the flow
	// cookie (3) say nothing about the place.
	geneveAWS      = 0x0108
	geneveTencent  = 0x0167
	geneveEndpoint = 1
)

// ParseGeneve reads a Geneve header. Of the options only the endpoint of a
// Gateway Load Balancer, of AWS or Tencent, is looked at: behind it the VNI is
// always 0.
func ParseGeneve(b []byte) (Header, Verdict) {
	h := Header{Kind: Geneve, HasID: true, Keyed: true, Size: -1}
	if len(b) < geneveMin {
		return h, Short
	}
	if b[geneveOptions]>>6 != 0 || b[geneveFlags]&geneveReserved != 0 {
		return h, Bad
	}
	h.Len = geneveMin + int(b[geneveOptions]&0x3f)*4
	h.ID = be24(b[geneveVNI:])
	h.Next = Next(be16(b[geneveProto:]))
	if h.Next < 0x0600 {
		return h, Bad
	}
	if b[geneveFlags]&geneveControl != 0 {
		return h, Control
	}
	if len(b) < h.Len {
		return h, Short
	}
	if h.Len > geneveMin {
		h.Mark.Origin = endpoint(b[geneveMin:h.Len])
	}
	return h, Inner
}

// endpoint finds the id of the endpoint among the options, 0 if there is none.
func endpoint(b []byte) uint64 {
	for len(b) >= geneveOptionMin {
		size := geneveOptionMin + int(b[3]&0x1f)*4
		if size > len(b) {
			return 0
		}
		if c := be16(b); (c == geneveAWS || c == geneveTencent) && b[2]&0x7f == geneveEndpoint && size == geneveOptionMin+8 {
			return uint64(be32(b[4:]))<<32 | uint64(be32(b[8:]))
		}
		b = b[size:]
	}
	return 0
}

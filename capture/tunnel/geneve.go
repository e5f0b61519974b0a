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
)

// ParseGeneve reads a Geneve header; options are skipped.
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
	return h, Inner
}

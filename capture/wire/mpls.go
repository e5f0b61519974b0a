package wire

import "github.com/wirespan/wirespan/capture/tunnel"

// controlWord is the length of the pseudo-wire control word, RFC 4385, section 3.
const controlWord = 4

// mpls reads a label stack. Behind it is IP, or an Ethernet frame with or
// without a control word; nothing in the packet says which, so that the frame
// whose content makes sense wins (as RFC 4928 warns, a first nibble of 4 or 6
// may belong to a MAC address).
func (d *Decoder) mpls(f *Frame, b []byte, cut int) Reason {
	h, v := tunnel.ParseMPLS(b)
	if v != tunnel.Inner {
		return d.follow(f, h, v, b, cut)
	}
	if h.Next == tunnel.IP {
		saved, depth, fed, in := *f, d.depth, d.fed, d.in
		r := d.ip(f, b[h.Len:], cut)
		if d.fed != fed || credible(r, cut) {
			return r
		}
		*f, d.depth, d.in = saved, depth, in
		h.Next = tunnel.Ethernet
		if after := d.pseudoWire(f, h, b, cut); credible(after, cut) {
			return after
		}
		return r
	}
	return d.pseudoWire(f, h, b, cut)
}

// pseudoWire decodes an Ethernet frame behind labels. A nibble of zero is a
// control word or the begin of a MAC address: with a word first, and if no IP
// comes to light, without.
func (d *Decoder) pseudoWire(f *Frame, h tunnel.Header, b []byte, cut int) Reason {
	first := NumReasons
	if body := b[h.Len:]; body[0]>>4 == 0 && len(body) >= controlWord {
		saved, depth, fed, in := *f, d.depth, d.fed, d.in
		withWord := h
		withWord.Len += controlWord
		first = d.inner(f, withWord, b, cut)
		if d.fed != fed || first != NotIP && credible(first, cut) {
			return first
		}
		*f, d.depth, d.in = saved, depth, in
	}
	r := d.inner(f, h, b, cut)
	if first == NotIP && !credible(r, cut) {
		return first
	}
	return r
}

// mplsOverUDP notes the tunnel and goes on with its labels (RFC 7510).
func (d *Decoder) mplsOverUDP(f *Frame, b []byte, cut int) Reason {
	if !d.enter() {
		return TooDeep
	}
	f.push(tunnel.Header{Kind: MPLSoUDP})
	d.in.await = true
	return d.mpls(f, b, cut)
}

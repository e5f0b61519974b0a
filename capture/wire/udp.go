package wire

// UDP header, RFC 768.
const (
	udpSrc  = 0
	udpDst  = 2
	udpSize = 4
	udpSum  = 6
	udpLen  = 8
)

// Ports of tunnels over UDP, IANA unless noted.
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portTeredo   = 3544
	portVXLAN    = 4789
	portGREUDP   = 4754 // RFC 8086
	portVXLANGPE = 4790
	portAYIYA    = 5072
	portCAPWAP   = 5247
	portGeneve   = 6081
	portMPLS     = 6635
	portVXLANOld = 8472  // Linux before the assignment, and still Flannel
	portTZSP     = 37008 // not assigned, but what its senders use
)

// udp fills the rest of f from a UDP datagram, or goes on into the tunnel that
// it carries.
func (d *Decoder) udp(f *Frame, b []byte, cut int) Reason {
	if len(b) < udpLen {
		return shortOr(b, cut, udpLen)
	}
	size, whole := int(be16(b[udpSize:])), len(b)+cut
	if size == 0 {
		size = whole // jumbogram (RFC 2675, 4) or segmentation offload
	}
	if size < udpLen {
		return BadLength
	}
	b, cut = f.trim(b, cut, size)
	f.SrcPort, f.DstPort = be16(b[udpSrc:]), be16(b[udpDst:])
	if carriesTunnel(f.SrcPort, f.DstPort) {
		if r, ok := d.try(f, b[udpLen:], cut); ok {
			return r
		}
	}
	f.Proto, f.Sum = ProtoUDP, be16(b[udpSum:])
	f.Flags, f.Seq, f.Ack, f.Window = 0, 0, 0, 0
	f.WScale, f.MSS, f.TSVal, f.TSEcr, f.HasTS = 0, 0, 0, 0, false
	f.PayloadLen = uint32(len(b) + cut - udpLen)
	f.Truncated = f.Truncated || cut > 0
	f.Payload = b[udpLen:]
	return OK
}

// carriesTunnel says whether the ports are worth a try: some tunnels answer from
// the port that they listen on.
func carriesTunnel(src, dst uint16) bool { return tunnelPort(dst) || tunnelPort(src) }

func tunnelPort(port uint16) bool {
	switch port {
	case portL2TP, portGTPU, portTeredo, portVXLAN, portVXLANGPE, portAYIYA, portCAPWAP, portGeneve, portMPLS, portVXLANOld,
		portGREUDP, portTZSP:
		return true
	}
	return false
}

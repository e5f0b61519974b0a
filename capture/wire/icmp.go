package wire

// ICMP echo, RFC 792, page 14, and RFC 4443, section 4: type, code, checksum,
// identifier, sequence number.
const (
	icmpType = 0
	icmpCode = 1
	icmpLen  = 8

	echoReply    = 0
	echoRequest  = 8
	echo6Request = 128
	echo6Reply   = 129
)

// icmp fills the rest of f from an echo request or reply. Its Payload is the
// whole message; ports it has none.
func icmp(f *Frame, proto uint8, b []byte, cut int, request, reply byte) Reason {
	if len(b) < icmpLen {
		return shortOr(b, cut, icmpLen)
	}
	if b[icmpType] != request && b[icmpType] != reply || b[icmpCode] != 0 {
		return NotTransport
	}
	f.Proto, f.Sum = proto, 0
	f.SrcPort, f.DstPort = 0, 0
	f.Flags, f.Seq, f.Ack, f.Window = 0, 0, 0, 0
	f.WScale, f.MSS, f.TSVal, f.TSEcr, f.HasTS = 0, 0, 0, 0, false
	f.PayloadLen = uint32(len(b) + cut)
	f.Truncated = f.Truncated || cut > 0
	f.Payload = b
	return OK
}

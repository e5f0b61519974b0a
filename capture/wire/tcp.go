package wire

// TCP header, RFC 9293, section 3.1.
const (
	tcpSrc    = 0
	tcpDst    = 2
	tcpSeq    = 4
	tcpAck    = 8
	tcpOffset = 12 // upper nibble: header length in 4 bytes
	tcpFlags  = 13
	tcpWindow = 14
	tcpSum    = 16
	tcpLen    = 20
)

// TCP options, RFC 9293, section 3.2, and RFC 7323.
const (
	optEnd        = 0
	optNop        = 1
	optMSS        = 2
	optMSSLen     = 4
	optScale      = 3
	optScaleLen   = 3
	optTimes      = 8
	optTimesLen   = 10
	maxScale      = 14         // RFC 7323, 2.3: more counts as 14
	usualTimes    = 0x0101080a // two NOPs, then timestamps: what all stacks send
	usualTimesLen = 12
)

// tcp fills the rest of f from a TCP segment. When options or payload were
// cut, the fixed header is enough.
func tcp(f *Frame, b []byte, cut int) Reason {
	if len(b) < tcpLen {
		return shortOr(b, cut, tcpLen)
	}
	head := int(b[tcpOffset]>>4) * 4
	if head < tcpLen {
		return BadHeader
	}
	whole := len(b) + cut
	if head > whole {
		return BadLength
	}
	f.Proto = ProtoTCP
	f.SrcPort, f.DstPort = be16(b[tcpSrc:]), be16(b[tcpDst:])
	f.Seq, f.Ack = be32(b[tcpSeq:]), be32(b[tcpAck:])
	f.Flags, f.Window, f.Sum = b[tcpFlags], be16(b[tcpWindow:]), be16(b[tcpSum:])
	f.WScale, f.MSS, f.TSVal, f.TSEcr, f.HasTS = 0, 0, 0, 0, false
	f.PayloadLen = uint32(whole - head)
	f.Truncated = f.Truncated || cut > 0
	have := min(head, len(b))
	f.Payload = b[have:]
	if have > tcpLen {
		opts := b[tcpLen:have]
		if len(opts) == usualTimesLen && be32(opts) == usualTimes {
			f.TSVal, f.TSEcr, f.HasTS = be32(opts[4:]), be32(opts[8:]), true
		} else {
			options(f, opts)
		}
	}
	return OK
}

// options reads TCP options. One that contradicts itself ends the reading, as
// it does in receivers.
func options(f *Frame, b []byte) {
	for len(b) > 0 {
		kind := b[0]
		if kind == optEnd {
			return
		}
		if kind == optNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1]) < 2 || int(b[1]) > len(b) {
			return
		}
		o := b[:b[1]]
		b = b[len(o):]
		switch {
		case kind == optMSS && len(o) == optMSSLen:
			f.MSS = be16(o[2:])
		case kind == optScale && len(o) == optScaleLen:
			f.WScale = min(o[2], maxScale) + 1
		case kind == optTimes && len(o) == optTimesLen:
			f.TSVal, f.TSEcr, f.HasTS = be32(o[2:]), be32(o[6:]), true
		}
	}
}

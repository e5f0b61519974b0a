package show

import (
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// appendNotes adds what Verbose tells of a span, a line for each subject,
// below its branch of the tree.
func (r *renderer) appendNotes(dst []byte, b *block, w *row) []byte {
	n := &b.nodes[w.at]
	r.prefix = r.notePrefix(r.prefix[:0], r.of(w.prefix), n.first != none)
	for _, note := range [...]func([]byte, *span.Span) []byte{
		appendWhy, appendRoute, appendIDs, r.appendPhases, r.appendClock, appendTunnel, appendTrouble,
	} {
		r.raw = note(r.raw[:0], &n.Span)
		if len(r.raw) == 0 {
			continue
		}
		p := r.escaped(r.raw)
		room := r.width() - columns(r.prefix)
		dst = append(r.on(dst, dim), r.prefix...)
		dst, _ = appendFit(dst, r.of(p), r.room(p.width, room), r.ASCII)
		dst = append(r.off(dst, dim), '\n')
	}
	return dst
}

// notePrefix continues the branches of a line's prefix below it.
func (r *renderer) notePrefix(dst, prefix []byte, children bool) []byte {
	g := r.glyphs()
	switch n := len(prefix); {
	case n >= len(g.tee) && string(prefix[n-len(g.tee):]) == g.tee:
		dst = append(append(dst, prefix[:n-len(g.tee)]...), g.pipe...)
	case n >= len(g.last) && string(prefix[n-len(g.last):]) == g.last:
		dst = append(append(dst, prefix[:n-len(g.last)]...), g.blank...)
	default:
		dst = append(dst, prefix...)
	}
	if children {
		return append(dst, g.pipe...)
	}
	return append(dst, g.blank...)
}

func appendWhy(dst []byte, s *span.Span) []byte {
	rule := str(s, span.KeyLinkRule)
	if len(rule) == 0 {
		return dst
	}
	dst = append(append(dst, "why: "...), rule...)
	if c, ok := s.Attrs.Find(span.KeyLinkConfidence); ok {
		dst = append(append(append(dst, " ("...), "confidence "...), strconv.FormatFloat(c.Float(), 'g', 3, 64)...)
		dst = append(dst, ')')
	}
	if e := str(s, span.KeyLinkEvidence); len(e) > 0 {
		dst = append(append(dst, ": "...), e...)
	}
	return dst
}

// appendRoute adds the addresses and ports of the flow as the wire has them.
func appendRoute(dst []byte, s *span.Span) []byte {
	local, peer := [2]span.Key{span.KeyNetworkLocalAddress, span.KeyNetworkLocalPort}, [2]span.Key{span.KeyNetworkPeerAddress, span.KeyNetworkPeerPort}
	from, to := peer, local
	if asks(s) {
		from, to = local, peer
	}
	start := len(dst)
	dst = appendEndpoint(append(dst, "net: "...), s, from[0], from[1])
	dst = appendEndpoint(append(dst, " -> "...), s, to[0], to[1])
	if len(dst)-start == len("net:  -> ") {
		return dst[:start]
	}
	for _, k := range [...]span.Key{span.KeyNetworkTransport, span.KeyNetworkProtocolName, span.KeyNetworkProtocolVersion} {
		if v := str(s, k); len(v) > 0 {
			dst = append(append(dst, ' '), v...)
		}
	}
	if p := str(s, span.KeyCapturePoint); len(p) > 0 {
		dst = append(append(dst, " at "...), p...)
	}
	return dst
}

func appendIDs(dst []byte, s *span.Span) []byte {
	for _, l := range [...]struct {
		label string
		key   span.Key
	}{{"ids: ", span.KeyRequestID}, {"response ids: ", span.KeyRequestIDResponse}, {"context: ", span.KeyContext}} {
		at, ok := s.Attrs.Find(l.key)
		if !ok {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, "; "...)
		}
		dst = at.AppendText(append(dst, l.label...))
	}
	return dst
}

func (r *renderer) appendPhases(dst []byte, s *span.Span) []byte {
	for _, l := range [...]struct {
		label string
		key   span.Key
	}{
		{"connect ", span.KeyPhaseConnect},
		{"tls ", span.KeyPhaseTLS},
		{"send ", span.KeyPhaseSend},
		{"wait ", span.KeyPhaseWait},
		{"receive ", span.KeyPhaseReceive},
		{"rtt ", span.KeyTCPRTT},
	} {
		at, ok := s.Attrs.Find(l.key)
		if !ok {
			continue
		}
		if len(dst) == 0 {
			dst = append(dst, "time: "...)
		} else {
			dst = append(dst, ", "...)
		}
		dst = appendDuration(append(dst, l.label...), at.Num, r.ASCII)
	}
	return dst
}

// appendClock adds how far the clock of the capture point is off, which the
// times of the tree leave out.
func (r *renderer) appendClock(dst []byte, s *span.Span) []byte {
	off := num(s, span.KeyClockOffset)
	switch {
	case off > 0:
		return append(appendDuration(append(dst, "clock: "...), off, r.ASCII), " ahead, taken off here"...)
	case off < 0:
		return append(appendDuration(append(dst, "clock: "...), -off, r.ASCII), " behind, added here"...)
	}
	return dst
}

func appendTunnel(dst []byte, s *span.Span) []byte {
	kind := str(s, span.KeyTunnelKind)
	if len(kind) == 0 {
		return dst
	}
	dst = append(append(dst, "tunnel: "...), kind...)
	if id, ok := s.Attrs.Find(span.KeyTunnelID); ok {
		dst = id.AppendText(append(dst, ' '))
	}
	if at, ok := s.Attrs.Find(span.KeyTunnelSource); ok {
		dst = at.AppendText(append(dst, ' '))
	}
	if at, ok := s.Attrs.Find(span.KeyTunnelDestination); ok {
		dst = at.AppendText(append(dst, " -> "...))
	}
	if at, ok := s.Attrs.Find(span.KeyTunnelVLAN); ok {
		dst = at.AppendText(append(dst, " vlan "...))
	}
	return dst
}

// appendTrouble adds losses and what TCP had to repair.
func appendTrouble(dst []byte, s *span.Span) []byte {
	for _, l := range [...]struct {
		label string
		key   span.Key
	}{
		{"bytes lost ", span.KeyLossBytes},
		{"retransmissions ", span.KeyTCPRetransmissions},
		{"out of order ", span.KeyTCPOutOfOrder},
		{"zero windows ", span.KeyTCPZeroWindows},
		{"truncated ", span.KeyTruncated},
		{"closed by ", span.KeyTCPClose},
		{"sampled at ", span.KeySampleRate},
	} {
		at, ok := s.Attrs.Find(l.key)
		if !ok || at.Type == span.TypeInt && at.Num == 0 || at.Type == span.TypeBool && at.Num == 0 {
			continue
		}
		if len(dst) == 0 {
			dst = append(dst, "wire: "...)
		} else {
			dst = append(dst, ", "...)
		}
		dst = append(dst, l.label...)
		if at.Type == span.TypeBool {
			dst = dst[:len(dst)-1]
		} else {
			dst = at.AppendText(dst)
		}
	}
	return dst
}

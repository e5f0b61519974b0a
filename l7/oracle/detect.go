package oracle

import "github.com/wirespan/wirespan/l7"

// dataKnown are the flags of a data packet that have a meaning.
const dataKnown = 0xbfef

// Detect wants a packet whose header and inside fit.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) > 4 && (b[4] == 0 || b[4] > typeDescriptor) {
		return l7.No
	}
	if len(b) > 2 && b[0]|b[1] != 0 && b[2] != 0 && b[0] > 0x20 {
		return l7.No
	}
	if len(b) < packetHead {
		return l7.NeedMore
	}
	k, ok := readPacket(b, false)
	if !ok {
		return l7.No
	}
	var p parser
	return p.judge(dir, k, b)
}

// judge looks at the inside of a packet.
func (p *parser) judge(dir l7.Dir, k packet, b []byte) l7.Verdict {
	fromClient := dir == l7.ToServer
	switch k.kind {
	case typeConnect:
		return verdict(fromClient && !k.large, connects(k, b))
	case typeAccept:
		return verdict(!fromClient && !k.large, accepts(k, b))
	case typeRefuse:
		return verdict(!fromClient && !k.large, replies(k, b, 12))
	case typeRedirect:
		return verdict(!fromClient && !k.large, replies(k, b, dataHead))
	case typeResend:
		return verdict(!fromClient && k.size == packetHead, l7.Maybe)
	case typeMarker:
		if len(b) < k.size {
			return l7.NeedMore
		}
		return verdict(b[8] <= 1 && b[k.size-1] <= 3, l7.Maybe)
	case typeData:
		return sends(dir, k, b)
	}
	return l7.No
}

// connects judges CONNECT: versions, and the place of its data.
func connects(k packet, b []byte) l7.Verdict {
	if k.size < connectHead {
		return l7.No
	}
	if len(b) < connectHead {
		return l7.NeedMore
	}
	version, low, n, off := u16(b[8:]), u16(b[10:]), u16(b[24:]), u16(b[26:])
	switch {
	case version < 100 || version >= 1000 || low > version || off < connectHead || off > 128:
		return l7.No
	case k.size == off: // the data comes in another packet
		return l7.Yes
	case off+n != k.size || n < 2:
		return l7.No
	case len(b) < off+2:
		return l7.NeedMore
	case !isDescriptor(b[off:]):
		return l7.No
	}
	return l7.Yes
}

// accepts judges ACCEPT.
func accepts(k packet, b []byte) l7.Verdict {
	if k.size < 24 {
		return l7.No
	}
	if len(b) < 24 {
		return l7.NeedMore
	}
	version, n, off := u16(b[8:]), u16(b[18:]), u16(b[20:])
	if version < 100 || version >= 1000 || n > 0 && off+n > k.size || off > k.size {
		return l7.No
	}
	return l7.Yes
}

// replies judges REFUSE and REDIRECT by their text.
func replies(k packet, b []byte, head int) l7.Verdict {
	if len(b) < min(k.size, head+2) {
		return l7.NeedMore
	}
	n := u16(b[head-2:])
	switch {
	case k.size == head:
		return l7.Maybe
	case head+n > k.size || k.size < head+2 || !isDescriptor(b[head:]):
		return l7.No
	}
	return l7.Yes
}

// sends judges a data packet.
func sends(dir l7.Dir, k packet, b []byte) l7.Verdict {
	if len(b) < min(k.size, dataHead+5) {
		return l7.NeedMore
	}
	in := b[dataHead:min(len(b), k.size)]
	flags := u16(b[packetHead:])
	switch {
	case flags&^dataKnown != 0 || len(in) == 0 || k.flags&^0x3f != 0:
		return l7.No
	case isServices(in):
		return l7.Yes
	case !isMessage(dir, in[0]):
		return l7.No
	case len(b) < k.size && k.size <= window:
		return l7.NeedMore
	case dir == l7.ToServer && in[0] == ttiFunction && len(in) > 3 && runs(in[1]) && (in[3] >= 1 && in[3] <= 4 && in[4] != 0 || pointers8(in)):
		return l7.Yes
	case dir == l7.ToServer && (in[0] == ttiFunction || in[0] == ttiPiggyback || in[0] == ttiOneWay):
		return verdict(len(in) >= 3 && functions[in[1]] != nil, l7.Maybe)
	case dir == l7.ToServer && in[0] == ttiProtocol:
		return verdict(len(in) > 3 && in[1] >= 4 && in[1] <= 8, l7.Maybe)
	case dir == l7.ToServer:
		return verdict(in[0] == ttiDataTypes || in[0] == ttiFastAuth, l7.Maybe)
	}
	var o outcome
	if _, ok := o.read(in[max(0, len(in)-maxTail):], 0); ok && len(b) == k.size {
		return l7.Yes
	}
	return l7.Maybe
}

// pointers8 reports whether a call is an OCI client's: a pointer is near.
func pointers8(in []byte) bool {
	return len(in) > 20 && (pointer(in[3:]) > 0 || pointer(in[11:]) > 0)
}

// isMessage reports whether data may begin with a message of TTC.
func isMessage(dir l7.Dir, t byte) bool {
	if dir == l7.ToServer {
		switch t {
		case ttiProtocol, ttiDataTypes, ttiFunction, ttiPiggyback, ttiFlush, ttiOneWay, ttiFastAuth, ttiRow, ttiLOB:
			return true
		}
		return false
	}
	switch t {
	case ttiProtocol, ttiDataTypes, ttiError, ttiRowHeader, ttiRow, ttiParameter, ttiStatus, ttiIOVector, ttiLOB, ttiWarning, ttiDescribe,
		ttiBitVector, ttiServer, ttiImplicit, ttiAgain, ttiEnd, ttiToken:
		return true
	}
	return false
}

// verdict is v if a condition holds.
func verdict(ok bool, v l7.Verdict) l7.Verdict {
	if ok {
		return v
	}
	return l7.No
}

package tds

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Detect wants a packet whose header and inside fit.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	if b[0] == typeSMP {
		return detectSMP(dir, b)
	}
	if fromClient(b[0]) != (dir == l7.ToServer) && b[0] != typePrelogin || b[0] == 0 || b[0] > typePrelogin {
		return l7.No
	}
	if len(b) < packetHead {
		if len(b) > 1 && b[1]&^statusKnown != 0 {
			return l7.No
		}
		return l7.NeedMore
	}
	k, ok := readPacket(b)
	if !ok {
		return l7.No
	}
	in := b[packetHead:min(len(b), k.size)]
	if dir == l7.ToServer {
		return k.request(in)
	}
	return k.answer(in)
}

// detectSMP looks at a session of MARS.
func detectSMP(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < smpHead {
		return l7.NeedMore
	}
	f, ok := readSMP(b)
	switch {
	case !ok:
		return l7.No
	case f.flags == smpData:
		if len(b) == smpHead {
			return l7.NeedMore
		}
		if b[smpHead] == typeSMP || b[smpHead] == typePrelogin {
			return l7.No
		}
		return Detect(dir, b[smpHead:])
	case len(b) == f.size:
		return l7.NeedMore
	}
	return Detect(dir, b[f.size:])
}

// starts reports whether a packet of the client may be the first of a message.
func (k packet) starts(in []byte) bool {
	return k.request(in[:min(len(in), k.size-packetHead)]) != l7.No
}

// request judges the inside of a client's packet.
func (k packet) request(in []byte) l7.Verdict {
	whole := len(in) >= k.size-packetHead
	switch k.kind {
	case typePrelogin:
		return preloginFits(in)
	case typeLogin:
		if len(in) < 8 {
			return l7.NeedMore
		}
		v := u32(in[4:]) >> 24
		fits := v >= 0x70 && v <= 0x74 && int(u32(in)) >= k.size-packetHead && (!k.end() || int(u32(in)) == k.size-packetHead)
		return verdict(fits)
	case typeOldLogin:
		switch {
		case k.size != 512 || k.number > 2:
			return l7.No
		case len(in) < versionAt+4:
			return l7.NeedMore
		}
		v := string(in[versionAt : versionAt+2])
		return verdict(v == "\x05\x00" || v == "\x04\x02" || v == "\x04\x06")
	case typeBatch, typeRPC, typeTransaction:
		return k.headed(in, whole)
	case typeSybase:
		if len(in) < 1 {
			return l7.NeedMore
		}
		switch in[0] {
		case 0x21, 0xe7, 0xe6, 0x71, 0x80, 0x86:
			return l7.Maybe
		}
		return l7.No
	case typeAttention:
		return maybe(k.size == packetHead && k.end())
	case typeBulk:
		if len(in) < 1 {
			return l7.NeedMore
		}
		return maybe(in[0] == tokColMetadata)
	}
	return l7.No
}

// headed judges requests that begin with ALL_HEADERS.
func (k packet) headed(in []byte, whole bool) l7.Verdict {
	if !whole && (len(in) < 4 || u32(in) >= 4 && u32(in) <= 1024 && len(in) < int(u32(in))+6) {
		return l7.NeedMore
	}
	if n := allHeaders(in); n > 0 {
		rest := in[n:]
		switch {
		case k.kind == typeBatch && len(rest) >= 2:
			return verdict(n > 4 || isUTF16(rest))
		case k.kind == typeRPC && len(rest) >= 6:
			return verdict(u16(rest) == 0xffff && u16(rest[2:]) < len(well) || u16(rest) > 0 && u16(rest) < 1047 && isUTF16(rest[2:]))
		case k.kind == typeTransaction && len(rest) >= 2:
			return verdict(u16(rest) < len(transactions))
		}
		return l7.Maybe
	}
	switch k.kind {
	case typeBatch:
		if isUTF16(in) && len(in) >= 16 {
			return l7.Yes
		}
		return maybe(isUTF16(in) || isPlain(in))
	case typeRPC: // before version 7.2
		if len(in) >= 8 {
			return maybe(u16(in) > 0 && u16(in) < 1047 && isUTF16(in[2:]) || u16(in) == 0xffff && u16(in[2:]) < len(well))
		}
	}
	return l7.No
}

// preloginFits wants the list of options, the version first (2.2.6.5), or the
// TLS handshake.
func preloginFits(in []byte) l7.Verdict {
	if len(in) < 6 {
		return l7.NeedMore
	}
	if in[0] == 22 && in[1] == 3 {
		return l7.Maybe
	}
	off, n := binary.BigEndian.Uint16(in[1:]), binary.BigEndian.Uint16(in[3:])
	return verdict(in[0] == 0 && n == 6 && off%5 == 1 && off > 5 && off <= 51)
}

// answer judges the inside of a server's packet.
func (k packet) answer(in []byte) l7.Verdict {
	if k.kind == typePrelogin || len(in) < 6 && len(in) < k.size-packetHead {
		return l7.NeedMore
	}
	if len(in) == 0 {
		return l7.No
	}
	if in[0] == 0 {
		return preloginFits(in)
	}
	if k.number > 1 { // the middle of an answer
		return l7.Maybe
	}
	p := &parser{}
	w := walker{p: p}
	w.reset()
	w.feed(in)
	switch {
	case w.blind:
		return k.narrow(in)
	case len(w.carry) > 0 && w.out.tokens == 0 && !w.known && !known(in[0]):
		return l7.No
	case len(in) == k.size-packetHead && k.end():
		if len(w.carry) > 0 || w.skip > 0 || w.row {
			return k.narrow(in)
		}
		return l7.Yes
	case w.out.tokens > 1:
		return l7.Yes
	}
	return l7.Maybe
}

// narrow judges an answer by its last token, as versions before 7.2 have it.
func (k packet) narrow(in []byte) l7.Verdict {
	if !known(in[0]) {
		return l7.No
	}
	if len(in) == k.size-packetHead && k.end() && len(in) >= 9 && isDone(in[len(in)-9]) {
		return l7.Yes
	}
	return l7.Maybe
}

// known reports whether an answer may begin with a token.
func known(t byte) bool {
	switch t {
	case tokColMetadata, tokOrder, tokError, tokInfo, tokLoginAck, tokEnvChange, tokReturnStatus, tokEED, tokSSPI, tokFedAuth,
		tokCapability, tokReturnValue, tokSessionState, tokTabName, 0xa0, 0x61:
		return true
	}
	return isDone(t)
}

func verdict(ok bool) l7.Verdict {
	if ok {
		return l7.Yes
	}
	return l7.No
}

func maybe(ok bool) l7.Verdict {
	if ok {
		return l7.Maybe
	}
	return l7.No
}

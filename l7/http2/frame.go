package http2

import "encoding/binary"

// Frame head (RFC 9113, 4.1):
//
//	+------------+------+-------+--------+---------
//	| length     | type | flags | stream | payload
//	+------------+------+-------+--------+---------
//	0            3      4       5        9
const (
	frameHead  = 9
	prefaceLen = len(preface)
	preface    = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" // RFC 9113, 3.4
	streamMask = 1<<31 - 1
)

// Types of frames (RFC 9113, 6).
const (
	typeData         = 0
	typeHeaders      = 1
	typePriority     = 2
	typeReset        = 3
	typeSettings     = 4
	typePush         = 5
	typePing         = 6
	typeGoAway       = 7
	typeWindow       = 8
	typeContinuation = 9
	typeAltSvc       = 10 // RFC 7838, 4
	typeOrigin       = 12 // RFC 8336, 2
	typeUpdate       = 16 // PRIORITY_UPDATE, RFC 9218, 7
)

// Flags.
const (
	flagEndStream  = 0x01
	flagAck        = 0x01
	flagEndHeaders = 0x04
	flagPadded     = 0x08
	flagPriority   = 0x20
)

// frame is the head of a frame.
type frame struct {
	length int
	kind   uint8
	flags  uint8
	id     uint32
}

// frameAt reads the head of a frame; b holds at least frameHead bytes.
func frameAt(b []byte) frame {
	return frame{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   b[3],
		flags:  b[4],
		id:     binary.BigEndian.Uint32(b[5:]) & streamMask,
	}
}

func (f *frame) has(flag uint8) bool { return f.flags&flag != 0 }

// size is that of the frame with its head.
func (f *frame) size() int { return frameHead + f.length }

// valid reports whether length and stream are such as RFC 9113, 6, wants them
// for the type. Unknown types are to be ignored (5.5), if they are of a size
// that nobody has to ask for (4.2).
func (f *frame) valid() bool {
	switch f.kind {
	case typeData:
		return f.id != 0
	case typeHeaders, typeContinuation:
		return f.id != 0 && f.length > 0
	case typePriority:
		return f.id != 0 && f.length == 5
	case typeReset:
		return f.id != 0 && f.length == 4
	case typeSettings:
		return f.id == 0 && f.length%6 == 0 && (f.length == 0 || !f.has(flagAck)) && f.length <= 1<<14
	case typePush:
		return f.id&1 == 1 && f.length > 4
	case typePing:
		return f.id == 0 && f.length == 8
	case typeGoAway:
		return f.id == 0 && f.length >= 8 && f.length <= 1<<14
	case typeWindow:
		return f.length == 4
	}
	return f.length <= 1<<14
}

// flags that a type defines.
var defined = [...]uint8{
	typeData: flagEndStream | flagPadded, typeHeaders: flagEndStream | flagEndHeaders | flagPadded | flagPriority,
	typeSettings: flagAck, typePing: flagAck, typePush: flagEndHeaders | flagPadded, typeContinuation: flagEndHeaders,
}

// strict is valid for places where no frame needs to begin: only what RFC 9113
// defines.
func (f *frame) strict() bool {
	switch f.kind {
	case typeAltSvc, typeOrigin, typeUpdate:
		return f.length <= 1<<14
	}
	return int(f.kind) < len(defined) && f.flags&^defined[f.kind] == 0 && f.length <= 1<<20 && f.valid()
}

// fragment cuts what is there of the fields out of the payload of a HEADERS
// or PUSH_PROMISE frame (RFC 9113, 6.2 and 6.6); prefix is what precedes them
// behind the padding's length. ok is false when the padding is wrong, or the
// prefix is not there.
func (f *frame) fragment(payload []byte) (fields, prefix []byte, ok bool) {
	before, pad := 0, 0
	if f.kind == typePush {
		before = 4
	} else if f.has(flagPriority) {
		before = 5
	}
	if f.has(flagPadded) {
		if len(payload) == 0 {
			return nil, nil, false
		}
		pad = int(payload[0])
		payload = payload[1:]
	}
	whole := f.length - before - pad
	if f.has(flagPadded) {
		whole--
	}
	if whole < 0 || len(payload) < before {
		return nil, nil, false
	}
	prefix, payload = payload[:before], payload[before:]
	return payload[:min(whole, len(payload))], prefix, true
}

package rocketmq

import (
	"encoding/binary"
	"slices"

	"github.com/wirespan/wirespan/l7"
)

// Layout of a command (class RemotingCommand): the length of what follows, a
// word of the form of the head and its length, head, body.
const (
	lengthField = 4
	fixed       = 8

	formJSON   = 0
	formBinary = 1

	maxTotal = 1 << 28 // bytes of a command
	maxHead  = 1 << 18 // bytes of a head
)

// Layout of a binary head (class RocketMQSerializable): code, language,
// version, opaque, flags, then remark and fields with their lengths.
const (
	binOpaque = 5
	binFlags  = 9
	binRemark = 13
	binSize   = 21 // of a head without remark and fields
)

// Bits of flags.
const (
	flagResponse = 1 << 0
	flagOneWay   = 1 << 1
	allFlags     = 3
)

// head is what every command says. Its slices are borrowed.
type head struct {
	form     byte
	total    int64 // bytes of the command, the length field included
	size     int   // bytes before the body
	code     int32
	version  int32
	opaque   int32
	flags    uint32
	language []byte // JSON: as written
	lang     byte   // binary: number
	remark   []byte // JSON: as written
	fields   []byte // JSON: the object; binary: all of them
}

func (h *head) response() bool { return h.flags&flagResponse != 0 }

// frame reads the lengths. ok is false if b begins no command; without it, but
// ok, size is 0: more bytes are needed.
func frame(b []byte) (h head, ok bool) {
	if len(b) < fixed {
		return h, len(b) == 0 || b[0] <= maxTotal>>24
	}
	n := binary.BigEndian.Uint32(b)
	word := binary.BigEndian.Uint32(b[lengthField:])
	h.form, h.total = byte(word>>24), lengthField+int64(n)
	size := word & 0xffffff
	if n > maxTotal || h.form > formBinary || size < binSize || size > maxHead || size+lengthField > n {
		return h, false
	}
	h.size = fixed + int(size)
	if len(b) > fixed && h.form == formJSON && b[fixed] != '{' {
		return h, false
	}
	return h, true
}

// readHead reads the head of a command that is all there.
func readHead(b []byte) (h head, ok bool) {
	if h, ok = frame(b); !ok || h.size == 0 || len(b) < h.size {
		return h, false
	}
	if h.form == formJSON {
		return h, h.json(b[fixed:h.size])
	}
	return h, h.binary(b[fixed:h.size])
}

// json reads a head in JSON.
func (h *head) json(b []byte) bool {
	s := scanner{b: b}
	if !s.take('{') {
		return false
	}
	seen := 0
	for first := true; ; first = false {
		name, ok := s.next(first)
		if !ok {
			break
		}
		v := s.value()
		n, number := integer(v)
		switch string(name) {
		case "code", "flag", "opaque":
			if !number {
				return false
			}
			seen++
			switch name[0] {
			case 'c':
				h.code = n
			case 'f':
				h.flags = uint32(n)
			default:
				h.opaque = n
			}
		case "version":
			h.version = n
		case "language":
			h.language = v
		case "remark":
			if string(v) != "null" {
				h.remark = v
			}
		case "extFields":
			h.fields = v
		}
	}
	return !s.bad && seen == 3 && h.flags <= allFlags
}

// integer reads a number in 32 bits.
func integer(b []byte) (n int32, ok bool) {
	minus := len(b) > 0 && b[0] == '-'
	if minus {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	v := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if minus {
		v = -v
	}
	return int32(v), v == int64(int32(v))
}

// binary reads a head in binary form.
func (h *head) binary(b []byte) bool {
	h.code = int32(int16(binary.BigEndian.Uint16(b)))
	h.lang = b[2]
	h.version = int32(int16(binary.BigEndian.Uint16(b[3:])))
	h.opaque = int32(binary.BigEndian.Uint32(b[binOpaque:]))
	h.flags = binary.BigEndian.Uint32(b[binFlags:])
	n := int64(binary.BigEndian.Uint32(b[binRemark:]))
	rest := b[binRemark+4:]
	if h.flags > allFlags || n > int64(len(rest))-4 {
		return false
	}
	h.remark, rest = rest[:n], rest[n:]
	h.fields = rest[4:]
	return int64(binary.BigEndian.Uint32(rest)) == int64(len(h.fields)) && h.whole()
}

// whole reports whether the fields of a binary head fill their room.
func (h *head) whole() bool {
	f := h.fields
	for len(f) > 0 {
		var ok bool
		if _, _, f, ok = pair(f); !ok {
			return false
		}
	}
	return true
}

// pair reads a field of a binary head.
func pair(b []byte) (name, value, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, nil, false
	}
	n := int64(binary.BigEndian.Uint16(b))
	if b = b[2:]; int64(len(b)) < n+4 {
		return nil, nil, nil, false
	}
	name, b = b[:n], b[n:]
	n = int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; int64(len(b)) < n {
		return nil, nil, nil, false
	}
	return name, b[:n], b[n:], true
}

// kind of message a command is in a direction.
func (h *head) kind(dir l7.Dir) l7.Kind {
	switch {
	case h.response():
		return l7.Response
	case h.flags&flagOneWay == 0:
		return l7.Request
	case dir == l7.ToClient:
		return l7.Pushed
	}
	return l7.OneWay
}

// rightWay reports whether a command goes the way that those of its code go.
func (h *head) rightWay(dir l7.Dir) bool {
	toClient := slices.Contains(byBroker, h.code)
	if h.response() {
		return dir == l7.ToClient
	}
	return toClient == (dir == l7.ToClient)
}

// match pairs request and response: brokers and clients count apart.
func (h *head) match(dir l7.Dir) uint64 {
	asked := dir
	if h.response() {
		asked = dir.Opposite()
	}
	return uint64(uint32(h.opaque)) | uint64(asked)<<32
}

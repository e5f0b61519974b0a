package mongodb

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Bytes behind the header that detection looks at, and names it believes.
const (
	seen    = headLen + 4 + 1 + 4 + 2
	maxName = 120 + 64 // namespace
)

// Flags of OP_MSG ("OP_MSG", flagBits). A bit below 16 that is not known is an error.
const (
	flagChecksum = 1 << 0
	flagMore     = 1 << 1
	flagExhaust  = 1 << 16
	knownFlags   = flagChecksum | flagMore
)

// detect looks at the first message: header and what must follow it.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < headLen {
		return begins(b)
	}
	h, ok := readHeader(b)
	if !ok || opcode(h.code) == "" {
		return l7.No
	}
	if dir == l7.ToServer && answers(h.code) || dir == l7.ToClient && asks(h.code) {
		return l7.No
	}
	return looks(dir, &h, b)
}

// begins judges a piece of a header.
func begins(b []byte) l7.Verdict {
	if len(b) >= 4 {
		if n := binary.LittleEndian.Uint32(b); n < headLen+minDoc || n > maxSize {
			return l7.No
		}
	}
	if len(b) > 13 && b[13] > 7 || len(b) > 14 && b[14] != 0 {
		return l7.No
	}
	return l7.NeedMore
}

// looks judges what is behind the header.
func looks(dir l7.Dir, h *header, b []byte) l7.Verdict {
	rest := b[headLen:min(len(b), h.size)]
	switch h.code {
	case opMsg:
		if (dir == l7.ToServer) != (h.answer == 0) {
			return l7.No
		}
		return looksMsg(rest, h.size-headLen)
	case opCompressed:
		return looksPacked(dir, h, rest)
	case opReply:
		return looksReply(rest, h.size-headLen)
	case opCommand:
		return looksName(rest, false)
	case opCommandReply:
		return looksDoc(rest, h.size-headLen)
	case opQuery:
		if len(rest) < 4 {
			return l7.NeedMore
		}
		if f := binary.LittleEndian.Uint32(rest); f > 0xff || f&1 != 0 {
			return l7.No
		}
		return looksName(rest[4:], true)
	case opKillCursors:
		if len(rest) < 8 {
			return l7.NeedMore
		}
		n := binary.LittleEndian.Uint32(rest[4:])
		if binary.LittleEndian.Uint32(rest) != 0 || n == 0 || h.size != headLen+8+8*int(n) {
			return l7.No
		}
		return l7.Yes
	}
	if len(rest) < 4 {
		return l7.NeedMore
	}
	if binary.LittleEndian.Uint32(rest) > 1 { // zero, or the flags of OP_INSERT
		return l7.No
	}
	return looksName(rest[4:], true)
}

// looksMsg judges flags and the first section of an OP_MSG.
func looksMsg(b []byte, size int) l7.Verdict {
	if len(b) < 5 {
		return l7.NeedMore
	}
	if f := binary.LittleEndian.Uint32(b); f&0xffff&^knownFlags != 0 || f>>17 != 0 {
		return l7.No
	}
	switch b[4] {
	case 0:
		return looksDoc(b[5:], size-5)
	case 1:
		if len(b) < 9 {
			return l7.NeedMore
		}
		if n := int64(binary.LittleEndian.Uint32(b[5:])); n < 5 || n > int64(size-5) {
			return l7.No
		}
		return looksName(b[9:], false)
	}
	return l7.No
}

// looksReply judges an OP_REPLY.
func looksReply(b []byte, size int) l7.Verdict {
	if size < 20 {
		return l7.No
	}
	if len(b) < 20 {
		return l7.NeedMore
	}
	n := binary.LittleEndian.Uint32(b[16:])
	if binary.LittleEndian.Uint32(b) > 0xf || n > 1<<24 || n == 0 && size != 20 {
		return l7.No
	}
	if n == 0 {
		return l7.Maybe
	}
	return looksDoc(b[20:], size-20)
}

// looksPacked judges an OP_COMPRESSED.
func looksPacked(dir l7.Dir, h *header, b []byte) l7.Verdict {
	if len(b) < 9 {
		return l7.NeedMore
	}
	in := binary.LittleEndian.Uint32(b)
	n := binary.LittleEndian.Uint32(b[4:])
	switch {
	case in == opCompressed, opcode(in) == "", n > maxSize, b[8] > zstds,
		dir == l7.ToServer && answers(in), dir == l7.ToClient && asks(in),
		in == opMsg && (dir == l7.ToServer) != (h.answer == 0):
		return l7.No
	}
	return l7.Yes
}

// looksDoc judges the start of a document within size bytes.
func looksDoc(b []byte, size int) l7.Verdict {
	if len(b) < 4 {
		return l7.NeedMore
	}
	d, n, ok := document(b)
	if !ok || n > size {
		return l7.No
	}
	if len(d.b) == 0 {
		return l7.NeedMore
	}
	if n == minDoc {
		if d.b[0] != 0 {
			return l7.No
		}
		return l7.Maybe
	}
	if k := d.b[0]; (k == 0 || k > typeDecimal) && k != typeMin && k != typeMax {
		return l7.No
	}
	return looksName(d.b[1:], false)
}

// looksName judges a name that ends with zero; that of a collection has a dot.
func looksName(b []byte, dotted bool) l7.Verdict {
	i := bytes.IndexByte(b[:min(len(b), maxName)], 0)
	part := b[:min(len(b), maxName)]
	if i >= 0 {
		part = b[:i]
	}
	for _, c := range part {
		if c < 0x20 || c == 0x7f {
			return l7.No
		}
	}
	switch {
	case i < 0 && len(b) >= maxName:
		return l7.No
	case i < 0:
		return l7.NeedMore
	case i == 0, dotted && bytes.IndexByte(part, '.') <= 0:
		return l7.No
	}
	return l7.Yes
}

package block

import "encoding/binary"

// Texts are written with their long runs of hexadecimal digits taken out: ids within
// texts are random, and half as long in binary.

// Marks within a text. A byte of the text that is one of them is written behind
// literal.
const (
	literal = iota // the byte behind it is the text's
	hexRun         // the byte behind it is a number of bytes in raw
	uuid           // 16 bytes in raw, written as a UUID is
	traceID        // a trace id of the block, by number
	numMarks
)

// Bounds of a run of digits, in bytes.
const minRun, maxRun = 4, 64

const uuidLen = 36

// hexLen is the number of lower-case hexadecimal digits at the beginning.
func hexLen(b []byte) int {
	for i, c := range b {
		if !isHex(c) {
			return i
		}
	}
	return len(b)
}

func isHex(c byte) bool { return c-'0' < 10 || c-'a' < 6 }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

func appendUnhex(dst, b []byte) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		dst = append(dst, nibble(b[i])<<4|nibble(b[i+1]))
	}
	return dst
}

const digits = "0123456789abcdef"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// isUUID reports whether b begins with 8-4-4-4-12 digits.
func isUUID(b []byte) bool {
	if len(b) < uuidLen || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	return hexLen(b) == 8 && hexLen(b[9:]) == 4 && hexLen(b[14:]) == 4 && hexLen(b[19:]) == 4 && hexLen(b[24:uuidLen]) == 12
}

// putTexts writes the texts of a block.
func (e *Encoder) putTexts(t *texts) {
	e.uvarint(uint64(len(t.end)))
	e.uvarint(uint64(len(t.bytes)))
	for id := range t.end {
		from := len(e.char)
		e.refs = e.refs[:0]
		e.putText(t.text(uint32(id)))
		e.uvarint(uint64(len(e.char) - from))
		e.code = append(e.code, e.refs...)
	}
}

func (e *Encoder) putText(b []byte) {
	for i := 0; i < len(b); {
		c := b[i]
		if !isHex(c) {
			if c < numMarks {
				e.char = append(e.char, literal)
			}
			e.char = append(e.char, c)
			i++
			continue
		}
		n := hexLen(b[i:])
		if n == 8 && isUUID(b[i:]) {
			e.char = append(e.char, uuid)
			at := b[i : i+uuidLen]
			for _, part := range [...][2]int{{0, 8}, {9, 13}, {14, 18}, {19, 23}, {24, 36}} {
				e.raw = appendUnhex(e.raw, at[part[0]:part[1]])
			}
			i += uuidLen
			continue
		}
		e.putRun(b[i : i+n])
		i += n
	}
}

// putRun writes digits.
func (e *Encoder) putRun(b []byte) {
	if len(b) == 32 {
		var id [16]byte
		appendUnhex(id[:0], b)
		if n, ok := e.traces[id]; ok {
			e.char = append(e.char, traceID)
			e.refs = binary.AppendUvarint(e.refs, uint64(n))
			return
		}
	}
	for len(b) >= 2*minRun {
		n := min(len(b)/2, maxRun)
		e.char = append(e.char, hexRun, byte(n))
		e.raw = appendUnhex(e.raw, b[:2*n])
		b = b[2*n:]
	}
	e.char = append(e.char, b...)
}

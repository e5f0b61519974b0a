package thrift

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// detect looks at the first message.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	_, v := modeOf(dir, b)
	return v
}

// modeOf finds out how a message is written. A version, a type and the name of
// a method are certain; the old binary encoding has no version and is plausible.
func modeOf(dir l7.Dir, b []byte) (m mode, v l7.Verdict) {
	v = l7.No
	if len(b) > 0 && b[0] != strictMark && b[0] != compactMark && b[0] > maxFrame>>24 {
		return 0, v // no version, no length
	}
	for _, m := range [...]mode{strict, compact, framed | strict, framed | compact, header, framed | old, old} {
		if m == header && (len(b) >= 6 && binary.BigEndian.Uint16(b[4:]) != headerMagic) {
			continue
		}
		h, o := readHead(b, m)
		switch {
		case o == more:
			v = l7.NeedMore
		case o == bad:
		case h.dark || toServer(h.kind) == (dir == l7.ToServer):
			if m&encoding == old && m != header {
				if len(b) == h.size {
					v = l7.NeedMore // for the first field
				} else if begins(&h, b) {
					return m, l7.Maybe
				}
				continue
			}
			return m, l7.Yes
		}
	}
	return 0, v
}

// begins reports whether the arguments of a message in the old encoding begin
// with a field or are empty.
func begins(h *head, b []byte) bool {
	rest := b[h.size:]
	if rest[0] == 0 {
		return h.body <= 1
	}
	return isType(rest[0]) && (len(rest) < 3 || rest[1] == 0)
}

package dns

import "unicode/utf8"

// Bounds of a name, RFC 1035, section 3.1.
const (
	maxName   = 255  // bytes on the wire, without pointers
	labelKind = 0xc0 // mask of the kind of a label
	pointer   = 0xc0 // kind: the rest is elsewhere, RFC 1035, section 4.1.4
)

// Basis and prime of FNV-1a, 64 bits.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

// domain is a name that was read.
type domain struct {
	text []byte // presentation form without the final dot; the root is "."
	hash uint64 // of the lower-cased labels
	next int    // offset behind the name in place, 0 if it has no end there
	ok   bool   // the name is whole
}

// appendName reads the name at off and appends its presentation form to dst:
// a dot and a backslash in a label become "\." and "\\", bytes that do not
// print become "\DDD" (RFC 4343, section 2.1). keepUTF8 leaves valid UTF-8 as
// it is, for the dialects that define names so (RFC 6762, section 16).
//
// Pointers must lead strictly backwards, which bounds the jumps; the name may
// have maxName bytes.
func appendName(dst, msg []byte, off int, keepUTF8 bool) domain {
	d := domain{hash: fnvBasis}
	start, limit, size := len(dst), off, 1
	for off < len(msg) {
		n := int(msg[off])
		switch {
		case n == 0:
			if d.next == 0 {
				d.next = off + 1
			}
			if len(dst) == start {
				dst = append(dst, '.')
			}
			d.text, d.ok = dst, true
			return d
		case n < 64:
			if size += 1 + n; off+1+n > len(msg) || size > maxName {
				d.text = dst[:start]
				return d
			}
			if len(dst) > start {
				dst = append(dst, '.')
			}
			label := msg[off+1 : off+1+n]
			dst = appendLabel(dst, label, keepUTF8)
			d.hash = (d.hash ^ uint64(n)) * fnvPrime
			for _, c := range label {
				d.hash = (d.hash ^ uint64(lower(c))) * fnvPrime
			}
			off += 1 + n
		case n&labelKind == pointer && off+1 < len(msg):
			if d.next == 0 {
				d.next = off + 2
			}
			to := (n&^labelKind)<<8 | int(msg[off+1])
			if to >= limit {
				d.text = dst[:start]
				return d
			}
			off, limit = to, to
		default: // kinds 01 and 10 were never used, RFC 6891, section 5
			d.text = dst[:start]
			return d
		}
	}
	d.text = dst[:start]
	return d
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func appendLabel(dst, label []byte, keepUTF8 bool) []byte {
	keepUTF8 = keepUTF8 && utf8.Valid(label)
	for _, c := range label {
		switch {
		case c == '.' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c == 0x7f || c > 0x7f && !keepUTF8:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// skipName returns the offset behind the name at off; ok is false if the name
// has no end in msg. It does not follow pointers.
func skipName(msg []byte, off int) (next int, ok bool) {
	for size := 1; off < len(msg); {
		n := int(msg[off])
		switch {
		case n == 0:
			return off + 1, true
		case n < 64:
			off += 1 + n
			if size += 1 + n; size > maxName {
				return 0, false
			}
		case n&labelKind == pointer:
			return off + 2, off+2 <= len(msg)
		default:
			return 0, false
		}
	}
	return 0, false
}

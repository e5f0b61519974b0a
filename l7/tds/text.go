package tds

import "unicode/utf8"

// appendUTF8 appends UTF-16LE as UTF-8. Half a pair becomes U+FFFD.
func appendUTF8(dst, b []byte) []byte {
	for len(b) >= 2 {
		r := rune(b[0]) | rune(b[1])<<8
		b = b[2:]
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		if r >= 0xd800 && r < 0xdc00 && len(b) >= 2 {
			if low := rune(b[0]) | rune(b[1])<<8; low >= 0xdc00 && low < 0xe000 {
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// isUTF16 reports whether b begins like a text of SQL in UTF-16LE: some
// characters of ASCII that may be in one.
func isUTF16(b []byte) bool {
	n := min(len(b)/2, 8)
	if n == 0 {
		return false
	}
	for i := range n {
		if c := b[2*i]; b[2*i+1] != 0 || c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isPlain is isUTF16 for texts of one byte per character.
func isPlain(b []byte) bool {
	b = b[:min(len(b), 32)]
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return len(b) > 2
}

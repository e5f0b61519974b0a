package otlp

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

const lowBits = 0x0101010101010101

// special has the high bit set in some byte if any byte of w cannot stand as it
// is in a JSON string: below space, quote, backslash, not ASCII.
func special(w uint64) uint64 {
	quote, slash := w^'"'*lowBits, w^'\\'*lowBits
	below := w - ' '*lowBits
	return (below | (quote - lowBits) | (slash - lowBits) | w) & highBits
}

// appendString adds the content of a JSON string (RFC 8259, section 7), valid
// UTF-8 whatever s is.
func appendString(b, s []byte) []byte {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		if special(w) != 0 {
			return appendEscaped(append(b, s[:i]...), s[i:])
		}
	}
	for _, c := range s[i:] {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(append(b, s[:i]...), s[i:])
		}
	}
	return append(b, s...)
}

// appendEscaped does the same one character at a time.
func appendEscaped(b, s []byte) []byte {
	const digits = "0123456789abcdef"
	bad := false
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			switch {
			case r != utf8.RuneError || n > 1:
				b, bad = append(b, s[i:i+n]...), false
			case !bad:
				b, bad = append(b, "\uFFFD"...), true
			}
			i += n
			continue
		}
		bad = false
		i++
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return b
}

// appendHex adds bytes as hex digits; len(v) is a multiple of 8.
func appendHex(b, v []byte) []byte {
	for ; len(v) > 0; v = v[8:] {
		x := binary.BigEndian.Uint64(v)
		b = binary.LittleEndian.AppendUint64(b, hex32(uint32(x>>32)))
		b = binary.LittleEndian.AppendUint64(b, hex32(uint32(x)))
	}
	return b
}

// AppendDouble adds a number, or a string for what JSON has no number for
// (protobuf JSON mapping).
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

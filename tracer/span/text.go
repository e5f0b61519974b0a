package span

import (
	"encoding/base64"
	"net/netip"
	"strconv"
)

// AppendText adds the value as people read it: lists joined by commas.
func (at Attr) AppendText(b []byte) []byte {
	switch at.Type {
	case TypeInt:
		return strconv.AppendInt(b, at.Num, 10)
	case TypeBool:
		return strconv.AppendBool(b, at.Num != 0)
	case TypeFloat:
		return strconv.AppendFloat(b, at.Float(), 'g', -1, 64)
	case TypeHex:
		return AppendHex64(b, uint64(at.Num))
	case TypeAddr:
		return AppendIP(b, (*[16]byte)(at.Str))
	case TypeStrings:
		sep := false
		for s := range at.Strings {
			if sep {
				b = append(b, ',')
			}
			b, sep = append(b, s...), true
		}
		return b
	case TypeInts:
		sep := false
		for n := range at.Ints {
			if sep {
				b = append(b, ',')
			}
			b, sep = strconv.AppendInt(b, n, 10), true
		}
		return b
	case TypeBytes:
		return base64.StdEncoding.AppendEncode(b, at.Str)
	default:
		return append(b, at.Str...)
	}
}

const hexDigits = "0123456789abcdef"

// AppendHex64 adds 16 lower-case hex digits.
func AppendHex64(b []byte, v uint64) []byte {
	for s := 60; s >= 0; s -= 4 {
		b = append(b, hexDigits[v>>s&15])
	}
	return b
}

// AppendIP adds an address as text, IPv4 without the mapping prefix.
func AppendIP(b []byte, a *[16]byte) []byte {
	ip := netip.AddrFrom16(*a)
	if ip.Is4In6() {
		for i, o := range a[12:] {
			if i > 0 {
				b = append(b, '.')
			}
			b = strconv.AppendUint(b, uint64(o), 10)
		}
		return b
	}
	return ip.AppendTo(b)
}

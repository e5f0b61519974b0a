package query

import (
	"bytes"
	"net/netip"
)

// holds reports whether text is an address within the prefix.
func (v *value) holds(b []byte) bool {
	if len(b) < 2 || len(b) > 39 {
		return false
	}
	if bytes.IndexByte(b, ':') < 0 {
		ip, ok := parseIPv4(b)
		return ok && v.prefix.Contains(ip)
	}
	for _, ch := range b {
		if (ch < '0' || ch > '9') && (ch|0x20 < 'a' || ch|0x20 > 'f') && ch != '.' && ch != ':' {
			return false
		}
	}
	ip, err := netip.ParseAddr(string(b))
	return err == nil && v.prefix.Contains(ip.Unmap())
}

// parseIPv4 reads four decimal numbers, without allocation.
func parseIPv4(b []byte) (netip.Addr, bool) {
	var ip [4]byte
	part, n, digits := 0, 0, 0
	for i := 0; ; i++ {
		if i == len(b) || b[i] == '.' {
			if digits == 0 || n > 255 || part > 3 {
				return netip.Addr{}, false
			}
			ip[part] = byte(n)
			part, n, digits = part+1, 0, 0
			if i == len(b) {
				return netip.AddrFrom4(ip), part == 4
			}
			continue
		}
		if b[i] < '0' || b[i] > '9' || digits == 3 {
			return netip.Addr{}, false
		}
		n, digits = n*10+int(b[i]-'0'), digits+1
	}
}

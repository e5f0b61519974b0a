package proxy

import (
	"bytes"
	"net/netip"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Version 1 (section 2.1) is a line, version 2 (section 2.2) is binary:
//
//	+-----------+-----+-----+--------+-----------+------------
//	| signature | v|c | f|p | length | addresses | extensions
//	+-----------+-----+-----+--------+-----------+------------
//	0           12    13    14       16
const (
	v1      = "PROXY "
	v2      = "\r\n\r\n\x00\r\nQUIT\n"
	v1Max   = 107
	v2Head  = 16
	v2Max   = 4096 // what is accepted of addresses and extensions; certificates are larger nowhere
	inet    = 1
	inet6   = 2
	onward  = 1 // command PROXY; LOCAL is 0: the proxy speaks for itself
	window  = v2Head + v2Max
	maxAddr = 45
)

// size is the length of the header that b starts with. It is known when the
// verdict is Yes, and all of it is there; NeedMore asks for need bytes.
func size(b []byte) (n, need int, v l7.Verdict) {
	switch {
	case len(b) == 0:
		return 0, 0, l7.NeedMore
	case b[0] == 'P' && agree(b, v1):
		return sizeV1(b)
	case b[0] == '\r' && agree(b, v2):
		return sizeV2(b)
	}
	return 0, 0, l7.No
}

func sizeV1(b []byte) (n, need int, v l7.Verdict) {
	_, n, ok := cursor.Line(b[:min(len(b), v1Max)])
	switch {
	case !ok && len(b) >= v1Max:
		return 0, 0, l7.No
	case !ok:
		return 0, 0, l7.NeedMore
	}
	if _, ok := addrV1(b[:n]); !ok {
		return 0, 0, l7.No
	}
	return n, 0, l7.Yes
}

func sizeV2(b []byte) (n, need int, v l7.Verdict) {
	if len(b) < v2Head {
		return 0, v2Head, l7.NeedMore
	}
	length, _ := cursor.Uint16(b, 14)
	n = v2Head + int(length)
	switch {
	case b[12]>>4 != 2 || b[12]&15 > onward || length > v2Max:
		return 0, 0, l7.No
	case len(b) < n:
		return 0, n, l7.NeedMore
	}
	return n, 0, l7.Yes
}

// agree compares as far as both go.
func agree(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

// appendClient adds the source address of a whole header as text; nothing if
// it names none.
func appendClient(dst, b []byte) []byte {
	if b[0] == 'P' {
		addr, _ := addrV1(b)
		return append(dst, addr...)
	}
	if b[12]&15 != onward {
		return dst
	}
	addrs := b[v2Head:]
	switch family := b[13] >> 4; {
	case family == inet && len(addrs) >= 12:
		return netip.AddrFrom4([4]byte(addrs)).AppendTo(dst)
	case family == inet6 && len(addrs) >= 36:
		return netip.AddrFrom16([16]byte(addrs)).AppendTo(dst)
	}
	return dst
}

// addrV1 reads a line: "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443", or "PROXY
// UNKNOWN" and anything behind it, which gives no address.
func addrV1(line []byte) (addr []byte, ok bool) {
	family, rest := cursor.Cut(bytes.TrimRight(line[len(v1):], "\r\n"), ' ')
	switch {
	case string(family) == "UNKNOWN":
		return nil, true
	case string(family) != "TCP4" && string(family) != "TCP6":
		return nil, false
	}
	addr, rest = cursor.Cut(rest, ' ')
	for _, c := range addr {
		if !cursor.IsHex(c) && c != '.' && c != ':' {
			return nil, false
		}
	}
	return addr, len(addr) >= 2 && len(addr) <= maxAddr && len(rest) > 0
}

package http1

import (
	"bytes"
	"net/netip"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// PROXY protocol (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt),
// version 1 is a line, version 2 is binary:
//
//	+-----------+-----+-----+--------+-----------
//	| signature | v|c | f|p | length | addresses
//	+-----------+-----+-----+--------+-----------
//	0           12    13    14       16
const (
	proxyV1      = "PROXY "
	proxyV2      = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV1Max   = 107
	proxyV2Head  = 16
	proxyV2Max   = 2048 // what is accepted of addresses and extensions
	proxyInet    = 1
	proxyInet6   = 2
	proxyCommand = 1 // LOCAL is 0: the proxy speaks for itself
)

var proxyName = []byte("PROXY")

// prefaceSize is the length of the PROXY header that b starts with, 0 and Yes
// if there is none.
func prefaceSize(b []byte) (n int, v l7.Verdict) {
	switch {
	case len(b) == 0:
		return 0, l7.NeedMore
	case b[0] == 'P' && hasPart(b, proxyV1):
		if len(b) < len(proxyV1) {
			// POST and PATCH part from PROXY at the third byte at the latest.
			if len(b) > 2 {
				return 0, l7.NeedMore
			}
			return 0, l7.Yes
		}
		_, n, ok := cursor.Line(b[:min(len(b), proxyV1Max)])
		switch {
		case ok:
			return n, l7.Yes
		case len(b) < proxyV1Max:
			return 0, l7.NeedMore
		}
		return 0, l7.No
	case b[0] == '\r' && hasPart(b, proxyV2):
		if len(b) < proxyV2Head {
			return 0, l7.NeedMore
		}
		size, _ := cursor.Uint16(b, 14)
		switch {
		case b[12]>>4 != 2 || size > proxyV2Max:
			return 0, l7.No
		case len(b) < proxyV2Head+int(size):
			return 0, l7.NeedMore
		}
		return proxyV2Head + int(size), l7.Yes
	}
	return 0, l7.Yes
}

// hasPart compares as far as b goes.
func hasPart(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

// appendPrefaceClient adds the source address of a PROXY header as text;
// nothing if it names none.
func appendPrefaceClient(dst, b []byte) []byte {
	if b[0] == 'P' {
		line := bytes.TrimRight(b[len(proxyV1):], "\r\n")
		family, rest := cursor.Cut(line, ' ')
		src, _ := cursor.Cut(rest, ' ')
		if !cursor.HasPrefixFold(family, "tcp") || len(src) > 45 {
			return dst
		}
		return append(dst, src...)
	}
	if b[12]&15 != proxyCommand {
		return dst
	}
	addrs := b[proxyV2Head:]
	switch family := b[13] >> 4; {
	case family == proxyInet && len(addrs) >= 12:
		return netip.AddrFrom4([4]byte(addrs)).AppendTo(dst)
	case family == proxyInet6 && len(addrs) >= 36:
		return netip.AddrFrom16([16]byte(addrs)).AppendTo(dst)
	}
	return dst
}

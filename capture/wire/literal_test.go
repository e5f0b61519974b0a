package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// Headers, to be put together. Addresses are those of RFC 5737 and RFC 3849.
const (
	macs = "020000000001 020000000002 "

	// 198.51.100.1:40000 > 192.0.2.1:80, with ACK and PSH, timestamps and the text "GET ".
	ip4TCP = "4500 0038 1234 4000 4006 0000 c6336401 c0000201 "
	tcpTS  = "9c40 0050 11223344 55667788 8018 2000 0000 0000 0101 080a 0a0b0c0d 01020304 "
	get    = "47455420 "

	ip4UDP = "4500 0020 1234 4000 4011 0000 c6336401 c0000201 "
	udpDNS = "9c40 0035 000c 0000 "

	ip6TCP = "6000 0000 0024 0640 20010db8000000000000000000000001 20010db8000000000000000000000002 "

	innerTCP = ip4TCP + tcpTS + get // 56 bytes

	ethTCP  = macs + "0800 " + innerTCP
	vlanTCP = macs + "8100 2064 0800 " + innerTCP
	ethTCP6 = macs + "86dd " + ip6TCP + tcpTS + get
	ethUDP  = macs + "0800 " + ip4UDP + udpDNS + get

	// 10.0.0.1 > 10.0.0.2
	vxlanTCP = macs + "0800 4500 006a 0001 0000 4011 0000 0a000001 0a000002 " +
		"c000 12b5 0056 0000 0800000000abcd00 " + ethTCP
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func packet(t testing.TB, link capture.LinkType, s string) capture.Packet {
	t.Helper()
	b := unhex(t, s)
	return capture.Packet{Data: b, WireLen: uint32(len(b)), Link: link, Time: 1e18, Tap: 3}
}

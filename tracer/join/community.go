package join

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
)

// communitySize is the length of a Community ID: "1:" and 20 bytes in base64.
const communitySize = 2 + 28

// v4Mapped begins the addresses of IPv4.
var v4Mapped = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}

// appendCommunityID adds the Community ID, version 1, seed 0, of a connection:
// SHA-1 over seed, lower address, higher address, protocol, a zero byte and
// the ports in the same order (github.com/corelight/community-id-spec). It is
// the name that Zeek, Suricata and others give to the same flow.
func appendCommunityID(b []byte, c *flows.Conn) []byte {
	client, server := c.Client, c.Server
	switch c.Proto {
	case wire.ProtoICMP: // the specification has types for ports: of a request, and of its reply
		client.Port, server.Port = 8, 0
	case wire.ProtoICMPv6:
		client.Port, server.Port = 128, 129
	}
	lo, hi := &client, &server
	if d := bytes.Compare(lo.Addr[:], hi.Addr[:]); d > 0 || d == 0 && lo.Port > hi.Port {
		lo, hi = hi, lo
	}
	var in [2 + 2*16 + 2 + 4]byte
	n := 2
	for _, e := range [2]*flows.Endpoint{lo, hi} {
		addr := e.Addr[:]
		if c.Version == 4 {
			addr = bytes.TrimPrefix(addr, v4Mapped)
		}
		n += copy(in[n:], addr)
	}
	in[n] = c.Proto
	n += 2
	binary.BigEndian.PutUint16(in[n:], lo.Port)
	binary.BigEndian.PutUint16(in[n+2:], hi.Port)
	sum := sha1.Sum(in[:n+4])
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), sum[:])
}

// communityID returns the Community ID of the connection, made once.
func (st *conn) communityID(c *flows.Conn) []byte {
	if st.community[0] == 0 {
		appendCommunityID(st.community[:0], c)
	}
	return st.community[:]
}

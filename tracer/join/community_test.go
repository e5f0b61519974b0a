package join

import (
	"net/netip"
	"testing"

	"github.com/wirespan/wirespan/flows"
)

// The vectors are those of the specification's baseline.
func TestCommunityID(t *testing.T) {
	for _, c := range []struct {
		client, server string
		proto, version uint8
		want           string
	}{
		{"128.232.110.120:34855", "66.35.250.204:80", 6, 4, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204:80", "128.232.110.120:34855", 6, 4, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"192.168.1.52:54585", "8.8.8.8:53", 17, 4, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", 6, 6, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"192.168.0.89:0", "192.168.0.1:0", 1, 4, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	} {
		end := func(s string) flows.Endpoint {
			a := netip.MustParseAddrPort(s)
			return flows.Endpoint{Addr: a.Addr().As16(), Port: a.Port()}
		}
		conn := flows.Conn{Client: end(c.client), Server: end(c.server), Proto: c.proto, Version: c.version}
		if got := string(appendCommunityID(nil, &conn)); got != c.want {
			t.Errorf("%s > %s: %s, want %s", c.client, c.server, got, c.want)
		}
		if n := testing.AllocsPerRun(10, func() { appendCommunityID(make([]byte, 0, communitySize), &conn) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

package dns

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestDetectUDP(t *testing.T) {
	netbios := "20 " + strings.Repeat("43 41", 16) + "00"
	for _, tt := range []struct {
		name           string
		hex            string
		query, respond l7.Verdict // as ToServer, as ToClient
	}{
		{"a query", "1234 0100 0001 0000 0000 0000" + example + "0001 0001", l7.Yes, l7.No},
		{"an answer", "1234 8180 0001 0001 0000 0000" + example + "0001 0001 c00c 0001 0001 00000001 0004 c0000201", l7.No, l7.Yes},
		{"a query of an unknown type", "1234 0100 0001 0000 0000 0000" + example + "f000 0001", l7.Maybe, l7.No},
		{"a query for the server's version", "1234 0100 0001 0000 0000 0000" + example + "0010 0003", l7.Maybe, l7.No},
		{"a notification", "1234 2400 0001 0000 0000 0000" + example + "0006 0001", l7.Yes, l7.No},
		{"an update", "1234 2800 0001 0000 0001 0000" + example + "0006 0001 c00c 0001 00ff 00000000 0000", l7.Yes, l7.No},
		{"an error without question", "1234 8185 0000 0000 0000 0000", l7.No, l7.Maybe},
		{"an answer with nothing at all", "1234 8180 0000 0000 0000 0000", l7.No, l7.No},
		{"a query without question", "1234 0100 0000 0000 0000 0000", l7.No, l7.No},
		{"several questions of multicast DNS", "0000 0000 0002 0000 0000 0000" + example + "000c 8001 c00c 0021 0001", l7.Yes, l7.No},
		{"an announcement", "0000 8400 0000 0001 0000 0000" + example + "0001 8001 00000078 0004 c0000205", l7.No, l7.Yes},
		{"a question cut by snaplen", "1234 0100 0001 0000 0000 0000 07 6578", l7.Maybe, l7.No},
		{"an answer cut by snaplen", "1234 8180 0001 0001 0000 0000" + example + "0001 0001 c00c", l7.No, l7.Maybe},
		{"an answer whose question is cut", "1234 8180 0001 0001 0000 0000 07 6578", l7.No, l7.No},
		{"bytes behind the message", "1234 0100 0001 0000 0000 0000" + example + "0001 0001 ffff", l7.Maybe, l7.No},
		{"a class that does not exist", "1234 0100 0001 0000 0000 0000" + example + "0001 0007", l7.No, l7.No},
		{"NetBIOS name query", "1234 0110 0001 0000 0000 0000" + netbios + "0020 0001", l7.No, l7.No},
		{"NetBIOS node status query", "1234 0000 0001 0000 0000 0000" + netbios + "0021 0001", l7.No, l7.No},
		{"NetBIOS query that is cut", "1234 0110 0001 0000 0000 0000" + netbios[:30], l7.No, l7.No},
		{"NetBIOS registration", "1234 2910 0001 0000 0000 0001" + netbios + "0020 0001 c00c 0020 0001 00000000 0006 0000 c0000201", l7.No, l7.No},
		{"NetBIOS answer", "1234 8500 0000 0001 0000 0000" + netbios + "0020 0001 000493e0 0006 0000 c0000201", l7.No, l7.No},
		{"NetBIOS node status answer", "1234 8400 0000 0001 0000 0000" + netbios + "0021 0001 00000000 0001 00", l7.No, l7.No},
		{"NetBIOS answer that is cut", "1234 8500 0000 0001 0000 0000" + netbios[:30], l7.No, l7.No},
		{"less than a header", "1234 0100 0001", l7.No, l7.No},
		{"nothing", "", l7.No, l7.No},
	} {
		b := unhex(t, tt.hex)
		if q, r := detectUDP(l7.ToServer, b), detectUDP(l7.ToClient, b); q != tt.query || r != tt.respond {
			t.Errorf("%s: %d and %d, want %d and %d", tt.name, q, r, tt.query, tt.respond)
		}
	}
}

// TestDetectTCP: every prefix of a query asks for more until the question is
// there; then it is certain.
func TestDetectTCP(t *testing.T) {
	msg := unhex(t, "1234 0100 0001 0000 0000 0001"+example+"0001 0001"+"00 0029 04d0 00000000 0000")
	b, question := framed(msg), lengthLen+headerLen+13+questionLen
	for n := range len(b) + 1 {
		want := l7.NeedMore
		if n >= question {
			want = l7.Yes
		}
		if got := detectTCP(l7.ToServer, b[:n]); got != want {
			t.Errorf("%d bytes: %d, want %d", n, got, want)
		}
	}
	for _, s := range []string{"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "SSH-2.0-OpenSSH_9.9\r\n", "\x00\x00\x00\x00\x00\x00"} {
		if got := detectTCP(l7.ToServer, []byte(s)); got != l7.No {
			t.Errorf("%q: %d", s, got)
		}
	}
}

// TestDetectRandom: random bytes are not DNS.
func TestDetectRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	b := make([]byte, 300)
	for range 300_000 {
		for i := range b {
			b[i] = byte(rnd.Uint32() & (rnd.Uint32() >> 8)) // zeros are more frequent than in noise
		}
		x := b[:rnd.IntN(len(b))]
		dir := l7.Dir(rnd.IntN(2))
		if detectUDP(dir, x) >= l7.Maybe {
			t.Errorf("taken for DNS: %x", x)
		}
		if detectTCP(dir, x) >= l7.Maybe {
			t.Errorf("taken for DNS over TCP: %x", x)
		}
	}
}

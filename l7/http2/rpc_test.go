package http2

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

func TestTimeout(t *testing.T) {
	for v, want := range map[string]int64{
		"1n": 1, "250m": 250e6, "4999995u": 4999995e3, "5S": 5e9, "2M": 120e9, "1H": 3600e9, "99999999S": 99999999e9,
		"": -1, "5": -1, "S": -1, "5s": -1, "123456789S": -1, "-5S": -1, "5.5S": -1, "99999999H": -1,
	} {
		if ns, ok := timeout([]byte(v)); ok != (want >= 0) || ok && ns != want {
			t.Errorf("%q: %d %v, want %d", v, ns, ok, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for v, want := range map[string]string{
		"": "", "plain": "plain", "%E2%82%AC": "€", "100%": "100%", "%zz%4": "%zz%4", "a%20b%2f": "a b/",
	} {
		if got := appendUnescaped(nil, []byte(v)); string(got) != want {
			t.Errorf("%q: %q, want %q", v, got, want)
		}
	}
}

// The sides of the RPC conventions: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED,
// INTERNAL, UNAVAILABLE and DATA_LOSS are the server's.
func TestSides(t *testing.T) {
	server := map[string]bool{"UNKNOWN": true, "DEADLINE_EXCEEDED": true, "UNIMPLEMENTED": true, "INTERNAL": true, "UNAVAILABLE": true, "DATA_LOSS": true}
	for code, name := range rpcCodes {
		want := l7.ClientError
		switch {
		case code == 0:
			want = l7.OK
		case server[string(name)]:
			want = l7.ServerError
		}
		if got := rpcSide(int32(code)); got != want {
			t.Errorf("%s: status %d, want %d", name, got, want)
		}
	}
}

// Trailers of gRPC-Web of which bytes are missing tell nothing.
func TestWebLoss(t *testing.T) {
	p := New(l7test.Options()).(*parser)
	var out l7.Emitter
	s := p.streams.add(1)
	s.call, s.rpc, s.answered = true, true, true
	h := &p.half[l7.ToClient]
	text := messageOf("grpc-status: 12\r\n")
	frame := []byte(frameOf(typeData, flagEndStream, 1, "\x80"+text[1:]))
	cut := len(frame) - 3 // the gap holds "2\r" and leaves the "\n"
	for _, b := range [][]byte{frame[:frameHead+prefixLen], frame[frameHead+prefixLen : cut]} {
		out.Reset(l7.Stamp{})
		if _, err := p.Parse(l7.ToClient, b, &out); err != nil {
			t.Fatal(err)
		}
	}
	if !p.Gap(l7.ToClient, int64(len(frame)-1-cut)) || h.left != 1 {
		t.Fatalf("%d bytes left", h.left)
	}
	out.Reset(l7.Stamp{})
	if _, err := p.Parse(l7.ToClient, frame[len(frame)-1:], &out); err != nil {
		t.Fatal(err)
	}
	m, _, ok := out.Take()
	if !ok || m.Kind != l7.End || m.Status != l7.Unset || len(m.Attrs) != 0 {
		t.Errorf("%v %+v", ok, m)
	}
}

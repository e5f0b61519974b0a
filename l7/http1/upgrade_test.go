package http1

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

const (
	wsAsk  = "> GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	wsGive = "< HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\n"
	wsHead = `request > @0 "GET" "/ws" "" "1.1" to 61`
	wsOpen = `response < @0 101 ok final more`
)

// Examples of RFC 6455, 5.7, and a fragmented, an extended and a close frame.
func TestWebSocket(t *testing.T) {
	text := "\x81\x05Hello"
	masked := "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
	big := "\x82\x7e\x01\x00" + strings.Repeat("b", 256)
	huge := "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("h", 65536)
	check(t, 0, talk(wsAsk, wsGive+text+"\x89\x05Hello", "> "+masked+"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "< \x01\x03Hel\x80\x02lo"+big+huge,
		"> \x88\x82\x00\x00\x00\x01\x03\xe8", "< \x88\x02\x03\xe8trailing"),
		wsHead, wsOpen,
		`end < wirespan.websocket.messages.sent=1 wirespan.websocket.bytes.sent=5 wirespan.websocket.messages.received=4 wirespan.websocket.bytes.received=65802 wirespan.websocket.close.code=1000 to 65889`)
}

func TestWebSocketEnds(t *testing.T) {
	// The client closes last, in the other direction.
	d := run(t, 0, talk(wsAsk, wsGive+"\x88\x02\x03\xe9", "> \x88\x80\x00\x00\x00\x00"), whole)
	if len(d.log) != 3 || !strings.HasPrefix(d.log[2], `end < wirespan.websocket.messages.sent=0`) || !strings.Contains(d.log[2], "close.code=1001") {
		t.Errorf("%q", d.log)
	}
	// FIN without close frames; reset; a lost frame head.
	for _, how := range []func(d *driver){
		func(d *driver) { d.end(l7.ToServer); d.end(l7.ToClient); d.finish() },
		func(d *driver) { d.finish() },
	} {
		d := run2(t, talk(wsAsk, wsGive+"\x82\x01a"), how)
		if len(d.log) != 3 || !strings.Contains(d.log[2], "messages.received=1") {
			t.Errorf("%q", d.log)
		}
	}
	d = newDriver(t, 0)
	for _, tn := range talk(wsAsk, wsGive+"\x82\x02a", "> \x81\x80\x00\x00\x00\x00") {
		d.feed(tn.dir, []byte(tn.text))
	}
	d.gap(l7.ToClient, 1) // within a payload
	d.feed(l7.ToClient, []byte("\x82\x01b"))
	d.gap(l7.ToServer, 7) // at a frame head
	d.feed(l7.ToServer, []byte("GET / HTTP/1.1\r\n\r\n"))
	d.finish()
	if len(d.log) != 3 || !strings.Contains(d.log[2], "messages.received=2") || strings.Contains(d.log[2], "sent") {
		t.Errorf("%q", d.log)
	}
}

func run2(t *testing.T, ts []turn, finish func(*driver)) *driver {
	d := newDriver(t, 0)
	for _, tn := range ts {
		d.feed(tn.dir, []byte(tn.text))
	}
	finish(d)
	return d
}

func TestTunnels(t *testing.T) {
	req := `request > @0 "CONNECT" "h:443" "h:443" "1.1" to 26`
	inner := "GET /inner HTTP/1.1\r\n\r\n"
	d := check(t, 0, talk("> CONNECT h:443 HTTP/1.1\r\n\r\n", "< HTTP/1.1 200 Connection established\r\n\r\n", "> "+inner), req, `response < @0 200 ok final to 39`)
	if !d.opaque {
		t.Error("the tunnel was looked into")
	}
	// The client does not wait for the answer.
	d = check(t, 0, talk("> CONNECT h:443 HTTP/1.1\r\n\r\n\x16\x03\x01\x02\x00", "< HTTP/1.1 200 OK\r\n\r\n\x16\x03"), req, `response < @0 200 ok final to 19`)
	if !d.opaque || d.errs[0] != l7.ErrSwitch {
		t.Error("the tunnel was looked into")
	}
	// A refusal leaves HTTP in place.
	check(t, 0, talk("> CONNECT h:443 HTTP/1.1\r\n\r\n", "< HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno", "> "+inner),
		req, `response < @0 407 client size=2 to 42`, `request > @26 "GET" "/inner" "" "1.1" to 49`)
	d = check(t, 0, talk("> POST /attach HTTP/1.1\r\nUpgrade: tcp\r\n\r\n", "< HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\x00\x00", "> "+inner),
		`request > @0 "POST" "/attach" "" "1.1" to 39`, `response < @0 101 ok final to 60`)
	if !d.opaque {
		t.Error("the raw stream was looked into")
	}
	// An upgrade that is declined.
	check(t, 0, talk("> GET /h2 HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", ok, "> "+inner),
		`request > @0 "GET" "/h2" "" "1.1" to 34`, gotB, `request > @34 "GET" "/inner" "" "1.1" to 57`)
}

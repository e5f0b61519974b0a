package http2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// peer writes frames; its header blocks are as x/net encodes them.
type peer struct {
	text bytes.Buffer
	enc  *hpack.Encoder
}

func newPeer() *peer {
	p := &peer{}
	p.enc = hpack.NewEncoder(&p.text)
	return p
}

func frameOf(kind, flags byte, id uint32, payload string) string {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return string(binary.BigEndian.AppendUint32(b, id)) + payload
}

// headers is a HEADERS frame of pairs of names and values.
func (p *peer) headers(id uint32, flags byte, fields ...string) string {
	p.text.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return frameOf(typeHeaders, flags|flagEndHeaders, id, p.text.String())
}

// messageOf is a message of a call.
func messageOf(b string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(b)))) + b
}

// calls is a gRPC connection on which one call is made again and again. The
// rounds carry the same stream ids, so every round begins with what ends the
// streams of the last: all are closed.
func calls() l7test.Session {
	c, s := newPeer(), newPeer()
	ask := func() string {
		return c.headers(1, 0, ":method", "POST", ":scheme", "http", ":path", "/shop.Cart/AddItem", ":authority", "cart.example:7070",
			"content-type", "application/grpc", "user-agent", "grpc-go/1.85.0", "te", "trailers", "x-request-id", "7f3a9c0e5d214b77",
			"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") + frameOf(typeData, flagEndStream, 1, messageOf("\x0a\x03abc"))
	}
	answer := func() string {
		return s.headers(1, 0, ":status", "200", "content-type", "application/grpc") + frameOf(typeData, 0, 1, messageOf("\x08\x01")) +
			s.headers(1, flagEndStream, "grpc-status", "0", "grpc-message", "")
	}
	session := l7test.TCP(l7test.Client(preface+frameOf(typeSettings, 0, 0, "")+ask()), l7test.Server(frameOf(typeSettings, 0, 0, "")+answer()),
		l7test.Client(ask()), l7test.Server(answer()))
	session.Repeat = 2
	return session
}

// pages is an HTTP/2 connection of a browser.
func pages() l7test.Session {
	c, s := newPeer(), newPeer()
	ask := func() string {
		return c.headers(1, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/api/v1/items?page=2", ":authority", "shop.example",
			"user-agent", "Mozilla/5.0 (X11; Linux x86_64)", "accept", "application/json", "accept-encoding", "gzip, br", "cookie", "session=0123456789abcdef")
	}
	answer := func() string {
		return s.headers(1, 0, ":status", "200", "server", "nginx", "content-type", "application/json", "content-length", "1000") +
			frameOf(typeData, flagEndStream, 1, string(make([]byte, 1000)))
	}
	session := l7test.TCP(l7test.Client(preface+ask()), l7test.Server(answer()), l7test.Client(ask()), l7test.Server(answer()))
	session.Repeat = 2
	return session
}

func TestAllocs(t *testing.T) {
	l7test.Allocs(t, Proto(), calls())
	l7test.Allocs(t, Proto(), pages())
	l7test.Allocs(t, capturing(), pages())
}

func BenchmarkCall(b *testing.B) { l7test.Bench(b, Proto(), calls()) }
func BenchmarkPage(b *testing.B) { l7test.Bench(b, Proto(), pages()) }

func BenchmarkDetect(b *testing.B) {
	first := []byte(newPeer().headers(1, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/api", ":authority", "shop.example"))
	for b.Loop() {
		if Detect(l7.ToServer, first) != l7.Yes {
			b.Fatal("not detected")
		}
	}
}

package http2

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestDetect(t *testing.T) {
	get := newPeer().headers(3, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/api", ":authority", "shop.example")
	ok := newPeer().headers(3, 0, ":status", "200", "server", "nginx")
	settings := frameOf(typeSettings, 0, 0, "\x00\x03\x00\x00\x00\x64")
	window := frameOf(typeWindow, 0, 0, "\x00\x01\x00\x00")
	for _, c := range []struct {
		about string
		dir   l7.Dir
		b     string
		want  l7.Verdict
	}{
		{"preface", l7.ToServer, preface, l7.Yes},
		{"start of it", l7.ToServer, preface[:10], l7.NeedMore},
		{"another PRI", l7.ToServer, "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", l7.No},
		{"preface from the server", l7.ToClient, preface, l7.No},
		{"request", l7.ToServer, get, l7.Yes},
		{"request, cut", l7.ToServer, get[:frameHead+3], l7.Yes},
		{"request, cut sooner", l7.ToServer, get[:frameHead+1], l7.NeedMore},
		{"request from the server", l7.ToClient, get, l7.No},
		{"response", l7.ToClient, ok, l7.Yes},
		{"response from the client", l7.ToServer, ok, l7.No},
		{"settings prove nothing", l7.ToClient, settings, l7.NeedMore},
		{"settings and fields", l7.ToClient, settings + window + ok, l7.Yes},
		{"settings that do not exist", l7.ToClient, frameOf(typeSettings, 0, 0, "\x01\x03\x00\x00\x00\x64"), l7.No},
		{"a body first", l7.ToServer, frameOf(typeData, 0, 1, "body") + get, l7.Yes},
		{"a long body first", l7.ToServer, frameOf(typeData, 0, 1, string(make([]byte, 3000)))[:2048], l7.No},
		{"HTTP/1", l7.ToServer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", l7.No},
		{"HTTP/1, answer", l7.ToClient, "HTTP/1.1 200 OK\r\n\r\n", l7.No},
		{"Kafka", l7.ToServer, "\x00\x00\x00\x1d\x00\x03\x00\x01\x00\x00\x00\x01\x00\x04test", l7.No},
		{"TLS", l7.ToServer, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", l7.No},
		{"fields that are none", l7.ToServer, frameOf(typeHeaders, flagEndHeaders, 1, "\x80\x80\x80\x80"), l7.No},
		{"request on a stream of the server", l7.ToServer, newPeer().headers(4, 0, ":method", "GET", ":path", "/"), l7.No},
		{"trailers", l7.ToClient, newPeer().headers(3, flagEndStream, "grpc-status", "0"), l7.NeedMore},
		{"nothing", l7.ToServer, "", l7.NeedMore},
	} {
		if got := Detect(c.dir, []byte(c.b)); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.about, got, c.want)
		}
	}
}

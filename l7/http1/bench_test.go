package http1

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/l7"
)

const (
	usualRequest = "GET /api/v1/items?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
		"Accept: application/json\r\nAccept-Encoding: gzip, br\r\nCookie: session=0123456789abcdef\r\nX-Request-ID: 7f3a9c0e5d214b77\r\n" +
		"Connection: keep-alive\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n"
	usualResponse = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: application/json\r\n" +
		"Content-Length: 13\r\nConnection: keep-alive\r\n\r\n{\"items\": []}"
)

func TestParseAllocs(t *testing.T) {
	p := New(options(t, 64))
	var out l7.Emitter
	req, body, post := []byte(usualRequest), []byte("abc"), []byte("POST http://h?x HTTP/1.1\r\nContent-Length: 3\r\nUser-Agent: a\r\n b\r\n\r\n")
	resp, chunks := []byte(usualResponse), []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Request-Id: 1\r\n\r\n")
	feed := func(dir l7.Dir, b []byte) {
		for len(b) > 0 {
			out.Reset(l7.Stamp{})
			s, err := p.Parse(dir, b, &out)
			if err != nil || s.Consumed == 0 {
				t.Fatalf("%q: %+v %v", b, s, err)
			}
			b = b[s.Consumed:]
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		feed(l7.ToServer, req)
		feed(l7.ToClient, resp)
		feed(l7.ToServer, post)
		feed(l7.ToServer, body)
		feed(l7.ToClient, chunks)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A head that comes byte by byte must not be searched from its start each time.
func TestLinear(t *testing.T) {
	for about, head := range map[string]string{
		"one long target": "GET /" + strings.Repeat("a", 60000) + " HTTP/1.1\r\n\r\n",
		"one long field":  "GET / HTTP/1.1\r\nCookie: " + strings.Repeat("a", 60000) + "\r\n\r\n",
		"many fields":     "GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 10000) + "\r\n",
		"many trailers":   "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 10000) + "\r\n",
	} {
		p := New(options(t, 0))
		var out l7.Emitter
		b, at, messages := []byte(head), 0, 0
		start := time.Now()
		for n := 1; n <= len(b); n++ {
			out.Reset(l7.Stamp{})
			s, err := p.Parse(l7.ToServer, b[at:n], &out)
			if err != nil {
				t.Fatal(about, n, err)
			}
			at += s.Consumed
			if _, _, ok := out.Take(); ok {
				messages++
			}
		}
		// Quadratic work would be 1.8e9 bytes looked at, seconds of it.
		if d := time.Since(start); d > time.Second || messages == 0 || at != len(b) {
			t.Errorf("%s: %v, %d messages, %d of %d bytes", about, d, messages, at, len(b))
		}
	}
}

func benchmarkHead(b *testing.B, dir l7.Dir, text string) {
	p := New(options(b, 0)).(*parser)
	var out l7.Emitter
	in := []byte(text)
	b.ReportAllocs()
	for b.Loop() {
		p.facts.n, p.facts.head = 1, 0
		out.Reset(l7.Stamp{})
		if s, err := p.Parse(dir, in, &out); err != nil || s.Consumed == 0 {
			b.Fatal(s, err)
		}
	}
}

func BenchmarkRequest(b *testing.B)  { benchmarkHead(b, l7.ToServer, usualRequest) }
func BenchmarkResponse(b *testing.B) { benchmarkHead(b, l7.ToClient, usualResponse) }

func BenchmarkResync(b *testing.B) {
	p := New(options(b, 0))
	in := bytes.Repeat([]byte("some } text GET that is no message\r\n"), 400)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		p.Resync(l7.ToServer, in)
	}
}

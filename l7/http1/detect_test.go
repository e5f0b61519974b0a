package http1

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestDetect(t *testing.T) {
	long := "GET /" + strings.Repeat("a", 1500)
	for _, c := range []struct {
		dir  l7.Dir
		in   string
		want l7.Verdict
	}{
		{l7.ToServer, "", l7.NeedMore},
		{l7.ToServer, "GE", l7.NeedMore},
		{l7.ToServer, "GET", l7.NeedMore},
		{l7.ToServer, "GET ", l7.NeedMore},
		{l7.ToServer, "GET / HT", l7.NeedMore},
		{l7.ToServer, "GET / HTTP/1.1", l7.Yes},
		{l7.ToServer, "GET / HTTP/1.1\r\nHost", l7.Yes},
		{l7.ToServer, "\r\nGET / HTTP/1.0\r\n", l7.Yes},
		{l7.ToServer, "get / HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "GET /a b HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "GET /a b", l7.NeedMore},
		{l7.ToServer, "GET    /a HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "GET   ", l7.NeedMore},
		{l7.ToServer, "CONNECT h:443 HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "FOO http://h/ HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "FOO bar HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "a=bGET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "GET HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, long, l7.Maybe},
		{l7.ToServer, long + " HTTP/1.1\r\n", l7.Yes},
		{l7.ToServer, "GET foo\r\n", l7.No},
		{l7.ToServer, "GET /\r\n", l7.NeedMore},
		{l7.ToServer, "GET / HTTP/1.\nHost: h\n", l7.NeedMore},
		{l7.ToServer, "FOO /HTTP/1.1\n", l7.NeedMore},
		{l7.ToServer, "OPTIONS\r", l7.NeedMore},
		{l7.ToServer, "OPTIONS\nHost", l7.NeedMore},
		{l7.ToServer, "FOO /\r\n", l7.No},
		{l7.ToServer, "FOO\r\n", l7.No},
		{l7.ToServer, "GET / RTSP/1.0\r\n", l7.No},
		{l7.ToServer, "GET /" + strings.Repeat(" ", 9) + "\r\n" + long, l7.NeedMore},
		{l7.ToServer, "GET / HTTP/2.0\r\n", l7.No},
		{l7.ToServer, "PRI * HTTP/2.0\r\n\r\nSM", l7.No},
		{l7.ToServer, "OPTIONS sip:x SIP/2.0\r\n", l7.No},
		{l7.ToServer, "OPTIONS rtsp://x RTSP/1.0\r\n", l7.No},
		{l7.ToServer, "OPTIONS rtsp://x RTSP/1.0", l7.No},
		{l7.ToServer, "\x16\x03\x01", l7.No},
		{l7.ToServer, "HTTP/1.1 200 OK\r\n", l7.No},
		{l7.ToServer, strings.Repeat("A", 30), l7.No},
		{l7.ToServer, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", l7.No},
		{l7.ToServer, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x00GET / HTTP/1.1", l7.No},
		{l7.ToClient, "HTT", l7.NeedMore},
		{l7.ToClient, "HTTP/1.1 20", l7.NeedMore},
		{l7.ToClient, "HTTP/1.1 200", l7.Yes},
		{l7.ToClient, "HTTP/1.0 404 Not", l7.Yes},
		{l7.ToClient, "HTTP/1.1 2000", l7.No},
		{l7.ToClient, "HTTP/2 200", l7.No},
		{l7.ToClient, "ICY 200 OK", l7.No},
		{l7.ToClient, "RTSP/1.0 200 OK", l7.No},
		{l7.ToClient, "SIP/2.0 200 OK", l7.No},
		{l7.ToClient, "220 smtp ready\r\n", l7.No},
		{l7.ToClient, "GET / HTTP/1.1\r\n", l7.No},
	} {
		if got := Detect(c.dir, []byte(c.in)); got != c.want {
			t.Errorf("Detect(%d, %.60q) = %d, want %d", c.dir, c.in, got, c.want)
		}
	}
}

// No prefix of what is HTTP in the end may be refused.
func TestDetectPrefixes(t *testing.T) {
	for _, in := range []string{usualRequest, "POST /a b HTTP/1.1\r\n\r\n", "VERSION-CONTROL /x HTTP/1.1\r\n\r\n", "OPTIONS\r\n\r\n", "FOO / HTTP/1.\r\n\r\n", "GET /HTTP/1.1\r\n\r\n"} {
		for n := range len(in) {
			if Detect(l7.ToServer, []byte(in[:n])) == l7.No {
				t.Errorf("%q was refused", in[:n])
			}
		}
	}
}

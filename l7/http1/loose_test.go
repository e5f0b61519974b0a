package http1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

var looseLines = map[string]string{
	"OPTIONS":              `"OPTIONS" "" "h" ""`,
	"GET /HTTP/1.1":        `"GET" "/HTTP/1.1" "h" ""`,
	"GET / HTTP/1.":        `"GET" "/" "h" ""`,
	"GET / HTTP/":          `"GET" "/" "h" ""`,
	"PUT   /a  b   HTTP/x": `"PUT" "/a  b" "h" ""`,
	"CCM_POST / HTTP/1.":   `"CCM_POST" "/" "h" ""`,
	"GET /old":             `"GET" "/old" "h" ""`,
}

// Requests that a careful server refuses are requests where one is due: at the
// start and behind a message whose end is known.
func TestLooseLines(t *testing.T) {
	for line, want := range looseLines {
		head := line + "\r\nHost: h\r\n\r\n"
		d := check(t, 0, talk("> POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"+head, "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"),
			`request > @0 "POST" "/" "" "1.1" size=3 to 41`, fmt.Sprintf("request > @41 %s to %d", want, 41+len(head)),
			`response < @0 200 ok size=0 to 38`, `response < @38 400 client size=0 to 76`)
		if len(d.errs) > 0 {
			t.Errorf("%q: %v", line, d.errs)
		}
	}
}

// At the start of a connection, what the other side says makes them requests.
func TestLooseStart(t *testing.T) {
	for line, want := range looseLines {
		r := l7test.Play(l7test.TCP(l7test.Client(line+"\r\nHost: h\r\n\r\n"), l7test.Server("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")), Proto())
		if m := r.Conns[0].Messages; len(m) != 2 || !strings.HasPrefix(want, `"`+m[0].Op+`" "`+m[0].Resource+`"`) || m[1].Code != 400 || len(r.Faults) > 0 {
			t.Errorf("%q: %v", line, r)
		}
		r = l7test.Play(l7test.TCP(l7test.Client(line+"\r\nHost: h\r\n\r\n"), l7test.Server("-ERR what?\r\n")), Proto())
		if m := r.Conns[0].Messages; len(m) != 0 {
			t.Errorf("%q of another protocol: %v", line, r)
		}
	}
}

// After a loss nothing is a request that is not certainly one, until one was.
func TestStrictAfterLoss(t *testing.T) {
	for line := range looseLines {
		d := newDriver(t, 0)
		d.feed(l7.ToServer, []byte("GET / HTTP/1.1\r\n\r\n"))
		d.gap(l7.ToServer, 10)
		d.feed(l7.ToServer, []byte(line+"\r\nHost: h\r\n\r\n"))
		if len(d.log) != 1 {
			t.Errorf("%q after a gap: %q", line, d.log)
		}
		d.feed(l7.ToServer, []byte("GET /sure HTTP/1.1\r\n\r\n"+line+"\r\nHost: h\r\n\r\n"))
		if len(d.log) != 3 || !strings.Contains(d.log[2], looseLines[line]) {
			t.Errorf("%q in step again: %q", line, d.log)
		}
	}
	for _, not := range []string{"GET foo", "GET /a b", "FOO", "FOO /", "FOO /a b", "GET /\x00", "GET / HTTP/2", "GET / HTTP/1.1.1.1", "GET / RTSP/1.0", "get / http/1.1", "hello world", ""} {
		if _, _, _, ok := looseLine([]byte(not)); ok {
			t.Errorf("%q is a request line", not)
		}
	}
}

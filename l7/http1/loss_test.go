package http1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// script plays a keep-alive connection of n exchanges, one segment each way,
// every third a HEAD; skip is a turn whose bytes are lost.
func script(d *driver, n, skip int) {
	for i := range n {
		method, body := "GET", "hello"
		if i%3 == 1 {
			method, body = "HEAD", ""
		}
		for k, s := range []string{
			fmt.Sprintf("%s /%d HTTP/1.1\r\nHost: h\r\n\r\n", method, i),
			fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Request-ID: r%d\r\nContent-Length: 5\r\n\r\n%s", i, body),
		} {
			if 2*i+k == skip {
				d.gap(l7.Dir(k), int64(len(s)))
			} else {
				d.feed(l7.Dir(k), []byte(s))
			}
		}
	}
	d.end(l7.ToServer)
	d.end(l7.ToClient)
	d.finish()
}

// A lost segment costs its own message and no other, and no body is taken for
// a head or a head for a body.
func TestLostSegments(t *testing.T) {
	const n = 9
	for skip := range 2 * n {
		d := newDriver(t, 0)
		script(d, n, skip)
		all := strings.Join(d.log, "\n")
		for i := range n {
			if got, want := strings.Count(all, fmt.Sprintf(`"/%d" `, i)), one(2*i != skip); got != want {
				t.Errorf("turn %d lost: request %d seen %d times\n%s", skip, i, got, all)
			}
			if got, want := strings.Count(all, fmt.Sprintf(`"r%d"`, i)), one(2*i+1 != skip); got != want {
				t.Errorf("turn %d lost: response %d seen %d times\n%s", skip, i, got, all)
			}
		}
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Loss within bodies that are skipped or captured costs nothing.
func TestLossInBodies(t *testing.T) {
	for _, bodies := range []int{0, 10} {
		d := newDriver(t, bodies)
		d.feed(l7.ToServer, []byte("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab"))
		d.gap(l7.ToServer, 8)
		d.feed(l7.ToServer, []byte("GET /2 HTTP/1.1\r\n\r\n"))
		d.feed(l7.ToClient, []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab"))
		d.gap(l7.ToClient, 5)
		d.feed(l7.ToClient, []byte("h\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n"))
		all := strings.Join(d.log, "\n")
		if len(d.errs) > 0 || !strings.Contains(all, `"/2"`) || !strings.Contains(all, "end < size=8") || !strings.Contains(all, " 204 ") || strings.Contains(all, ".body") {
			t.Errorf("bodies %d: %v\n%s", bodies, d.errs, all)
		}
	}
}

// Loss in a head or a chunk size: the next message is found.
func TestResync(t *testing.T) {
	for _, c := range []struct {
		dir        l7.Dir
		head, tail string
		want       string
	}{
		{l7.ToServer, "GET /1 HTTP/1.1\r\nHos", "ample\r\nAccept: */*\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", `"/2"`},
		{l7.ToServer, "GET /1 HT", "pt: x\r\n\r\n{\"a\":1}GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", `"/2"`},
		{l7.ToServer, "GET /1 HT", "GET /2 HTTP/1.0\r\n\r\n", `"/2"`},
		{l7.ToServer, "GET /1 HT", "log: \"GET /no HTTP/1.1\" 200\r\nsay GET /no HTTP/1.1\r\nHost: h\r\n\r\nGET /no HTTP/1.1 yes\r\nGET /no\r\nFOO /no HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", `"/2"`},
		{l7.ToClient, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "\x00\x01zipHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", " 202 "},
		{l7.ToClient, "HTTP/1.1 20", "as \"HTTP/1.1 500 Oops\r\nA: b\" or HTTP/1.1 500 x\r\nA: b\r\nHTTP/1.1 2000\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", " 202 "},
	} {
		for cut := range len(c.tail) {
			if strings.HasPrefix(c.tail[cut:], "GET /no") || strings.HasPrefix(c.tail[cut:], "HTTP/1.1 500") {
				continue // the start of a segment is where messages start
			}
			d := newDriver(t, 0)
			d.feed(l7.ToServer, []byte("GET /0 HTTP/1.1\r\n\r\n"))
			d.feed(l7.ToClient, []byte("HTTP/1.1 204 No\r\n\r\n"))
			d.feed(c.dir, []byte(c.head))
			d.gap(c.dir, 30)
			d.feed(c.dir, []byte(c.tail[:cut]))
			d.feed(c.dir, []byte(c.tail[cut:]))
			all := strings.Join(d.log, "\n")
			if !strings.Contains(all, c.want) || strings.Contains(all, "/no") || strings.Contains(all, " 500 ") {
				t.Fatalf("%q cut at %d:\n%s", c.tail, cut, all)
			}
		}
	}
}

func TestFacts(t *testing.T) {
	at := func(seq, ack uint32) l7.Stamp { return l7.Stamp{Seq: seq, Ack: ack} }
	var q facts
	q.init()
	if q.answer(at(1, 1)) != isUnknown {
		t.Error("an answer to nothing")
	}
	// Pipelining without loss goes by order, beyond the first ring.
	for i := range uint32(20) {
		q.push(at(100+10*i, 500), flag(i%2))
	}
	for i := range uint32(20) {
		if got := q.answer(at(500+7*i, 300)); got != flag(i%2) {
			t.Errorf("answer %d: %d", i, got)
		}
	}
	// The request of this answer was lost: the one that is known came later.
	q.push(at(400, 800), isHead)
	if got := q.answer(at(700, 400)); got != isUnknown || q.n != 1 {
		t.Errorf("answer to a lost request: %d, %d left", got, q.n)
	}
	if got := q.answer(at(800, 430)); got != isHead {
		t.Errorf("the next answer: %d", got)
	}
	// The answer to the first of these was lost.
	q.push(at(430, 900), 0)
	q.doubt = true
	q.push(at(460, 1000), isHead)
	if got := q.answer(at(1000, 500)); got != isHead || q.n != 0 || q.doubt {
		t.Errorf("after a lost answer: %d, %d left, doubt %v", got, q.n, q.doubt)
	}
	// In doubt and without proof nothing is claimed.
	q.push(at(500, 1100), isHead)
	q.doubt = true
	if got := q.answer(at(1150, 600)); got != isUnknown || q.n != 0 {
		t.Errorf("without proof: %d, %d left", got, q.n)
	}
	// The bound holds.
	for range 2 * maxFacts {
		q.push(l7.Stamp{}, isHead)
	}
	if q.n != maxFacts || !q.doubt {
		t.Errorf("%d requests kept", q.n)
	}
}

package main

import (
	"fmt"
	"strings"
	"time"
)

// segment is what an end sends, without addresses: those depend on where it is
// seen.
type segment struct {
	sent     time.Duration // when it leaves its sender
	up       bool          // from the client
	syn, fin bool
	seq, ack uint32
	stamp    uint32 // TSval and TSecr, milliseconds (RFC 7323, 3)
	echo     uint32
	id       uint16 // IP identification
	payload  string
}

// end is a side of a connection.
type end struct {
	next  uint32 // sequence number
	got   uint32 // acknowledged
	heard uint32 // the last time stamp of the other side
	id    uint16
	skew  uint32 // of its time stamps
}

// connection is one life of a five-tuple, as its two ends know it.
type connection struct {
	port   uint16 // of the client
	server int    // which of the two
	mss    int    // payload of a full segment, time stamps left out
	now    time.Duration
	c, s   end
	sent   []segment
}

// Times on the way. A request passes both points; so does an answer, in the
// other order.
const (
	clientToFront = 430 * time.Microsecond
	frontToBack   = 38 * time.Microsecond
	backToServer  = 55 * time.Microsecond
	oneWay        = clientToFront + frontToBack + backToServer
)

func newConnection(m mode, n int) *connection {
	return &connection{
		port: uint16(40112 + 7*n), server: n % 2, mss: m.mss() - 12, now: time.Duration(n) * 90 * time.Millisecond,
		c: end{next: 0x1c40_0000 + uint32(n)*0x0305_1107, id: uint16(0x2100 + 0x400*n), skew: 811_000},
		s: end{next: 0x9f02_8000 + uint32(n)*0x0711_0b0d, id: uint16(0x7a00 + 0x500*n), skew: 3_302_000 + uint32(n)*17_000},
	}
}

// talk is a handshake, three requests and an end in order.
func (c *connection) talk() {
	c.send(true, segment{syn: true})
	c.send(false, segment{syn: true})
	c.send(true, segment{})
	c.request(fmt.Sprintf("GET /orders/%d HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n", c.port), 4*time.Millisecond, 120)
	c.request(fmt.Sprintf("GET /catalogue/%d HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n", c.port), 9*time.Millisecond, 3100)
	body := strings.Repeat("item=4711&", 180)
	c.request(fmt.Sprintf("POST /orders/%d HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", c.port, len(body), body), 21*time.Millisecond, 40)
	c.send(true, segment{fin: true})
	c.send(false, segment{fin: true})
	c.send(true, segment{})
}

// request asks and is answered, after so long, with a body of n bytes. The
// receiver acknowledges what took several segments.
func (c *connection) request(text string, after time.Duration, n int) {
	if c.transfer(true, text) > 1 {
		c.send(false, segment{})
	}
	c.now += after
	body := strings.Repeat("wirespan\n", n/9+1)[:n]
	c.transfer(false, fmt.Sprintf("HTTP/1.1 200 OK\r\nServer: shop-%d\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", c.server+1, n, body))
	c.send(true, segment{})
	c.now += 6 * time.Millisecond
}

// transfer sends a text in full segments and returns how many it took.
func (c *connection) transfer(up bool, text string) (segments int) {
	for ; text != ""; segments++ {
		if segments > 0 {
			c.now += 12*time.Microsecond - oneWay // sent one behind another, without waiting
		}
		n := min(len(text), c.mss)
		c.send(up, segment{payload: text[:n]})
		text = text[n:]
	}
	return segments
}

// send has an end send a segment now; then time goes on to when the other end
// has it.
func (c *connection) send(up bool, s segment) {
	from, to := &c.c, &c.s
	if !up {
		from, to = to, from
	}
	c.now += 20 * time.Microsecond // what a host takes
	s.up, s.sent, s.seq, s.ack, s.id = up, c.now, from.next, from.got, from.id
	s.stamp, s.echo = from.skew+uint32(c.now/time.Millisecond), from.heard
	from.id++
	from.next += uint32(len(s.payload))
	if s.syn || s.fin {
		from.next++
	}
	to.got, to.heard = from.next, s.stamp
	c.sent = append(c.sent, s)
	c.now += oneWay
}

package http2

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
)

// told lists the messages of all connections.
func told(t *testing.T, r *l7test.Result) (lines []string) {
	t.Helper()
	for _, f := range r.Faults {
		t.Error(f)
	}
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s%s %d", m.Kind, m.Op, m.Resource, m.Code)))
		}
	}
	return lines
}

// HTTP/1 asks for HTTP/2 (curl and nghttp with the server of x/net): what stream 1
// answers was asked there, so it is not an orphan.
func TestUpgrade(t *testing.T) {
	r, err := l7test.PlayCapture(filepath.Join(cases, "upgrade", "h2c.pcap"), http1.Proto(), Proto())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"request GET/first 0", "response  101", "request GET/second 0", "response  200",
		"request GET/third 0", "response  101", "request GET/fourth 0", "response  200",
	}
	if diff := cmp.Diff(want, told(t, r)); diff != "" {
		t.Error(diff)
	}
}

// HTTP/2 goes through a tunnel of HTTP/1, where stream 1 is the client's.
func TestTunnel(t *testing.T) {
	s := l7test.TCP(l7test.Client("CONNECT shop.example:80 HTTP/1.1\r\nHost: shop.example:80\r\n\r\n"), l7test.Server("HTTP/1.1 200 OK\r\n\r\n"))
	s.Turns = append(s.Turns, pages().Turns[:2]...)
	want := []string{"request CONNECTshop.example:80 0", "response  200", "request GET/api/v1/items?page=2 0", "response  200"}
	if diff := cmp.Diff(want, told(t, l7test.Play(s, http1.Proto(), Proto()))); diff != "" {
		t.Error(diff)
	}
}

// A response on stream 1 without request is an orphan where no upgrade came
// before.
func TestOrphan(t *testing.T) {
	ok := newPeer().headers(1, flagEndStream, ":status", "204")
	want := []string{"response  204"}
	if diff := cmp.Diff(want, told(t, l7test.Play(l7test.TCP(l7test.Server(ok)), Proto()))); diff != "" {
		t.Error(diff)
	}
}

// Fields that snaplen or a gap cut are told as far as they are there, and the
// frame behind is found by its length.
func TestCut(t *testing.T) {
	c, s := newPeer(), newPeer()
	one := c.headers(1, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/one", ":authority", "shop.example", "x-a", strings.Repeat("a", 300))
	two := c.headers(3, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/two", ":authority", "shop.example")
	head := s.headers(1, 0, ":status", "200", "server", strings.Repeat("s", 300))
	body := frameOf(typeData, flagEndStream, 1, "body")
	last := s.headers(3, flagEndStream, ":status", "404")
	play := func(turns ...l7test.Turn) []string { return told(t, l7test.Play(l7test.TCP(turns...), Proto())) }
	cut := func(dir l7.Dir, b string, n int) []l7test.Turn {
		return []l7test.Turn{{Dir: dir, Bytes: []byte(b[:n])}, l7test.Lost(dir, int64(len(b)-n))}
	}
	want := []string{"request GET/one 0", "response  200", "request GET/two 0", "response  404"}
	for _, behind := range []string{"", body} {
		turns := append(cut(l7.ToServer, preface+one, len(preface)+60), cut(l7.ToClient, head, 30)...)
		if behind != "" {
			turns = append(turns, l7test.Server(behind))
		}
		if diff := cmp.Diff(want, play(append(turns, l7test.Client(two), l7test.Server(last))...)); diff != "" {
			t.Errorf("cut heads: %s", diff)
		}
	}
	// The gap ends within the body.
	turns := append([]l7test.Turn{l7test.Client(preface + one), l7test.Server(head)}, cut(l7.ToClient, body, 10)...)
	turns[len(turns)-1].Lost = 2
	r := l7test.Play(l7test.TCP(append(turns, l7test.Server("y"+last), l7test.Client(two))...), Proto())
	if got := told(t, r); len(got) != 4 || r.Conns[0].Messages[1].Cut || r.Conns[0].Messages[1].Lost != 2 {
		t.Errorf("gap in a body: %q", got)
	}
	// And with it.
	turns[len(turns)-1].Lost = 3
	r = l7test.Play(l7test.TCP(append(turns, l7test.Server(last), l7test.Client(two))...), Proto())
	if got := told(t, r); len(got) != 4 || r.Conns[0].Messages[1].Cut || r.Conns[0].Messages[1].Lost != 3 {
		t.Errorf("gap to the end of a body: %q", got)
	}
}

// A client that opens streams without end costs no more than those that are
// kept.
func TestBounds(t *testing.T) {
	p := New(l7test.Options()).(*parser)
	var out l7.Emitter
	feed := func(dir l7.Dir, b string) {
		for in := []byte(b); len(in) > 0; {
			out.Reset(l7.Stamp{})
			s, err := p.Parse(dir, in, &out)
			if err != nil || s.Consumed == 0 {
				t.Fatalf("%+v %v", s, err)
			}
			in = in[s.Consumed:]
		}
	}
	c := newPeer()
	feed(l7.ToServer, preface)
	for i := range uint32(3 * maxStreams) {
		feed(l7.ToServer, c.headers(2*i+1, 0, ":method", "GET", ":path", "/"))
	}
	if n := len(p.streams.list); n > maxStreams {
		t.Errorf("%d streams", n)
	}
	for i := range uint32(3 * maxStreams) {
		feed(l7.ToServer, frameOf(typeReset, 0, 2*i+1, "\x00\x00\x00\x08"))
	}
	if n := len(p.streams.list); n > maxDead {
		t.Errorf("%d streams that were reset", n)
	}
}

package http1

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// A head that the end of its direction cut short says what it can.
func TestCutHead(t *testing.T) {
	check(t, 0, talk("> GET /cut HTTP/1.1\r\nHost: h\r\nX-Request-ID: 12", "< HTTP/1.1 503 Busy\r\nContent-Le"),
		`request > @0 "GET" "/cut" "h" "1.1" more`, `response < @0 503 server more`)
	check(t, 0, talk("> GET /cut HTT", "< HTTP/1.1 200"), `request > @0 "GET" "/cut" "" "" more`, `response < @0 200 ok more`)
	check(t, 0, talk("> POST /c HTTP/1.1\r", "< HTTP/1.1 404\r"), `request > @0 "POST" "/c" "" "1.1" more`, `response < @0 404 client more`)
	for _, nothing := range []string{"> GE", "> GET ", "> GET x", "> BREW /pot", "> GET / HTCPCP", "< HTTP/1.1 20", "< HTTP/1.1 100 Con"} {
		if d := run(t, 0, talk(nothing), whole); len(d.log) != 0 {
			t.Errorf("%q: %q", nothing, d.log)
		}
	}
}

// Nothing behind an accepted CONNECT is HTTP, though the end of its head was
// not seen.
func TestCutTunnel(t *testing.T) {
	d := newDriver(t, 0)
	d.feed(l7.ToServer, []byte("CONNECT h:443 HTTP/1.1\r\nHost"))
	d.gap(l7.ToServer, 10)
	d.feed(l7.ToClient, []byte("HTTP/1.1 200 OK\r\nVia"))
	d.gap(l7.ToClient, 10)
	d.feed(l7.ToServer, []byte("GET /phantom HTTP/1.1\r\n\r\n"))
	want := []string{`request > @0 "CONNECT" "h:443" "h:443" "1.1" more`, `response < @0 200 ok final more`}
	if diff := cmp.Diff(want, d.log); diff != "" {
		t.Error(diff)
	}
}

// Every packet of a connection cut at some length, as a small snaplen does: the
// exchanges stay, with what their heads show.
func TestSnaplen(t *testing.T) {
	const request, response = "POST /a%d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 20%d Fine\r\nContent-Length: 5\r\n\r\nHTTP/"
	for snap := 13; snap < 70; snap++ {
		var turns []l7test.Turn
		for i := range 3 {
			turns = append(turns, snapped(l7.ToServer, fmt.Sprintf(request, i), snap)...)
			turns = append(turns, snapped(l7.ToClient, fmt.Sprintf(response, i), snap)...)
		}
		r := l7test.Play(l7test.TCP(turns...), Proto())
		for _, f := range r.Faults {
			t.Error(f)
		}
		var got, want []string
		for _, c := range r.Conns {
			for _, m := range c.Messages {
				got = append(got, fmt.Sprint(m.Op, m.Resource, m.Code, " ", m.Lost > 0))
			}
		}
		for i := range 3 {
			want = append(want, fmt.Sprintf("POST/a%d0 %v", i, snap < len(request)-1), fmt.Sprintf("20%d %v", i, snap < len(response)-1))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("snaplen %d (-want +got):\n%s", snap, diff)
		}
	}
}

// snapped is a segment of which only the first bytes were captured.
func snapped(dir l7.Dir, text string, snap int) []l7test.Turn {
	if len(text) <= snap {
		return []l7test.Turn{{Dir: dir, Bytes: []byte(text)}}
	}
	return []l7test.Turn{{Dir: dir, Bytes: []byte(text[:snap])}, l7test.Lost(dir, int64(len(text)-snap))}
}

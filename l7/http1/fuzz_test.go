package http1

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// FuzzSession feeds both directions in pieces, with gaps: no panic, every Step
// within the input, an end to every session. The driver checks the steps.
func FuzzSession(f *testing.F) {
	for _, s := range []string{usualRequest, usualResponse, wsAsk[2:], wsGive[2:], "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nbody"} {
		f.Add([]byte(s), []byte(usualResponse), uint16(7), uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, up, down []byte, size uint16, lose uint8, bodies bool) {
		n := int(size)%300 + 1
		capture := 0
		if bodies {
			capture = 16
		}
		d := newDriver(t, capture)
		for i := 0; len(up)+len(down) > 0; i++ {
			for dir, b := range [2]*[]byte{&up, &down} {
				part := (*b)[:min(n, len(*b))]
				*b = (*b)[len(part):]
				if len(part) > 0 && lose > 0 && i%(int(lose)+1) == int(lose) {
					d.gap(l7.Dir(dir), int64(len(part)))
				} else if len(part) > 0 {
					d.feed(l7.Dir(dir), part)
				}
			}
		}
		d.end(l7.ToServer)
		d.end(l7.ToClient)
		d.finish()
	})
}

// FuzzSplit wants the same messages of one direction however it is cut.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{usualRequest + usualRequest, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nb\r\n0\r\nX-Request-Id: 1\r\n\r\n\r\nGET / HTTP/1.0\n\n"} {
		f.Add([]byte(s), uint16(5))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		one, two := newDriver(t, 8), newDriver(t, 8)
		one.feed(l7.ToServer, b)
		c := int(cut) % (len(b) + 1)
		two.feed(l7.ToServer, b[:c])
		two.feed(l7.ToServer, b[c:])
		// After an error the search for a boundary may depend on where
		// segments start; until then nothing may.
		if len(one.errs) > 0 || len(two.errs) > 0 {
			return
		}
		if len(one.log) != len(two.log) {
			t.Fatalf("%d and %d messages", len(one.log), len(two.log))
		}
		for i := range one.log {
			if one.log[i] != two.log[i] {
				t.Errorf("whole %s\nsplit %s", one.log[i], two.log[i])
			}
		}
	})
}

package http1

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// Requests whose framing a careful server refuses: one request, and nothing of
// what an attacker put behind it.
func TestSmuggling(t *testing.T) {
	phantom := "GET /phantom HTTP/1.1\r\nHost: x\r\n\r\n"
	for about, fields := range map[string]string{
		"two lengths":                 "Content-Length: 3\r\nContent-Length: 4\r\n",
		"list of lengths":             "Content-Length: 3, 4\r\n",
		"negative length":             "Content-Length: -1\r\n",
		"signed length":               "Content-Length: +3\r\n",
		"hexadecimal length":          "Content-Length: 0x3\r\n",
		"empty length":                "Content-Length:\r\n",
		"length of 2^64":              "Content-Length: 18446744073709551616\r\n",
		"length of 2^64-1":            "Content-Length: 18446744073709551615\r\n",
		"length with space":           "Content-Length: 1 0\r\n",
		"xchunked":                    "Transfer-Encoding: xchunked\r\n",
		"chunked is not last":         "Transfer-Encoding: chunked, gzip\r\n",
		"chunked, identity":           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"chunked twice":               "Transfer-Encoding: chunked, chunked\r\n",
		"vertical tab":                "Transfer-Encoding: \x0bchunked\r\n",
		"quoted":                      "Transfer-Encoding: \"chunked\"\r\n",
		"space before colon":          "Transfer-Encoding : chunked\r\n",
		"space before colon, lengths": "Content-Length : 3\r\n",
		"folded":                      "Transfer-Encoding:\r\n xchunked\r\n",
	} {
		for _, gap := range []bool{false, true} {
			d := newDriver(t, 0)
			d.feed(l7.ToServer, []byte("POST / HTTP/1.1\r\nHost: x\r\n"+fields+"\r\nabc"))
			if gap {
				d.gap(l7.ToServer, 10)
			}
			d.feed(l7.ToServer, []byte("\r\n0\r\n\r\n"+phantom))
			if len(d.log) != 1 {
				t.Errorf("%s: %q", about, d.log)
			}
			d.feed(l7.ToClient, []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
			d.feed(l7.ToServer, []byte("GET /next HTTP/1.1\r\nHost: x\r\n\r\n"))
			if len(d.log) != 3 || !strings.Contains(d.log[2], "/next") {
				t.Errorf("%s: after the answer: %q", about, d.log)
			}
		}
	}
}

// CL.TE: chunked wins, and what follows the last chunk is the next request.
func TestChunkedWins(t *testing.T) {
	check(t, 0, talk("> POST / HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
		`request > @0 "POST" "/" "" "1.1" more`, `end > size=0 to 71`, `request > @71 "GET" "/2" "" "1.1" to 90`)
	check(t, 0, talk("> POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 400\r\n\r\n0\r\n\r\n"),
		`request > @0 "POST" "/" "" "1.1" more`, `end > size=0 to 75`)
}

func TestBadChunks(t *testing.T) {
	phantom := "\r\nGET /phantom HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, body := range []string{
		"10000000000000000\r\n", "ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "\r\n", "g\r\n", "1 2\r\n",
		"1\r\nab\r\n", "1\r\na\r\r\n", "1" + strings.Repeat(" ", 5000), strings.Repeat("0", 5000) + "1\r\n", ";ext\r\n",
	} {
		d := run(t, 0, talk("> POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"+body+phantom), whole)
		if len(d.log) != 1 || len(d.errs) == 0 || d.errs[0] != l7.ErrDesync {
			t.Errorf("%.20q: %q %v", body, d.log, d.errs)
		}
	}
}

func TestLengthsThatAgree(t *testing.T) {
	check(t, 0, talk("> POST / HTTP/1.1\r\nContent-Length: 3, 3\r\nContent-Length: 3\r\nTransfer-Encoding: identity\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
		`request > @0 "POST" "/" "" "1.1" size=3 to 92`, `request > @92 "GET" "/" "" "1.1" to 110`)
}

func TestLongHead(t *testing.T) {
	d := newDriver(t, 0)
	d.feed(l7.ToServer, []byte("GET / HTTP/1.1\r\n"))
	line := []byte("X-Filler: " + strings.Repeat("a", 1000) + "\r\n")
	for range 66 {
		d.feed(l7.ToServer, line)
	}
	if len(d.errs) == 0 {
		t.Fatal("a head beyond the bound was waited for")
	}
	d.feed(l7.ToServer, []byte("\r\nGET /after HTTP/1.1\r\nHost: x\r\n\r\n"))
	if len(d.log) != 1 || !strings.Contains(d.log[0], "/after") {
		t.Errorf("%q", d.log)
	}
}

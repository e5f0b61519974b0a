package http1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

const (
	get  = "> GET /a?b=c HTTP/1.1\r\nHost: x.example\r\nUser-Agent: curl/8\r\nX-Request-ID: 7f3a\r\n\r\n"
	ok   = "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	gotA = `request > @0 "GET" "/a?b=c" "x.example" "1.1" id1:X-Request-ID="7f3a" user_agent.original="curl/8" to 80`
	gotB = `response < @0 200 ok size=5 to 43`
)

func TestExchange(t *testing.T) { check(t, 0, talk(get, ok), gotA, gotB) }

func TestPipelining(t *testing.T) {
	check(t, 0, talk("> GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n\r\nGET /3 HTTP/1.1\n\n",
		"< HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
		`request > @0 "GET" "/1" "" "1.1" to 19`, `request > @19 "HEAD" "/2" "" "1.1" to 39`, `request > @41 "GET" "/3" "" "1.1" to 58`,
		`response < @0 200 ok size=3 to 41`, `response < @41 200 ok to 79`, `response < @79 404 client size=0 to 124`)
}

func TestBodiesSkipped(t *testing.T) {
	check(t, 0, talk("> POST /p HTTP/1.1\r\nContent-Length: 27\r\n\r\nGET /phantom HTTP/1.1\r\n\r\n..GET /n HTTP/1.1\r\n\r\n",
		"< HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\nHTTP/1.0 500 Oops\r\n\r\nrest"),
		`request > @0 "POST" "/p" "" "1.1" size=27 to 67`, `request > @67 "GET" "/n" "" "1.1" to 86`,
		`response < @0 204 ok to 46`, `response < @46 500 server toend`)
}

func TestChunked(t *testing.T) {
	check(t, 0, talk("> PUT /c HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;ext=\"a\"\r\nhello\r\n00A  \r\n0123456789\r\n0\r\nX-Request-Id: t1\r\nOther: x\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"< HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n3\nabc\n0\n\n"),
		`request > @0 "PUT" "/c" "" "1.1" more`, `end > size=15 id1:X-Request-Id="t1" to 123`, `request > @123 "GET" "/" "" "1.0" to 141`,
		`response < @0 200 ok more`, `end < size=3 to 75`)
}

func TestInterim(t *testing.T) {
	check(t, 0, talk("> POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "< HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n", "> abc", "< HTTP/1.1 201\r\nContent-Length: 0\r\n\r\n"),
		`request > @0 "POST" "/" "" "1.1" size=3 to 63`, `interim < @0 100 unset to 25`, `interim < @25 103 unset to 65`, `response < @65 201 ok size=0 to 100`)
}

func TestEarlyAnswer(t *testing.T) {
	check(t, 0, talk("> POST / HTTP/1.1\r\nContent-Length: 8\r\n\r\nabc", "< HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", "> defghGET /2 HTTP/1.1\r\n\r\n"),
		`request > @0 "POST" "/" "" "1.1" size=8 to 46`, `response < @0 413 client size=0 to 45`, `request > @46 "GET" "/2" "" "1.1" to 65`)
}

func TestTargets(t *testing.T) {
	for target, want := range map[string]string{
		"/":                                  `"/" "h" "1.1"`,
		"*":                                  `"*" "h" "1.1"`,
		"http://user:pw@host:81/path?x=a@b":  `"/path?x=a@b" "host:81" "1.1" url.scheme="http"`,
		"http://host":                        `"/" "host" "1.1" url.scheme="http"`,
		"https://host?q=1":                   `"/?q=1" "host" "1.1" url.scheme="https"`,
		"http://[2001:db8::1]:80/":           `"/" "[2001:db8::1]:80" "1.1" url.scheme="http"`,
		"/with space/x y":                    `"/with space/x y" "h" "1.1"`,
		"/caf\xc3\xa9?q={a}":                 `"/café?q={a}" "h" "1.1"`,
		"/" + strings.Repeat("long/", 300):   `"/` + strings.Repeat("long/", 300) + `" "h" "1.1"`,
		"relative":                           `"relative" "h" "1.1"`,
		"/redirect?to=http://other.example/": `"/redirect?to=http://other.example/" "h" "1.1"`,
	} {
		d := check(t, 0, talk("> GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n"), run(t, 0, talk("> GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n"), whole).log...)
		if len(d.log) != 1 || !strings.Contains(d.log[0], want) {
			t.Errorf("%q gave %q, want %s", target, d.log, want)
		}
	}
	check(t, 0, talk("> OPTIONS http://h.example HTTP/1.1\r\n\r\n"), `request > @0 "OPTIONS" "*" "h.example" "1.1" url.scheme="http" to 37`)
	check(t, 0, talk("> GET HTTP/1.1\r\nHost: h\r\n\r\n"), `request > @0 "GET" "" "h" "1.1" to 25`)
}

func TestFields(t *testing.T) {
	check(t, 0, talk("> GET / HTTP/1.1\r\n folded at once: x\r\nX_REQUEST_ID:  a b\t\r\nX-Request-Id:c\r\nuser-agent: one\r\n\ttwo \r\n   three\r\nno colon here\r\n: empty\r\ntraceparent:\r\nHOST:\th.example \r\nHost: second\r\nUser-Agent:\r\n\r\n"),
		`request > @0 "GET" "/" "h.example" "1.1" id1:X_REQUEST_ID="a b" id1:X-Request-Id="c" id2:traceparent="" user_agent.original="one two three" to 192`)
	check(t, 0, talk("< HTTP/1.1 302 Found\r\nUser-Agent: odd\r\nX-Request-ID: r1\r\nContent-Length:\r\n 2\r\n\r\nok"),
		`response < @0 302 ok size=2 id1:X-Request-ID="r1" more`, `end < size=2 to 80`)
}

func TestUntilClose(t *testing.T) {
	check(t, 0, talk("> GET / HTTP/1.0\r\n\r\n", "< HTTP/1.0 200 OK\r\n\r\nall that follows HTTP/1.1 200 OK\r\n\r\n"),
		`request > @0 "GET" "/" "" "1.0" to 18`, `response < @0 200 ok toend`)
	check(t, 0, talk("> GET / HTTP/1.0\r\n\r\n", "< HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\nabcdef"),
		`request > @0 "GET" "/" "" "1.0" to 18`, `response < @0 200 ok size=2 toend`)
}

func TestCapturedBodies(t *testing.T) {
	check(t, 4, talk("> POST / HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 7\r\n\r\n{\"a\":1}GET / HTTP/1.1\r\n\r\n",
		"< HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\nHTTP/1.0 200 OK\r\n\r\na\xc3\xa4b\xc3\xa4"),
		`request > @0 "POST" "/" "" "1.1" size=7 http.request.header.content-type="application/json; charset=utf-8" more`, `end > size=7 wirespan.http.request.body="{\"a\"" to 92`, `request > @92 "GET" "/" "" "1.1" to 110`,
		`response < @0 200 ok http.response.header.content-type="application/problem+json" more`, `end < size=5 wirespan.http.response.body="abcd" to 107`,
		`response < @107 200 ok more`, `end < size=6 wirespan.http.response.body="aäb" to 132`)
	check(t, 100, talk("< HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 3\r\n\r\nabc"), `response < @0 200 ok size=3 http.response.header.content-type="image/png" more`, `end < size=3 to 66`)
	check(t, 100, talk(get, "< HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), gotA, `response < @0 200 ok size=3 to 65`)
	check(t, 100, talk(get, "< HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\x00c"), gotA, `response < @0 200 ok size=3 more`, `end < size=3 to 41`)
}

func TestEmptyLinesBefore(t *testing.T) {
	check(t, 0, talk("> \r\n\r\nGET / HTTP/1.1\r\n\r\n"), `request > @4 "GET" "/" "" "1.1" to 22`)
}

func TestMidConnection(t *testing.T) {
	ts := talk("< HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nHTTP")
	at := func(cut int) []string {
		return run(t, 0, ts, func(int, int) []int { return []int{cut} }).log
	}
	// The answer to a HEAD that was not seen, then one with a body. What
	// follows the head decides, whenever it comes.
	rest := []string{`response < @39 200 ok size=4 more`, `end < size=4 to 81`}
	if diff := cmp.Diff(append([]string{`response < @0 200 ok to 39`}, rest...), at(60)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append([]string{`response < @0 200 ok size=20 more`, `end < size=0 to 39`}, rest...), at(39)); diff != "" {
		t.Error(diff)
	}
	check(t, 0, talk("< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nHTTP\r\n0\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"),
		`response < @0 200 ok more`, `end < size=4 to 61`, `response < @61 304 ok to 90`)
	check(t, 0, talk("< HTTP/1.1 200 OK\r\n\r\nHTTP is what this is about"), `response < @0 200 ok more`, `end < size=26 to 45`)
}

func TestNotMine(t *testing.T) {
	for _, in := range []string{"> \x16\x03\x01\x02\x00", "> GET foo\r\n", "> SSH-2.0-OpenSSH\r\n", "> PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "< ICY 200 OK\r\n", "< RTSP/1.0 200 OK\r\n", "< HTTP/2.0 200 OK\r\n\r\n", "> OPTIONS sip:a@b SIP/2.0\r\n", "> OPTIONS * RTSP/1.0\r\n\r\n", "> GET  HTTP/2.0\r\n\r\n", "> \x00"} {
		d := run(t, 0, talk(in), whole)
		if len(d.log) != 0 || len(d.errs) == 0 || d.errs[0] != l7.ErrNotMine {
			t.Errorf("%q: %q %v", in, d.log, d.errs)
		}
	}
}

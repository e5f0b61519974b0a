package join

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
)

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n" }

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestInOrder(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/a") + get("/b")).at(20).ask(get("/c")).at(30).answer(ok + ok).at(40).answer(ok).at(50).close()
	r.want("GET/a answered 10-30 200", "GET/b answered 10-30 200", "GET/c answered 20-40 200", "closing normal")
}

func TestLostResponse(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/a")).lose(1, ok).tcp(0, wire.ACK)
	r.at(20).ask(get("/b")).at(30).answer(strings.Replace(ok, "200 OK", "201 Created", 1)).at(40).close()
	r.want("GET/a none 10-10 error=capture_ended bytes=40", "GET/b answered 20-30 201", "closing normal")
}

func TestLostLastResponse(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/a")).at(20).answer(ok).at(30).ask(get("/b")).lose(1, ok).at(40).tcp(1, wire.FIN|wire.ACK).tcp(0, wire.FIN|wire.ACK).tcp(1, wire.ACK)
	r.want("GET/a answered 10-20 200", "GET/b none 30-30 error=capture_ended close=normal bytes=40")
}

func TestLostRequest(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/a")).at(20).answer(ok).lose(0, get("/b")).at(30).answer(ok).at(40).ask(get("/c")).at(50).answer(ok).close()
	r.want("GET/a answered 10-20 200", "HTTP response orphan 30-30 200", "GET/c answered 40-50 200", "closing normal")
}

func TestEarlyAnswer(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345").at(20).answer(ok).at(30).ask("67890").at(40).close()
	r.want("POST/up answered 10-20 200", "closing normal")
}

func TestInterimAndHead(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("PUT /up HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").at(11).answer("HTTP/1.1 100 Continue\r\n\r\n").at(12).ask("ok")
	r.at(20).answer("HTTP/1.1 103 Early Hints\r\n\r\n" + ok)
	r.at(30).ask("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n").at(40).answer("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n").at(50).ask(get("/a")).at(60).answer(ok)
	r.want("PUT/up answered 10-20 200 interim=100,103", "HEAD/h answered 30-40 200", "GET/a answered 50-60 200")
}

func TestTimeoutThenLateResponse(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/slow")).at(20).ask(get("/next")).at(31_000).answer("HTTP/1.1 504 Late\r\nContent-Length: 2\r\n\r\nno")
	r.at(31_010).ask(get("/c")).at(31_020).answer(strings.Replace(ok, "200", "201", 1) + ok)
	if s := r.j.Stats(); s.Late != 2 {
		t.Errorf("%d late responses", s.Late)
	}
	r.want("GET/slow none 10-30010 error=timeout failed", "GET/next none 20-30020 error=timeout failed", "GET/c answered 31010-31020 200")
}

// A late response whose body goes on must not end another exchange, and an
// interim response must not use up what swallows the final one.
func TestLateInterim(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask(get("/slow")).at(31_000).answer("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 504 Late\r\nContent-Length: 4\r\n\r\nno").ask(get("/c")).at(31_010).answer("no" + ok)
	r.want("GET/slow none 10-30010 error=timeout failed", "GET/c answered 31000-31010 200")
}

func TestUploadLongerThanTimeout(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n12").at(40_000).ask("34").at(80_000)
	r.want("POST/up none 10-70000 error=timeout failed")
}

func TestCloseReasons(t *testing.T) {
	for _, c := range []struct {
		about string
		end   func(r *rig)
		want  string
	}{
		{"server's FIN", func(r *rig) { r.close() }, "GET/a none 10-20 error=connection_closed failed close=normal"},
		{"server's RST", func(r *rig) { r.tcp(1, wire.RST|wire.ACK) }, "GET/a none 10-20 error=connection_reset failed close=server_reset"},
		{"client's RST", func(r *rig) { r.tcp(0, wire.RST|wire.ACK) }, "GET/a none 10-20 error=connection_reset failed close=client_reset"},
		{"end of the capture", func(*rig) {}, "GET/a none 10-10 error=capture_ended"},
	} {
		r := newRig(t, nil).connect()
		r.at(10).ask(get("/a")).at(20)
		c.end(r)
		t.Log(c.about)
		r.want(c.want)
	}
}

func TestFailedConnects(t *testing.T) {
	for _, c := range []struct {
		about string
		do    func(r *rig)
		want  string
	}{
		{"no answer", func(r *rig) { r.tcp(0, wire.SYN).at(20_000) }, "TCP connect none 0-0 error=timeout failed close=syn_timeout"},
		{"refused", func(r *rig) { r.tcp(0, wire.SYN).at(5).tcp(1, wire.RST|wire.ACK) }, "TCP connect none 0-5 error=connection_refused failed close=refused"},
		{"reset by the client while opening", func(r *rig) { r.tcp(0, wire.SYN).at(1).tcp(1, wire.SYN|wire.ACK).at(5).tcp(0, wire.RST) }, "TCP connect none 0-5 error=connection_reset failed close=client_abort"},
	} {
		r := newRig(t, nil)
		c.do(r)
		t.Log(c.about)
		if r.want(c.want); r.j.Stats().Failed != 1 {
			t.Errorf("%+v", r.j.Stats())
		}
	}
	r := newRig(t, nil).connect().at(10).close()
	r.want()
}

func TestOrphan(t *testing.T) {
	r := newRig(t, nil)
	r.at(10).answer(ok).at(20).ask(get("/a")).at(30).answer(ok)
	r.want("HTTP response orphan 10-10 200", "GET/a answered 20-30 200")
}

func TestIDs(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("GET /a?token=secret&x=1 HTTP/1.1\r\nHost: shop.example:8080\r\nX_Request_ID: 7f3a\r\nCF-Ray: 1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n\r\n")
	r.at(20).answer("HTTP/1.1 404 Not Found\r\nX-Request-Id: 9\r\nContent-Length: 0\r\n\r\n")
	r.at(30).ask(get("/b")).at(40).answer(ok)
	r.want(
		"GET/a answered 10-20 404 error=404 query=token=REDACTED&x=1 forwarded=203.0.113.9 request_id=x-request-id=7f3a,cf-ray=1 response=x-request-id=9 context=traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"GET/b answered 30-40 200",
	)
	if fmt.Sprint(r.hosts) != "[shop.example:8080 h]" {
		t.Error(r.hosts)
	}
}

// Beyond the bounds requests are refused and counted, and their responses are
// neither orphans nor another's.
func TestBounds(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxOpen = 2 }).connect()
	r.at(10).ask(get("/a") + get("/b") + get("/c") + get("/d")).at(20).answer(ok + ok + ok + ok).at(30).ask(get("/e")).at(40).answer(ok)
	if s := r.j.Stats(); s.Refused != 2 || s.Unjoined != 2 || s.Orphans != 0 {
		t.Errorf("%+v", s)
	}
	r.want("GET/a answered 10-20 200", "GET/b answered 10-20 200", "GET/e answered 30-40 200")

	r = newRig(t, func(c *Config) { c.MaxOpen = 2 * maxPerConn }).connect()
	for range maxPerConn + 5 {
		r.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	if s := r.j.Stats(); s.Refused != 5 || r.j.Open() != maxPerConn {
		t.Errorf("%d open, %+v", r.j.Open(), s)
	}
}

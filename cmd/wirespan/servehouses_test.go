package main

import (
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
)

// sdkTrace are requests with the root and the leaf of a trace, whose number is n.
func sdkTrace(n uint32) (root, leaf string) {
	var id [16]byte
	binary.BigEndian.PutUint32(id[:], n)
	binary.BigEndian.PutUint32(id[12:], n*2654435761) // the end decides whose it is
	now := time.Now().UnixNano()
	one := func(span, parent, kind string, from, to int64) string {
		return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s%s"}}]},"scopeSpans":[{"spans":[{"traceId":"%x","spanId":"%s%015x","parentSpanId":%q,"name":"op","kind":%s,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
			span, id, span, n, parent, kind, from, to)
	}
	return one("a", "", "2", now, now+9e6), one("b", fmt.Sprintf("a%015x", n), "1", now+1e6, now+2e6)
}

// arrived counts how often spans came, by id.
func (c *collected) arrived() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := map[string]int{}
	for _, s := range c.spans {
		m[fmt.Sprintf("%x", s.SpanId)]++
	}
	return m
}

// TestServesShare: of two servers on one ClickHouse that export, each of which takes one
// half of every trace, one sends it, once and whole. One is killed with traces waiting:
// the other sends them. One that comes later takes its share.
func TestServesShare(t *testing.T) {
	t.Parallel()
	for name, open := range houses() {
		t.Run(name, func(t *testing.T) {
			dsn := open(t)("share")
			c := &collected{services: map[string]string{}}
			collector := httptest.NewServer(c)
			defer collector.Close()
			begin := func() *serveProc {
				return startServe(t, "--clickhouse", dsn, "--otlp", collector.URL, "--otlp-quiet", "4s")
			}
			const each = 20
			sent := uint32(0)
			send := func(a, b *serveProc) {
				t.Helper()
				for range each {
					sent++
					root, leaf := sdkTrace(sent)
					for i, s := range []*serveProc{a, b} {
						if code, answer := s.post(t, s.http+"/v1/traces", []string{root, leaf}[i]); code != 200 {
							t.Fatalf("%d %s", code, answer)
						}
					}
				}
			}
			var a, b *serveProc
			all := func() {
				t.Helper()
				for end := time.Now().Add(2 * time.Minute); len(c.arrived()) < int(2*sent); time.Sleep(50 * time.Millisecond) {
					if time.Now().After(end) {
						for _, s := range []*serveProc{a, b} {
							t.Logf("a server said:\n%s", s.err.String())
						}
						_, m := getHTTP(t, a.ui+"/metrics")
						t.Fatalf("%d spans of %d\n%s", len(c.arrived()), 2*sent, grep(m, "relay"))
					}
				}
			}
			agree := func(s *serveProc, servers string) {
				t.Helper()
				waitFor(t, func() bool {
					_, m := getHTTP(t, s.ui+"/metrics")
					return strings.Contains(m, "wirespan_relay_servers "+servers)
				})
			}
			a, b = begin(), begin()
			agree(a, "2")
			send(a, b)
			all()
			for _, s := range []*serveProc{a, b} {
				if _, m := getHTTP(t, s.ui+"/metrics"); strings.Contains(m, `wirespan_relay_traces_total{outcome="sent"} 0`) {
					t.Error("one server sent nothing")
				}
			}
			time.Sleep(2 * time.Second) // of a turn nothing says that it has ended
			send(a, b)
			if err := b.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-b.exited
			all()
			if _, m := getHTTP(t, a.ui+"/metrics"); strings.Contains(m, "wirespan_relay_taken_over_total 0") {
				t.Errorf("nothing was taken over:\n%s", grep(m, "relay"))
			}
			agree(a, "1")
			b = begin()
			agree(b, "2")
			send(a, b)
			all()
			b.stop(t)
			send(a, a)
			a.stop(t) // with these waiting
			a = begin()
			all()
			time.Sleep(3 * time.Second) // what would come twice
			for id, n := range c.arrived() {
				if n != 1 {
					t.Errorf("span %s arrived %d times", id, n)
				}
			}
			a.stop(t)
		})
	}
}

// TestClickHouseAway: the ClickHouse of a server is killed while an agent sends. The
// server stays, says so, and takes everything once it is back.
func TestClickHouseAway(t *testing.T) {
	t.Parallel()
	sv := chtest.New(t)
	sv.Start(t, "")
	s := startServe(t, "--clickhouse", sv.DSN("away"), "--retention", "0s")
	cmd := programCmd(t.Context(), "read", "--follow", "--server", s.grpc, "--buffer", filepath.Join(t.TempDir(), "b"), "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	agent := start(t, cmd)
	capture := readFile(t, demoCaptures()[0])
	want := len(spansOf(t, demoCaptures()[0]))
	half := len(capture) / 2
	if _, err := in.Write(capture[:half]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return s.stored(t) > 0 })
	before := s.stored(t)
	chtest.Kill(sv.Cmd)
	if code, body := getHTTP(t, s.ui+"/api/v1/spans?from=0"); code < 500 || !strings.Contains(body, "title") {
		t.Errorf("without a store: %d %s", code, body)
	}
	if code, _ := getHTTP(t, s.ui+"/readyz"); code != 503 {
		t.Errorf("ready without a store: %d", code)
	}
	if code, _ := getHTTP(t, s.ui+"/healthz"); code != 200 {
		t.Errorf("a restart would not help: %d", code)
	}
	if _, m := getHTTP(t, s.ui+"/metrics"); !strings.Contains(m, "wirespan_store_up 0") {
		t.Errorf("metrics: %s", grep(m, "wirespan_store"))
	}
	if _, err := in.Write(capture[half:]); err != nil {
		t.Fatal(err)
	}
	if code, body := s.post(t, s.http+"/v1/traces", sdkSpans); code != 503 && code != 429 {
		t.Errorf("spans without a store: %d %s", code, body)
	}
	sv.Run(t)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	agent.wait(t)
	if agent.code != 0 || strings.Contains(agent.err.String(), "left for the next run") || strings.Contains(agent.err.String(), "not exported") {
		t.Errorf("exit status %d\n%s", agent.code, agent.err.String())
	}
	if n := s.stored(t); n < want || before == 0 || before == want {
		t.Errorf("%d spans of %d; %d before it was killed", n, want, before)
	}
	if code, _ := getHTTP(t, s.ui+"/readyz"); code != 200 {
		t.Errorf("not ready again: %d", code)
	}
	s.stop(t)
}

package dns

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// truth is a line of a truth file: what tshark saw.
type truth struct {
	Proto     string `json:"proto"`
	Req       int    `json:"frame_req"`
	Resp      int    `json:"frame_resp"`
	Resource  string `json:"resource"`
	Type      string `json:"qtype"`
	ID        int    `json:"dns_id"`
	Method    string `json:"method"`
	Status    *int   `json:"status"`
	Truncated bool   `json:"truncated"`
}

func readTruth(t *testing.T, path string) (out []truth) {
	b, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".truth.ndjson")
	if err != nil {
		return nil
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var x truth
		if !bytes.Contains(s.Bytes(), []byte(`dns"`)) {
			continue // other protocols have other types in these fields
		}
		if err := json.Unmarshal(s.Bytes(), &x); err != nil {
			t.Fatal(path, err)
		}
		if x.Proto == "dns" || x.Proto == "mdns" {
			out = append(out, x)
		}
	}
	return out
}

// byFrame runs every flow of a capture through detection and its parser and
// returns the messages by the number of the frame that completed them.
func byFrame(ps []payload) map[int][]seen {
	type conn struct {
		d      *driver
		client netip.AddrPort
		next   [2]uint32
		begun  [2]bool
		off    bool
	}
	conns := map[flow]*conn{}
	out := map[int][]seen{}
	for _, p := range ps {
		c := conns[p.flow()]
		if len(p.b) == 0 || c != nil && c.off {
			continue
		}
		if c == nil {
			proto := UDP()
			if p.tcp {
				proto = TCP()
			}
			client, server := p.src, p.dst
			switch {
			case proto.Detect(l7.ToServer, p.b) >= l7.NeedMore:
			case proto.Detect(l7.ToClient, p.b) >= l7.NeedMore:
				client, server = server, client
			default:
				if p.tcp {
					conns[p.flow()] = &conn{off: true}
				}
				continue
			}
			c = &conn{client: client, d: newDriver(proto, l7.Options{
				ClientPort: client.Port(), ServerPort: server.Port(),
				Multicast: client.Addr().IsMulticast() || server.Addr().IsMulticast(),
			})}
			conns[p.flow()] = c
		}
		dir := l7.ToServer
		if p.src != c.client {
			dir = l7.ToClient
		}
		if p.tcp && c.begun[dir] && p.seq != c.next[dir] {
			continue // repeated
		}
		c.begun[dir], c.next[dir] = true, p.seq+uint32(len(p.b))
		before := len(c.d.seen)
		c.d.data(dir, p.b)
		out[p.frame] = append(out[p.frame], c.d.seen[before:]...)
	}
	return out
}

func sameName(got, want string) bool {
	want = strings.ReplaceAll(strings.TrimSuffix(want, "."), "<Root>", "")
	return strings.EqualFold(strings.TrimSuffix(got, "."), want)
}

// TestTruth compares every query and answer with what tshark says of its
// frame: name, type, id, response code; and that the Match of both agree.
func TestTruth(t *testing.T) {
	total, bad, absent := 0, 0, 0
	for _, path := range captureFiles(t, "") {
		want := readTruth(t, path)
		if len(want) == 0 {
			continue
		}
		got := byFrame(readCapture(path))
		pick := func(frame int, x truth, response bool) *seen {
			for i, s := range got[frame] {
				if (s.kind == l7.Response || s.kind == l7.Pushed) == response && s.attr("dns.id") == itoa(x.ID) {
					return &got[frame][i]
				}
			}
			return nil
		}
		for _, x := range want {
			total++
			var q, r *seen
			if x.Req > 0 {
				if q = pick(x.Req, x, false); q == nil {
					absent++
					t.Logf("%s: frame %d: no query: %+v", filepath.Base(path), x.Req, x)
					continue
				}
				if !sameName(q.attr("dns.question.name"), x.Resource) || !sameType(q.op, x.Type) {
					bad++
					t.Logf("%s: frame %d: %q %s, want %q %s", filepath.Base(path), x.Req, q.name, q.op, x.Resource, x.Type)
				}
			}
			if x.Resp > 0 {
				if r = pick(x.Resp, x, true); r == nil {
					absent++
					t.Logf("%s: frame %d: no answer: %+v", filepath.Base(path), x.Resp, x)
					continue
				}
				if x.Status != nil && int(r.code&codeLow) != *x.Status {
					bad++
					t.Logf("%s: frame %d: code %d, want %d", filepath.Base(path), x.Resp, r.code, *x.Status)
				}
				if q == nil && !sameName(r.attr("dns.question.name"), x.Resource) {
					bad++
					t.Logf("%s: frame %d: answer %q, want %q", filepath.Base(path), x.Resp, r.name, x.Resource)
				}
			}
			if q != nil && r != nil && q.match != r.match {
				bad++
				t.Logf("%s: frames %d, %d: Match %x, %x: %q %q", filepath.Base(path), x.Req, x.Resp, q.match, r.match, q.name, r.name)
			}
		}
	}
	t.Logf("%d records, %d not found, %d deviations", total, absent, bad)
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// sameType compares with tshark's spelling.
func sameType(got, want string) bool {
	switch want {
	case "*":
		want = "ANY"
	case "Unused":
		want = "TYPE0"
	}
	return want == "" || got == want
}

package dns

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

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

// sameName compares with tshark's spelling: it writes bytes that are not UTF-8
// as U+FFFD and the root as "<Root>".
func sameName(got, want string) bool {
	want = strings.ReplaceAll(strings.TrimSuffix(want, "."), "<Root>", "")
	if strings.ContainsRune(want, utf8.RuneError) {
		ascii := func(r rune) rune {
			if r >= utf8.RuneSelf {
				return -1
			}
			return r
		}
		got, want = escape.ReplaceAllString(got, ""), strings.Map(ascii, want)
	}
	return strings.EqualFold(strings.TrimSuffix(got, "."), want)
}

var escape = regexp.MustCompile(`\\[0-9]{3}`)

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

// unlike are the records of the truth that are not met, by capture, and why.
var unlike = map[string]string{
	"ndpi-dnscrypt-v2.pcap":                     "encrypted bytes on port 5353; there is no DNS in it",
	"pcpp-DnsTooManyResources.pcap":             "random bytes on port 53",
	"suricata-dns-udp-junkrequest-first.pcap":   "SNMP sent to port 53",
	"zeek-dns-edns-ecs-bad.pcap":                "zeros over type, class and records: only the port names it",
	"zeek-dns_dns-invalid-names.pcap":           "a name that loops is not reported; tshark puts a remark in its place",
	"arkime-arkime_synthetic.pcap":              "frame 618 is VXLAN-GPE whose payload tshark takes for DNS",
	"zeek-ipv6-fragmented-dns.pcap":             "IPv6 fragments, which this test does not join",
	"tcpdump-arcnet-rfc1051-arp-icmp-http.pcap": "ARCNET, which gopacket does not decode",
}

// TestTruth compares every query and answer with what tshark says of its
// frame: name, type, id, response code; and that the Match of both agree.
func TestTruth(t *testing.T) {
	total, known := 0, 0
	for _, path := range captureFiles(t, "") {
		want := readTruth(t, path)
		if len(want) == 0 {
			continue
		}
		got := byFrame(readCapture(path))
		for _, x := range want {
			total++
			why := x.differs(got)
			if why == "" {
				continue
			}
			if unlike[filepath.Base(path)] != "" {
				known++
				continue
			}
			t.Errorf("%s: frames %d, %d: %s", filepath.Base(path), x.Req, x.Resp, why)
		}
	}
	t.Logf("%d records, %d of them not met for known reasons", total, known)
}

// differs says how the messages differ from what tshark saw.
func (x truth) differs(got map[int][]seen) string {
	pick := func(frame int, response bool) *seen {
		for i, s := range got[frame] {
			if (s.kind == l7.Response || s.kind == l7.Pushed) == response && s.attr("dns.id") == strconv.Itoa(x.ID) {
				return &got[frame][i]
			}
		}
		return nil
	}
	q, r := pick(x.Req, false), pick(x.Resp, true)
	switch {
	case x.Req > 0 && q == nil:
		return "no query"
	case x.Resp > 0 && r == nil:
		return "no answer"
	case r != nil && x.Status != nil && int(r.code&codeLow) != *x.Status:
		return fmt.Sprintf("code %d, want %d", r.code, *x.Status)
	case q != nil && r != nil && q.match != r.match:
		return fmt.Sprintf("Match %x and %x: %s and %s", q.match, r.match, q.name, r.name)
	}
	if q == nil {
		q = r
	}
	if !sameName(q.attr("dns.question.name"), x.Resource) || !sameType(q.attr("dns.question.type"), x.Type) {
		return fmt.Sprintf("%q %s, want %q %s", q.name, q.op, x.Resource, x.Type)
	}
	return ""
}

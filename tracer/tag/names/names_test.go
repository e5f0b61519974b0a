package names

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ip(s string) Addr { return netip.MustParseAddr(s).As16() }

func mapOf(t *testing.T, list ...string) *Map {
	t.Helper()
	var rules []Rule
	for _, s := range list {
		r, err := ParseRule(s)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	m, err := NewMap(rules)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMap looks for the longest prefix, then the port, then the segment.
func TestMap(t *testing.T) {
	m := mapOf(t,
		"0.0.0.0/0=world", "10.0.0.0/8=corp", "10.0.0.0/8:5432=databases", "10.1.0.0/16=branch", "10.1.0.7=web",
		"10.1.0.7:8443=admin", "10.1.0.7:9090@vlan12=metrics", "10.1.0.7@vni77=tenant",
		"10.2.0.1:80=shop", "10.3.0.1:80=a", "10.3.0.1:81=b", "10.4.0.1:80=c", "10.4.0.1:81=c",
		"2001:db8::/32=six", "[2001:db8::5]:443=edge", "[2001:db8:1::]/48:53=dns", "[2001:db8:2::/48]:53=dns2", "::ffff:10.9.0.1=mapped",
	)
	for _, c := range []struct {
		addr   string
		port   uint16
		seg    Segment
		server string
		client string
	}{
		{"192.0.2.1", 80, 0, "world", "world"},
		{"10.200.0.1", 80, 0, "corp", "corp"},
		{"10.200.0.1", 5432, 0, "databases", "corp"},
		{"10.1.2.3", 5432, 0, "branch", "branch"}, // the longer prefix, though the shorter has the port
		{"10.1.0.7", 80, 0, "web", "web"},
		{"10.1.0.7", 8443, 0, "admin", "web"},
		{"10.1.0.7", 8443, VNI(77), "admin", "tenant"},
		{"10.1.0.7", 80, VNI(77), "tenant", "tenant"},
		{"10.1.0.7", 9090, VLAN(12), "metrics", "metrics"},
		{"10.1.0.7", 9090, VLAN(13), "web", "web"},
		{"10.2.0.1", 80, 0, "shop", "shop"},
		{"10.2.0.1", 81, 0, "corp", "shop"},
		{"10.3.0.1", 80, 0, "a", "corp"}, // as a client it could be either
		{"10.4.0.1", 81, 0, "c", "c"},
		{"2001:db8::5", 443, 0, "edge", "edge"},
		{"2001:db8::5", 80, 0, "six", "edge"},
		{"2001:db8:1::9", 53, 0, "dns", "dns"},
		{"2001:db8:2::9", 53, 0, "dns2", "dns2"},
		{"2001:db9::9", 53, 0, "", ""},
		{"10.9.0.1", 53, 0, "mapped", "mapped"},
	} {
		get := func(e *Entry) string {
			if e == nil {
				return ""
			}
			return e.Service
		}
		if got := get(m.Server(ip(c.addr), c.port, c.seg)); got != c.server {
			t.Errorf("%s:%d segment %x: server %q, want %q", c.addr, c.port, c.seg, got, c.server)
		}
		if got := get(m.Client(ip(c.addr), c.seg)); got != c.client {
			t.Errorf("%s segment %x: client %q, want %q", c.addr, c.seg, got, c.client)
		}
	}
	addr := ip("10.1.0.7")
	if n := testing.AllocsPerRun(100, func() { m.Server(addr, 8443, VNI(7)); m.Client(addr, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, err := NewMap([]Rule{{Pattern{Port: 1}, Entry{Service: "a"}}, {Pattern{Port: 1}, Entry{Service: "b"}}}); err == nil {
		t.Error("two names for one pattern are no error")
	}
	var none *Map
	if none.Server(addr, 1, 0) != nil || none.Client(addr, 0) != nil || none.Len() != 0 {
		t.Error("a nil Map has entries")
	}
}

func TestParseRuleFaults(t *testing.T) {
	for _, s := range []string{
		"10.0.0.1", "=web", "10.0.0=web", "10.0.0.1=", "10.0.0.1/33=web", "10.0.0.1:0=web", "10.0.0.1:65536=web",
		"10.0.0.1/+8=web", "10.0.0.1@lan5=web", "10.0.0.1@vlan5000=web", "[2001:db8::1=web", "[2001:db8::1]80=web", "fe80::1%eth0=web",
		"10.0.0.1/=web", "10.0.0.1:=web", "10.0.0.1=a\tb", "10.0.0.1=" + strings.Repeat("x", 300), "[::1/64]/64:80=x",
	} {
		if r, err := ParseRule(s); err == nil {
			t.Errorf("%q gives %+v", s, r)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"10.0.0.1", "10.0.0.0/8:80", "[2001:db8::/32]:80@vlan7", "[::1]/128:1", "::/0@vni1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePattern(s)
		if err != nil {
			return
		}
		if p.Bits < 0 || p.Bits > 128 || p.Addr != mask(p.Addr, p.Bits) {
			t.Fatalf("%q: %+v", s, p)
		}
		m, err := NewMap([]Rule{{p, Entry{Service: "x"}}})
		if err != nil || m.Server(p.Addr, p.Port, p.Segment) == nil {
			t.Fatalf("%q does not match itself: %+v, %v", s, p, err)
		}
	})
}

func TestReadCSV(t *testing.T) {
	for name, c := range map[string]struct{ text, want, fault string }{
		"plain":    {text: "10.0.0.1,web\n# comment\n10.0.0.0/8:53,\"dns, internal\"\n", want: "10.0.0.1/128:0=web|| 10.0.0.0/104:53=dns, internal||"},
		"header":   {text: "\ufeffHostname,IP,Rack,Port,Service\r\ndb1,10.0.0.2,r7,5432,orders\r\ndb6,2001:db8::6,r7,5432,orders\r\n", want: "10.0.0.2/128:5432=orders||db1 2001:db8::6/128:5432=orders||db6"},
		"excel":    {text: "network;name;namespace;vlan\n10.0.0.0/24;shop;prod;7\n", want: "10.0.0.0/120:0=shop|prod|"},
		"tabs":     {text: "10.0.0.1\tweb\n", want: "10.0.0.1/128:0=web||"},
		"no name":  {text: "address,comment\n10.0.0.1,web\n", fault: "f.csv:1: no column is called name or service"},
		"lines":    {text: "10.0.0.1,web\n\n10.0.0.300,x\n10.0.0.2,\n10.0.0.3,ok\n,x\n", fault: "f.csv:3: parse address \"10.0.0.300\": \"10.0.0.300\" is not an IP address\nf.csv:4: the name is empty\nf.csv:6: the address is empty"},
		"open":     {text: "10.0.0.1,web\n10.0.0.2,\"x\n", fault: "f.csv:"},
		"nothing":  {},
		"two rows": {text: "address,name\n10.0.0.1,name\n", want: "10.0.0.1/128:0=name||"},
	} {
		rules, err := ReadCSV(strings.NewReader(c.text), "f.csv")
		if c.fault != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %s", name, err, c.fault)
			}
			continue
		}
		var got []string
		for _, r := range rules {
			got = append(got, fmt.Sprintf("%s/%d:%d=%s|%s|%s", netip.AddrFrom16(r.Addr).Unmap(), r.Bits, r.Port, r.Service, r.Namespace, r.Host))
		}
		if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("address,name\n10.0.0.1,web\n")
	f.Add("a;b\n\"x")
	f.Fuzz(func(t *testing.T, s string) {
		rules, err := ReadCSV(strings.NewReader(s), "f")
		if err == nil && len(rules) > strings.Count(s, "\n")+strings.Count(s, "\r")+1 {
			t.Errorf("%d rules", len(rules))
		}
		for _, r := range rules {
			if r.Service == "" {
				t.Errorf("%+v has no name", r)
			}
		}
	})
}

func TestReadYAML(t *testing.T) {
	rules, err := ReadYAML(strings.NewReader("names:\n  10.0.0.5: web\n  10.0.0.0/8:5432: {service: db, namespace: shop, host: db1}\n  \"2001:db8::1\": six\n"), "w.yaml")
	if err != nil || len(rules) != 3 || rules[1].Entry != (Entry{"db", "shop", "db1"}) || rules[2].Addr != ip("2001:db8::1") {
		t.Errorf("%+v, %v", rules, err)
	}
	_, err = ReadYAML(strings.NewReader("10.0.0.5: web\n10.0.0.x: y\n10.0.0.5/32: again\n10.0.0.6: {servcie: x}\n10.0.0.7:\n10.0.0.8: [a]\n"), "w.yaml")
	for _, want := range []string{
		`w.yaml:2: parse address "10.0.0.x"`, "w.yaml:3: 10.0.0.5/32 is named in line 1 already", `w.yaml:4: key "servcie" is not known`,
		"w.yaml:5: the name is empty", "w.yaml:6: want a name",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	for _, s := range []string{"", "names:\n", "# nothing\n"} {
		if rules, err := ReadYAML(strings.NewReader(s), "w.yaml"); len(rules) > 0 || err != nil {
			t.Errorf("%q: %v, %v", s, rules, err)
		}
	}
	if _, err := ReadYAML(strings.NewReader("- a\n"), "w.yaml"); err == nil {
		t.Error("a list is no mapping")
	}
}

func FuzzReadYAML(f *testing.F) {
	f.Add("names:\n  10.0.0.5: web\n")
	f.Add("10.0.0.5: {service: x}\n")
	f.Fuzz(func(t *testing.T, s string) {
		if rules, err := ReadYAML(strings.NewReader(s), "f"); err == nil {
			if _, err := NewMap(rules); err != nil {
				t.Error(err)
			}
		}
	})
}

const second = int64(time.Second)

// TestSeen gives one name, none when there are several at a time, and the last
// one when all have ended.
func TestSeen(t *testing.T) {
	s := NewSeen(10)
	a := ip("192.0.2.1")
	s.Learn(0, a, []byte("Web.example."), time.Minute)
	want := func(at int64, name string) {
		t.Helper()
		if got := s.DNS(at*second, a); got != name {
			t.Errorf("at %ds: %q, want %q", at, got, name)
		}
	}
	want(1, "web.example")
	want(3600, "web.example") // ended, and nobody else has the address
	s.Learn(30*second, a, []byte("api.example"), time.Minute)
	want(31, "") // both
	want(70, "api.example")
	want(3600, "api.example")
	s.Learn(80*second, a, []byte("API.example"), time.Minute)
	want(85, "api.example")
	for i := range 6 {
		s.Learn(100*second, a, fmt.Appendf(nil, "v%d.example", i), time.Hour)
	}
	want(101, "")
	want(100+7200, "")
	s.Learn(10000*second, a, []byte("new.example"), time.Minute)
	want(10001, "new.example")
	if s.DNS(0, ip("192.0.2.2")) != "" || s.File(a) != "" {
		t.Error("a name from nowhere")
	}
	s.SetFile(a, "fromfile")
	if s.File(a) != "fromfile" {
		t.Error("name of the file")
	}
	s.SetFile(a, "other")
	if s.File(a) != "" {
		t.Error("two names in the file, and one is chosen")
	}
}

// TestSeenBound forgets what has ended, and counts what does not fit.
func TestSeenBound(t *testing.T) {
	s := NewSeen(10)
	for i := range 10 {
		s.Learn(0, Addr{1, byte(i)}, []byte("x"), time.Minute)
	}
	s.Learn(second, ip("192.0.2.1"), []byte("y"), time.Minute)
	if s.Refused() != 1 || s.Len() != 10 {
		t.Errorf("%d refused, %d known", s.Refused(), s.Len())
	}
	s.Learn(61*second, ip("192.0.2.1"), []byte("y"), time.Minute)
	if s.Refused() != 1 || s.Len() != 1 || s.DNS(62*second, ip("192.0.2.1")) != "y" {
		t.Errorf("%d refused, %d known", s.Refused(), s.Len())
	}
	a := ip("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() { s.DNS(62*second, a); s.Learn(62*second, a, []byte("y"), time.Minute) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const hostsFile = `# static
127.0.0.1	localhost
127.0.1.1	myhost.example myhost
192.0.2.10	db1.example. db1 # the database
192.0.2.10	second.example
::1		ip6-localhost
ff02::1		ip6-allnodes
0.0.0.0		ads.example
2001:db8::7	six
bad line
192.0.2.11
`

func TestHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	h := NewHosts(file)
	if err := h.Refresh(); err != nil || h.Name(ip("192.0.2.10")) != "" {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte(hostsFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Refresh(); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"192.0.2.10": "db1.example", "2001:db8::7": "six", "127.0.0.1": "", "127.0.1.1": "", "::1": "", "192.0.2.11": "", "0.0.0.0": "",
	} {
		if got := h.Name(ip(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if err := os.WriteFile(file, []byte("192.0.2.10 renamed\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Refresh(); err != nil || h.Name(ip("192.0.2.10")) != "renamed" {
		t.Errorf("a changed file: %q, %v", h.Name(ip("192.0.2.10")), err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := h.Refresh(); err != nil || h.Name(ip("192.0.2.10")) != "" {
		t.Errorf("a file that is gone: %v", err)
	}
}

func FuzzParseHosts(f *testing.F) {
	f.Add(hostsFile)
	f.Fuzz(func(t *testing.T, s string) {
		m, _ := parseHosts(strings.NewReader(s))
		for a, n := range m {
			if n == "" || netip.AddrFrom16(a).IsLoopback() {
				t.Errorf("%v: %q", a, n)
			}
		}
	})
}

package main

import (
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"
)

// TestFilterPrints holds that programs come in the three forms of tcpdump.
func TestFilterPrints(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"-d":   "(000) ldh      [12]\n(001) jeq      #0x806           jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n",
		"-dd":  "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000806 },\n{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0x00000000 },\n",
		"-ddd": "4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n",
	} {
		o := wirespan(t, "filter", flag, "arp")
		if o.code != 0 || o.stdout != want {
			t.Errorf("%s: exit status %d, printed\n%swant\n%s", flag, o.code, o.stdout, want)
		}
		ref, err := exec.Command("tcpdump", flag, "-y", "EN10MB", "arp").Output()
		if err != nil {
			t.Logf("tcpdump cannot be asked: %v", err)
			continue
		}
		if o.stdout != string(ref) {
			t.Errorf("%s: printed\n%stcpdump prints\n%s", flag, o.stdout, ref)
		}
	}
}

// TestFilterMistakes holds that mistakes say where, and that nothing is taken
// that cannot be.
func TestFilterMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"tcp", "prot", "80"}, "tcp prot 80\n    ^^^^\n"},
		{[]string{"-y", "RAW", "arp"}, "expression rejects all packets of link type RAW"},
		{[]string{"-y", "NOPE", "arp"}, `link type "NOPE"`},
		{[]string{"-y", "147", "arp"}, "link type 147 cannot be filtered"},
		{[]string{"-F", "/nonexistent"}, "open filter"},
		{[]string{"host", "no-such-host.invalid"}, "no-such-host.invalid\n     ^^^"},
	} {
		o := wirespan(t, append([]string{"filter", "-d"}, c.args...)...)
		if o.code != 2 || !strings.Contains(o.stderr, c.want) {
			t.Errorf("filter %q: exit status %d, want 2 and %q:\n%s", c.args, o.code, c.want, o.stderr)
		}
	}
}

// TestFilterFile holds that -F reads the expression, of several lines.
func TestFilterFile(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "web.filter", []byte("tcp port 80\n  or 443\n"))
	fromFile, fromWords := wirespan(t, "filter", "-ddd", "-F", file), wirespan(t, "filter", "-ddd", "tcp port 80 or 443")
	if fromFile.code != 0 || fromFile.stdout != fromWords.stdout {
		t.Errorf("exit status %d, %d bytes, want the %d of the words\n%s", fromFile.code, len(fromFile.stdout), len(fromWords.stdout), fromFile.stderr)
	}
}

// TestReadFilter holds that read takes what an expression lets through.
func TestReadFilter(t *testing.T) {
	t.Parallel()
	app := demoCaptures()[1]
	spans := spansOf(t, app, "--filter", "udp port 53")
	if dns := spansWhere(spans, func(s *spanLine) bool { return strings.HasPrefix(s.Name, "DNS ") }); len(dns) == 0 || len(dns) != len(spans) {
		t.Errorf("%d of %d spans are DNS, want all and some", len(dns), len(spans))
	}
	o := wirespan(t, "read", app, "--", "udp", "port", "53")
	s := parseSummary(t, o.stderr)
	if s.input["refused by the filter"] == 0 || s.decoded+s.input["refused by the filter"] != s.captured {
		t.Errorf("summary does not add up:\n%s", o.stderr)
	}
	if o := wirespan(t, "read", app, "--filter", "type mgt"); o.code != 2 || !strings.Contains(o.stderr, "link type EN10MB") {
		t.Errorf("a filter for other frames: exit status %d, want 2 and the link type:\n%s", o.code, o.stderr)
	}
}

// TestReadFilterPerLink holds that every interface of a pcapng file has the
// program of its link type.
func TestReadFilterPerLink(t *testing.T) {
	t.Parallel()
	var f []byte
	block := func(kind uint32, body []byte) {
		f = binary.LittleEndian.AppendUint32(f, kind)
		f = binary.LittleEndian.AppendUint32(f, uint32(12+len(body)))
		f = append(f, body...)
		f = binary.LittleEndian.AppendUint32(f, uint32(12+len(body)))
	}
	block(0x0a0d0d0a, []byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255})
	for _, link := range []byte{1, 101, 113} {
		block(1, []byte{link, 0, 0, 0, 0, 0, 0, 0})
	}
	ip := func(port byte) []byte { // a UDP datagram without data
		return []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, port, 0, 8, 0, 0}
	}
	ether := make([]byte, 12, 14)
	cooked := make([]byte, 14, 16)
	for iface, head := range [][]byte{append(ether, 8, 0), nil, append(cooked, 8, 0)} {
		for _, port := range []byte{53, 54} {
			p := append(append([]byte{}, head...), ip(port)...)
			size := byte(len(p))
			for len(p)%4 != 0 {
				p = append(p, 0)
			}
			block(6, append([]byte{byte(iface), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, size, 0, 0, 0, size, 0, 0, 0}, p...))
		}
	}
	o := wirespan(t, "read", writeFile(t, "links.pcapng", f), "--filter", "dst port 53")
	if s := parseSummary(t, o.stderr); o.code != 0 || s.captured != 6 || s.input["refused by the filter"] != 3 {
		t.Errorf("exit status %d, want 3 of 6 packets refused:\n%s", o.code, o.stderr)
	}
}

// TestReadFilterInner holds that --filter-inner looks inside of tunnels.
func TestReadFilterInner(t *testing.T) {
	t.Parallel()
	capture := goldenCapture("vxlan")
	for _, c := range []struct {
		filter string
		spans  bool
	}{
		{"tcp port 9000", true},
		{"net 198.51.100.0/24", true},
		{"ether proto 0x0800", true},
		{"tcp port 80", false},
		{"udp port 4789", false},
	} {
		if got := len(spansOf(t, capture, "--filter-inner", "--filter", c.filter)) > 0; got != c.spans {
			t.Errorf("inner filter %q: spans %v, want %v", c.filter, got, c.spans)
		}
	}
	if got := len(spansOf(t, capture, "--filter", "tcp port 9000")); got != 0 {
		t.Errorf("%d spans through a filter for the outer frame, want none", got)
	}
	if o := wirespan(t, "read", capture, "--filter-inner"); o.code != 2 {
		t.Errorf("--filter-inner without filter: exit status %d, want 2", o.code)
	}
}

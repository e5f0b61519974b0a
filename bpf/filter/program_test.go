package filter_test

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// Programs are printed as tcpdump prints them, also those that we would not make.
func TestPrintsAsTcpdump(t *testing.T) {
	needTcpdump(t)
	path := emptyCapture(t, capture.LinkEthernet)
	for _, expr := range append(expressions, "-ip[0] < 5 and tcp[0] % 3 ^ 2 = 1 and ip[2] >> ip[3] << 1 | 4 = 9 and ip[1] / ip[2] > 1", "geneve 5 and tcp") {
		program, err := libpcap(path, expr)
		if err != nil {
			continue
		}
		for flag, write := range map[string]func(*filter.Program, *strings.Builder) error{
			"-d":   func(p *filter.Program, w *strings.Builder) error { return p.WriteListing(w) },
			"-dd":  func(p *filter.Program, w *strings.Builder) error { return p.WriteC(w) },
			"-ddd": func(p *filter.Program, w *strings.Builder) error { return p.WriteDecimal(w) },
		} {
			want, err := exec.Command("tcpdump", flag, "-r", path, "--", expr).Output()
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			if err := write(&filter.Program{Instructions: program}, &got); err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s %s:\n%swant\n%s", flag, expr, got.String(), want)
			}
		}
	}
}

// On an interface, tags that the kernel took out are looked at as tcpdump does.
func TestLiveAgainstTcpdump(t *testing.T) {
	needTcpdump(t)
	if out, err := exec.Command("tcpdump", "-ddd", "-i", "lo", "vlan").CombinedOutput(); err != nil {
		t.Skipf("tcpdump cannot look at lo: %s", strings.TrimSpace(string(out)))
	}
	r := rand.New(rand.NewPCG(8, 8))
	list := frames(r, capture.LinkEthernet, 1500)
	for _, expr := range []string{
		"vlan", "vlan 100", "vlan 100 and tcp port 80", "vlan and vlan 200", "vlan 100 and ip6 and udp", "not vlan", "vlan and not tcp",
		"tcp or vlan 100", "vlan and (port 80 or host 10.0.0.1)", "inbound", "outbound and tcp", "inbound and vlan 100", "ifindex 7", "tcp port 80",
	} {
		out, err := exec.Command("tcpdump", "-ddd", "-i", "lo", "--", expr).Output()
		if err != nil {
			t.Errorf("%s: tcpdump: %v", expr, err)
			continue
		}
		theirs, err := decimal(string(out))
		if err != nil {
			t.Fatal(err)
		}
		p, err := filter.Compile(expr, filter.Options{Link: capture.LinkEthernet, Live: true})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if err := filter.Check(p.Instructions); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
		if len(p.Instructions)*10 > len(theirs)*13 {
			t.Errorf("%s: %d instructions, libpcap needs %d", expr, len(p.Instructions), len(theirs))
		}
		for _, b := range list {
			m := &cbpf.Meta{PktType: uint8(r.IntN(5)), Interface: uint32(6 + r.IntN(2))}
			if r.IntN(2) == 0 {
				m.HasVLAN, m.VLAN = true, pick(r, []uint16{100, 0xe000 | 100, 200})
			}
			if want, got := cbpf.Run(theirs, b, m) > 0, cbpf.Run(p.Instructions, b, m) > 0; want != got {
				t.Errorf("%s: libpcap says %v, we %v, of %x with %+v", expr, want, got, b, m)
				break
			}
		}
	}
}

func TestWithSnaplen(t *testing.T) {
	p, err := filter.Compile("tcp", filter.Options{Link: capture.LinkIPv4})
	if err != nil {
		t.Fatal(err)
	}
	frame := append([]byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6}, make([]byte, 30)...)
	for _, c := range []struct {
		p    *filter.Program
		want uint32
	}{{p, filter.DefaultSnaplen}, {p.WithSnaplen(96), 96}, {p.WithSnaplen(0), 1}, {filter.RejectAll().WithSnaplen(96), 0}} {
		if got := cbpf.Run(c.p.Instructions, frame, &cbpf.Meta{}); got != c.want {
			t.Errorf("%d bytes kept, want %d", got, c.want)
		}
	}
}

// Check refuses what the kernel refuses.
func TestCheck(t *testing.T) {
	ret := bpf.RawInstruction{Op: 6, K: 1}
	for want, program := range map[string][]bpf.RawInstruction{
		"0 instructions":      {},
		"does not return":     {{Op: 0x28}},
		"unknown":             {{Op: 0xff}, ret},
		"divides by zero":     {{Op: 0x34}, ret},
		"shifts too far":      {{Op: 0x64, K: 32}, ret},
		"out of the program":  {{Op: 0x15, Jt: 1}, ret},
		"no such word":        {{Op: 0x02, K: 16}, ret},
		"before it is stored": {{Op: 0x15, Jt: 1}, {Op: 0x02}, {Op: 0x60}, ret},
		"unknown extension":   {{Op: 0x20, K: 0xfffff001}, ret},
		"jumps out":           {{Op: 0x05, K: 7}, ret},
	} {
		if err := filter.Check(program); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestParseServices(t *testing.T) {
	services, err := filter.ParseServices(strings.NewReader("# names\nhttp 80/tcp www\ndomain 53/tcp # DNS\ndomain 53/udp\nhttp 81/tcp\nbad x/tcp\nodd 5/ddp\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(services) != 3 || services["www"] != (filter.Service{Port: 80, TCP: true}) || services["http"].Port != 80 ||
		services["domain"] != (filter.Service{Port: 53, TCP: true, UDP: true}) {
		t.Errorf("services %v", services)
	}
	protocols, err := filter.ParseProtocols(strings.NewReader("ip 0 IP\ntcp 6 TCP\nbig 256 BIG\n"))
	if err != nil || len(protocols) != 4 || protocols["TCP"] != 6 {
		t.Errorf("protocols %v, error %v", protocols, err)
	}
}

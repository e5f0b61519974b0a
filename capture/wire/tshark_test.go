package wire

import (
	"bytes"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/defrag"
)

var fields = []string{
	"frame.protocols",
	"ip.src", "ip.dst", "ip.ttl",
	"ipv6.src", "ipv6.dst", "ipv6.hlim",
	"tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.flags", "tcp.window_size_value",
	"udp.srcport", "udp.dstport", "udp.length", "udp.length.bad",
	"tcp.options.mss_val", "tcp.options.timestamp.tsval",
}

// dissect gives one line of field values for each frame of a file.
func dissect(t *testing.T, path string) [][]string {
	t.Helper()
	args := []string{
		"-r", path, "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|",
		"-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
		"-o", "tcp.try_heuristic_first:FALSE", "-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE",
		"-d", "udp.port==8472,vxlan",
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil && len(out) == 0 {
		return nil
	}
	var lines [][]string
	for line := range bytes.Lines(out) {
		lines = append(lines, strings.Split(strings.TrimRight(string(line), "\n"), "\t"))
	}
	return lines
}

// expect turns the fields of a frame into the text of summary, "" if there is
// no TCP or UDP in it.
//
// tunnelled says that a tunnel's name follows the last transport: a control
// message, or an inner packet without transport.
func expect(v []string) (text string, tunnelled bool) {
	at := func(name string, i int) string {
		all := strings.Split(v[slices.Index(fields, name)], "|")
		if i < 0 || i >= len(all) {
			return "?"
		}
		return all[i]
	}
	ip, ip6, tcp, udp := -1, -1, -1, -1
	net, transport := "", ""
	for p := range strings.SplitSeq(v[0], ":") {
		switch p {
		case "ip":
			ip, net, transport, tunnelled = ip+1, "ip", "", false
		case "ipv6":
			ip6, net, transport, tunnelled = ip6+1, "ipv6", "", false
		case "tcp":
			tcp, transport = tcp+1, "tcp"
		case "udp":
			udp, transport = udp+1, "udp"
		case "vxlan", "geneve", "gtp", "ayiya", "l2tp", "capwap.data", "teredo", "nsh", "mpls":
			tunnelled = transport != ""
		case "icmp", "icmpv6":
			if transport == "" {
				return "", false
			}
		}
	}
	if transport == "" || net == "" {
		return "", false
	}
	n, ttl := ip, "ip.ttl"
	if net == "ipv6" {
		n, ttl = ip6, "ipv6.hlim"
	}
	s := fmt.Sprintf("%s > %s ttl %s ", at(net+".src", n), at(net+".dst", n), at(ttl, n))
	if transport == "udp" {
		size, _ := strconv.Atoi(at("udp.length", udp))
		return s + fmt.Sprintf("udp %s > %s len %d", at("udp.srcport", udp), at("udp.dstport", udp), size-8), tunnelled
	}
	flags, _ := strconv.ParseUint(strings.TrimPrefix(at("tcp.flags", tcp), "0x"), 16, 16)
	s += fmt.Sprintf("tcp %s > %s seq %s ack %s len %s flags %02x win %s", at("tcp.srcport", tcp), at("tcp.dstport", tcp),
		at("tcp.seq_raw", tcp), at("tcp.ack_raw", tcp), at("tcp.len", tcp), flags&0xff, at("tcp.window_size_value", tcp))
	if m := at("tcp.options.mss_val", 0); m != "" {
		s += " mss " + m
	}
	if m := at("tcp.options.timestamp.tsval", 0); m != "" {
		s += " ts " + m
	}
	return s, tunnelled
}

func summary(f *Frame) string {
	s := fmt.Sprintf("%v > %v ttl %d ", address(f.Src), address(f.Dst), f.TTL)
	if f.Proto == ProtoUDP {
		return s + fmt.Sprintf("udp %d > %d len %d", f.SrcPort, f.DstPort, f.PayloadLen)
	}
	s += fmt.Sprintf("tcp %d > %d seq %d ack %d len %d flags %02x win %d", f.SrcPort, f.DstPort, f.Seq, f.Ack, f.PayloadLen, f.Flags, f.Window)
	if f.MSS != 0 {
		s += fmt.Sprintf(" mss %d", f.MSS)
	}
	if f.HasTS {
		s += fmt.Sprintf(" ts %d", f.TSVal)
	}
	return s
}

func address(a Addr) netip.Addr { return netip.AddrFrom16(a).Unmap() }

// compare decodes a file and looks at each frame.
func compare(t *testing.T, name, path string) {
	packets, lines := readCapture(path), dissect(t, path)
	if len(lines) > len(packets) {
		// tshark numbers pcapng blocks without link layer as frames, too.
		lines = slices.DeleteFunc(lines, func(v []string) bool { return v[0] == "data" })
	}
	if len(packets) != len(lines) {
		t.Logf("%d packets read here, %d by tshark", len(packets), len(lines))
	}
	if len(packets) == 0 && len(lines) > 0 && !explained(name, 1) {
		t.Errorf("nothing read of %d frames", len(lines))
	}
	d := NewDecoder(defrag.Default())
	var f Frame
	bad := 0
	for i := range min(len(packets), len(lines)) {
		want, tunnelled := expect(lines[i])
		got := ""
		r := d.Decode(&packets[i], &f)
		if r == OK {
			got = summary(&f)
		}
		if r == OK && f.Proto != ProtoTCP && f.Proto != ProtoUDP {
			if !strings.Contains(lines[i][0], ":icmp") {
				t.Errorf("frame %d: an echo, %s", i+1, lines[i][0])
			}
			continue
		}
		if got == "" && tunnelled || explained(name, i+1) {
			continue
		}
		if overruns := lines[i][slices.Index(fields, "udp.length.bad")] != ""; overruns && f.Truncated {
			// tshark tells what the UDP header claims, we what there was.
			want, _, _ = strings.Cut(want, " len ")
			got, _, _ = strings.Cut(got, " len ")
		}
		if got != want {
			if bad++; bad <= 3 {
				t.Errorf("frame %d: %v, tunnel %q, link type %d, %s\n got %s\nwant %s", i+1, r, f.Tunnel.Kind, packets[i].Link, lines[i][0], got, want)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d frames deviate", bad, len(packets))
	}
}

// TestAgainstTshark compares the innermost TCP or UDP header of every frame.
func TestAgainstTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("starts tshark once per capture")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	deadline, limited := t.Deadline()
	for _, path := range captureFiles(t, "") {
		if limited && time.Until(deadline) < time.Minute {
			t.Skipf("no time left before %s; give -timeout more", path)
		}
		name, _ := filepath.Rel(captures, path)
		name = filepath.ToSlash(name)
		t.Run(name, func(t *testing.T) {
			compare(t, name, path)
		})
	}
}

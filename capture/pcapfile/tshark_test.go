package pcapfile

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// oracle is what tshark says of one packet.
type oracle struct {
	time      int64
	timeKnown bool
	wire      uint32
	captured  int
}

// tshark reads a capture. It also returns what it complained about.
func tshark(t *testing.T, path string) (packets []oracle, complaint string) {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", path, "-T", "fields",
		"-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.protocols")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		complaint = err.Error() + ": " + stderr.String()
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(fields) != 4 {
			t.Fatalf("tshark printed %q", line)
		}
		if fields[0] == "" && fields[3] == "data" {
			continue // tshark counts custom blocks as frames
		}
		var o oracle
		o.time, o.timeKnown = epoch(fields[0])
		wire, err1 := strconv.ParseUint(fields[1], 10, 32)
		captured, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil {
			t.Fatalf("tshark printed %q", line)
		}
		// Where the length on the wire is below the captured one, we take the latter.
		o.wire, o.captured = max(uint32(wire), uint32(captured)), captured
		packets = append(packets, o)
	}
	return packets, complaint
}

// epoch parses seconds with nine decimals.
func epoch(s string) (int64, bool) {
	seconds, fraction, ok := strings.Cut(s, ".")
	if !ok || len(fraction) != 9 {
		return 0, false
	}
	a, err1 := strconv.ParseInt(seconds, 10, 64)
	b, err2 := strconv.ParseInt(fraction, 10, 64)
	return a*1e9 + b, err1 == nil && err2 == nil
}

// sharedCaptures lists captures of others beside the repository.
func sharedCaptures(t *testing.T, folder string) []string {
	t.Helper()
	dir := filepath.Join("../../../shared/captures", folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("captures to compare with are absent: %v", err)
	}
	var paths []string
	for _, e := range entries {
		if strings.Contains(e.Name(), ".pcap") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

func TestAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	for folder, every := range map[string]int{
		"formats": 1, "malformed": 1, "encapsulation": 8, "dns": 8, "http1": 16, "tls": 8, "tcp": 16, "mqtt": 8, "ip-fragments": 6,
	} {
		if testing.Short() {
			every *= 10
		}
		t.Run(folder, func(t *testing.T) {
			for i, path := range sharedCaptures(t, folder) {
				if i%every == 0 {
					t.Run(filepath.Base(path), func(t *testing.T) { compare(t, path) })
				}
			}
		})
	}
}

// What our tests build is read by tshark as we read it.
func TestSyntheticAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	for _, order := range bothOrders {
		for _, magic := range []uint32{magicMicro, magicNano, magicModified, magicIxiaHW, magicIxiaSW} {
			f := newPcapFile(order, magic, 1)
			for i := range uint32(20) {
				f.add(1700000000+i, 1000*i, "enough for an Ethernet header")
			}
			f.record(1800000000, 999999, 20, 40, "cut short after this")
			path := write(t, t.TempDir(), "x.pcap", f.Bytes())
			t.Run(fmt.Sprintf("%s/%#x", order, magic), func(t *testing.T) { compare(t, path) })
		}
		f := newNgFile(order)
		f.iface(1, 0, f.option(optionResolution, []byte{0x8a}))
		f.iface(1, 0, f.option(optionResolution, []byte{9}), f.option(optionTimeOffset, f.u64(3)))
		f.iface(1, 0, f.option(optionResolution, []byte{3}))
		for i := range uint32(9) {
			f.enhanced(i%3, uint64(i)<<33+777, "enough for an Ethernet header")
		}
		f.block(blockPacket, f.u16(1, 9), f.u32(0, 2, 16, 90), []byte("Ethernet header."))
		f.block(blockSimple, f.u32(16), []byte("Ethernet header."))
		path := write(t, t.TempDir(), "x.pcapng", f.Bytes())
		t.Run(order.String()+"/pcapng", func(t *testing.T) { compare(t, path) })
	}
}

// oddTimes are files with more microseconds than a second has: tshark
// computes them modulo 2^32, we keep the second.
var oddTimes = map[string]bool{"tcpflow-bug8.pcap": true}

// compare reads a file both ways.
func compare(t *testing.T, path string) {
	want, complaint := tshark(t, path)
	if strings.Contains(complaint, "network type") {
		t.Skip("tshark does not read this link type")
	}
	s, err := Open(t.Context(), Config{Inputs: files(path)})
	if err != nil {
		if complaint == "" {
			t.Fatalf("tshark reads it: %v", err)
		}
		return
	}
	defer s.Close()
	got := drain(t, s)
	faults := s.Faults()
	if (len(faults) > 0) != (complaint != "") {
		t.Errorf("faults %v, tshark says %q", faults, complaint)
	}
	if len(got) != len(want) {
		t.Fatalf("%d packets, tshark has %d; faults %v, tshark says %q", len(got), len(want), faults, complaint)
	}
	for i := range got {
		o := oracle{got[i].Time, want[i].timeKnown, got[i].Wire, len(got[i].Data)}
		if !want[i].timeKnown || oddTimes[filepath.Base(path)] {
			o.time = want[i].time
		}
		if o != want[i] {
			t.Fatalf("packet %d: %s, tshark has %s", i+1, show(o), show(want[i]))
		}
	}
}

func show(o oracle) string {
	return fmt.Sprintf("time %d, %d bytes, %d captured", o.time, o.wire, o.captured)
}

package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// lookups is a capture of n DNS lookups, one each 10 ms, and its length up to the
// lookup numbered part.
func lookups(t *testing.T, n, part int) (capture []byte, at int) {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	client, server := net.IP{192, 0, 2, 10}, net.IP{192, 0, 2, 53}
	write := func(when time.Time, from, to net.IP, ports [2]uint16, d *layers.DNS) {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: from, DstIP: to}
		udp := &layers.UDP{SrcPort: layers.UDPPort(ports[0]), DstPort: layers.UDPPort(ports[1])}
		_ = udp.SetNetworkLayerForChecksum(ip)
		buf := gopacket.NewSerializeBuffer()
		eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
		if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, udp, d); err != nil {
			t.Fatal(err)
		}
		ci := gopacket.CaptureInfo{Timestamp: when, CaptureLength: len(buf.Bytes()), Length: len(buf.Bytes())}
		if err := w.WritePacket(ci, buf.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now().Add(-time.Hour)
	for i := range n {
		if i == part {
			at = b.Len()
		}
		q := []layers.DNSQuestion{{Name: fmt.Appendf(nil, "host-%d.example", i), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}
		port := uint16(20000 + i%40000)
		when := begin.Add(time.Duration(i) * 10 * time.Millisecond)
		write(when, client, server, [2]uint16{port, 53}, &layers.DNS{ID: uint16(i), RD: true, QDCount: 1, Questions: q})
		answer := []layers.DNSResourceRecord{{Name: q[0].Name, Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 60, IP: net.IP{192, 0, 2, 80}}}
		write(when.Add(time.Millisecond), server, client, [2]uint16{53, port}, &layers.DNS{ID: uint16(i), QR: true, RD: true, RA: true, QDCount: 1, ANCount: 1, Questions: q, Answers: answer})
	}
	return b.Bytes(), at
}

// TestBufferBound: the server is killed, more comes than the buffer may hold, and the
// agent ends. Of what it took nothing is lost when server and agent are back, the rest
// is counted, and both together are all there was.
func TestBufferBound(t *testing.T) {
	t.Parallel()
	const all, first, bound = 3000, 200, 1 << 20
	capture, at := lookups(t, all, first)
	st, dir := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "buffer")
	addr := freeAddr(t)
	begin := func() *serveProc {
		return serving(t, programCmd(t.Context(), "serve", "--ui", "127.0.0.1:0", "--otlp-grpc", addr, "--otlp-http", "off", "--store", st, "--retention", "0s"))
	}
	s := begin()
	cmd := programCmd(t.Context(), "read", "--follow", "--server", "grpc://"+addr, "--buffer", dir+":1MiB", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	agent := start(t, cmd)
	if _, err := in.Write(capture[:at]); err != nil {
		t.Fatal(err)
	}
	before, since := 0, time.Now()
	waitFor(t, func() bool { // what is stored is on disk after a second (store.Write)
		if n := s.stored(t); n != before {
			before, since = n, time.Now()
		}
		return before > 0 && time.Since(since) > 1500*time.Millisecond
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	if _, err := in.Write(capture[at:]); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	agent.wait(t)
	summary := agent.err.String()
	left, refused := numberIn(t, summary, `([\d,]+) left for the next run`), numberIn(t, summary, `([\d,]+) without room`)
	if before+left+refused != all || left == 0 || refused == 0 {
		t.Errorf("%d stored, %d left, %d without room: %d of %d\n%s", before, left, refused, before+left+refused, all, summary)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.spans"))
	size := 0
	for _, f := range files {
		size += len(readFile(t, f))
	}
	if size > bound || size < bound/2 || recordsIn(t, dir) != left {
		t.Errorf("%d bytes and %d spans in the buffer", size, recordsIn(t, dir))
	}
	s = begin()
	more := goldenCapture("dns-udp")
	o := wirespan(t, "read", "--server", "grpc://"+addr, "--buffer", dir, more)
	if want := before + left + len(spansOf(t, more)); o.code != 0 || s.stored(t) != want {
		t.Errorf("exit status %d, %d spans of %d\n%s", o.code, s.stored(t), want, o.stderr)
	}
	s.stop(t)
}

// numberIn is a number in a summary.
func numberIn(t *testing.T, summary, pattern string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(summary)
	if m == nil {
		t.Fatalf("no %s in\n%s", pattern, summary)
	}
	n, err := strconv.Atoi(string(bytes.ReplaceAll([]byte(m[1]), []byte(","), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

package stream

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/capture"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// pcap writes packets with the payloads, a millisecond apart from a start.
func pcap(t testing.TB, from time.Time, payloads ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, p := range payloads {
		ci := gopacket.CaptureInfo{Timestamp: from.Add(time.Duration(i) * time.Millisecond), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(ci, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// pcapng writes one packet for each interface.
func pcapng(t testing.TB, interfaces ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w *pcapgo.NgWriter
	for i, name := range interfaces {
		in := pcapgo.NgInterface{Name: name, LinkType: layers.LinkTypeEthernet, SnapLength: 65535}
		var err error
		if i == 0 {
			w, err = pcapgo.NewNgWriterInterface(&b, in, pcapgo.NgWriterOptions{})
		} else {
			_, err = w.AddInterface(in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range interfaces {
		ci := gopacket.CaptureInfo{Timestamp: start, CaptureLength: len(name), Length: len(name), InterfaceIndex: i}
		if err := w.WritePacket(ci, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func local(t testing.TB) Address {
	t.Helper()
	a, err := Parse("pcap=127.0.0.1:57012")
	if err != nil {
		t.Fatal(err)
	}
	a.Port = 0
	return a
}

func open(t testing.TB, change func(*Config)) *Source {
	t.Helper()
	c := Default()
	c.Handshake = 2 * time.Second
	c.Retry, c.MaxRetry = 10*time.Millisecond, 20*time.Millisecond
	change(&c)
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// send writes to a listener and closes.
func send(t testing.TB, s *Source, parts ...[]byte) {
	t.Helper()
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, p := range parts {
		if _, err := c.Write(p); err != nil {
			return // refused meanwhile
		}
	}
}

// collect reads n packets as "point: payload".
func collect(t testing.TB, s *Source, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var all []string
	batch := make([]capture.Packet, 100)
	for len(all) < n {
		m, err := s.ReadBatch(ctx, batch)
		if err != nil {
			t.Fatalf("%d of %d packets %q: %v; %+v", len(all), n, all, err, s.Counters())
		}
		for _, p := range batch[:m] {
			all = append(all, s.Points()[p.Tap].Name+": "+string(p.Data))
		}
	}
	return all
}

// until waits for counters.
func until(t testing.TB, s *Source, ok func(Counters) bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok(s.Counters()) {
			return
		}
	}
	t.Fatalf("%+v", s.Counters())
}

func check(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFormats(t *testing.T) {
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	send(t, s, pcap(t, start, "a", "b"))
	check(t, collect(t, s, 2), "pcap:127.0.0.1: a", "pcap:127.0.0.1: b")
	until(t, s, func(c Counters) bool { return c.Open == 0 })
	send(t, s, pcapng(t, "eth0", "eth1"))
	check(t, collect(t, s, 2), "pcap:127.0.0.1:eth0: eth0", "pcap:127.0.0.1:eth1: eth1")
	until(t, s, func(c Counters) bool { return c.Open == 0 })
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(pcap(t, start, "c"))
	_ = z.Close()
	send(t, s, packed.Bytes())
	check(t, collect(t, s, 1), "pcap:127.0.0.1: c")
	until(t, s, func(c Counters) bool { return c.Open == 0 && c.Begun == 3 && c.Broken == 0 })
	if st, err := s.Stats(); err != nil || st.Packets != 5 || st.Faults != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestSlow takes a stream byte by byte, with another beside it.
func TestSlow(t *testing.T) {
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, b := range pcap(t, start, "one", "two") {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	check(t, collect(t, s, 2), "pcap:127.0.0.1: one", "pcap:127.0.0.1: two")
	send(t, s, pcap(t, start, "other"))
	check(t, collect(t, s, 1), "pcap:127.0.0.1#2: other")
}

// TestMerge takes the earliest of what has come.
func TestMerge(t *testing.T) {
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	var odd, even []string
	for i := range 1000 {
		odd, even = append(odd, "o"), append(even, "e")
		_ = i
	}
	var wg sync.WaitGroup
	for i, p := range [][]string{odd, even} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			send(t, s, pcap(t, start.Add(time.Duration(i)*500*time.Microsecond), p...))
		}()
	}
	wg.Wait()
	until(t, s, func(c Counters) bool { return c.Begun == 2 })
	var last int64
	batch := make([]capture.Packet, 64)
	back := 0
	type held struct {
		want    []string
		packets []capture.Packet
		release func()
	}
	var all []held
	for n := 0; n < 2000; {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		m, err := s.ReadBatch(ctx, batch)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		n += m
		h := held{packets: slices.Clone(batch[:m])}
		for _, p := range h.packets {
			if p.Time < last {
				back++
			}
			last = p.Time
			h.want = append(h.want, string(p.Data))
		}
		h.release = s.Lend()
		all = append(all, h)
	}
	// How much was there when it was read is a matter of luck; packets of one
	// stream are never turned around.
	if back > 1000 {
		t.Errorf("time went back %d times", back)
	}
	for _, h := range all {
		for i, p := range h.packets {
			if string(p.Data) != h.want[i] {
				t.Fatalf("%q under the loan of %q", p.Data, h.want[i])
			}
		}
		h.release()
	}
}

func TestToken(t *testing.T) {
	var said bytes.Buffer
	s := open(t, func(c *Config) {
		c.Listen, c.Token = []Address{local(t)}, "s3cret"
		c.Handshake = 300 * time.Millisecond
		c.Log = slog.New(slog.NewTextHandler(&locked{w: &said}, nil))
	})
	for i, line := range []string{"", "wirespan-token \n", "wirespan-token s3cre\n", "wirespan-token s3cret1\n", "Wirespan-token s3cret\n", strings.Repeat("x", 5000), "wirespan-token " + strings.Repeat("y", 5000)} {
		send(t, s, []byte(line), pcap(t, start, "forged"))
		until(t, s, func(c Counters) bool { return c.Refused == uint64(i)+1 })
	}
	// A line that never ends.
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "wirespan-tok")
	until(t, s, func(c Counters) bool { return c.Refused == 8 })
	for _, end := range []string{"\n", "\r\n"} {
		send(t, s, []byte("wirespan-token s3cret"+end), pcap(t, start, "genuine"))
		check(t, collect(t, s, 1), "pcap:127.0.0.1: genuine")
		until(t, s, func(c Counters) bool { return c.Open == 0 })
	}
	if n := s.Counters(); n.Begun != 2 || n.Broken != 0 {
		t.Errorf("%+v", n)
	}
	_ = s.Close()
	if text := said.String(); !strings.Contains(text, "wrong token") || strings.Contains(text, "s3cret") {
		t.Errorf("log: %s", text)
	}
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// TestBroken ends only the stream that is damaged.
func TestBroken(t *testing.T) {
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	good, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	whole := pcap(t, start, "first", "second")
	_, _ = good.Write(whole[:30])
	until(t, s, func(c Counters) bool { return c.Open == 1 })
	cut := pcap(t, start, "kept", "lost")
	send(t, s, cut[:len(cut)-1])
	until(t, s, func(c Counters) bool { return c.Broken == 1 })
	send(t, s, []byte("GET / HTTP/1.1\r\n\r\n"))
	until(t, s, func(c Counters) bool { return c.Broken == 2 })
	big := pcap(t, start, "x")
	copy(big[24+8:], []byte{0xff, 0xff, 0xff, 0x7f}) // a record of 2 GiB
	send(t, s, big)
	until(t, s, func(c Counters) bool { return c.Broken == 3 })
	_, _ = good.Write(whole[30:])
	check(t, collect(t, s, 3), "pcap:127.0.0.1#2: kept", "pcap:127.0.0.1: first", "pcap:127.0.0.1: second")
	if st, _ := s.Stats(); st.Faults != 3 {
		t.Errorf("%+v", st)
	}
}

func TestBounds(t *testing.T) {
	s := open(t, func(c *Config) {
		c.Listen, c.MaxConnections, c.Idle = []Address{local(t)}, 1, 200*time.Millisecond
	})
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(pcap(t, start, "a"))
	check(t, collect(t, s, 1), "pcap:127.0.0.1: a")
	send(t, s, pcap(t, start, "b"))
	until(t, s, func(c Counters) bool { return c.Refused == 1 })
	until(t, s, func(c Counters) bool { return c.Broken == 1 && c.Open == 0 }) // silent for too long
	until(t, s, func(Counters) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.n.open == 0 })
	send(t, s, pcap(t, start, "c"))
	check(t, collect(t, s, 1), "pcap:127.0.0.1: c")
}

// certificate is one for 127.0.0.1.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestTLS sends over TLS with a token to a listener, from a Source that
// connects to a server which does so.
func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	a := local(t)
	a.TLS = true
	s := open(t, func(c *Config) {
		c.Listen, c.Token = []Address{a}, "s3cret"
		c.ServerTLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	})
	send(t, s, []byte("wirespan-token s3cret\n"), pcap(t, start, "in clear"))
	until(t, s, func(c Counters) bool { return c.Refused == 1 })
	c, err := tls.Dial("tcp", s.Addrs()[0].String(), &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "wirespan-token s3cret\n")
	_, _ = c.Write(pcap(t, start, "sealed"))
	check(t, collect(t, s, 1), "pcap:127.0.0.1: sealed")
	c.Close()

	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b := make([]byte, len("wirespan-token mine\n"))
		_, _ = io.ReadFull(c, b)
		line <- string(b)
		_, _ = c.Write(pcap(t, start, "served"))
		c.Close()
	}()
	there, err := Parse("tls://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s2 := open(t, func(c *Config) {
		c.Connect, c.ConnectToken, c.ClientTLS = []Address{there}, "mine", &tls.Config{RootCAs: pool}
	})
	check(t, collect(t, s2, 1), "pcap:"+l.Addr().String()+": served")
	if got := <-line; got != "wirespan-token mine\n" {
		t.Errorf("sent %q", got)
	}
	s3 := open(t, func(c *Config) { c.Connect = []Address{there} }) // does not know the authority
	until(t, s3, func(c Counters) bool { return c.Unreached > 0 })
}

// TestReconnect fetches from a server that comes, breaks off and comes back.
func TestReconnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there, err := Parse("pcap=" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := open(t, func(c *Config) { c.Connect = []Address{there} })
	until(t, s, func(c Counters) bool { return c.Unreached > 2 })
	if l, err = net.Listen("tcp", there.dial()); err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	defer l.Close()
	name := "pcap:" + there.dial() + ": "
	for i, c := range []struct {
		cut  int
		want []string
	}{{0, []string{name + "a", name + "b"}}, {1, []string{name + "a"}}, {0, []string{name + "a", name + "b"}}} {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		b := pcap(t, start, "a", "b")
		_, _ = conn.Write(b[:len(b)-c.cut])
		conn.Close()
		check(t, collect(t, s, len(c.want)), c.want...)
		if i == 2 && len(s.Points()) != 1 {
			t.Errorf("points %v", s.Points())
		}
	}
	if n := s.Counters(); n.Broken != 1 || n.Redials < 4 {
		t.Errorf("%+v", n)
	}
}

func TestStdin(t *testing.T) {
	s := open(t, func(c *Config) { c.Stdin = bytes.NewReader(pcap(t, start, "a", "b")) })
	check(t, collect(t, s, 2), "stdin: a", "stdin: b")
	if n, err := s.ReadBatch(context.Background(), make([]capture.Packet, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

// TestStop yields what has come, then the end, and leaves no goroutine.
func TestStop(t *testing.T) {
	before := runtime.NumGoroutine()
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(pcap(t, start, "a"))
	until(t, s, func(Counters) bool { return len(s.full) == 1 })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	check(t, collect(t, s, 1), "pcap:127.0.0.1: a")
	if n, err := s.ReadBatch(context.Background(), make([]capture.Packet, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	if _, err := net.Dial("tcp", s.Addrs()[0].String()); err == nil {
		t.Error("still listening")
	}
}

// TestTcpdump takes what tcpdump writes.
func TestTcpdump(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: tcpdump cannot capture")
	}
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump")
	}
	s := open(t, func(c *Config) { c.Listen = []Address{local(t)} })
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	_, port, _ := net.SplitHostPort(u.LocalAddr().String())
	cmd := exec.Command(path, "-i", "lo", "-U", "-w", "-", "udp port "+port)
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout = f
	if err := cmd.Start(); err != nil {
		t.Skipf("tcpdump: %v", err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	batch := make([]capture.Packet, 8)
	for {
		_, _ = u.WriteTo([]byte("over the wire"), u.LocalAddr())
		wait, stop := context.WithTimeout(ctx, 200*time.Millisecond)
		n, err := s.ReadBatch(wait, batch)
		stop()
		if n > 0 {
			if !bytes.HasSuffix(batch[0].Data, []byte("over the wire")) {
				t.Errorf("%q", batch[0].Data)
			}
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			t.Fatalf("%v; %+v", err, s.Counters())
		}
	}
}

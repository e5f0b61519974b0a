package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// freePort finds a TCP port of the loopback.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// mirrorHere starts `wirespan mirror` in this namespace.
func mirrorHere(t *testing.T, args ...string) *proc {
	t.Helper()
	p := start(t, programCmd(t.Context(), append([]string{"mirror", "--agent", "box1"}, args...)...))
	p.listening(t)
	return p
}

// whats lists what the spans of a capture or a file of spans asked for.
func whats(spans []spanLine) map[string]int {
	m := make(map[string]int)
	for i := range spans {
		m[spans[i].what()+" "+spans[i].outcome()]++
	}
	return m
}

// TestMirrorStream takes a capture over TCP with TLS and a token, and gives the
// spans that read gives. Whoever does not know the token gives none.
func TestMirrorStream(t *testing.T) {
	t.Parallel()
	file := demoCapture(t)
	dir := t.TempDir()
	cert, key := selfSigned(t, dir)
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, addr := filepath.Join(dir, "spans"), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	w := mirrorHere(t, "--listen", "pcap=tls://"+addr, "--stream-cert", cert, "--stream-key", key, "--stream-token", token, "--out", "ndjson:"+out)
	for _, first := range []string{"wirespan-token wrong battery\n", "wirespan-token correct horse\n"} {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // our own certificate
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(append([]byte(first), readFile(t, file)...)) // the wrong one is cut short
		_ = c.CloseWrite()
		_ = c.Close()
	}
	want := whats(spansOf(t, file))
	waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= count(want) })
	w.interrupt(t)
	got := fileSpans(t, out)
	if d := cmp.Diff(want, whats(got)); d != "" {
		t.Errorf("spans (-read +mirror):\n%s\n%s", d, w.err.String())
	}
	if !strings.Contains(w.err.String(), "\nstreams      1 begun, 1 refused\n") {
		t.Errorf("what became of the streams is not told:\n%s", w.err.String())
	}
	for _, p := range pointsOf(got) {
		if !regexp.MustCompile(`^pcap:127\.0\.0\.1`).MatchString(p) {
			t.Errorf("point %q", p)
		}
	}
	if !strings.Contains(w.err.String(), "token") {
		t.Errorf("nothing is said of who was refused:\n%s", w.err.String())
	}
}

// TestMirrorStreamOpen refuses to listen to everybody without a token.
func TestMirrorStreamOpen(t *testing.T) {
	t.Parallel()
	r := wirespan(t, "mirror", "--listen", fmt.Sprintf("pcap=:%d", freePort(t)))
	if r.code != 2 || !strings.Contains(r.stderr, "token") {
		t.Errorf("status %d\n%s", r.code, r.stderr)
	}
}

// TestMirrorConnect fetches a capture from a server.
func TestMirrorConnect(t *testing.T) {
	t.Parallel()
	file := demoCapture(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if b, err := os.ReadFile(file); err == nil && i == 0 {
				_, _ = c.Write(b)
			}
			_ = c.Close()
		}
	}()
	out := filepath.Join(t.TempDir(), "spans")
	w := mirrorHere(t, "--connect", "pcap="+l.Addr().String(), "--out", "ndjson:"+out)
	want := whats(spansOf(t, file))
	waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= count(want) })
	w.interrupt(t)
	if d := cmp.Diff(want, whats(fileSpans(t, out))); d != "" {
		t.Errorf("spans (-read +mirror):\n%s\n%s", d, w.err.String())
	}
}

// TestMirrorWatch reads what is moved into a directory, sandbox and all, and moves
// it on. The directory is the point.
func TestMirrorWatch(t *testing.T) {
	t.Parallel()
	file := demoCapture(t)
	dir := t.TempDir()
	in, done, out := filepath.Join(dir, "in"), filepath.Join(dir, "done"), filepath.Join(dir, "spans")
	for _, d := range []string{in, done} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w := mirrorHere(t, "--watch", in+"=site", "--watch-done", done, "--out", "ndjson:"+out)
	tmp := filepath.Join(dir, "part")
	if err := os.WriteFile(tmp, readFile(t, file), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(in, "a"+filepath.Ext(file))); err != nil {
		t.Fatal(err)
	}
	want := whats(spansOf(t, file))
	waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= count(want) })
	waitFor(t, func() bool {
		m, _ := filepath.Glob(filepath.Join(done, "*", "a*"))
		n, _ := filepath.Glob(filepath.Join(done, "a*"))
		return len(m)+len(n) == 1
	})
	w.interrupt(t)
	got := fileSpans(t, out)
	if d := cmp.Diff(want, whats(got)); d != "" {
		t.Errorf("spans (-read +mirror):\n%s\n%s", d, w.err.String())
	}
	for _, p := range pointsOf(got) {
		if !strings.HasPrefix(p, "site") {
			t.Errorf("point %q", p)
		}
	}
	if r := wirespan(t, "mirror", "--watch", in, "--listen", "vxlan"); r.code != 2 || !strings.Contains(r.stderr, "by itself") {
		t.Errorf("beside a listener: status %d\n%s", r.code, r.stderr)
	}
}

func count(m map[string]int) (n int) {
	for _, c := range m {
		n += c
	}
	return n
}

// selfSigned writes a certificate for 127.0.0.1.
func selfSigned(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: kb}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// demoCapture is one of the demonstration's captures.
func demoCapture(t *testing.T) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(demoDir, "*.pcap"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no capture in %s: %v", demoDir, err)
	}
	return list[0]
}

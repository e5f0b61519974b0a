package tls_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	gotls "crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/tlskeys"
)

// tap notes what goes by, in order.
type tap struct {
	net.Conn
	dir   l7.Dir
	mu    *sync.Mutex
	turns *[]l7test.Turn
}

func (c *tap) Write(b []byte) (int, error) {
	c.mu.Lock()
	*c.turns = append(*c.turns, l7test.Turn{Dir: c.dir, Bytes: bytes.Clone(b)})
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// talk is a session between Go's client and server: two requests, the first of
// which is answered at length.
func talk(t *testing.T, version uint16, size int) (l7test.Session, *tlskeys.Table) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"go.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	var turns []l7test.Turn
	var mu sync.Mutex
	a, b := net.Pipe()
	client := gotls.Client(&tap{a, l7.ToServer, &mu, &turns}, &gotls.Config{ServerName: "go.example", InsecureSkipVerify: true, KeyLogWriter: &log, MaxVersion: version})
	server := gotls.Server(&tap{b, l7.ToClient, &mu, &turns}, &gotls.Config{
		Certificates: []gotls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, DynamicRecordSizingDisabled: true, MaxVersion: version,
	})
	go func() {
		buf := make([]byte, 1000)
		for _, n := range []int{size, 3} {
			if _, err := server.Read(buf); err != nil {
				return
			}
			fmt.Fprintf(server, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
		}
	}()
	for _, n := range []int{size, 3} {
		fmt.Fprint(client, "GET /go HTTP/1.1\r\nHost: go.example\r\n\r\n")
		want := len(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n)) + n
		if _, err := io.ReadFull(client, make([]byte, want)); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	tab := tlskeys.New()
	tab.Add(log.Bytes())
	return l7test.TCP(turns...), tab
}

// Long bodies go by in many records; a gap of several costs none but them.
func TestGo(t *testing.T) {
	for _, version := range []uint16{gotls.VersionTLS12, gotls.VersionTLS13} {
		s, tab := talk(t, version, 300_000)
		want := []string{"GET /go", "response 200 ", "GET /go", "response 200 "}
		if got := inside(l7test.Play(s, keyed(tab), http1.Proto())); strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%x: %q", version, got)
		}
		var long []int // segments of the body
		for i, turn := range s.Turns {
			if turn.Dir == l7.ToClient && len(turn.Bytes) > 10_000 {
				long = append(long, i)
			}
		}
		if len(long) < 10 {
			t.Fatalf("%x: %d long segments", version, len(long))
		}
		lossy := append([]l7test.Turn{}, s.Turns...)
		for _, i := range long[4:8] {
			lossy[i] = l7test.Lost(l7.ToClient, int64(len(lossy[i].Bytes)))
		}
		r := l7test.Play(l7test.TCP(lossy...), keyed(tab), http1.Proto())
		got := inside(r)
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%x with a gap: %q", version, got)
		}
		for _, m := range r.Conns[0].Messages {
			if m.Code == 200 && m.Size != nil && *m.Size == 300_000 && (m.Lost < 60_000 || m.Lost > 70_000 || m.Cut) {
				t.Errorf("%x: %d bytes lost, cut %v", version, m.Lost, m.Cut)
			}
		}
		for _, f := range r.Faults {
			t.Error(f)
		}
	}
}

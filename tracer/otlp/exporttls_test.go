package otlp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/wirespan/wirespan/tracer/span"
)

// trust returns a client configuration for the certificate of httptest, and
// that certificate.
func trust(t *testing.T) (*tls.Config, tls.Certificate) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool, ServerName: "example.com"}, s.TLS.Certificates[0]
}

func TestExportTLS(t *testing.T) {
	client, cert := trust(t)
	c := &collector{}
	web := httptest.NewTLSServer(c)
	defer web.Close()
	rpc := serveGRPC(t, c, grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	for _, to := range []Endpoint{endpoint(t, web.URL), endpoint(t, "grpcs://"+rpc.Address)} {
		x := quick(to)
		x.TLS = client
		if e, _, err := export(t, x); err != nil || e.Stats().Sent != 25 {
			t.Errorf("%s: %v", to, err)
		}
		x.TLS = nil // the system does not know the certificate
		x.Queue.Retry.Total = 100 * time.Millisecond
		e := openExporter(t, x)
		e.WriteSpans(t.Context(), []span.Span{httpSpan(1)})
		if err := e.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s without trust: %v", to, err)
		}
	}
	if c.spans() != 50 {
		t.Errorf("%d spans arrived", c.spans())
	}
}

// TestExportAnsweredEarly has a server that answers before it has read the
// request: its bytes must not change while the transport still sends them.
func TestExportAnsweredEarly(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	defer s.Close()
	x := quick(endpoint(t, s.URL))
	x.BatchBytes, x.BatchSpans, x.BatchDelay = 1<<20, 1, 0
	e := openExporter(t, x)
	big := span.Span{Name: bytes.Repeat([]byte("n"), 1<<20)}
	for range 20 {
		if err := e.WriteSpans(t.Context(), []span.Span{big}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(t.Context()); err != nil && !strings.Contains(err.Error(), "lost") {
		t.Error(err)
	}
	if st := e.Stats(); st.Sent+st.Dropped != 20 || st.Sent == 0 {
		t.Errorf("%+v", st)
	}
}

func TestExportHidesURLSecrets(t *testing.T) {
	x := quick(endpoint(t, "http://joe:topsecret@"+closedPort(t)+"/?key=topsecret"))
	x.Queue.Retry.Total = 50 * time.Millisecond
	e := openExporter(t, x)
	e.WriteSpans(t.Context(), []span.Span{httpSpan(1)})
	if err := e.Close(t.Context()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestExportSendsBasicAuthentication(t *testing.T) {
	c := &collector{}
	to := serveHTTP(t, c)
	if _, _, err := export(t, quick(endpoint(t, "http://joe:pw@"+to.Address))); err != nil {
		t.Fatal(err)
	}
	if got := c.header[0]["Authorization"]; len(got) != 1 || got[0] != "Basic am9lOnB3" {
		t.Errorf("%q", got)
	}
}

func TestExportConfigValidate(t *testing.T) {
	for _, x := range []ExportConfig{DefaultExport(), OfflineExport()} {
		x.Endpoint = endpoint(t, "grpc://h")
		x.Headers = map[string]string{"Authorization": "Bearer x", "x-a": "b"}
		if err := x.Validate(); err != nil {
			t.Error(err)
		}
	}
	bad := ExportConfig{BatchDelay: -1, Headers: map[string]string{"a b": "v", "x": "topsecret\r\n", "": "v"}}
	_, err := NewExporter(testKeys(), testConfig(), bad)
	for _, want := range []string{"export.endpoint", `"a b"`, `"x"`, `""`, "timeout", "batch.spans", "batch.bytes", "batch.delay", "queue.parcels"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "topsecret") {
		t.Error("the value of a header is in the error")
	}
}

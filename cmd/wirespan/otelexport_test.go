package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestStandardVariables lets the standard variables alone say where spans go:
// over TLS with the receiver's certificate, with headers, the agent's resource,
// and a share of the traces.
func TestStandardVariables(t *testing.T) {
	r := &receiver{}
	s := httptest.NewTLSServer(r)
	t.Cleanup(s.Close)
	roots := writeFile(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	for k, v := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":    s.URL,
		"OTEL_EXPORTER_OTLP_CERTIFICATE": roots,
		"OTEL_EXPORTER_OTLP_HEADERS":     "X-Tenant=a%20shop",
		"OTEL_RESOURCE_ATTRIBUTES":       "deployment.environment.name=test,service.name=nobody",
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "3",
	} {
		t.Setenv(k, v)
	}
	all := exportDemo(t, r)
	if h := r.headers.Get("X-Tenant"); h != "a shop" {
		t.Errorf("header %q", h)
	}
	_, services := r.received()
	if services["nobody"] || len(services) == 0 {
		t.Errorf("services %v", services)
	}
	for _, rs := range r.got {
		found := false
		for _, a := range rs.Resource.Attributes {
			found = found || a.Key == "deployment.environment.name" && a.Value.GetStringValue() == "test"
		}
		if !found {
			t.Errorf("resource %v", rs.Resource)
		}
		n := 0
		for _, ss := range rs.ScopeSpans {
			n += len(ss.Spans)
		}
		if n > 3 {
			t.Errorf("%d spans in a request of at most 3", n)
		}
	}

	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
	some := exportDemo(t, r)
	if some == 0 || some >= all {
		t.Errorf("%d spans of %d at half of the traces", some, all)
	}
	spans, _ := r.received()
	for _, s := range spans {
		if s.TraceId[8]&0x80 != 0 {
			t.Errorf("trace %x is not in the lower half", s.TraceId)
		}
	}
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	if n := exportDemo(t, r); n != 0 {
		t.Errorf("%d spans although sampling is off", n)
	}
	t.Setenv("WIRESPAN_SAMPLE_RATIO", "1")
	if n := exportDemo(t, r); n != all {
		t.Errorf("%d spans, want all %d: our variable is stronger", n, all)
	}
}

// exportDemo reads the demo and returns how many spans reached the receiver;
// with those that the summary says were left out they are all.
func exportDemo(t *testing.T, r *receiver) int {
	t.Helper()
	r.got = nil
	o := wirespan(t, append([]string{"read"}, demoCaptures()...)...)
	if o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	spans, _ := r.received()
	left := 0
	for line := range strings.Lines(o.stderr) {
		_, _ = fmt.Sscanf(line, "sampling %d spans left out", &left)
	}
	if !strings.Contains(o.stderr, fmt.Sprintf(" with %d spans", len(spans)+left)) {
		t.Errorf("%d spans exported, %d left out, and the summary says\n%s", len(spans), left, o.stderr)
	}
	return len(spans)
}

func TestOTelTLS(t *testing.T) {
	if c, err := (otelTLS{}).config(); c != nil || err != nil {
		t.Errorf("nothing is said: %v %v", c, err)
	}
	none := filepath.Join(t.TempDir(), "none")
	empty := writeFile(t, "empty.pem", nil)
	for _, c := range []otelTLS{{roots: none}, {roots: empty}, {key: none}, {cert: none}, {key: empty, cert: empty}} {
		if _, err := c.config(); err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_C") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := writeFile(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	c, err := otelTLS{
		roots: cert, cert: cert, key: writeFile(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}.config()
	if err != nil || len(c.Certificates) != 1 || c.RootCAs == nil {
		t.Errorf("%v %v", c, err)
	}
}

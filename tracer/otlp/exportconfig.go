package otlp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
)

// ExportConfig says where and how an Exporter sends.
type ExportConfig struct {
	Endpoint Endpoint
	Headers  map[string]string // of every request; values are never shown
	Gzip     bool
	Timeout  time.Duration // of one attempt
	TLS      *tls.Config   // for https and grpcs; nil trusts the system's roots
	// Proxy chooses the proxy of OTLP/HTTP, nil for none. OTLP/gRPC looks at
	// the usual environment variables if it is set, and goes straight if not.
	Proxy      func(*http.Request) (*url.URL, error)
	BatchSpans int           // spans of one request at most
	BatchBytes int           // a batch that has reached this size is sent
	BatchDelay time.Duration // longest wait for a batch to fill; 0 sends at the end of each WriteSpans
	Queue      sink.QueueConfig
}

// DefaultExport is for live input; the endpoint is missing.
func DefaultExport() ExportConfig {
	return ExportConfig{
		Timeout:    10 * time.Second,
		BatchSpans: 512,
		BatchBytes: 1 << 20,
		BatchDelay: 200 * time.Millisecond,
		Queue:      sink.DefaultQueue(),
	}
}

// OfflineExport is for files being read; the endpoint is missing.
func OfflineExport() ExportConfig {
	c := DefaultExport()
	c.Queue = sink.OfflineQueue()
	return c
}

// Validate reports every fault. Values of headers are not in the error.
func (c ExportConfig) Validate() error {
	var errs []error
	if c.Endpoint.Protocol != HTTP && c.Endpoint.Protocol != GRPC {
		errs = append(errs, errNoEndpoint)
	}
	for name, value := range c.Headers {
		if err := checkHeader(name, value, c.Endpoint.Protocol); err != nil {
			errs = append(errs, fmt.Errorf("export.headers: %q: %w", name, err))
		}
	}
	if c.Timeout <= 0 {
		errs = append(errs, errors.New("export.timeout: must be positive"))
	}
	if c.BatchSpans <= 0 {
		errs = append(errs, errors.New("export.batch.spans: must be positive"))
	}
	if c.BatchBytes <= 0 {
		errs = append(errs, errors.New("export.batch.bytes: must be positive"))
	}
	if c.BatchDelay < 0 {
		errs = append(errs, errors.New("export.batch.delay: must not be negative"))
	}
	return errors.Join(append(errs, c.Queue.Validate())...)
}

// checkHeader says what is wrong with a header: RFC 9110, 5.1 and 5.5, and for
// gRPC the narrower rules of metadata.
func checkHeader(name, value string, p Protocol) error {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	lower := strings.ToLower(name)
	if name == "" || strings.Trim(lower, token) != "" {
		return errors.New("not a header name")
	}
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f || p == GRPC && c > 0x7f {
			return errors.New("value has characters that a header cannot carry")
		}
	}
	if p == GRPC && strings.HasPrefix(lower, "grpc-") {
		return errors.New("names with grpc- are gRPC's own")
	}
	return nil
}

// headers returns the header fields, in lower case, with the authorization of
// the endpoint.
func (c ExportConfig) headers() map[string]string {
	h := make(map[string]string, len(c.Headers)+1)
	if c.Endpoint.auth != "" {
		h["authorization"] = c.Endpoint.auth
	}
	for name, value := range c.Headers {
		h[strings.ToLower(name)] = value
	}
	return h
}

package transport

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

// Signal is what is exported: traces or metrics.
type Signal struct {
	path   string // of HTTP, where the URL has none
	method string // of gRPC
}

// Traces are sent as ExportTraceServiceRequest.
func Traces() Signal {
	return Signal{"/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"}
}

// Metrics are sent as ExportMetricsServiceRequest.
func Metrics() Signal {
	return Signal{"/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"}
}

// Config says where and how a Transport sends.
type Config struct {
	Signal   Signal
	Endpoint Endpoint
	Headers  map[string]string // of every request; values are never shown
	Gzip     bool
	Timeout  time.Duration // of one attempt
	TLS      *tls.Config   // for https and grpcs; nil trusts the system's roots
	// Proxy chooses the proxy of OTLP/HTTP, nil for none. OTLP/gRPC looks at
	// the usual environment variables if it is set, and goes straight if not.
	Proxy      func(*http.Request) (*url.URL, error)
	Senders    int           // connections of OTLP/HTTP that stay open between requests
	Idle       time.Duration // after which an unused one is closed
	MaxBackoff time.Duration // of OTLP/gRPC, between attempts to connect
	Version    string        // of wirespan, in the user agent
}

// Validate reports every fault. Values of headers are not in the error.
func (c *Config) Validate() error {
	var errs []error
	if c.Endpoint.Protocol != HTTP && c.Endpoint.Protocol != GRPC {
		errs = append(errs, ErrNoEndpoint)
	}
	for name, value := range c.Headers {
		if err := checkHeader(name, value, c.Endpoint.Protocol); err != nil {
			errs = append(errs, fmt.Errorf("export.headers: %q: %w", name, err))
		}
	}
	if c.Timeout <= 0 {
		errs = append(errs, errors.New("export.timeout: must be positive"))
	}
	return errors.Join(errs...)
}

// Transport delivers encoded requests, each once; a sink.Outbox retries. Send
// may be called by several goroutines.
type Transport interface {
	sink.Sender
	// Close ends connections and their goroutines, after the last Send.
	Close() error
}

// New returns a Transport. It does not connect yet.
func New(c Config) (Transport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Endpoint.Protocol == HTTP {
		return newHTTPSender(c), nil
	}
	return newGRPCSender(c)
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
func (c *Config) headers() map[string]string {
	h := make(map[string]string, len(c.Headers)+1)
	if c.Endpoint.auth != "" {
		h["authorization"] = c.Endpoint.auth
	}
	for name, value := range c.Headers {
		h[strings.ToLower(name)] = value
	}
	return h
}

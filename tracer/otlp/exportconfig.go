package otlp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/wirespan/wirespan/tracer/otlp/transport"
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
	// Via puts something between queue and transport, which it closes; nil puts
	// nothing. What is a Drainer is drained when the queue is empty at the end.
	Via func(transport.Transport) (transport.Transport, error)
}

// Drainer is met by transports that keep spans for later.
type Drainer interface {
	// Drain delivers what is kept, until ctx ends or there is no sense in it.
	Drain(ctx context.Context)
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
	via := c.transport("")
	errs := []error{via.Validate()}
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

// idleTime is how long a connection without requests stays open.
const idleTime = 90 * time.Second

// transport is the part that sends.
func (c *ExportConfig) transport(version string) transport.Config {
	return transport.Config{
		Signal: transport.Traces(), Endpoint: c.Endpoint, Headers: c.Headers, Gzip: c.Gzip, Timeout: c.Timeout, TLS: c.TLS, Proxy: c.Proxy,
		Senders: c.Queue.Senders, Idle: idleTime, MaxBackoff: c.Queue.Retry.Max, Version: version,
	}
}

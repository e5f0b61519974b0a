package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// offlinePatience bounds how long read waits for a receiver that is down.
const offlinePatience = 30 * time.Second

// liveQueue bounds the encoded spans that wait for one receiver in a live run.
const liveQueue = 8 << 20

// openExports makes the sinks of --otlp and of the standard environment
// variables.
func (o *outputs) openExports(opt *options, keys *span.Keys) ([]sink.Sink, error) {
	targets := opt.otlp
	if len(targets) == 0 && opt.env.target != "" {
		targets = []string{opt.env.target}
	}
	headers, err := parseHeaders(append(opt.env.headers, opt.otlpHeaders...))
	if err != nil {
		return nil, usage(err)
	}
	if len(targets) > 0 {
		opt.env.warn()
	}
	secure, err := opt.env.tls.config()
	if err != nil {
		return nil, usage(err)
	}
	describe := otlpConfig(opt)
	describe.Resource = append(describe.Resource, opt.env.resource...)
	var list []sink.Sink
	for _, t := range targets {
		ep, err := otlp.ParseEndpoint(t)
		if err != nil {
			return nil, usage(fmt.Errorf("--otlp: %w", err))
		}
		c := otlp.DefaultExport()
		c.Endpoint, c.Headers, c.Gzip, c.Proxy = ep, headers, opt.otlpGzip || opt.env.gzip, http.ProxyFromEnvironment
		c.TLS = secure
		if opt.env.timeout > 0 {
			c.Timeout = opt.env.timeout
		}
		if opt.paced {
			c.Queue.Bytes = liveQueue
		} else {
			c.Queue.Block, c.Queue.Retry.Total = true, offlinePatience
		}
		opt.env.batch.apply(&c)
		x, err := otlp.NewExporter(keys, describe, c)
		if err != nil {
			return nil, usage(err)
		}
		o.exporters = append(o.exporters, x)
		list = append(list, x)
	}
	return list, nil
}

// parseHeaders reads NAME=VALUE pairs; values are not repeated in errors.
func parseHeaders(pairs []string) (map[string]string, error) {
	m := make(map[string]string)
	var errs []error
	for _, p := range pairs {
		if strings.TrimSpace(p) == "" {
			continue
		}
		name, value, ok := strings.Cut(p, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			errs = append(errs, errors.New("OTLP header: want NAME=VALUE"))
			continue
		}
		m[name] = strings.TrimSpace(value)
	}
	return m, errors.Join(errs...)
}

func (o *outputs) exportStats() []sink.Stats {
	var s []sink.Stats
	for _, x := range o.exporters {
		s = append(s, o.exporterStats(x))
	}
	if o.keep != nil {
		s = append(s, o.keep.sink.Stats())
	}
	return s
}

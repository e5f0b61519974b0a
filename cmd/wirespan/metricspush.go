package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/otlp"
)

// metricsEnv is what the standard environment variables say about the export
// of metrics.
type metricsEnv struct {
	target   string // as --otlp-metrics takes it, empty if none
	interval time.Duration
	timeout  time.Duration
	headers  []string
	gzip     bool
}

// metricsVar reads a variable, the one for metrics before the general one.
func metricsVar(name string) string {
	if v := os.Getenv("OTEL_EXPORTER_OTLP_METRICS_" + name); v != "" {
		return v
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_" + name)
}

// readMetricsEnv reads the variables. Only the endpoint for metrics makes
// wirespan export them: who sets the general one asks for traces.
func readMetricsEnv() (metricsEnv, error) {
	var e metricsEnv
	var errs []error
	var err error
	e.target, err = metricsTarget(os.Getenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"), metricsVar("PROTOCOL"))
	errs = append(errs, err)
	e.interval, err = otelMillis("OTEL_METRIC_EXPORT_INTERVAL", os.Getenv("OTEL_METRIC_EXPORT_INTERVAL"))
	errs = append(errs, err)
	timeout := metricsVar("TIMEOUT")
	if v := os.Getenv("OTEL_METRIC_EXPORT_TIMEOUT"); v != "" {
		timeout = v
	}
	e.timeout, err = otelMillis("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", timeout)
	errs = append(errs, err)
	if e.headers, err = otelPairs(metricsVar("HEADERS")); err != nil {
		errs = append(errs, errors.New("OTEL_EXPORTER_OTLP_METRICS_HEADERS: want NAME=VALUE, values percent-encoded"))
	}
	e.gzip = metricsVar("COMPRESSION") == "gzip"
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || !wants(os.Getenv("OTEL_METRICS_EXPORTER")) {
		e.target = ""
	}
	return e, errors.Join(errs...)
}

// wants reports whether OTEL_METRICS_EXPORTER, a list, has otlp in it; it does
// by default.
func wants(list string) bool {
	if list == "" {
		return true
	}
	for name := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(name) == "otlp" {
			return true
		}
	}
	return false
}

// metricsTarget makes a URL of ours of endpoint and protocol.
func metricsTarget(target, protocol string) (string, error) {
	switch {
	case target == "" || strings.HasPrefix(target, "grpc"):
	case protocol == "grpc":
		target = strings.Replace(strings.Replace(target, "https://", "grpcs://", 1), "http://", "grpc://", 1)
		if !strings.Contains(target, "://") {
			target = "grpc://" + target
		}
	case protocol != "" && protocol != "http/protobuf":
		return "", fmt.Errorf("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL %q: want grpc or http/protobuf", protocol)
	}
	return target, nil
}

// defaultInterval is --metrics-interval when nobody gives it.
const defaultInterval = time.Minute

// apply fills in what no flag gives.
func (e *metricsEnv) apply(o *watchOptions) {
	if len(o.otlpMetrics) == 0 && e.target != "" {
		o.otlpMetrics = []string{e.target}
	}
	if o.interval == defaultInterval && e.interval > 0 {
		o.interval = e.interval
	}
}

// peers tells whom the metrics make us talk to, for those who leave out our own
// traffic: the targets of exports and the address that is listened on.
func (o *watchOptions) peers() (targets, listeners []string) {
	targets = o.otlpMetrics
	if env, err := readMetricsEnv(); err == nil && len(targets) == 0 && env.target != "" {
		targets = []string{env.target}
	}
	if addr, err := metricsAddr(o.metrics); err == nil {
		listeners = []string{addr}
	}
	return targets, listeners
}

// newPushers makes the exporters of metrics. They gather nothing before start.
func (t *telemetry) newPushers(env *metricsEnv) ([]*metric.Pusher, error) {
	headers, err := parseHeaders(append(env.headers, t.opt.otlpHeaders...))
	if err != nil {
		return nil, err
	}
	secure, err := t.opt.env.tls.config()
	if err != nil {
		return nil, err
	}
	t.origin = t.newOrigin()
	var list []*metric.Pusher
	for _, target := range t.opt.otlpMetrics {
		c := metric.DefaultPush()
		if c.Endpoint, err = metric.ParseEndpoint(target); err != nil {
			return nil, fmt.Errorf("--otlp-metrics: %w", err)
		}
		c.Headers, c.TLS, c.Gzip, c.Proxy = headers, secure, t.opt.otlpGzip || env.gzip, http.ProxyFromEnvironment
		c.Interval, c.Origin, c.Gather = t.opt.interval, t.origin, t.gather
		if env.timeout > 0 {
			c.Timeout = env.timeout
		}
		p, err := metric.NewPusher(c)
		if err != nil {
			return nil, fmt.Errorf("--otlp-metrics: %w", err)
		}
		list = append(list, p)
		t.pushNames = append(t.pushNames, c.Endpoint.String())
	}
	return list, nil
}

// newOrigin says who measures.
func (t *telemetry) newOrigin() metric.Origin {
	name := t.opt.env.service
	if name == "" {
		name = "wirespan"
	}
	agent := []metric.Label{{Key: "wirespan.agent", Value: t.opt.agent}}
	own := append([]metric.Label{{Key: metric.ServiceName, Value: name}, {Key: "service.version", Value: versionString()}}, agent...)
	for _, a := range t.opt.env.resource {
		own = append(own, metric.Label{Key: a.Key, Value: a.Value})
		agent = append(agent, metric.Label{Key: a.Key, Value: a.Value})
	}
	return metric.Origin{
		Scope: otlp.Scope, Version: versionString(), Resource: own, Agent: agent, Start: time.Now().UnixNano(),
	}
}

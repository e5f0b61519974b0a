package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// otelEnv is what the environment variables of the OpenTelemetry specification
// (Protocol Exporter, "Configuration Options") say about the export of traces.
type otelEnv struct {
	target  string // as --otlp takes it, empty if none
	headers []string
	gzip    bool
	timeout time.Duration // 0: the default
}

// otelVar reads a variable, the one for traces before the general one.
func otelVar(name string) (value string, traces bool) {
	if v := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
		return v, true
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_" + name), false
}

// readOTelEnv reads the variables. The general endpoint is a base below which
// the path of the signal lies; the one for traces is taken as it is.
func readOTelEnv() (otelEnv, error) {
	var e otelEnv
	target, traces := otelVar("ENDPOINT")
	protocol, _ := otelVar("PROTOCOL")
	switch {
	case target == "":
	case protocol == "grpc":
		target = strings.Replace(strings.Replace(target, "https://", "grpcs://", 1), "http://", "grpc://", 1)
		if !strings.Contains(target, "://") {
			target = "grpc://" + target
		}
	case protocol != "" && protocol != "http/protobuf":
		return e, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL %q: want grpc or http/protobuf", protocol)
	case !traces:
		target = strings.TrimSuffix(target, "/") + "/v1/traces"
	}
	e.target = target
	if h, _ := otelVar("HEADERS"); h != "" {
		e.headers = strings.Split(h, ",")
	}
	c, _ := otelVar("COMPRESSION")
	e.gzip = c == "gzip"
	if ms, _ := otelVar("TIMEOUT"); ms != "" {
		n, err := strconv.Atoi(ms)
		if err != nil || n <= 0 {
			return e, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT %q: want milliseconds", ms)
		}
		e.timeout = time.Duration(n) * time.Millisecond
	}
	return e, nil
}

package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
	"github.com/wirespan/wirespan/tracer/otlp"
)

// otelEnv is what the environment variables of the OpenTelemetry specification
// ("Environment Variable Specification"; Protocol Exporter, "Configuration
// Options") say about the export of traces. A variable that is empty says
// nothing.
type otelEnv struct {
	target   string // as --otlp takes it, empty if none
	headers  []string
	gzip     bool
	timeout  time.Duration // of an attempt; 0: the default
	tls      otelTLS
	batch    otelBatch
	resource []otlp.Attribute // of every span that is exported
	// service is OTEL_SERVICE_NAME. It names this program, not the traced ones,
	// so that it belongs on what wirespan tells about itself.
	service  string
	warnings []string // values that the specification wants passed over
}

// otelVar reads a variable, the one for traces before the general one.
func otelVar(name string) (value string, traces bool) {
	if v := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
		return v, true
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_" + name), false
}

// readOTelEnv reads the variables.
func readOTelEnv() (otelEnv, error) {
	e := otelEnv{service: os.Getenv("OTEL_SERVICE_NAME"), tls: readOTelTLS()}
	var errs []error
	var err error
	e.target, err = otelTarget()
	errs = append(errs, err)
	if off := otelDisabled(); off {
		e.target = ""
	}
	h, _ := otelVar("HEADERS")
	e.headers, err = otelPairs(h)
	if err != nil {
		errs = append(errs, errors.New("OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE, values percent-encoded"))
	}
	c, _ := otelVar("COMPRESSION")
	e.gzip = c == "gzip"
	if c != "" && c != "gzip" && c != "none" {
		e.warnings = append(e.warnings, fmt.Sprintf("OTEL_EXPORTER_OTLP_COMPRESSION %q: is not known, passed over; want gzip or none", c))
	}
	ms, _ := otelVar("TIMEOUT")
	e.timeout, err = otelMillis("OTEL_EXPORTER_OTLP_TIMEOUT", ms)
	errs = append(errs, err)
	e.batch, err = readOTelBatch()
	errs = append(errs, err)
	e.resource, err = otelResource(os.Getenv("OTEL_RESOURCE_ATTRIBUTES"))
	errs = append(errs, err)
	if _, _, w := otelSampler(); w != "" {
		e.warnings = append(e.warnings, w)
	}
	return e, errors.Join(errs...)
}

// warn tells what was passed over.
func (e *otelEnv) warn() {
	for _, w := range e.warnings {
		fmt.Fprintf(os.Stderr, "wirespan: %s\n", w)
	}
}

// otelTarget is where to export. The general endpoint is a base below which
// the path of the signal lies; the one for traces is taken as it is.
func otelTarget() (string, error) {
	target, traces := otelVar("ENDPOINT")
	protocol, _ := otelVar("PROTOCOL")
	switch {
	case target == "":
	case protocol == "grpc":
		target = strings.Replace(strings.Replace(target, "https://", "grpcs://", 1), "http://", "grpc://", 1)
		if !strings.Contains(target, "://") {
			scheme := "grpc://" // what collectors listen for on a host named like this
			if insecure, _ := otelVar("INSECURE"); strings.EqualFold(insecure, "false") {
				scheme = "grpcs://"
			}
			target = scheme + target
		}
	case protocol != "" && protocol != "http/protobuf":
		return "", fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL %q: want grpc or http/protobuf", protocol)
	case !traces:
		target = strings.TrimSuffix(target, "/") + "/v1/traces"
	}
	return target, nil
}

// otelDisabled reports whether the environment wants no traces exported.
func otelDisabled() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return true
	}
	e := os.Getenv("OTEL_TRACES_EXPORTER")
	return e != "" && e != "otlp"
}

// otelMillis reads a time in milliseconds.
func otelMillis(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s %q: want milliseconds", name, text)
	}
	return time.Duration(n) * time.Millisecond, nil
}

// standardSettings are the standard variables that say what one of our keys
// says, so that they stand in its order: above the file, below WIRESPAN_ and
// the flags.
func standardSettings() ([]config.Standard, error) {
	e, err := readOTelEnv()
	if err != nil {
		return nil, err
	}
	var list []config.Standard
	if e.target != "" {
		list = append(list, config.Standard{Flag: "otlp", Items: []string{e.target}, Variable: "OTEL_EXPORTER_OTLP_ENDPOINT"})
	}
	if ratio, ok, _ := otelSampler(); ok {
		list = append(list, config.Standard{Flag: "sample-ratio", Items: []string{formatRatio(ratio)}, Variable: "OTEL_TRACES_SAMPLER"})
	}
	return list, nil
}

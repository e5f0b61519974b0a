package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOTelEnv(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want otelEnv
		bad  bool
	}{
		{name: "nothing is set"},
		{name: "the general endpoint is a base", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318/"},
			want: otelEnv{target: "http://192.0.2.1:4318/v1/traces"}},
		{name: "the endpoint for traces is taken as it is", env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://192.0.2.2/in"},
			want: otelEnv{target: "https://192.0.2.2/in"}},
		{name: "gRPC", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://192.0.2.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			want: otelEnv{target: "grpcs://192.0.2.1:4317"}},
		{name: "headers, compression and timeout", env: map[string]string{
			"OTEL_EXPORTER_OTLP_HEADERS": "a=1,b=2", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1500"},
			want: otelEnv{headers: []string{"a=1", "b=2"}, gzip: true, timeout: 1500 * time.Millisecond}},
		{name: "a protocol that we do not speak", bad: true, env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}},
		{name: "a timeout that is none", bad: true, env: map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			got, err := readOTelEnv()
			if (err != nil) != c.bad {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(otelEnv{})); d != "" && !c.bad {
				t.Error(d)
			}
		})
	}
}

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/otlp"
)

func TestOTelEnv(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want otelEnv
		bad  bool
	}{
		{name: "nothing is set"},
		{
			name: "the general endpoint is a base", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318/"},
			want: otelEnv{target: "http://192.0.2.1:4318/v1/traces"},
		},
		{
			name: "the endpoint for traces is taken as it is", env: map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://192.0.2.2/in",
			},
			want: otelEnv{target: "https://192.0.2.2/in"},
		},
		{
			name: "gRPC", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://192.0.2.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			want: otelEnv{target: "grpcs://192.0.2.1:4317"},
		},
		{
			name: "headers, compression and timeout", env: map[string]string{
				"OTEL_EXPORTER_OTLP_HEADERS": "a=1,b=2", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1500",
			},
			want: otelEnv{headers: []string{"a=1", "b=2"}, gzip: true, timeout: 1500 * time.Millisecond},
		},
		{
			name: "headers are percent-encoded", env: map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20YTpi%3D, x=a%2Cb"},
			want: otelEnv{headers: []string{"authorization=Basic YTpi=", "x=a,b"}},
		},
		{name: "headers that are none", bad: true, env: map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "authorization"}},
		{name: "an exporter that is not ours", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318", "OTEL_TRACES_EXPORTER": "none"}},
		{name: "no SDK at all", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318", "OTEL_SDK_DISABLED": "TRUE"}},
		{name: "a bare host over gRPC", env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "h:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
			"OTEL_EXPORTER_OTLP_INSECURE": "false",
		}, want: otelEnv{target: "grpcs://h:4317"}},
		{
			name: "the resource of the agent", env: map[string]string{
				"OTEL_SERVICE_NAME":        "tracer",
				"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod,service.name=x,k8s.cluster.name=a%20b,deployment.environment.name=test,telemetry.sdk.name=y",
			},
			want: otelEnv{service: "tracer", resource: []otlp.Attribute{{Key: "deployment.environment.name", Value: "test"}, {Key: "k8s.cluster.name", Value: "a b"}}},
		},
		{name: "a resource that is none", bad: true, env: map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "a=%zz"}},
		{
			name: "batches", env: map[string]string{
				"OTEL_BSP_SCHEDULE_DELAY": "5000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100",
				"OTEL_BSP_MAX_QUEUE_SIZE": "1001", "OTEL_BSP_EXPORT_TIMEOUT": "30000",
			},
			want: otelEnv{batch: otelBatch{delay: 5 * time.Second, spans: 100, queue: 1001, patient: 30 * time.Second}},
		},
		{name: "a batch that is none", bad: true, env: map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}},
		{
			name: "a compression we do not speak is passed over", env: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"},
			want: otelEnv{warnings: []string{`OTEL_EXPORTER_OTLP_COMPRESSION "zstd": is not known, passed over; want gzip or none`}},
		},
		{
			name: "a sampler we do not know is passed over", env: map[string]string{"OTEL_TRACES_SAMPLER": "xray"},
			want: otelEnv{warnings: []string{`OTEL_TRACES_SAMPLER "xray": is not known here, passed over`}},
		},
		{
			name: "certificates", env: map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": "traces.pem"},
			want: otelEnv{tls: otelTLS{roots: "traces.pem"}},
		},
		{name: "a protocol that we do not speak", bad: true, env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
		}},
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
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(otelEnv{}, otelTLS{}, otelBatch{})); d != "" && !c.bad {
				t.Error(d)
			}
		})
	}
}

func TestOTelBatch(t *testing.T) {
	c := otlp.DefaultExport()
	otelBatch{delay: time.Second, spans: 100, queue: 1001, patient: time.Minute}.apply(&c)
	if c.BatchDelay != time.Second || c.BatchSpans != 100 || c.Queue.Parcels != 11 || c.Queue.Retry.Total != time.Minute {
		t.Errorf("have %+v", c)
	}
	d := otlp.DefaultExport()
	otelBatch{}.apply(&d)
	if e := otlp.DefaultExport(); d.BatchDelay != e.BatchDelay || d.BatchSpans != e.BatchSpans || d.Queue != e.Queue {
		t.Error("what says nothing changes something")
	}
}

func TestOTelSampler(t *testing.T) {
	for _, c := range []struct {
		name, arg string
		want      float64
		ok, warn  bool
	}{
		{"", "", 1, false, false},
		{"always_on", "", 1, true, false},
		{"always_off", "", 0, true, false},
		{"traceidratio", "0.25", 0.25, true, false},
		{"traceidratio", "", 1, true, false},
		{"traceidratio", "2", 1, true, true},
		{"traceidratio", "NaN", 1, true, true},
		{"parentbased_always_on", "", 1, true, false},
		{"parentbased_always_off", "", 0, true, false},
		{"parentbased_traceidratio", "0.1", 0.1, true, false},
		{"PARENTBASED_TraceIdRatio", "0.1", 0.1, true, false},
		{"parentbased_", "", 1, false, true},
		{"jaeger_remote", "endpoint=x", 1, false, true},
	} {
		t.Setenv("OTEL_TRACES_SAMPLER", c.name)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.arg)
		ratio, ok, warning := otelSampler()
		if ratio != c.want || ok != c.ok || (warning != "") != c.warn {
			t.Errorf("%s %s: %v %v %q", c.name, c.arg, ratio, ok, warning)
		}
	}
}

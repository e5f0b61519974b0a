package transport

import (
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	for raw, want := range map[string]string{
		"http://collector:4318":           "http://collector:4318/v1/traces",
		"HTTPS://collector/":              "https://collector/v1/traces",
		"https://api.example/otlp/v1/t?x": "https://api.example/otlp/v1/t",
		"http://[2001:db8::1]:4318/a%20b": "http://[2001:db8::1]:4318/a%20b",
		"grpc://collector":                "grpc://collector:4317",
		"grpcs://collector:443/":          "grpcs://collector:443",
		"grpc://[::1]":                    "grpc://[::1]:4317",
	} {
		e, err := ParseEndpoint(raw, Traces())
		if err != nil || e.String() != want {
			t.Errorf("%s: %s, %v", raw, e, err)
		}
	}
	e, err := ParseEndpoint("https://joe:topsecret@api.example?key=topsecret", Traces())
	if err != nil || e.auth != "Basic am9lOnRvcHNlY3JldA==" || strings.Contains(e.String(), "secret") || e.url() != "https://api.example/v1/traces?key=topsecret" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestParseEndpointOfMetrics: the path of the signal is for URLs without one.
func TestParseEndpointOfMetrics(t *testing.T) {
	for raw, want := range map[string]string{
		"http://user:pass@c:1?token=abcd": "http://c:1/v1/metrics?token=abcd",
		"http://c:1/x?token=abcd":         "http://c:1/x?token=abcd",
		"grpc://c:1":                      "grpc://c:1",
	} {
		e, err := ParseEndpoint(raw, Metrics())
		if err != nil || e.url() != want {
			t.Errorf("%s: %s, %v", raw, e.url(), err)
		}
		if host, port := e.Host(); host != "c" || port != "1" {
			t.Errorf("%s: host %s, port %s", raw, host, port)
		}
	}
}

func TestParseEndpointErrors(t *testing.T) {
	for raw, want := range map[string]string{
		"":                               "no scheme",
		"collector:4317":                 "no scheme",
		"ftp://x":                        "none of http",
		"http://":                        "no host",
		"http://:4318":                   "no host",
		"http://h:":                      "empty port",
		"http://h:0":                     "port",
		"http://h:70000":                 "port",
		"http://h:x":                     "not a URL",
		"http://h\n":                     "not a URL",
		"http://h/#frag":                 "fragment",
		"grpc://h/v1/traces":             "no path",
		"grpc://h?topsecret":             "no path",
		"http://joe:topsecret@h:99999":   "port",
		"http://joe:topsec/ret@h:topsec": "not a URL",
	} {
		_, err := ParseEndpoint(raw, Traces())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "topsec") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"http://a:1/b?c", "grpcs://[::1]:2", "https://u:p@h/", "grpc://%41"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := ParseEndpoint(raw, Traces())
		if err != nil {
			return
		}
		again, err := ParseEndpoint(e.url(), Traces())
		if err != nil {
			t.Fatalf("%q is shown as %q, which is an error: %v", raw, e, err)
		}
		if again.auth = e.auth; again != e {
			t.Fatalf("%+v is not %+v", again, e)
		}
	})
}

func BenchmarkParseEndpoint(b *testing.B) {
	for b.Loop() {
		if _, err := ParseEndpoint("https://api.example:443/v1/traces", Traces()); err != nil {
			b.Fatal(err)
		}
	}
}

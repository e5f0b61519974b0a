package ids

import (
	"math"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestMatch(t *testing.T) {
	m, err := New(Config{RequestIDs: append(Default().RequestIDs, "_odd_"), Fields: []string{"Transaction-Serial"}})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[string]l7.IDClass{
		"X-Request-ID": l7.IDRequest, "x_request_id": l7.IDRequest, "X-REQUEST_ID": l7.IDRequest, "X-Bfe-Log-Id": l7.IDRequest,
		"Stgw-request-id": l7.IDRequest, "X-BLB-Request-Id": l7.IDRequest, "cf-ray": l7.IDRequest, "X-Unique-ID": l7.IDRequest,
		"X-Correlation-ID": l7.IDRequest, "-ODD_": l7.IDRequest, "_odd-": l7.IDRequest,
		"transaction_serial": l7.IDUser, "traceparent": l7.IDContext, "TraceParent": l7.IDContext, "B3": l7.IDContext, "SW8": l7.IDContext,
		"X-B3-SpanId": l7.IDBaggage, "tracestate": l7.IDBaggage, "x-datadog-tags": l7.IDBaggage,
		"X-Forwarded-For": l7.IDForwarded, "forwarded": l7.IDForwarded, "CF-Connecting-IP": l7.IDForwarded,
		"": l7.IDNone, "X-Request-I": l7.IDNone, "X-Request-IDs": l7.IDNone, "Host": l7.IDNone, "sw9": l7.IDNone, "X\x0dRequest-ID": l7.IDNone,
		strings.Repeat("x", 63): l7.IDNone, strings.Repeat("x", 64): l7.IDNone, strings.Repeat("x", 500): l7.IDNone,
	} {
		if got := m.Match([]byte(n)); got != want {
			t.Errorf("Match(%q) = %d, want %d", n, got, want)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	_, err := New(Config{RequestIDs: []string{"", "traceparent"}, Fields: []string{strings.Repeat("a", 64), "X_B3_TraceID"}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"empty name", `"traceparent" already`, "longer than 63", `"X_B3_TraceID" already`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %q", want, err)
		}
	}
	if _, err := New(Config{RequestIDs: []string{"X-Id", "x_id"}}); err != nil {
		t.Errorf("the same name twice is harmless: %v", err)
	}
}

func TestEntropy(t *testing.T) {
	for in, want := range map[string]float64{
		"": 0, "---": 0, "abc": 0, "order": 0, "12": 6.6, "1234567": 23.1, "12345678": 32, "deadbeef": 32, "DEADBEE": 0,
		"a1": 10, "7f3a": 20, "de5980b8-fce3-4a37-aab9-b4ac3af7eedd": 32 + 20*2 + 20 + 48, "req-00001": 16.5, "zz9": 15,
		"4bf92f3577b34da6a3ce929d0e0e4736": 128,
	} {
		if got := Entropy([]byte(in)); math.Abs(got-want) > 1e-9 {
			t.Errorf("Entropy(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestForwardedClient(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"X-Forwarded-For: 203.0.113.7, 10.0.0.1"}, "203.0.113.7"},
		{[]string{"X-Forwarded-For: unknown, 203.0.113.7:4711"}, "203.0.113.7"},
		{[]string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		{[]string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1"},
		{[]string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1"},
		{[]string{"X-Forwarded-For: ::ffff:192.0.2.1"}, "::ffff:192.0.2.1"},
		{[]string{`Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43`}, "192.0.2.60"},
		{[]string{`Forwarded: proto=https;For="[2001:db8:cafe::17]:4711", for=192.0.2.1`}, "2001:db8:cafe::17"},
		{[]string{`Forwarded: for=_hidden, for="a;b,c", for=192.0.2.9`}, "192.0.2.9"},
		{[]string{"X-Real-IP: 192.0.2.3", "X-Forwarded-For: 192.0.2.4", "Forwarded: for=192.0.2.5"}, "192.0.2.4"},
		{[]string{"X-Real-IP: 192.0.2.3", "Forwarded: for=192.0.2.5"}, "192.0.2.5"},
		{[]string{"CF-Connecting-IP: 192.0.2.3"}, "192.0.2.3"},
		{[]string{"X-Forwarded-For: , ,", "Forwarded: for=", "X-Real-IP: host.example"}, ""},
		{[]string{"X-Forwarded-For: [::1"}, ""},
		{[]string{"X-Request-ID: 192.0.2.1"}, ""},
	} {
		if got := ForwardedClient(headers(t, c.lines...)); string(got) != c.want {
			t.Errorf("%q: %q, want %q", c.lines, got, c.want)
		}
	}
	proxy := []l7.ID{{Class: l7.IDForwarded, Name: []byte("PROXY"), Value: []byte("192.0.2.8")}}
	if got := ForwardedClient(proxy); string(got) != "192.0.2.8" {
		t.Errorf("PROXY: %q", got)
	}
}

func FuzzForwardedClient(f *testing.F) {
	f.Add([]byte(`for="[2001:db8:cafe::17]:4711", for=192.0.2.1`))
	f.Add([]byte(`a, 192.0.2.1:80`))
	f.Fuzz(func(t *testing.T, v []byte) {
		for _, n := range []string{"X-Forwarded-For", "Forwarded"} {
			a := ForwardedClient([]l7.ID{{Class: l7.IDForwarded, Name: []byte(n), Value: v}})
			if len(a) > 45 || strings.ContainsAny(string(a), "\" []%,;") {
				t.Errorf("%q gave %q", v, a)
			}
		}
		if e := Entropy(v); e < 0 || e > 5*float64(len(v)) {
			t.Errorf("Entropy(%q) = %v", v, e)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	m, err := New(Default())
	if err != nil {
		b.Fatal(err)
	}
	miss, hit := []byte("Accept-Encoding"), []byte("X-Request-Id")
	b.ReportAllocs()
	for b.Loop() {
		m.Match(miss)
		m.Match(hit)
	}
}

// Begins must hold for whatever Match recognises, in any spelling.
func TestBegins(t *testing.T) {
	m, err := New(Config{RequestIDs: []string{"-odd", "9lives", "My_Id"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range append([]name{{name: "-odd"}, {name: "9lives"}, {name: "my-id"}}, known...) {
		for c := range 256 {
			b := append([]byte{byte(c)}, k.name[1:]...)
			if m.Match(b) != l7.IDNone && !m.Begins(byte(c)) {
				t.Errorf("%q is recognised, but nothing begins so", b)
			}
		}
	}
	if m.Begins('a') || m.Begins('A') || m.Begins(' ') {
		t.Error("too much begins a name")
	}
}

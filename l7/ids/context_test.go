package ids

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// headers makes IDs of "name: value" pairs as a parser with the default
// Matcher would.
func headers(t testing.TB, lines ...string) (ids []l7.ID) {
	t.Helper()
	m, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		n, v, _ := strings.Cut(l, ": ")
		if c := m.Match([]byte(n)); c != l7.IDNone {
			ids = append(ids, l7.ID{Class: c, Name: []byte(n), Value: []byte(v)})
		}
	}
	return ids
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const (
	w3cTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	w3cSpan  = "00f067aa0ba902b7"
)

func TestParseContext(t *testing.T) {
	bin, _ := hex.DecodeString("0000" + w3cTrace + "01" + w3cSpan + "0201")
	sw8 := "1-" + b64("de5980b8-fce3-4a37-aab9-b4ac3af7eedd") + "-" + b64("56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001") + "-4-" + b64("svc") + "-" + b64("inst") + "-" + b64("/ep") + "-" + b64("10.0.0.1:80")
	sw8java := "0-" + b64("56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001") + "-" + b64("56a5e1c519ae4c76a2b8b11d92cead7f") + "-3-a-b-c-d"
	for _, c := range []struct {
		about        string
		lines        []string
		kind         Kind
		trace, span  string
		known, state bool
	}{
		{"W3C", []string{"traceparent: 00-" + w3cTrace + "-" + w3cSpan + "-01"}, W3C, w3cTrace, w3cSpan, true, true},
		{"W3C not sampled", []string{"Traceparent: 00-" + w3cTrace + "-" + w3cSpan + "-00"}, W3C, w3cTrace, w3cSpan, true, false},
		{"W3C of a later version", []string{"TRACEPARENT: cc-" + w3cTrace + "-" + w3cSpan + "-03-what-the-future-holds"}, W3C, w3cTrace, w3cSpan, true, true},
		{"B3 single", []string{"b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"}, B3Single, "80f198ee56343ba864fe8b2a57d3eff7", "e457b5a2e4d86bd1", true, true},
		{"B3 single, 64 bits, decision deferred", []string{"b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1"}, B3Single, "000000000000000064fe8b2a57d3eff7", "e457b5a2e4d86bd1", false, false},
		{"B3 single, debug", []string{"b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-d"}, B3Single, "000000000000000064fe8b2a57d3eff7", "e457b5a2e4d86bd1", true, true},
		{"B3 multi", []string{"X-B3-Sampled: 0", "X-B3-SpanId: e457b5a2e4d86bd1", "X-B3-TraceId: 463ac35c9f6413ad48485a3953bb6124"}, B3Multi, "463ac35c9f6413ad48485a3953bb6124", "e457b5a2e4d86bd1", true, false},
		{"B3 multi, debug flag", []string{"X-B3-TraceId: 48485a3953bb6124", "X-B3-Flags: 1"}, B3Multi, "000000000000000048485a3953bb6124", "0000000000000000", true, true},
		{"Jaeger", []string{"uber-trace-id: 5b8aa5a2d2c872e8321cf37308d69df2:51581bf3cb55c13:0:3"}, Jaeger, "5b8aa5a2d2c872e8321cf37308d69df2", "051581bf3cb55c13", true, true},
		{"Jaeger, percent-encoded, short", []string{"Uber-Trace-Id: abc123%3A1f%3a0%3A0"}, Jaeger, "00000000000000000000000000abc123", "000000000000001f", true, false},
		{"SkyWalking, UUID", []string{"sw8: " + sw8}, SkyWalking8, "de5980b8fce34a37aab9b4ac3af7eedd", "4140ffb9e3b8db09", true, true},
		{"SkyWalking, id of a Java agent", []string{"sw8: " + sw8java}, SkyWalking8, "56a5e1c515ae4c7613e51e7cf616977f", "f71d50d88b60e109", true, false},
		{"SkyWalking 6", []string{"sw6: 1-" + b64("1.2343.234234234") + "-" + b64("1.2343.234234233") + "-3-1-1-IzEyNy4wLjAuMTo4MDgw-Iy9wb3J0YWwv-MTIz"}, SkyWalking6, "", "0000000000000000", true, true},
		{"SkyWalking 3", []string{"sw3: 1.2343.234234233|1|1|1|#127.0.0.1:8080|#/portal/|#/testEntrySpan|1.2343.234234234"}, SkyWalking3, "", "0000000000000000", false, false},
		{"Datadog", []string{"x-datadog-trace-id: 1234567890123456789", "x-datadog-parent-id: 987654321", "x-datadog-sampling-priority: 2"}, Datadog, "0000000000000000112210f47de98115", "000000003ade68b1", true, true},
		{"Datadog, 128 bits, rejected", []string{"x-datadog-tags: _dd.p.dm=-1,_dd.p.tid=640cfd8d00000000", "x-datadog-trace-id: 1234567890123456789", "x-datadog-sampling-priority: -1"}, Datadog, "640cfd8d00000000112210f47de98115", "0000000000000000", true, false},
		{"Amazon", []string{"X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}, Amazon, "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", true, true},
		{"Amazon, as a balancer writes it", []string{"X-Amzn-Trace-Id: Self=1-67891234-12456789abcdef012345678; Root=1-67891233-abcdef012345678912345678"}, Amazon, "67891233abcdef012345678912345678", "0000000000000000", false, false},
		{"Google Cloud", []string{"X-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/1;o=1"}, GoogleCloud, "105445aa7843bc8bf206b12000100000", "0000000000000001", true, true},
		{"Google Cloud, trace only", []string{"x_cloud_trace_context: 105445aa7843bc8bf206b12000100000"}, GoogleCloud, "105445aa7843bc8bf206b12000100000", "0000000000000000", false, false},
		{"gRPC binary", []string{"grpc-trace-bin: " + base64.RawStdEncoding.EncodeToString(bin)}, GRPCBinary, w3cTrace, w3cSpan, true, true},
		{"gRPC binary, padded", []string{"grpc-trace-bin: " + base64.StdEncoding.EncodeToString(bin)}, GRPCBinary, w3cTrace, w3cSpan, true, true},
		{"gRPC binary, raw", []string{"grpc-trace-bin: " + string(bin)}, GRPCBinary, w3cTrace, w3cSpan, true, true},
		{"W3C wins over B3", []string{"b3: 1-2-1", "traceparent: 00-" + w3cTrace + "-" + w3cSpan + "-01"}, W3C, w3cTrace, w3cSpan, true, true},
		{"invalid W3C leaves the place to B3", []string{"traceparent: ff-" + w3cTrace + "-" + w3cSpan + "-01", "b3: 1a-2b-1"}, B3Single, "0000000000000000000000000000001a", "000000000000002b", true, true},
	} {
		ctx, ok := ParseContext(headers(t, c.lines...))
		if !ok || ctx.Kind != c.kind || ctx.SampledKnown != c.known || ctx.Sampled != c.state ||
			hex.EncodeToString(ctx.Parent[:]) != c.span || c.trace != "" && hex.EncodeToString(ctx.Trace[:]) != c.trace {
			t.Errorf("%s: %v %v trace %x parent %x sampled %v,%v", c.about, ok, ctx.Kind, ctx.Trace, ctx.Parent, ctx.SampledKnown, ctx.Sampled)
		}
		if ok && !strings.EqualFold(strings.ReplaceAll(string(ctx.Header), "_", "-"), ctx.Kind.String()) {
			t.Errorf("%s: header %q", c.about, ctx.Header)
		}
	}
}

func TestParseContextRejects(t *testing.T) {
	zero := strings.Repeat("0", 32)
	for _, l := range []string{
		"traceparent: ff-" + w3cTrace + "-" + w3cSpan + "-01",
		"traceparent: 00-" + zero + "-" + w3cSpan + "-01",
		"traceparent: 00-" + w3cTrace + "-0000000000000000-01",
		"traceparent: 00-" + w3cTrace + "-" + w3cSpan + "-01-extra",
		"traceparent: cc-" + w3cTrace + "-" + w3cSpan + "-01.extra",
		"traceparent: 00-" + strings.ToUpper(w3cTrace) + "-" + w3cSpan + "-01",
		"traceparent: 00-" + w3cTrace[:31] + "g-" + w3cSpan + "-01",
		"traceparent: ", "b3: 0", "b3: d", "b3: -", "b3: 1-2-x", "b3: xyz-1-1", "b3: " + zero + "-1-1",
		"X-B3-TraceId: ", "X-B3-TraceId: 123456789012345678901234567890123", "X-B3-SpanId: 12",
		"uber-trace-id: 1:2:3", "uber-trace-id: 0:2:0:1", "uber-trace-id: 1:2:0:x", "uber-trace-id: ",
		"sw8: ", "sw8: 1", "sw8: 2-" + b64("x") + "-" + b64("y") + "-1-a", "sw8: 1-!!-" + b64("y") + "-1-a", "sw8: 1-" + b64("x") + "-" + b64("y") + "-1",
		"sw3: 1|2|3", "sw3: 1|2|3|4|5|6|7|", "sw6: 0",
		"x-datadog-trace-id: 0", "x-datadog-trace-id: 18446744073709551616", "x-datadog-trace-id: abc",
		"X-Amzn-Trace-Id: Root=2-5759e988-bd862e3fe1be46a994272793", "X-Amzn-Trace-Id: Parent=53995c3f42cd8ad8", "X-Amzn-Trace-Id: Root=1-5759e98g-bd862e3fe1be46a994272793",
		"X-Cloud-Trace-Context: 105445aa/1", "X-Cloud-Trace-Context: " + zero + "/1",
		"grpc-trace-bin: AAAA", "grpc-trace-bin: " + strings.Repeat("A", 39), "tracestate: a=b",
	} {
		if ctx, ok := ParseContext(headers(t, l)); ok {
			t.Errorf("%q gave %+v", l, ctx)
		}
	}
	if _, ok := ParseContext(nil); ok {
		t.Error("a context of nothing")
	}
}

// Forms of one SkyWalking trace must meet, whatever header version carries it.
func TestSkyWalkingHashed(t *testing.T) {
	a, ok1 := ParseContext(headers(t, "sw6: 1-"+b64("1.2343.234234234")+"-"+b64("1.2.3")+"-3-1-1-a-b-c"))
	b, ok2 := ParseContext(headers(t, "sw3: 1.2.3|1|1|1|#a|#b|#c|1.2343.234234234"))
	c, ok3 := ParseContext(headers(t, "sw3: 1.2.3|1|1|1|#a|#b|#c|1.2343.234234235"))
	if !ok1 || !ok2 || !ok3 || a.Trace != b.Trace || a.Trace == c.Trace {
		t.Errorf("%x %x %x", a.Trace, b.Trace, c.Trace)
	}
	short, _ := ParseContext(headers(t, "sw8: 1-"+b64("56a5e1c519ae4c76a2b8b11d92cead7f.0.1")+"-"+b64("x")+"-1-a"))
	if got := hex.EncodeToString(short.Trace[:]); got != "56a5e1c519ae4c76a3b8b11d92cead7f" {
		t.Errorf("36 bytes that are no UUID: %s", got)
	}
}

func FuzzParseContext(f *testing.F) {
	for _, s := range []string{"00-" + w3cTrace + "-" + w3cSpan + "-01", "1-2-1", "1:2:3:4", "1-" + b64("1.2.3") + "-" + b64("4.5.6") + "-1-a", "Root=1-5759e988-bd862e3fe1be46a994272793", w3cTrace + "/1;o=1"} {
		f.Add([]byte(s), []byte("1"))
	}
	f.Fuzz(func(t *testing.T, v, w []byte) {
		for k := range numKinds {
			ids := []l7.ID{{Class: l7.IDContext, Name: []byte(k.String()), Value: v}}
			for _, b := range []string{"x-b3-spanid", "x-b3-sampled", "x-b3-flags", "x-datadog-tags", "x-datadog-parent-id", "x-datadog-sampling-priority"} {
				ids = append(ids, l7.ID{Class: l7.IDBaggage, Name: []byte(b), Value: w})
			}
			if ctx, ok := ParseContext(ids); ok && (ctx.Kind != k || ctx.Trace == [16]byte{} || ctx.Sampled && !ctx.SampledKnown) {
				t.Errorf("%v: %q gave %+v", k, v, ctx)
			}
		}
	})
}

func TestParseContextAllocs(t *testing.T) {
	ids := headers(t, "X-Request-ID: 1", "traceparent: 00-"+w3cTrace+"-"+w3cSpan+"-01", "X-Forwarded-For: 192.0.2.1")
	sw := headers(t, "sw8: 1-"+b64("56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001")+"-"+b64("1.2.3")+"-1-a", "sw3: 1.2.3|1|1|1|#a|#b|#c|1.2343.234234234")
	if n := testing.AllocsPerRun(100, func() { ParseContext(ids); ParseContext(sw); ParseContext(sw[1:]); ForwardedClient(ids) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseContext(b *testing.B) {
	ids := headers(b, "X-Request-ID: 1", "traceparent: 00-"+w3cTrace+"-"+w3cSpan+"-01", "tracestate: a=b")
	b.ReportAllocs()
	for b.Loop() {
		ParseContext(ids)
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// otlpLines reads OTLP JSON Lines with the types of the specification.
func otlpLines(t *testing.T, b []byte) []*trace.Span {
	t.Helper()
	var spans []*trace.Span
	for l := range bytes.Lines(b) {
		var req trace.TracesData
		// ids are hex in OTLP/JSON and base64 in protojson: the trace id is
		// checked as text, the rest by its type
		var raw any
		if err := json.Unmarshal(l, &raw); err != nil {
			t.Fatalf("otlp: %v", err)
		}
		hexIDs(t, raw)
		l, _ = json.Marshal(raw)
		if err := protojson.Unmarshal(l, &req); err != nil {
			t.Fatalf("otlp: %v in %.300s", err, l)
		}
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				spans = append(spans, ss.Spans...)
			}
		}
	}
	return spans
}

// hexIDs checks that ids are lower hex of the right length, and makes base64
// of them.
func hexIDs(t *testing.T, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			hexIDs(t, e)
		}
	case map[string]any:
		for k, e := range v {
			n := map[string]int{"traceId": 16, "spanId": 8, "parentSpanId": 8}[k]
			if n == 0 {
				hexIDs(t, e)
				continue
			}
			s, _ := e.(string)
			b := make([]byte, n)
			for i := range b {
				if len(s) != 2*n || strings.ToLower(s) != s {
					t.Fatalf("%s is %q, want %d lower hex digits", k, s, 2*n)
				}
				hi, lo := strings.IndexByte("0123456789abcdef", s[2*i]), strings.IndexByte("0123456789abcdef", s[2*i+1])
				if hi < 0 || lo < 0 {
					t.Fatalf("%s is %q, want hex", k, s)
				}
				b[i] = byte(hi<<4 | lo)
			}
			v[k] = b
		}
	}
}

// TestOTLPForms holds that OTLP as JSON and as protobuf say the same, by the
// types of the specification.
func TestOTLPForms(t *testing.T) {
	t.Parallel()
	asJSON := otlpLines(t, outputOf(t, "otlp", demoCaptures()...))
	b := outputOf(t, "otlp-proto", demoCaptures()...)
	var asProto []*trace.Span
	for len(b) > 0 {
		n, w := binary.Uvarint(b)
		if w <= 0 || int(n) > len(b)-w {
			t.Fatalf("no length at the start of a message")
		}
		var req trace.TracesData
		if err := proto.Unmarshal(b[w:w+int(n)], &req); err != nil {
			t.Fatal(err)
		}
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				asProto = append(asProto, ss.Spans...)
			}
		}
		b = b[w+int(n):]
	}
	lines := spansOf(t, demoCaptures()...)
	if len(asJSON) != len(lines) || len(asProto) != len(lines) {
		t.Fatalf("%d spans as JSON, %d as protobuf, %d as ndjson", len(asJSON), len(asProto), len(lines))
	}
	for i := range asJSON {
		if !proto.Equal(asJSON[i], asProto[i]) {
			t.Errorf("span %d differs:\n%v\n%v", i, asJSON[i], asProto[i])
		}
	}
}

// TestPairs holds --spans pair in files: one CLIENT and one SERVER span for
// each exchange, what is made up is marked, and there are no third ones but
// INTERNAL.
func TestPairs(t *testing.T) {
	t.Parallel()
	spans := otlpLines(t, outputOf(t, "otlp", append(demoCaptures(), "--spans", "pair")...))
	checkPairs(t, spans)
	checkPairs(t, otlpLines(t, outputOf(t, "otlp", goldenCapture("gateway-nginx-echo"), "--spans", "pair")))
	if f := filepath.Join(sharedDir, "captures", "chain", "debian-chain_haproxy_nginx.pcap"); exists(f) {
		checkPairs(t, otlpLines(t, outputOf(t, "otlp", f, "--spans", "pair")))
	}
	lines := spansOf(t, append(demoCaptures(), "--spans", "pair")...)
	made := spansWhere(lines, func(s *spanLine) bool { return s.str("wirespan.synthetic") == "true" })
	if len(made) == 0 {
		t.Error("no span is marked as made up, though most exchanges were seen once")
	}
	byID := make(map[string]*spanLine)
	for i := range lines {
		byID[lines[i].ID] = &lines[i]
	}
	for i := range lines {
		s := &lines[i]
		if s.Kind != "SERVER" {
			continue
		}
		if p := byID[s.Parent]; p == nil || p.Kind != "CLIENT" || p.str("wirespan.exchange") != s.str("wirespan.exchange") {
			t.Errorf("the SERVER span of %s is not the child of its CLIENT span", s.what())
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestParentOnTheWire holds --parent wire and own for spans that carry a
// context.
func TestParentOnTheWire(t *testing.T) {
	t.Parallel()
	file := goldenCapture("contexts")
	own, wire := spansOf(t, file, "--parent", "own"), spansOf(t, file, "--parent", "wire")
	child := func(spans []spanLine) *spanLine { return spanNamed(t, spans, "GET /stock/w3c") }
	parent := func(spans []spanLine) *spanLine { return spanNamed(t, spans, "GET /w3c") }
	if got := child(own).Parent; got != parent(own).ID {
		t.Errorf("--parent own: the parent is %s, want our span %s", got, parent(own).ID)
	}
	if got := child(wire).Parent; got != "00f067aa0ba902b7" {
		t.Errorf("--parent wire: the parent is %s, want the span id on the wire", got)
	}
	if l := child(wire).Links; len(l) == 0 || l[0].ID != parent(wire).ID {
		t.Errorf("--parent wire: our parent is not a span link: %v", l)
	}
	if got := parent(wire).Parent; got != "00f067aa0ba902b7" {
		t.Errorf("--parent wire: the first span hangs below %s, want the span id on the wire", got)
	}
}

// TestJSONDocuments holds that har and chrome are single JSON documents with
// every exchange in them.
func TestJSONDocuments(t *testing.T) {
	t.Parallel()
	lines := spansOf(t, demoCaptures()...)
	https := len(spansWhere(lines, func(s *spanLine) bool { return s.str("http.request.method") != "" }))
	var har struct {
		Log struct {
			Version string
			Creator struct{ Name, Version string }
			Entries []struct {
				StartedDateTime string
				Time            float64
				Request         struct{ Method, URL string }
				Response        struct{ Status int }
				Timings         struct{ Send, Wait, Receive float64 }
			}
		}
	}
	if err := json.Unmarshal(outputOf(t, "har", demoCaptures()...), &har); err != nil {
		t.Fatal(err)
	}
	if len(har.Log.Entries) != https || har.Log.Version != "1.2" {
		t.Errorf("HAR %s has %d entries, want %d", har.Log.Version, len(har.Log.Entries), https)
	}
	for _, e := range har.Log.Entries {
		if e.Request.Method == "" || !strings.HasPrefix(e.Request.URL, "http://") || e.StartedDateTime == "" || e.Timings.Wait < 0 {
			t.Errorf("HAR entry lacks something: %+v", e)
		}
	}
	var chrome struct {
		TraceEvents []struct {
			Name, Ph string
			Ts, Dur  float64
		} `json:"traceEvents"`
	}
	if err := json.Unmarshal(outputOf(t, "chrome", demoCaptures()...), &chrome); err != nil {
		t.Fatal(err)
	}
	if n := slices.IndexFunc(chrome.TraceEvents, func(e struct {
		Name, Ph string
		Ts, Dur  float64
	},
	) bool {
		return e.Name == "GET /charge/{id}"
	}); n < 0 {
		t.Errorf("%d trace events without the call to billing", len(chrome.TraceEvents))
	}
}

// TestEmptyOutputs holds that an input without spans gives valid, empty
// documents.
func TestEmptyOutputs(t *testing.T) {
	t.Parallel()
	empty := writeFile(t, "empty.pcap", readFile(t, demoCaptures()[0])[:24])
	for _, f := range []string{"har", "chrome"} {
		if b := outputOf(t, f, empty); !json.Valid(b) {
			t.Errorf("%s of nothing is not JSON: %q", f, b)
		}
	}
	for _, f := range []string{"ndjson", "otlp", "otlp-proto"} {
		if b := outputOf(t, f, empty); len(b) != 0 {
			t.Errorf("%s of nothing is %q", f, b)
		}
	}
}

// TestPackets holds that --out pcapng writes the packets of the chosen trace
// and no others, as tshark reads them.
func TestPackets(t *testing.T) {
	t.Parallel()
	tshark := toolPath(t, "tshark")
	all := spansOf(t, demoCaptures()...)
	s := spansWhere(all, func(s *spanLine) bool { return s.what() == "GET /orders/1005" })[0]
	path := filepath.Join(t.TempDir(), "trace.pcapng")
	mustRead(t, 0, append(demoCaptures(), "--id", s.Trace, "--out", "pcapng:"+path)...)
	var errs bytes.Buffer
	cmd := exec.Command(tshark, "-n", "-r", path, "-Y", "http.request or dns.flags.response == 0", "-T", "fields", "-e", "http.request.uri", "-e", "dns.qry.name")
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, &errs)
	}
	want := make(map[string]bool)
	for _, s := range spansWhere(all, func(o *spanLine) bool { return o.Trace == s.Trace }) {
		want[s.str("url.path")+s.str("dns.question.name")] = true
	}
	got := make(map[string]bool)
	for l := range strings.Lines(string(out)) {
		got[strings.TrimSpace(l)] = true
	}
	for w := range want {
		if !got[w] {
			t.Errorf("the packets of %s are missing", w)
		}
	}
	for g := range got {
		if !want[g] {
			t.Errorf("packets of %q, which is not in the trace", g)
		}
	}
	again := spansOf(t, path)
	if n := len(spansWhere(again, func(o *spanLine) bool { return o.str("url.path") != "" })); n < 6 {
		t.Errorf("reading the packets again gives %d HTTP spans:\n%s", n, forestOf(again))
	}
	if o := wirespanOn(t, bytes.NewReader(readFile(t, demoCaptures()[0])), "read", "-", "--out", "pcapng:"+path); o.code != 2 {
		t.Errorf("--out pcapng of a pipe: exit status %d, want 2:\n%s", o.code, o.stderr)
	}
}

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestExitStatus holds the exit statuses: 0 analysed, 1 some of it could not
// be, 2 wrong usage.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	ok := demoCaptures()[0]
	for _, c := range []struct {
		args   []string
		code   int
		stderr string // part of it
	}{
		{[]string{"read", ok}, 0, " packets captured"},
		{[]string{"-r", ok}, 0, " packets captured"},
		{[]string{"version"}, 0, ""},
		{[]string{"read", "--help"}, 0, ""},
		{[]string{"read", filepath.Join(t.TempDir(), "none.pcap")}, 1, "none.pcap: no such file"},
		{[]string{"read", writeFile(t, "text.txt", []byte("not a capture at all, but a text"))}, 1, "not a capture file"},
		{[]string{"read", writeFile(t, "empty.pcap", nil)}, 1, "empty.pcap"},
		{[]string{"read", writeFile(t, "head.pcap", readFile(t, ok)[:24])}, 0, "0 packets captured"},
		{[]string{"read"}, 2, "no capture file given"},
		{[]string{"read", ok, "--no-such-flag"}, 2, "unknown flag"},
		{[]string{"read", ok, "--out", "xml:-"}, 2, "tree, table, ndjson"},
		{[]string{"read", ok, "--out", "ndjson:" + filepath.Join(t.TempDir(), "no", "such", "dir")}, 2, "open output"},
		{[]string{"read", ok, "--spans", "three"}, 2, "single or pair"},
		{[]string{"read", ok, "--parent", "mine"}, 2, "auto, own or wire"},
		{[]string{"read", ok, "--proto", "http"}, 2, "PORT=NAME"},
		{[]string{"read", ok, "--from", "yesterday"}, 2, "RFC 3339"},
		{[]string{"read", ok, "--link-memory", "much"}, 2, "32MiB"},
		{[]string{"read", ok, "--redact", "maybe"}, 2, "on or off"},
		{[]string{"read", ok, "--otlp", "ftp://192.0.2.1"}, 2, "--otlp"},
		{[]string{"read", ok, "--point", "=x"}, 2, "--point"},
		{[]string{"nonsense"}, 2, "unknown command"},
	} {
		o := wirespan(t, c.args...)
		if o.code != c.code || !strings.Contains(o.stderr, c.stderr) {
			t.Errorf("wirespan %s: exit status %d, want %d; stderr wants %q:\n%s", strings.Join(c.args, " "), o.code, c.code, c.stderr, o.stderr)
		}
		if strings.Contains(o.stderr, "panic") || strings.Contains(o.stderr, "goroutine") {
			t.Errorf("wirespan %s: %s", strings.Join(c.args, " "), o.stderr)
		}
	}
}

// TestTruncatedFile holds that what lies before the fault is analysed and the
// fault is told with its byte offset.
func TestTruncatedFile(t *testing.T) {
	t.Parallel()
	whole := readFile(t, demoCaptures()[0])
	at := packetAt(whole, 80)
	cut := writeFile(t, "cut.pcap", whole[:at+30])
	o := wirespan(t, "read", cut)
	if o.code != 1 || !strings.Contains(o.stderr, "cut.pcap: packet record at byte "+strconv.Itoa(at)) {
		t.Errorf("exit status %d, want 1 and the offset %d:\n%s", o.code, at, o.stderr)
	}
	if !strings.Contains(o.stderr, "80 packets captured") || !strings.Contains(o.stdout, "GET /orders/{id}") {
		t.Errorf("what lies before the fault was not analysed:\n%s%s", o.stdout, o.stderr)
	}
	mustRead(t, 1, cut, "--out", "ndjson:"+os.DevNull)
	packed := writeFile(t, "cut.pcap.gz", pack(t, "gz", whole)[:2000])
	if o = wirespan(t, "read", packed); o.code != 1 || !strings.Contains(o.stderr, "cut.pcap.gz") || !strings.Contains(o.stdout, "trace ") {
		t.Errorf("cut gzip: exit status %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// packetAt is the offset of the nth packet record of a little-endian pcap.
func packetAt(b []byte, n int) int {
	at := 24
	for range n {
		at += 16 + int(uint32(b[at+8])|uint32(b[at+9])<<8|uint32(b[at+10])<<16|uint32(b[at+11])<<24)
	}
	return at
}

// TestForeignFormats holds that formats which are not ours are named together
// with the command that converts them.
func TestForeignFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ head, name, command string }{
		{"snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04", "snoop", "editcap -F pcapng"},
		{"GMBU\x00\x02\x01\x00", "Network Monitor", "editcap -F pcapng"},
		{"btsnoop\x00\x00\x00\x00\x01\x00\x00\x03\xea", "Bluetooth", "editcap -F pcapng"},
	} {
		path := writeFile(t, "foreign", append([]byte(c.head), make([]byte, 64)...))
		o := wirespan(t, "read", path)
		if o.code != 1 || !strings.Contains(o.stderr, c.name) || !strings.Contains(o.stderr, c.command) {
			t.Errorf("%q: exit status %d, want 1, %q and %q:\n%s", c.head, o.code, c.name, c.command, o.stderr)
		}
	}
}

// TestFilter holds that a mistake in an expression is shown under its word, and
// that the program which tcpdump compiles is obeyed.
func TestFilter(t *testing.T) {
	t.Parallel()
	app := demoCaptures()[1]
	o := wirespan(t, "read", app, "--", "udp prot 53")
	if o.code != 2 || !strings.Contains(o.stderr, "udp prot 53\n    ^^^^\n") {
		t.Errorf("exit status %d, want 2 and the mark under the word:\n%s", o.code, o.stderr)
	}
	o = wirespan(t, "read", app, "--filter-program", writeFile(t, "bad.txt", []byte("3\n1 2 3\n")))
	if o.code != 2 || !strings.Contains(o.stderr, "bad.txt") {
		t.Errorf("a damaged program: exit status %d, want 2:\n%s", o.code, o.stderr)
	}
	prog, err := exec.Command(toolPath(t, "tcpdump"), "-r", app, "-ddd", "udp port 53").Output()
	if err != nil || len(prog) == 0 {
		if prog, err = exec.Command(toolPath(t, "tcpdump"), "-y", "EN10MB", "-ddd", "udp port 53").Output(); err != nil {
			t.Skipf("tcpdump does not compile filters here: %v", err)
		}
	}
	file := writeFile(t, "filter.txt", prog)
	spans := spansOf(t, app, "--filter-program", file)
	if dns := spansWhere(spans, func(s *spanLine) bool { return strings.HasPrefix(s.Name, "DNS ") }); len(dns) == 0 || len(dns) != len(spans) {
		t.Errorf("%d of %d spans are DNS, want all and some", len(dns), len(spans))
	}
	o = wirespan(t, "read", app, "--filter-program", file)
	s := parseSummary(t, o.stderr)
	if s.captured == 0 || s.input["refused by the filter"] == 0 || s.decoded+s.input["refused by the filter"] != s.captured {
		t.Errorf("summary does not add up:\n%s", o.stderr)
	}
}

// summaryText is what the end summary says.
type summaryText struct {
	captured int
	decoded  int            // sum of all reasons
	input    map[string]int // counts of the line "input"
	traces   [2]int         // traces and spans
	losses   string
}

var (
	counted  = regexp.MustCompile(`(\d+) ([^,]+)`)
	captured = regexp.MustCompile(`(?m)^(\d+) packets captured$`)
	traced   = regexp.MustCompile(`(?m)^traces +(\d+) with (\d+) spans$`)
)

// parseSummary reads the end summary.
func parseSummary(t *testing.T, stderr string) summaryText {
	t.Helper()
	s := summaryText{input: make(map[string]int)}
	m := captured.FindStringSubmatch(stderr)
	if m == nil {
		t.Fatalf("no line `N packets captured`:\n%s", stderr)
	}
	s.captured, _ = strconv.Atoi(m[1])
	if m = traced.FindStringSubmatch(stderr); m != nil {
		s.traces[0], _ = strconv.Atoi(m[1])
		s.traces[1], _ = strconv.Atoi(m[2])
	}
	for l := range strings.Lines(stderr) {
		title, rest, _ := strings.Cut(strings.TrimSpace(l), " ")
		for _, c := range counted.FindAllStringSubmatch(rest, -1) {
			n, _ := strconv.Atoi(c[1])
			switch title {
			case "input":
				s.input[strings.TrimSpace(c[2])] += n
			case "decoded":
				s.decoded += n
			}
		}
		if title == "losses" {
			s.losses = strings.TrimSpace(rest)
		}
	}
	return s
}

// TestSummaryAddsUp holds that every packet has one decode reason, and that
// the traces and spans counted are those written.
func TestSummaryAddsUp(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	for _, dir := range []string{"encapsulation", "formats", "tcp", "http1"} {
		if testing.Short() {
			break
		}
		more, _ := filepath.Glob(filepath.Join(sharedDir, "captures", dir, "*.pcap*"))
		files = append(files, more...)
	}
	for _, f := range files {
		o := wirespan(t, "read", f, "--out", "ndjson")
		if o.code == 1 && !strings.Contains(o.stderr, "packets captured") {
			continue // not a capture at all
		}
		s := parseSummary(t, o.stderr)
		if s.decoded != s.captured-s.input["refused by the filter"] {
			t.Errorf("%s: %d packets captured, %d with a reason:\n%s", f, s.captured, s.decoded, o.stderr)
		}
		spans := decodeSpans(t, []byte(o.stdout))
		// one trace may leave in two parts, when its exchange comes again
		if ids := len(traceIDs(spans)); len(spans) != s.traces[1] || ids > s.traces[0] || ids == 0 && s.traces[0] > 0 {
			t.Errorf("%s: summary says %v traces and spans, written are %d and %d", f, s.traces, ids, len(spans))
		}
	}
}

// TestWhere holds that a fault in an expression is shown at the word, and that
// the choice is obeyed.
func TestWhere(t *testing.T) {
	t.Parallel()
	in := demoCaptures()
	for _, c := range []struct{ expr, mark string }{
		{`http.response.status_code >== 500`, "                            ^"},
		{`status = error and colour = red`, "                   ^^^^^^"},
		{`name = "GET`, "       ^^^^"},
		{`(status = error`, ""},
		{`duration >`, "          ^"},
	} {
		o := wirespan(t, append([]string{"read", "--where", c.expr}, in...)...)
		if o.code != 2 || !strings.Contains(o.stderr, c.expr+"\n"+c.mark) {
			t.Errorf("--where %s: exit status %d; want 2 and the expression with %q below it:\n%s", c.expr, o.code, c.mark, o.stderr)
		}
	}
	for expr, ok := range map[string]func(*spanLine) bool{
		`http.response.status_code >= 500`:         func(s *spanLine) bool { return s.num("http.response.status_code") >= 500 },
		`name = "GET /stock/{id}" or name = DNS A`: nil,
		`not status = error and duration > 10ms`:   func(s *spanLine) bool { return s.Status != "ERROR" && s.End-s.Start > 10e6 },
		`service = stock.example`:                  func(s *spanLine) bool { return s.Service == "stock.example" },
	} {
		if ok == nil {
			if o := wirespan(t, append([]string{"read", "--where", expr}, in...)...); o.code != 2 {
				t.Errorf("--where %s is taken, exit status %d", expr, o.code)
			}
			continue
		}
		got, all := spansOf(t, append(in, "--where", expr)...), spansOf(t, in...)
		if want := spansWhere(all, ok); len(want) == 0 || len(got) != len(want) || len(spansWhere(got, ok)) != len(got) {
			t.Errorf("--where %s: %d spans, want %d", expr, len(got), len(want))
		}
	}
}

// TestID holds that a trace is found by its request ID, its trace id and a
// span id, and is then whole.
func TestID(t *testing.T) {
	t.Parallel()
	all := spansOf(t, demoCaptures()...)
	s := spansWhere(all, func(s *spanLine) bool { return s.what() == "GET /charge/1005" })[0]
	want := spansWhere(all, func(o *spanLine) bool { return o.Trace == s.Trace })
	_, request, _ := strings.Cut(s.str("wirespan.request_id"), "x-request-id=")
	request, _, _ = strings.Cut(request, ",")
	for _, id := range []string{s.Trace, s.ID, request} {
		got := spansOf(t, append(demoCaptures(), "--id", id)...)
		if len(got) != len(want) || len(traceIDs(got)) != 1 || got[0].Trace != s.Trace {
			t.Errorf("--id %s: %d spans in %d traces, want the %d of trace %s", id, len(got), len(traceIDs(got)), len(want), s.Trace)
		}
	}
	if got := spansOf(t, append(demoCaptures(), "--id", "nobody-has-this")...); len(got) != 0 {
		t.Errorf("--id of nobody gives %d spans", len(got))
	}
}

// TestFromTo holds the bounds in time.
func TestFromTo(t *testing.T) {
	t.Parallel()
	all := spansOf(t, demoCaptures()...)
	s := spansWhere(all, func(s *spanLine) bool { return s.what() == "GET /orders/1005" && s.Parent == "" })[0]
	at := strconv.FormatFloat(float64(s.Start/1e3)/1e6, 'f', 6, 64)
	from, to := spansOf(t, append(demoCaptures(), "--from", at)...), spansOf(t, append(demoCaptures(), "--to", at)...)
	if len(from) == 0 || len(to) == 0 || len(from)+len(to) != len(all) {
		t.Errorf("%d spans from %s and %d before, want together %d", len(from), at, len(to), len(all))
	}
	for i := range from {
		if from[i].Start < s.Start {
			t.Errorf("%s starts before --from", from[i].what())
		}
	}
}

// TestStrict holds that a loss becomes an exit status when asked for.
func TestStrict(t *testing.T) {
	t.Parallel()
	b := readFile(t, goldenCapture("http-chunked"))
	n := 0
	for packetAt(b, n+1)-packetAt(b, n) < 200 || n < 6 { // a piece of the answer
		n++
	}
	a, z := packetAt(b, n), packetAt(b, n+1)
	holed := writeFile(t, "holed.pcap", append(bytes.Clone(b[:a]), b[z:]...))
	if o := wirespan(t, "read", "--strict", goldenCapture("http-chunked")); o.code != 0 {
		t.Errorf("nothing lost, exit status %d:\n%s", o.code, o.stderr)
	}
	plain, strict := wirespan(t, "read", holed), wirespan(t, "read", "--strict", holed)
	if plain.code != 0 || strict.code != 1 || !strings.Contains(strict.stderr, "--strict") {
		t.Errorf("a lost segment: exit status %d and %d with --strict, want 0 and 1:\n%s", plain.code, strict.code, strict.stderr)
	}
}

// TestForcedProtocol holds --proto PORT=off and PORT=NAME.
func TestForcedProtocol(t *testing.T) {
	t.Parallel()
	file := goldenCapture("http-methods")
	if spans := spansOf(t, file, "--proto", "9000=off"); len(spans) != 0 {
		t.Errorf("9000=off leaves %d spans", len(spans))
	}
	if spans := spansOf(t, file, "--proto", "9000=http"); len(spans) != 5 {
		t.Errorf("9000=http gives %d spans, want 5", len(spans))
	}
	if o := wirespan(t, "read", file, "--proto", "9000=nothing-known"); o.code != 2 {
		t.Errorf("an unknown protocol: exit status %d, want 2:\n%s", o.code, o.stderr)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pathsOf lists what the spans of a file asked for, in order of text.
func pathsOf(t *testing.T, file string) []string {
	t.Helper()
	spans := decodeSpans(t, readFile(t, file))
	var l []string
	for i := range spans {
		l = append(l, spans[i].what()+" "+spans[i].outcome())
	}
	slices.Sort(l)
	return l
}

// numbered makes paths, and what spans of them say.
func numbered(n int) (paths, want []string) {
	for i := range n {
		p := fmt.Sprintf("/item%02d", i)
		paths, want = append(paths, p), append(want, "GET "+p+" 200")
	}
	return paths, want
}

// TestLiveTraces captures real requests: each is a span, and the packets are as
// many as tcpdump counts.
func TestLiveTraces(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "tcp", "port", "8080", "--out", "ndjson:"+out)
	d := l.dump(t, "-i", "vb", "-w", os.DevNull, "tcp port 8080")
	paths, want := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= len(want) })
	time.Sleep(200 * time.Millisecond) // the last acknowledgements
	w.interrupt(t)
	d.interrupt(t)
	if w.code != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
	if d := cmp.Diff(want, pathsOf(t, out)); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	captured := w.number("packets captured")
	if n := d.number("packets captured"); captured <= 0 || captured != n {
		t.Errorf("%d packets, tcpdump has %d\n%s", captured, n, w.err.String())
	}
	if n := w.number("packets received by filter"); n != captured {
		t.Errorf("%d captured, %d received by filter", captured, n)
	}
	if n := w.number("packets dropped by kernel"); n != 0 {
		t.Errorf("%d dropped", n)
	}
}

// TestLiveDrains asks for the end at once after the last response: what the
// kernel holds is still traced.
func TestLiveDrains(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--retire", "500ms", "--out", "ndjson:"+out)
	paths, want := numbered(5)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	w.interrupt(t)
	if d := cmp.Diff(want, pathsOf(t, out)); d != "" || w.code != 0 {
		t.Errorf("exit status %d, spans (-want +got):\n%s", w.code, d)
	}
}

// TestLiveZeroFlags captures without any flag: on the loopback, where each
// packet passes twice, and on the link; the trace is printed.
func TestLiveZeroFlags(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t)
	if first := w.err.String(); !strings.Contains(first, "lo") || !strings.Contains(first, "vb") || !strings.Contains(first, "22") {
		t.Errorf("begins with: %s", first)
	}
	l.curl(t, l.server, "http://127.0.0.1:8080", "/inside")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/outside")
	waitFor(t, func() bool {
		return strings.Contains(w.out.String(), "GET /inside") && strings.Contains(w.out.String(), "GET /outside")
	})
	w.interrupt(t)
	for _, path := range []string{"/inside", "/outside"} {
		if n := strings.Count(w.out.String(), path); n != 1 {
			t.Errorf("%s is there %d times:\n%s", path, n, w.out.String())
		}
	}
	if w.code != 0 || !strings.Contains(w.err.String(), "losses       none") {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}

// TestLiveWorkers spreads connections over two rings; each request that the
// load generator made is one exchange.
func TestLiveWorkers(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"one": {"--workers", "1"}, "two": {"--workers", "2"}, "three": {"--workers", "3"},
		"two on one ring": {"--workers", "2", "-c", "100000000"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.nginx(t)
			out := filepath.Join(t.TempDir(), "spans")
			w := l.live(t, append(args, "-i", "vb", "-B", "65536", "--out", "ndjson:"+out, "port", "8080")...)
			made := l.wrk(t, 16, 1)
			l.curl(t, l.client, "http://10.79.0.2:8080", "/last")
			w.interrupt(t)
			spans := decodeSpans(t, readFile(t, out))
			answered := 0
			for i := range spans {
				if spans[i].outcome() == "200" {
					answered++
				}
			}
			// wrk leaves up to one request per connection behind when it ends
			if answered < made+1 || answered > made+17 || w.number("packets dropped by kernel") != 0 {
				t.Errorf("%d answered spans for %d requests\n%s", answered, made+1, w.err.String())
			}
		})
	}
}

// TestLiveFlap takes the interface down, up, away and back: capturing goes on.
func TestLiveFlap(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--out", "ndjson:"+out)
	seen := func(path string) {
		t.Helper()
		waitFor(t, func() bool { // until the interface is captured again
			l.curl(t, l.client, "http://10.79.0.2:8080", path)
			b, _ := os.ReadFile(out)
			return strings.Contains(string(b), path)
		})
	}
	seen("/before")
	l.must(t, "-n", l.server, "link", "set", "vb", "down")
	l.must(t, "-n", l.server, "link", "set", "vb", "up")
	seen("/flapped")
	l.must(t, "-n", l.server, "link", "del", "vb")
	l.join(t)
	seen("/again")
	w.interrupt(t)
	if w.code != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
	points := make(map[string]bool)
	for _, s := range decodeSpans(t, readFile(t, out)) {
		points[s.str("wirespan.capture.point")] = true
	}
	if len(points) != 1 || !points["vb"] {
		t.Errorf("capture points %v", points)
	}
}

// TestLiveDeadReceiver exports to where nobody answers: capturing goes on, the
// loss is counted, the end comes in time.
func TestLiveDeadReceiver(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t, "-i", "vb", "--otlp", "http://10.79.0.1:4318", "--drain-timeout", "1s")
	if !strings.Contains(w.err.String(), "4318") {
		t.Errorf("the filter does not leave the receiver out: %s", w.err.String())
	}
	paths, _ := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	time.Sleep(1500 * time.Millisecond)
	w.interrupt(t)
	if w.code != 0 || !strings.Contains(w.err.String(), "spans not exported") || w.number("packets dropped by kernel") != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}

// TestLiveFullPipe writes to a pipe that nobody reads.
func TestLiveFullPipe(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	r, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := l.liveCmd("-i", "vb", "--drain-timeout", "1s", "--out", "ndjson:-", "-B", "65536")
	cmd.Stdout = pw
	w := start(t, cmd)
	pw.Close()
	w.listening(t)
	made := l.wrk(t, 8, 2)
	w.interrupt(t)
	if w.code != 0 || !strings.Contains(w.err.String(), "spans not written") || w.number("packets dropped by kernel") != 0 {
		t.Errorf("%d requests, exit status %d\n%s", made, w.code, w.err.String())
	}
}

// TestLiveSecondSignal ends a drain that takes too long.
func TestLiveSecondSignal(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t, "-i", "vb", "--otlp", "http://10.79.0.1:4318", "--drain-timeout", "1h")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/one")
	time.Sleep(1500 * time.Millisecond)
	_ = w.cmd.Process.Signal(os.Interrupt)
	select {
	case <-w.exited:
		t.Fatalf("did not wait for the receiver\n%s", w.err.String())
	case <-time.After(time.Second):
	}
	w.interrupt(t)
	if w.code == 0 {
		t.Errorf("exit status %d", w.code)
	}
}

// TestLiveCount ends by itself.
func TestLiveCount(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t, "-i", "vb", "-c", "7")
	paths, _ := numbered(10)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	w.wait(t)
	if w.code != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}

// TestLiveJoined names two interfaces one capture point.
func TestLiveJoined(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb+lo=tap", "--out", "ndjson:"+out)
	l.curl(t, l.client, "http://10.79.0.2:8080", "/a")
	l.curl(t, l.server, "http://127.0.0.1:8080", "/b")
	w.interrupt(t)
	for _, s := range decodeSpans(t, readFile(t, out)) {
		if p := s.str("wirespan.capture.point"); p != "tap" {
			t.Errorf("%s at point %q", s.what(), p)
		}
	}
	if d := cmp.Diff([]string{"GET /a 200", "GET /b 200"}, pathsOf(t, out)); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
}

// TestLiveDNS traces a look-up over UDP.
func TestLiveDNS(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	server := start(t, l.in(l.server, toolPath(t, "dnsmasq"), "--no-daemon", "--no-resolv", "--no-hosts", "--pid-file", "--user=root",
		"--listen-address=10.79.0.2", "--bind-interfaces", "--address=/web.example/192.0.2.7"))
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "--out", "ndjson:"+out)
	dig := toolPath(t, "dig")
	waitFor(t, func() bool {
		b, _ := l.in(l.client, dig, "@10.79.0.2", "web.example", "+short", "+tries=1", "+time=1").CombinedOutput()
		select {
		case <-server.exited:
			t.Fatal(server.err.String())
		default:
		}
		return strings.Contains(string(b), "192.0.2.7")
	})
	w.interrupt(t)
	if b := string(readFile(t, out)); !strings.Contains(b, "web.example") || !strings.Contains(b, "192.0.2.7") {
		t.Errorf("no look-up in %s", b)
	}
}

// TestLiveNetns captures in another namespace than that of the process.
func TestLiveNetns(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	cmd := programCmd(context.Background(), "live", "--agent", "host1", "--netns", l.server, "-i", "vb", "--out", "ndjson:"+out)
	w := start(t, cmd)
	w.listening(t)
	l.curl(t, l.client, "http://10.79.0.2:8080", "/there")
	w.interrupt(t)
	if d := cmp.Diff([]string{"GET /there 200"}, pathsOf(t, out)); d != "" || w.code != 0 {
		t.Errorf("exit status %d, spans (-want +got):\n%s", w.code, d)
	}
}

// TestLiveAdaptive takes little of large bodies, and says nothing of a loss.
func TestLiveAdaptive(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--adaptive-snap", "--out", "ndjson:"+out, "port", "8080")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/big/file", "/big/file", "/small", "/big/file")
	time.Sleep(200 * time.Millisecond)
	w.interrupt(t)
	spans := decodeSpans(t, readFile(t, out))
	for i := range spans {
		if s := &spans[i]; s.what() == "GET /big/file" && (s.outcome() != "200" || s.str("http.response.body.size") != strconv.Itoa(bigFile)) {
			t.Errorf("%s: %s, %s bytes", s.what(), s.outcome(), s.str("http.response.body.size"))
		}
	}
	if len(spans) != 4 || w.code != 0 || !strings.Contains(w.err.String(), "losses       none") {
		t.Errorf("%d spans, want 4, exit status %d\n%s", len(spans), w.code, w.err.String())
	}
	if st := w.err.String(); !strings.Contains(st, "bytes on the wire") {
		t.Errorf("nothing was cut: %s", st)
	}
}

// TestLivePortable captures with the portable back end.
func TestLivePortable(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	for _, workers := range []string{"1", "2"} {
		out := filepath.Join(t.TempDir(), "spans")
		w := l.live(t, "--engine", "gopcap", "-i", "vb=front", "--workers", workers, "--out", "ndjson:"+out, "tcp port 8080")
		paths, want := numbered(10)
		l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
		waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= len(want) })
		w.interrupt(t)
		if d := cmp.Diff(want, pathsOf(t, out)); d != "" || w.code != 0 {
			t.Errorf("%s workers: exit status %d, spans (-want +got):\n%s\n%s", workers, w.code, d, w.err.String())
		}
	}
	o := wirespan(t, "live", "--engine", "gopcap", "-Q", "in")
	if o.code != 2 || !strings.Contains(o.stderr, "direction") {
		t.Errorf("exit status %d: %s", o.code, o.stderr)
	}
}

// TestLiveNoPrivileges says what is missing and how to get it.
func TestLiveNoPrivileges(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("not root: cannot become somebody without rights")
	}
	dir := t.TempDir() // the test binary may lie where others cannot go
	exe := filepath.Join(dir, "wirespan")
	b := readFile(t, os.Args[0])
	if err := os.WriteFile(exe, b, 0o755); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	var said strings.Builder
	var err error
	waitFor(t, func() bool { // others fork while the file is open for writing
		cmd := programCmd(context.Background(), "live", "-i", "lo")
		cmd.Path, cmd.Dir, cmd.Stderr = exe, "/", &said
		err = asUser(cmd).Run()
		return !errors.Is(err, syscall.ETXTBSY)
	})
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ends with %v", err)
	}
	for _, want := range []string{"CAP_NET_RAW", "setcap"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("does not name %s: %s", want, said.String())
		}
	}
}

// TestLiveFlags holds that wrong flags are told before anything is opened.
func TestLiveFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"snaplen":            {"-s", "10"},
		"direction":          {"-Q", "sideways"},
		"engine":             {"--engine", "pigeon"},
		"ring":               {"--ring", "v4"},
		"timestamp-source":   {"-j", "moon"},
		"named twice":        {"-i", "lo", "-i", "lo"},
		"IF=NAME":            {"-i", "lo="},
		"no such file":       {"-F", "/nonexistent"},
		"exclude each":       {"-p", "--promiscuous"},
		"buffer-size":        {"-B", "much"},
		"parse size \"big\"": {"--block-size", "big"},
		"nosuch":             {"-i", "nosuch0"},
	} {
		o := wirespan(t, append([]string{"live"}, args...)...)
		if o.code == 0 || !strings.Contains(o.stderr, want) {
			t.Errorf("%v: exit status %d, does not name %q: %s", args, o.code, want, o.stderr)
		}
	}
}

// TestLiveAlias holds that tcpdump's habits reach live.
func TestLiveAlias(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"-i eth0 port 80", "live -i eth0 port 80"},
		{"-ni eth0", "live -ni eth0"},
		{"-D", "live -D"},
		{"-r a.pcap", "read a.pcap"},
		{"read a.pcap", "read a.pcap"},
		{"--help", "--help"},
		{"--version", "--version"},
		{"", ""},
	} {
		if got := strings.Join(alias(strings.Fields(c.in)), " "); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}

// TestLiveList lists the interfaces.
func TestLiveList(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	cmd := l.liveCmd("-D")
	b, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(b), "veth] *") || !strings.Contains(string(b), "10.79.0.2") || !strings.Contains(string(b), "lo [") {
		t.Errorf("%v\n%s", err, b)
	}
}

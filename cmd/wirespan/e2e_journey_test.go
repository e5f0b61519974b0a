package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestJourneyOneCapture is an engineer with one pcap and a complaint: the
// overview, the failed requests, then the one trace with the reasons.
func TestJourneyOneCapture(t *testing.T) {
	t.Parallel()
	file := goldenCapture("gateway-nginx-retry")
	first := wirespan(t, "read", file)
	if first.code != 0 || !strings.Contains(first.stdout, "503") || !strings.Contains(first.stdout, "192.0.2.31:9000") {
		t.Fatalf("exit status %d\n%s%s", first.code, first.stdout, first.stderr)
	}
	second := wirespan(t, "read", file, "--where", "http.response.status_code = 503", "--out", "ndjson")
	failed := decodeSpans(t, []byte(second.stdout))
	if second.code != 0 || len(failed) != 1 {
		t.Fatalf("%d failed spans, exit status %d:\n%s", len(failed), second.code, second.stderr)
	}
	third := wirespan(t, "read", file, "-v", "--id", failed[0].Trace)
	for _, want := range []string{"trace " + failed[0].Trace, "why: header_id", "x-request-id=", "GET /stock/orders/"} {
		if !strings.Contains(third.stdout, want) {
			t.Errorf("the last command does not show %q:\n%s", want, third.stdout)
		}
	}
}

// TestJourneyTwoHosts is an engineer with captures of two hosts: one command
// joins them, the second hands the trace to another tool.
func TestJourneyTwoHosts(t *testing.T) {
	t.Parallel()
	first := wirespan(t, append([]string{"read"}, demoCaptures()...)...)
	if first.code != 0 || !strings.Contains(first.stdout, "(seen at edge, app)") {
		t.Fatalf("exit status %d\n%s%s", first.code, first.stdout, first.stderr)
	}
	out := filepath.Join(t.TempDir(), "spans.jsonl")
	second := wirespan(t, append([]string{"read", "--out", "otlp:" + out, "--where", "status = error"}, demoCaptures()...)...)
	if spans := otlpLines(t, readFile(t, out)); second.code != 0 || second.stdout != "" || len(spans) != 5 {
		t.Errorf("exit status %d, %d failed spans, want 5; stdout %q", second.code, len(spans), second.stdout)
	}
	for _, one := range demoCaptures() {
		alone, both := spansOf(t, one), spansOf(t, demoCaptures()...)
		ids := make(map[string]bool)
		for i := range both {
			ids[both[i].Trace] = true
		}
		for _, s := range spansWhere(alone, func(s *spanLine) bool { return s.str("wirespan.request_id") != "" }) {
			if !ids[s.Trace] {
				t.Errorf("%s alone gives %s the trace id %s, which the two together do not know", filepath.Base(one), s.what(), s.Trace)
			}
		}
	}
}

// following is `wirespan read --follow -` with its input still open.
type following struct {
	cmd  *exec.Cmd
	in   io.WriteCloser // nil when something else feeds it
	errs bytes.Buffer
	mu   sync.Mutex
	seen strings.Builder
	done chan struct{} // stdout has ended
}

// follow starts it. feed is its standard input; nil makes a pipe.
func follow(t *testing.T, feed *os.File, args ...string) *following {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	f := &following{cmd: programCmd(ctx, append([]string{"read", "--follow", "-"}, args...)...), done: make(chan struct{})}
	f.cmd.Stderr = &f.errs
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if feed != nil {
		f.cmd.Stdin = feed
	} else if f.in, err = f.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.done)
		r := bufio.NewReader(out)
		for {
			l, err := r.ReadString('\n')
			f.mu.Lock()
			f.seen.WriteString(l)
			f.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return f
}

func (f *following) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.String()
}

// await waits until the output has every one of the texts.
func (f *following) await(t *testing.T, texts ...string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		missing := ""
		for _, s := range texts {
			if !strings.Contains(f.text(), s) {
				missing = s
			}
		}
		if missing == "" {
			return
		}
	}
	t.Fatalf("while the pipe is open, %q is not printed:\n%s", texts, f.text())
}

// end waits for the program and wants exit status 0 and a summary.
func (f *following) end(t *testing.T) {
	t.Helper()
	<-f.done
	if err := f.cmd.Wait(); err != nil || !strings.Contains(f.errs.String(), " packets captured") {
		t.Errorf("the end is not clean: %v\n%s", err, &f.errs)
	}
}

// TestJourneyPipe feeds a pipe as tcpdump -U does. Traces appear while it is
// open; the end of the input and SIGINT are clean ends.
func TestJourneyPipe(t *testing.T) {
	t.Parallel()
	b := readFile(t, goldenCapture("gateway-nginx-noecho"))
	for _, how := range []string{"EOF", "SIGINT", "SIGTERM"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			f := follow(t, nil)
			for from := 0; from < len(b); from += 1000 { // never at a packet's end
				if _, err := f.in.Write(b[from:min(from+1000, len(b))]); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			f.await(t, "GET /orders/{id}", "└─", "GET /stock/orders/{id}")
			if n := strings.Count(f.text(), "trace "); n != 2 {
				t.Errorf("%d traces are printed, want 2:\n%s", n, f.text())
			}
			switch how {
			case "EOF":
				_ = f.in.Close()
			case "SIGINT":
				_ = f.cmd.Process.Signal(os.Interrupt)
			case "SIGTERM":
				_ = f.cmd.Process.Signal(syscall.SIGTERM)
			}
			f.end(t)
		})
	}
}

// TestInterruptedMidway holds that SIGINT writes what was read until then.
func TestInterruptedMidway(t *testing.T) {
	t.Parallel()
	b := readFile(t, goldenCapture("http-siblings"))
	out := filepath.Join(t.TempDir(), "spans")
	f := follow(t, nil, "--out", "ndjson:"+out)
	if _, err := f.in.Write(b[:len(b)-500]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	_ = f.cmd.Process.Signal(os.Interrupt)
	f.end(t)
	if spans := decodeSpans(t, readFile(t, out)); len(spans) < 3 {
		t.Errorf("%d spans after an interruption", len(spans))
	}
}

// asShop makes the test binary run as a service of the pipe journey.
const asShop = "WIRESPAN_TEST_AS_SHOP"

// shop serves two services on loopback addresses: front asks back with the
// request ID it got. With "visit" it asks front instead.
func shop(what string) int {
	const front, back = "127.0.0.2:8080", "127.0.0.3:8081"
	from := func(ip string) *http.Client {
		d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: 5 * time.Second}
		return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}
	}
	ask := func(c *http.Client, url, id string) error {
		q, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		q.Header.Set("X-Request-ID", id)
		resp, err := c.Do(q)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			err = resp.Body.Close()
		}
		return err
	}
	if what == "visit" {
		if err := ask(from("127.0.0.1"), "http://"+front+"/cart", "f0e1d2c3b4a5968778695a4b3c2d1e0f"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	hop := from("127.0.0.2")
	go func() {
		_ = http.ListenAndServe(back, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "back") }))
	}()
	err := http.ListenAndServe(front, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if err := ask(hop, "http://"+back+"/price", q.Header.Get("X-Request-ID")); err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestJourneyTcpdump pipes a real tcpdump in a network namespace of its own
// into wirespan, as over ssh from a host that is too old for the binary.
func TestJourneyTcpdump(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root for a network namespace; TestJourneyPipe feeds a pipe instead")
	}
	ip, tcpdump := toolPath(t, "ip"), toolPath(t, "tcpdump")
	ns := fmt.Sprintf("wsjourney%d", os.Getpid())
	if b, err := exec.Command(ip, "netns", "add", ns).CombinedOutput(); err != nil {
		t.Skipf("no network namespace: %v %s", err, b)
	}
	t.Cleanup(func() { _ = exec.Command(ip, "netns", "del", ns).Run() })
	if b, err := exec.Command(ip, "-n", ns, "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, b)
	}
	within := func(env string, args ...string) *exec.Cmd {
		cmd := exec.Command(ip, append([]string{"netns", "exec", ns}, args...)...)
		cmd.Env = append(os.Environ(), env)
		return cmd
	}
	services := within(asShop+"=serve", os.Args[0])
	dump := within("", tcpdump, "-i", "lo", "-U", "--immediate-mode", "-s0", "-Z", "root", "-w", "-", "tcp")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dump.Stdout = w
	said, err := dump.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*exec.Cmd{services, dump} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	}
	_ = w.Close()
	if l, err := bufio.NewReader(said).ReadString('\n'); err != nil || !strings.Contains(l, "listening") {
		t.Skipf("tcpdump does not capture here: %s %v", l, err)
	}
	f := follow(t, r)
	_ = r.Close()
	for i := 0; ; i++ {
		b, err := within(asShop+"=visit", os.Args[0]).CombinedOutput()
		if err == nil {
			break
		}
		if i == 50 {
			t.Fatalf("no service answers: %v %s", err, b)
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.await(t, "127.0.0.2:8080  GET /cart", "└─ 127.0.0.3:8081  GET /price")
	_ = dump.Process.Signal(os.Interrupt)
	f.end(t)
}

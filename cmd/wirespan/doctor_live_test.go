//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/capture/netns"
)

// examined is a report as it comes back from JSON, with the exit status.
type examined struct {
	doctorReport
	code int
}

// doctor runs `wirespan doctor --json` in the server's namespace.
func (l *lab) doctor(t *testing.T, args ...string) *examined {
	t.Helper()
	cmd := l.liveCmd()
	cmd.Args = append(cmd.Args[:len(cmd.Args)-3], append([]string{"doctor", "--json", "--proc-root", "off"}, args...)...)
	return examinedBy(t, cmd)
}

// examinedBy runs a prepared command.
func examinedBy(t *testing.T, cmd *exec.Cmd) *examined {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	x := &examined{}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		x.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &x.doctorReport); err != nil {
		t.Fatalf("no JSON: %v\n%s\n%s", err, out.String(), errs.String())
	}
	return x
}

// String is the report for people.
func (x *examined) String() string {
	var b strings.Builder
	if err := x.print(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// want demands a finding of this mark whose name and text contain the words.
func (x *examined) want(t *testing.T, m mark, name string, words ...string) {
	t.Helper()
	for _, s := range x.Sections {
		for _, f := range s.Findings {
			if f.Mark == m && f.Name == name && containsAll(f.Text, words) {
				return
			}
		}
	}
	t.Errorf("no %q about %s with %q in\n%s", m, name, words, x)
}

// stops demands that the instance stops at a layer, and that the verdict has
// the words.
func (x *examined) stops(t *testing.T, layer string, words ...string) {
	t.Helper()
	if x.Instance == nil || !x.Instance.Answers {
		t.Fatalf("no instance:\n%s", x)
	}
	if v := x.Instance.Verdict; !strings.HasPrefix(v, "it stops at "+layer+":") || !containsAll(v, words) {
		t.Errorf("verdict %q, want it to stop at %s with %q\n%s", v, layer, words, x)
	}
	if x.code != 0 {
		t.Errorf("exit status %d", x.code)
	}
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// surf asks the server again and again in the background.
func (l *lab) surf(t *testing.T, url string) {
	t.Helper()
	start(t, l.in(l.client, "sh", "-c", "while "+toolPath(t, "curl")+" -sk --max-time 2 -o /dev/null "+url+" || :; do sleep 0.02; done"))
}

// mirror copies what vb sees to the interface mirb, as a switch does: what it
// receives, and if asked what it sends, each so many times.
func (l *lab) mirror(t *testing.T, both bool, times int) {
	t.Helper()
	l.must(t, "-n", l.server, "link", "add", "name", "mira", "type", "veth", "peer", "name", "mirb")
	for _, name := range []string{"mira", "mirb"} {
		l.must(t, "-n", l.server, "link", "set", name, "mtu", "65000", "up") // packets that were merged fit
	}
	c := afpacket.Default()
	c.Interfaces, c.Netns, c.Retire, c.Promiscuous = []string{"vb"}, l.server, time.Millisecond, false
	if !both {
		c.Direction = capture.DirIn
	}
	src, err := afpacket.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	err = netns.Do(l.server, func() error {
		i, err := net.InterfaceByName("mira")
		if err != nil {
			return err
		}
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: i.Index})
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer unix.Close(fd)
		batch := make([]capture.Packet, 64)
		for {
			n, err := src.ReadBatch(context.Background(), batch)
			for i := range batch[:n] {
				for range times {
					_, _ = unix.Write(fd, batch[i].Data)
				}
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		src.Close()
		<-done
	})
}

func TestDoctorInterfaceDown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, "-n", l.server, "link", "set", "vb", "down")
	x := l.doctor(t, "-i", "vb", "--for", "200ms")
	x.want(t, markWarning, "vb", "down", "named by -i, but it is down")
	x.want(t, markNote, "vb", "no packet: the interface is down")
	x.want(t, markNote, "lo", "not named by -i")
	if !x.Live || x.code != 0 {
		t.Errorf("exit status %d\n%s", x.code, x)
	}
	x = l.doctor(t, "-i", "vb", "-i", "none0", "--for", "200ms")
	x.want(t, markMissing, "none0", "does not exist")
	if x.Live || x.code != exitPartial {
		t.Errorf("exit status %d with an interface that does not exist\n%s", x.code, x)
	}
}

// TestDoctorOneDirection looks at a mirror that shows only what a port
// receives, by a trial and through a running instance.
func TestDoctorOneDirection(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	l.mirror(t, false, 1)
	w := l.live(t, "-i", "mirb", "--metrics", "9181", "--out", "ndjson:"+os.DevNull)
	l.surf(t, "http://10.79.0.2:8080/one")
	l.metricAbove(t, 9181, "wirespan_capture_packets_total", 200)
	x := l.doctor(t, "-i", "mirb", "--for", "1s", "9181")
	x.want(t, markWarning, "mirb", "one direction only")
	x.stops(t, "connections", "one direction only")
	w.interrupt(t)
}

// TestDoctorBothDirections finds nothing wrong with a mirror that shows both,
// but that another interface shows the same.
func TestDoctorBothDirections(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	l.mirror(t, true, 1)
	l.surf(t, "http://10.79.0.2:8080/both")
	x := l.doctor(t, "-i", "mirb", "-i", "vb", "--for", "1s")
	again := uint64(0)
	for _, tr := range x.Trials {
		again += tr.Elsewhere
		if tr.Packets < fewPackets || tr.Survey.OneSided*2 > tr.Survey.TCP || tr.Twice*20 > tr.Compared || tr.Survey.Protocols["http"] == 0 {
			t.Errorf("%s: %+v", tr.Interface, tr)
		}
	}
	if len(x.Trials) != 2 || again < fewPackets {
		t.Errorf("%d trials, %d packets seen at both", len(x.Trials), again)
	}
	if !strings.Contains(x.String(), "were seen at another interface, too") {
		t.Errorf("not told:\n%s", x)
	}
}

func TestDoctorDuplicates(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	l.mirror(t, true, 2)
	l.surf(t, "http://10.79.0.2:8080/twice")
	x := l.doctor(t, "-i", "mirb", "--for", "1s")
	x.want(t, markWarning, "mirb", "duplicates")
}

// metricAbove waits until a metric of an instance is larger than n.
func (l *lab) metricAbove(t *testing.T, port int, name string, n float64) {
	t.Helper()
	waitFor(t, func() bool {
		s, err := readScrape(l.fetch(t, "http://127.0.0.1:"+strconv.Itoa(port)+"/metrics"))
		return err == nil && s.sum(name) > n
	})
}

// TestDoctorEmptyScreens runs instances whose screens are empty, each for
// another reason, and wants that reason.
func TestDoctorEmptyScreens(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	for n, c := range []struct {
		name   string
		args   []string // of live
		await  string   // metric that must have risen
		doctor []string
		layer  string
		words  []string
	}{
		{"filter", []string{"port", "1"}, "", []string{"-i", "vb"}, "capture", []string{"port 1", "takes none", "on vb"}},
		{"filter, without a trial", []string{"port", "1"}, "", []string{"-i", "vb", "--no-trial"}, "capture", []string{"port 1", "takes none", "on vb"}},
		{"dead receiver", []string{"--otlp", "http://127.0.0.1:1"}, "wirespan_exporter_spans_retries_total", []string{"--no-trial"}, "outputs", []string{"http://127.0.0.1:1", "connection refused", "takes nothing"}},
		{"turned off", []string{"--proto", "8080=off"}, "wirespan_parser_opaque_connections_total", []string{"--no-trial"}, "protocols", []string{"--proto 8080=off"}},
		{"selection", []string{"--where", "http.request.method = 'POST'"}, "wirespan_link_unselected_spans_total", []string{"--no-trial"}, "spans", []string{"--where", "POST", "leaves out all"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := 9190 + n
			w := l.live(t, append([]string{"-i", "vb", "--metrics", strconv.Itoa(port), "--out", "ndjson:" + os.DevNull}, c.args...)...)
			l.surf(t, "http://10.79.0.2:8080/empty")
			if c.await != "" {
				l.metricAbove(t, port, c.await, 0)
			}
			x := l.doctor(t, append(c.doctor, "--for", "1s", strconv.Itoa(port))...)
			x.stops(t, c.layer, c.words...)
			w.interrupt(t)
		})
	}
	t.Run("nothing is wrong", func(t *testing.T) {
		w := l.live(t, "-i", "vb", "--metrics", "9189", "--out", "ndjson:"+os.DevNull)
		l.surf(t, "http://10.79.0.2:8080/fine")
		l.metricAbove(t, 9189, "wirespan_spans_total", 0)
		x := l.doctor(t, "-i", "vb", "--for", "500ms", "http://127.0.0.1:9189/metrics")
		if x.code != 0 || !strings.HasPrefix(x.Instance.Verdict, "nothing stops") {
			t.Errorf("exit status %d, %s\n%s", x.code, x.Instance.Verdict, x)
		}
		w.interrupt(t)
	})
}

// TestDoctorQuietInterface tells silence from a filter.
func TestDoctorQuietInterface(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.silent(t)
	w := l.live(t, "-i", "vb", "port", "1", "--metrics", "9182", "--out", "ndjson:"+os.DevNull)
	x := l.doctor(t, "--no-trial", "--for", "300ms", "9182")
	x.stops(t, "capture", "no packet passes on vb")
	l.must(t, "-n", l.server, "link", "set", "vb", "down")
	waitFor(t, func() bool {
		x = l.doctor(t, "--no-trial", "--for", "200ms", "9182")
		return strings.Contains(x.Instance.Verdict, "vb is down")
	})
	w.interrupt(t)
}

// TestDoctorTLS captures connections of which nothing can be read.
func TestDoctorTLS(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	openssl, dir := toolPath(t, "openssl"), t.TempDir()
	key, cert := filepath.Join(dir, "key"), filepath.Join(dir, "cert")
	if b, err := exec.Command(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=lab").CombinedOutput(); err != nil {
		t.Skipf("openssl: %v %s", err, b)
	}
	start(t, l.in(l.server, openssl, "s_server", "-accept", "8443", "-key", key, "-cert", cert, "-www", "-quiet"))
	w := l.live(t, "-i", "vb", "--metrics", "9183", "--out", "ndjson:"+os.DevNull)
	l.surf(t, "https://10.79.0.2:8443/")
	l.metricAbove(t, 9183, "wirespan_flows_opened_total", 3)
	x := l.doctor(t, "-i", "vb", "--for", "1s", "9183")
	x.want(t, markWarning, "vb", "encrypted")
	x.stops(t, "protocols", "TLS")
	w.interrupt(t)
}

// TestDoctorSendsNothing holds a trial to what is promised: the interface has
// sent nothing.
func TestDoctorSendsNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.silent(t)
	sent := func() string {
		b, err := l.in(l.server, "cat", "/sys/class/net/vb/statistics/tx_packets").Output()
		if err != nil {
			t.Skip("no statistics in this namespace: ", err)
		}
		return string(b)
	}
	before := sent()
	l.doctor(t, "-i", "vb", "--for", "500ms")
	if after := sent(); after != before {
		t.Errorf("%s packets sent, before %s", after, before)
	}
}

// TestDoctorUnprivileged runs without any right: everything is told, and what
// is missing with the command that gives it.
func TestDoctorUnprivileged(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root to become a user without rights")
	}
	exe := worldExecutable(t)
	cmd := exec.Command(exe, "doctor", "--json", "-i", "lo")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Dir = "/"
	x := examinedBy(t, asUser(cmd))
	if x.Live || x.code != exitPartial || len(x.Trials) != 0 {
		t.Errorf("exit status %d\n%s", x.code, x)
	}
	x.want(t, markMissing, "CAP_NET_RAW", "lacks")
	x.want(t, markMissing, "live")
	x.want(t, markOK, "read")
	x.want(t, markOK, "lo", "named by -i")
	if !strings.Contains(strings.Join(x.Verdict, "\n"), "sudo setcap cap_net_raw+ep "+exe) {
		t.Errorf("verdict %q", x.Verdict)
	}
	setcap := toolPath(t, "setcap")
	if b, err := exec.Command(setcap, "cap_net_raw+ep", exe).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v %s", err, b)
	}
	again := exec.Command(exe, "doctor", "--json", "-i", "lo", "--for", "200ms")
	again.Env, again.Dir = cmd.Env, cmd.Dir
	if x = examinedBy(t, asUser(again)); !x.Live || x.code != 0 {
		t.Errorf("with the file capability: exit status %d\n%s", x.code, x)
	}
	x.want(t, markNote, "file", "cap_net_raw=ep")
}

// worldExecutable copies the test binary to where every user can start it.
func worldExecutable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "doctor")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "wirespan")
	if err := os.WriteFile(exe, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return exe
}

package procs

import (
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestStartedAs(t *testing.T) {
	for _, c := range []struct{ comm, args, want string }{
		{"redis-server", "/usr/bin/redis-server 127.0.0.1:6379\x00", "redis-server"}, // its own title
		{"redis-server", "redis-server\x00*:6379\x00", "redis-server"},
		{"httpd", "httpd\x00-f\x00", "httpd"},                                                    // of busybox
		{"a-program-with-", "/opt/a-program-with-a-long-name\x00", "a-program-with-a-long-name"}, // the kernel keeps 15 bytes
		{"worker/3", "/usr/bin/thing\x00", ""},                                                   // a thread that was given a name
		{"bash", "-bash\x00", ""},                                                                // a login shell
		{"x", "", ""},
		{"", "\x00", ""},
		{"\x1b[31m", "/srv/\x1b[31m\x00", ""},
	} {
		if got := startedAs(c.comm, []byte(c.args)); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.comm, c.args, got, c.want)
		}
	}
}

// TestRedisHasItsName: Debian's redis-server is a link to redis-check-rdb, which
// is what /proc calls its executable.
func TestRedisHasItsName(t *testing.T) {
	need(t, false, "redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr()
	_, port, _ := net.SplitHostPort(at.String())
	l.Close()
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", at.String()); err == nil {
			c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("redis does not listen")
		}
	}
	tb := live(t, true)
	tb.Refresh(true)
	p := tb.Lookup(endpointOf(TCP, at, nil))
	if p == nil || p.PID != cmd.Process.Pid || p.Unit != "" || p.Container != "" || p.SysV != "" {
		t.Skipf("port %s is of %+v, not of this test alone", strconv.Quote(port), p)
	}
	if p.Service() != "redis-server" || !strings.HasPrefix(filepath.Base(p.Exe), "redis-") {
		t.Errorf("service %q of %+v", p.Service(), p)
	}
}

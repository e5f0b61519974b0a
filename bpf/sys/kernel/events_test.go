//go:build linux && (amd64 || arm64)

package kernel

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"

	"golang.org/x/sys/unix"
)

// collector reads a source until it is stopped.
type collector struct {
	src    sys.Source
	events []sys.Event
	cancel context.CancelFunc
	done   chan struct{}
}

func collect(src sys.Source) *collector {
	ctx, cancel := context.WithCancel(context.Background())
	c := &collector{src: src, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		batch := make([]sys.Event, 512)
		for {
			n, err := src.Read(ctx, batch)
			c.events = append(c.events, batch[:n]...)
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *collector) stop() []sys.Event {
	time.Sleep(300 * time.Millisecond)
	c.cancel()
	<-c.done
	return c.events
}

// verdict is how events compare with packets.
type verdict struct {
	events, right, uncertain, wrong int
	told                            map[way]*spans // sent, by the packets' way
	read                            map[way]*spans // received, too
	notes                           []string
}

// compare holds every event of the lab's connections against the packets: its
// connection must be there, and every byte that it says was moved.
func (l *lab) compare(events []sys.Event) *verdict {
	v := &verdict{told: make(map[way]*spans), read: make(map[way]*spans)}
	ours := map[netip.Addr]bool{netip.MustParseAddr(l.v4): true, netip.MustParseAddr(l.v6): true}
	for i := range events {
		e := &events[i]
		local, remote := addrPort(e.Local, e.LocalPort), addrPort(e.Remote, e.RemotePort)
		if e.Type != sys.IO || !ours[local.Addr()] {
			continue
		}
		v.events++
		w, into := way{local, remote}, v.told
		if e.Direction == sys.Received {
			w, into = way{remote, local}, v.read
		}
		s := l.streams[w]
		if s == nil || !s.syn {
			v.fault("event %d of a connection that packets do not show: %v %v", i, w, e)
			continue
		}
		from := e.Seq
		if e.Flags&sys.RelativeSeq == 0 {
			from -= s.isn + 1
		}
		if e.Flags&sys.Uncertain != 0 {
			v.uncertain++
			continue
		}
		if !s.seen.has(from, from+e.Length) {
			v.fault("event %d tells of bytes %d to %d, packets have %v: %v", i, from, from+e.Length, s.seen, w)
			continue
		}
		if into[w] == nil {
			into[w] = &spans{}
		}
		if again := into[w].add(from, from+e.Length); again > 0 {
			v.fault("event %d tells of %d bytes again: %d to %d of %v", i, again, from, from+e.Length, w)
			continue
		}
		v.right++
	}
	return v
}

func (v *verdict) fault(format string, a ...any) {
	v.wrong++
	if len(v.notes) < 10 {
		v.notes = append(v.notes, fmt.Sprintf(format, a...))
	}
}

// missing counts bytes that packets show and no event told of, sent and read.
func (l *lab) missing(v *verdict) (sent, read, all uint64) {
	for w, s := range l.streams {
		n := s.seen.size()
		all += n
		sent += n - sizeOf(v.told[w])
		read += n - sizeOf(v.read[w])
	}
	return sent, read, all
}

func sizeOf(s *spans) uint64 {
	if s == nil {
		return 0
	}
	return s.size()
}

func addrPort(a [16]byte, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a).Unmap(), port)
}

// inTracefs runs a test again in a mount namespace that has tracefs, if this one
// has not.
func inTracefs(t *testing.T) (done bool) {
	t.Helper()
	if tracefs() != "" {
		return false
	}
	const mark = "WIRESPAN_TEST_TRACEFS"
	if os.Getenv(mark) != "" {
		t.Skip("tracefs cannot be mounted here")
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"`, "sh",
		os.Args[0], "-test.v", "-test.run", "^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), mark+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("with tracefs of its own:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skip("see above")
	}
	return true
}

// TestEvents runs servers and clients of many kinds and compares every event of
// each tier with the packets. Every byte must be told once as sent and once as
// received, by tiers that see all calls.
func TestEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, tier := range []sys.Tier{sys.Sock, sys.Fexit, sys.Syscall, sys.Legacy} {
		for _, s := range scenes {
			t.Run(tier.String()+"/"+s.name, func(t *testing.T) {
				if os.Geteuid() != 0 {
					t.Skip("needs root, for eBPF")
				}
				if tier == sys.Legacy && inTracefs(t) {
					return
				}
				l := newLab(t)
				s.serve(t, l) // or skips
				cfg := Default()
				cfg.Tiers, cfg.Every, cfg.Ring = []sys.Tier{tier}, math.MaxUint32, 16<<20
				c := collect(open(t, cfg))
				s.drive(t, l)
				events := c.stop()
				l.end(t)
				v := l.compare(events)
				sent, read, all := l.missing(v)
				t.Logf("%d events, %d right, %d uncertain, %d wrong; of %d bytes %d sent and %d read are not told", v.events, v.right, v.uncertain, v.wrong, all, sent, read)
				for _, n := range v.notes {
					t.Error(n)
				}
				st, err := c.src.Stats()
				if err != nil || st.Dropped > 0 || st.Seen != st.Filtered+st.Skipped+st.Emitted+st.Dropped+st.Bad {
					t.Errorf("%+v, %v", st, err)
				}
				if all == 0 || v.right == 0 && !s.unseen[tier] {
					t.Error("nothing was compared")
				}
				if (sent > 0 || read > 0) && v.uncertain == 0 && !s.unseen[tier] {
					t.Errorf("not all was told: %d sent, %d read", sent, read)
				}
			})
		}
	}
}

// scene is something that moves bytes.
type scene struct {
	name   string
	serve  func(t *testing.T, l *lab) // starts servers
	drive  func(t *testing.T, l *lab)
	unseen map[sys.Tier]bool // by which not all of it can be seen
}

func nothing(*testing.T, *lab) {}

// tool finds a program or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		p, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Skipf("no %s", name)
	}
	return p
}

// text writes a file into the lab's directory.
func (l *lab) text(t *testing.T, name, text string) string {
	t.Helper()
	p := filepath.Join(l.dir, name)
	if err := os.WriteFile(p, []byte(strings.NewReplacer("V4", l.v4, "V6", l.v6, "DIR", l.dir).Replace(text)), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// ask asks with curl, over both families: several requests on a connection, and
// several connections at once.
func ask(t *testing.T, l *lab, paths ...string) {
	t.Helper()
	curl := tool(t, "curl")
	l.text(t, "body", strings.Repeat("0123456789", 20000))
	for _, host := range []string{l.v4, "[" + l.v6 + "]"} {
		one, many := []string{"-sSg", "--max-time", "20", "-d", "@body"}, []string{"-sSg", "--max-time", "20", "--parallel"}
		for _, p := range paths {
			one = append(one, "-o", "/dev/null", "http://"+host+p, "-o", "/dev/null", "http://"+host+p)
			for range 10 {
				many = append(many, "-o", "/dev/null", "http://"+host+p)
			}
		}
		l.run(t, curl, one...)
		l.run(t, curl, many...)
	}
}

var scenes = []scene{
	{name: "calls", serve: nothing, drive: func(t *testing.T, l *lab) { child(t, l, "calls") }, unseen: map[sys.Tier]bool{sys.Legacy: true}},
	{name: "io_uring", serve: nothing, drive: func(t *testing.T, l *lab) { child(t, l, "ring") }, unseen: map[sys.Tier]bool{sys.Syscall: true, sys.Legacy: true}},
	{name: "nginx", serve: nginx, drive: func(t *testing.T, l *lab) { ask(t, l, ":8081/big", ":8080/big") }},
	{name: "haproxy", serve: haproxy, drive: func(t *testing.T, l *lab) { ask(t, l, ":8082/") }},
	{name: "node", serve: node, drive: func(t *testing.T, l *lab) { ask(t, l, ":8083/") }, unseen: map[sys.Tier]bool{sys.Legacy: true}}, // accept without an address
	{name: "python", serve: python, drive: func(t *testing.T, l *lab) { ask(t, l, ":8084/") }},
	{name: "java", serve: java, drive: func(t *testing.T, l *lab) { ask(t, l, ":8085/") }},
	{name: "go", serve: func(t *testing.T, l *lab) { l.serve(t, 8086, helper("http", ":8086")) }, drive: func(t *testing.T, l *lab) { ask(t, l, ":8086/") }},
}

// child runs a helper on both families.
func child(t *testing.T, l *lab, what string) {
	t.Helper()
	for i, host := range []string{l.v4, l.v6} {
		out, err := l.output(helper(what, listeningOn(host, 8090+i)))
		if err != nil && strings.Contains(out, unix.ENOSYS.Error()) || strings.Contains(out, "io_uring_setup: "+unix.EPERM.Error()) {
			t.Skip("no io_uring here")
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

func nginx(t *testing.T, l *lab) {
	bin := tool(t, "nginx")
	l.text(t, "big", strings.Repeat("nginx", 60000))
	conf := l.text(t, "nginx.conf", `daemon off; worker_processes 2; pid DIR/nginx.pid; error_log stderr; user root;
events { worker_connections 256; }
http { access_log off; sendfile on; client_body_temp_path DIR; proxy_temp_path DIR; fastcgi_temp_path DIR; uwsgi_temp_path DIR; scgi_temp_path DIR;
server { listen 8080; listen [::]:8080; root DIR; location / { error_page 405 =200 $uri; } }
upstream up { server V4:8080; keepalive 4; }
server { listen 8081; listen [::]:8081; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; } } }
`)
	l.serve(t, 8081, exec.Command(bin, "-c", conf, "-p", l.dir))
}

func haproxy(t *testing.T, l *lab) {
	bin := tool(t, "haproxy")
	l.serve(t, 8086, helper("http", ":8086"))
	conf := l.text(t, "haproxy.cfg", `global
  nbthread 4
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend f
  bind V4:8082
  bind V6:8082
  default_backend b
backend b
  server s V4:8086
`)
	l.serve(t, 8082, exec.Command(bin, "-f", conf, "-db"))
}

func node(t *testing.T, l *lab) {
	bin := tool(t, "node")
	l.serve(t, 8083, exec.Command(bin, "-e", `require("http").createServer((q, r) => { q.resume(); q.on("end", () => r.end(Buffer.alloc(90000))) }).listen(8083, "::")`))
}

func python(t *testing.T, l *lab) {
	bin := tool(t, "python3")
	l.serve(t, 8084, exec.Command(bin, "-c", `
import http.server, socket
class S(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200); self.send_header("content-length", "80000"); self.end_headers(); self.wfile.write(bytes(80000))
    do_POST = do_GET
    def log_message(self, *a): pass
S(("::", 8084), H).serve_forever()
`))
}

func java(t *testing.T, l *lab) {
	bin := tool(t, "java")
	src := l.text(t, "Serve.java", `
import com.sun.net.httpserver.*; import java.net.*; import java.util.concurrent.*;
public class Serve { public static void main(String[] a) throws Exception {
  HttpServer s = HttpServer.create(new InetSocketAddress("::", 8085), 0);
  s.setExecutor(Executors.newFixedThreadPool(8));
  s.createContext("/", x -> { x.getRequestBody().readAllBytes(); x.sendResponseHeaders(200, 60000); x.getResponseBody().write(new byte[60000]); x.close(); });
  s.start(); } }
`)
	if out, err := exec.Command(bin, "--list-modules").CombinedOutput(); err != nil || !strings.Contains(string(out), "jdk.compiler") || !strings.Contains(string(out), "jdk.httpserver") {
		t.Skip("java without a compiler (apt-get install default-jdk-headless)")
	}
	l.serve(t, 8085, exec.Command(bin, src))
}

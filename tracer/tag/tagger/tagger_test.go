package tagger

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
	"github.com/wirespan/wirespan/tracer/tag/kube"
	"github.com/wirespan/wirespan/tracer/tag/names"
	"github.com/wirespan/wirespan/tracer/tag/procs"
)

func ip(s string) [16]byte { return netip.MustParseAddr(s).As16() }

func rules(t *testing.T, list ...string) *names.Map {
	t.Helper()
	var r []names.Rule
	for _, s := range list {
		one, err := names.ParseRule(s)
		if err != nil {
			t.Fatal(err)
		}
		r = append(r, one)
	}
	m, err := names.NewMap(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tagger(t *testing.T, change func(*Config)) *Tagger {
	t.Helper()
	c := Default()
	c.Keys = span.NewKeys(identity.Keys([]string{"app"})...)
	if change != nil {
		change(&c)
	}
	tg, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

// show is an identity as a map, for comparing.
func show(t *Tagger, id *identity.Identity) map[string]string {
	if id == nil {
		return nil
	}
	m := map[string]string{"source": id.Source.String()}
	for k, v := range map[string]string{"service.name": id.Service, "service.instance.id": id.Instance} {
		if v != "" {
			m[k] = v
		}
	}
	for a := range id.Attrs.All {
		v := string(a.Str)
		if a.Type == span.TypeInt {
			v = fmt.Sprint(a.Num)
		}
		m[t.cfg.Keys.Name(a.Key)] = v
	}
	return m
}

func server(addr string, port uint16) *identity.Query {
	return &identity.Query{Addr: ip(addr), Port: port}
}

// TestOffline has the names of the capture and of the operator only.
func TestOffline(t *testing.T) {
	tg := tagger(t, func(c *Config) { c.Names = rules(t, "10.0.0.0/8:80=web", "10.0.0.9=gateway") })
	const second = int64(time.Second)
	a := ip("192.0.2.1")
	if id := tg.Endpoint(server("192.0.2.1", 80)); id != nil {
		t.Errorf("%+v", id)
	}
	tg.SetFile(a, "from-file")
	if d := cmp.Diff(map[string]string{"source": "file", "service.name": "from-file"}, show(tg, tg.Endpoint(server("192.0.2.1", 80)))); d != "" {
		t.Error(d)
	}
	tg.Learn(0, a, []byte("shop.example"), time.Minute)
	q := server("192.0.2.1", 80)
	q.At = second
	one := tg.Endpoint(q)
	if d := cmp.Diff(map[string]string{"source": "dns", "service.name": "shop.example"}, show(tg, one)); d != "" {
		t.Error(d)
	}
	q.Client, q.Port = true, 55555
	if tg.Endpoint(q) != one || one.ID == 0 {
		t.Error("one identity for one name")
	}
	if id := tg.Endpoint(server("10.0.0.7", 80)); id == nil || id.Service != "web" || id.Source != identity.Configured {
		t.Errorf("%+v", id)
	}
	q = &identity.Query{Addr: ip("10.0.0.9"), Port: 44444, Client: true}
	if id := tg.Endpoint(q); id == nil || id.Service != "gateway" {
		t.Errorf("%+v", id)
	}
	tg.SetNames(rules(t, "10.0.0.9=edge"))
	if id := tg.Endpoint(q); id == nil || id.Service != "edge" {
		t.Errorf("after a change: %+v", id)
	}
	s := tg.Stats()
	if s.Answers[identity.DNS] != 2 || s.Answers[identity.None] != 1 || s.Identities != 5 {
		t.Errorf("%+v", s)
	}
}

// machine is a made /proc with a container of a pod and a unit.
func machine(t *testing.T) *procs.Table {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		f := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(name, to string) {
		f := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, f); err != nil {
			t.Fatal(err)
		}
	}
	process := func(pid, netns int, exe, cgroup string, sock int) {
		d := fmt.Sprint(pid)
		write(d+"/stat", fmt.Sprintf("%d (x) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 500 1 1\n", pid))
		write(d+"/status", "Uid:\t33\t33\t33\t33\n")
		write(d+"/cgroup", cgroup)
		link(d+"/exe", exe)
		link(d+"/ns/net", fmt.Sprintf("net:[%d]", netns))
		link(d+"/fd/3", fmt.Sprintf("socket:[%d]", sock))
	}
	listen := func(inode int) string {
		return fmt.Sprintf("   0: 00000000:0050 00000000:0000 0A 0:0 00:0 0  33        0 %d 1 0\n", inode)
	}
	write("passwd", "www-data:x:33:33::/:/bin/false\n")
	link("self/ns/net", "net:[100]")
	write("self/net/fib_trie", "  |-- 192.0.2.5\n     /32 host LOCAL\n")
	write("self/net/tcp", listen(501))
	process(50, 100, "/usr/sbin/nginx", "0::/system.slice/nginx.service\n", 501)
	write("200/net/fib_trie", "  |-- 10.1.0.1\n     /32 host LOCAL\n")
	write("200/net/tcp", listen(601))
	process(200, 200, "/app/shop", "0::/kubepods.slice/kubepods-podaaaaaaaa_bbbb_cccc_dddd_eeeeeeeeeeee.slice/cri-containerd-"+strings.Repeat("c0", 32)+".scope\n", 601)
	c := procs.Default()
	c.Root, c.Diag, c.Passwd, c.RunDirs, c.Docker = dir, false, filepath.Join(dir, "passwd"), nil, ""
	tb, err := procs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	tb.Refresh(true)
	return tb
}

// pods is a cluster of two pods, of which the first runs on this machine.
func pods(t *testing.T) *kube.Pods {
	t.Helper()
	item := func(uid, name, addr, id string) any {
		return map[string]any{
			"metadata": map[string]any{
				"uid": uid, "name": name, "namespace": "prod", "labels": map[string]string{"app": "shop", "pod-template-hash": "5d"},
				"ownerReferences": []any{map[string]any{"kind": "ReplicaSet", "name": "shop-5d", "controller": true}},
			},
			"spec": map[string]any{"nodeName": "node1"},
			"status": map[string]any{
				"phase": "Running", "podIP": addr,
				"containerStatuses": []any{map[string]any{"name": "main", "containerID": "containerd://" + id}},
			},
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"items": []any{
			item("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "shop-5d-x1", "10.1.0.1", strings.Repeat("c0", 32)),
			item("2", "shop-5d-x2", "10.1.0.2", "other"),
			item("3", "shop-5d-x3", "192.0.2.5", "stale"),
		}})
	}))
	t.Cleanup(srv.Close)
	c := kube.Default()
	c.URL, c.Kubelet, c.Labels = srv.URL, true, []string{"app"}
	s, err := kube.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	for i := 0; s.Report().Lists == 0; i++ {
		if i > 2000 {
			t.Fatal("no list:", s.Report().Error)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return s.Pods()
}

// TestOrder has every source know the same ends, and takes them in order.
func TestOrder(t *testing.T) {
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("10.1.0.1 a.example\n203.0.113.1 hosts.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := names.NewHosts(hosts)
	if err := h.Refresh(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	tg := tagger(t, func(c *Config) {
		c.Processes, c.Pods, c.Hosts, c.HostName = machine(t), pods(t), h, "box"
		c.Netns = func(uint16) uint32 { return 0 }
		c.AskPods = func() { asked++ }
	})
	tg.Learn(0, ip("203.0.113.1"), []byte("dns.example"), time.Hour)
	for name, c := range map[string]struct {
		q    *identity.Query
		want map[string]string
	}{
		"unit": {server("192.0.2.5", 80), map[string]string{
			"source": "process", "service.name": "nginx", "host.name": "box", "process.pid": "50", "process.executable.name": "nginx",
			"process.executable.path": "/usr/sbin/nginx", "process.owner": "www-data", "wirespan.unit": "nginx.service",
		}},
		"pod of this machine": {server("10.1.0.1", 80), map[string]string{
			"source": "kubernetes", "service.name": "shop", "service.namespace": "prod", "service.instance.id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
			"host.name": "box", "process.pid": "200", "process.executable.name": "shop", "process.executable.path": "/app/shop", "process.owner": "33",
			"container.id": strings.Repeat("c0", 32), "container.runtime.name": "containerd", "k8s.namespace.name": "prod", "k8s.pod.name": "shop-5d-x1",
			"k8s.pod.uid": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "k8s.container.name": "main", "k8s.node.name": "node1",
			"k8s.deployment.name": "shop", "k8s.replicaset.name": "shop-5d", "k8s.pod.label.app": "shop",
		}},
		"pod elsewhere": {server("10.1.0.2", 80), map[string]string{
			"source": "kubernetes", "service.name": "shop", "service.namespace": "prod", "service.instance.id": "2", "k8s.namespace.name": "prod",
			"k8s.pod.name": "shop-5d-x2", "k8s.pod.uid": "2", "k8s.node.name": "node1", "k8s.deployment.name": "shop", "k8s.replicaset.name": "shop-5d",
			"k8s.pod.label.app": "shop",
		}},
		"answer on the wire": {server("203.0.113.1", 80), map[string]string{"source": "dns", "service.name": "dns.example"}},
		"nobody":             {server("203.0.113.2", 80), nil},
	} {
		if d := cmp.Diff(c.want, show(tg, tg.Endpoint(c.q))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	tg.SetNames(rules(t, "192.0.2.5:80=front"))
	got := show(tg, tg.Endpoint(server("192.0.2.5", 80)))
	if got["service.name"] != "front" || got["source"] != "configured" || got["process.pid"] != "50" {
		t.Errorf("configured, with what is known beside: %v", got)
	}
	if asked != 0 {
		t.Errorf("asked %d times for pods that are known", asked)
	}
	known, unknown := server("10.1.0.1", 80), server("203.0.113.2", 80)
	if n := testing.AllocsPerRun(100, func() { tg.Endpoint(known); tg.Endpoint(unknown) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestBound makes all anew when there are too many.
func TestBound(t *testing.T) {
	tg := tagger(t, func(c *Config) { c.MaxIdentities, c.MaxNames = 10, 100 })
	seen := make(map[uint32]bool)
	for i := range 50 {
		a := ip(fmt.Sprintf("192.0.2.%d", i))
		tg.SetFile(a, fmt.Sprint("host", i))
		id := tg.Endpoint(&identity.Query{Addr: a})
		if id == nil || seen[id.ID] || id.Service != fmt.Sprint("host", i) {
			t.Fatalf("%d: %+v", i, id)
		}
		seen[id.ID] = true
	}
	if s := tg.Stats(); len(tg.known) > 10 || s.Forgotten != 4 {
		t.Errorf("%d known, %+v", len(tg.known), s)
	}
}

func TestNewFaults(t *testing.T) {
	c := Default()
	if _, err := New(c); err == nil {
		t.Error("no keys, no error")
	}
	c.Keys = span.NewKeys()
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "service.namespace") {
		t.Errorf("keys that are not registered: %v", err)
	}
}

// TestThisProcess asks about a socket of this test, with everything real.
func TestThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/ns/net"); err != nil {
		t.Skip("no procfs with namespaces here")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	tb, err := procs.New(procs.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer tb.Close()
	tb.Refresh(true)
	tg := tagger(t, func(c *Config) { c.Processes, c.HostName = tb, "box" })
	got := show(tg, tg.Endpoint(server("127.0.0.1", uint16(ln.Addr().(*net.TCPAddr).Port))))
	if got["process.pid"] != fmt.Sprint(os.Getpid()) || got["process.executable.name"] != "tagger.test" || got["host.name"] != "box" || got["service.name"] == "" {
		t.Errorf("%v", got)
	}
}

func BenchmarkEndpoint(b *testing.B) {
	c := Default()
	c.Keys = span.NewKeys(identity.Keys(nil)...)
	tb, err := procs.New(procs.Default())
	if err != nil {
		b.Fatal(err)
	}
	defer tb.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	tb.Refresh(true)
	c.Processes = tb
	tg, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	q := server("127.0.0.1", uint16(ln.Addr().(*net.TCPAddr).Port))
	b.ReportAllocs()
	for b.Loop() {
		if tg.Endpoint(q) == nil {
			b.Fatal("not known")
		}
	}
}

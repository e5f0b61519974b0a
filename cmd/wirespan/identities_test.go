package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// TestReadNames takes names of flags and of files; flags come first, and every
// fault is told with its place.
func TestReadNames(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return f
	}
	m, err := readNames([]string{"10.0.0.1=flag", "10.0.0.0/8:80=net"}, []string{
		file("a.csv", "ip,port,name\n10.0.0.1,,file\n10.0.0.2,5432,db\n"), file("b.yaml", "names:\n  10.0.0.3: six\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{"10.0.0.1": "flag", "10.0.0.2": "db", "10.0.0.3": "six"} {
		if e := m.Server(netip.MustParseAddr(addr).As16(), 5432, 0); e == nil || e.Service != want {
			t.Errorf("%s: %+v, want %s", addr, e, want)
		}
	}
	bad := file("bad.csv", "10.0.0.1,web\nx,y\n")
	_, err = readNames([]string{"nonsense"}, []string{bad, dir + "/absent.yaml", file("names.doc", "")})
	for _, want := range []string{"--name: parse name", bad + ":2: ", "absent.yaml", "called .csv or .yaml"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	if _, err := readNames(nil, []string{file("c.yaml", "10.0.0.1: a\n"), file("d.yaml", "10.0.0.1: b\n")}); err == nil {
		t.Error("two names for one address in two files are no error")
	}
}

func identityDefaults(t *testing.T) *identityFlags {
	t.Helper()
	o := &identityFlags{}
	o.add(pflag.NewFlagSet("live", pflag.ContinueOnError))
	return o
}

// TestIdentities starts all sources, asks, and ends.
func TestIdentities(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no procfs here")
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer srv.Close()
	o := identityDefaults(t)
	o.hosts = filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(o.hosts, []byte("192.0.2.1 db.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.kube = "kubelet=" + srv.URL
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	keys := span.NewKeys(identity.Keys(o.labels)...)
	i, err := openIdentities(o, keys, nil, &machine{host: "box"})
	if err != nil {
		t.Fatal(err)
	}
	q := &identity.Query{Addr: netip.MustParseAddr("127.0.0.1").As16(), Port: uint16(ln.Addr().(*net.TCPAddr).Port)}
	if id := i.tagger.Endpoint(q); id == nil || id.Source != identity.Process {
		t.Errorf("known before anything was started: %+v", id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	i.start(ctx, func(err error) { t.Error(err) })
	host := &identity.Query{Addr: netip.MustParseAddr("192.0.2.1").As16(), Port: 80}
	for n := 0; n < 2000 && (i.tagger.Endpoint(host) == nil || len(i.lost()) == 0); n++ {
		time.Sleep(5 * time.Millisecond)
	}
	if id := i.tagger.Endpoint(host); id == nil || id.Service != "db.example" {
		t.Errorf("hosts file: %+v", id)
	}
	if lost := strings.Join(i.lost(), "\n"); !strings.Contains(lost, "kubernetes: list pods: server answers 403") {
		t.Errorf("lost: %q", lost)
	}
	cancel()
	if err := i.close(); err != nil {
		t.Error(err)
	}
	if files := o.files(); !strings.Contains(strings.Join(files, " "), o.hosts) {
		t.Errorf("files: %q", files)
	}
}

// TestOfflineIdentities know nothing of this machine.
func TestOfflineIdentities(t *testing.T) {
	m, err := readNames([]string{"10.0.0.1=web"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	i, err := openIdentities(nil, span.NewKeys(identity.Keys(nil)...), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	i.start(t.Context(), func(err error) { t.Error(err) })
	if i.procs != nil || i.kube != nil || i.hosts != nil || len(i.lost()) != 0 {
		t.Errorf("%+v", i)
	}
	if id := i.tagger.Endpoint(&identity.Query{Addr: netip.MustParseAddr("10.0.0.1").As16()}); id == nil || id.Service != "web" {
		t.Errorf("%+v", id)
	}
	if err := i.close(); err != nil {
		t.Error(err)
	}
}

func TestClusterFlags(t *testing.T) {
	none := func(string) string { return "" }
	o := identityDefaults(t)
	if c, err := o.cluster(none); c != nil || err != nil {
		t.Errorf("auto outside of a cluster: %+v, %v", c, err)
	}
	for kube, want := range map[string]string{"kubelet=https://node:10250": "", "https://api:6443": "", "api": "want auto", "kubelet=node": "want auto", "ftp://x": "url"} {
		o.kube = kube
		c, err := o.cluster(none)
		if want == "" {
			if err != nil || c == nil || c.Kubelet != strings.HasPrefix(kube, "kubelet=") {
				t.Errorf("%s: %+v, %v", kube, c, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", kube, err, want)
		}
	}
	o.kube, o.ca = "https://api:6443", "/nonexistent"
	if _, err := o.cluster(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

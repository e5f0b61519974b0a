package kube

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ip(s string) Addr { return netip.MustParseAddr(s).As16() }

func podJSON(uid, name, addr, more string) string {
	return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop","uid":%q,"labels":{"app":"web","pod-template-hash":"6d4cf56db6"},`+
		`"ownerReferences":[{"kind":"ReplicaSet","name":"web-6d4cf56db6","controller":true}]},"spec":{"nodeName":"node1"%s},`+
		`"status":{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q},{"ip":"2001:db8::%s"}],`+
		`"containerStatuses":[{"name":"nginx","containerID":"containerd://c-%s"}]}}`, name, uid, more, addr, addr, uid, uid)
}

// follow runs a Source against a cluster until the test ends.
func (c *cluster) follow(change func(*Config)) *Source {
	c.t.Helper()
	cfg := Default()
	cfg.URL, cfg.Backoff = c.srv.URL, 5*time.Millisecond
	cfg.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.srv.Certificate().Raw})
	cfg.Token = func() (string, error) { return "one", nil }
	cfg.Labels = []string{"app", "tier"}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	c.t.Cleanup(func() { cancel(); <-done })
	return s
}

// until waits for something to become true; it is the only clock of these tests.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 2000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// TestFollow lists in pages, follows changes, and forgets what was deleted.
func TestFollow(t *testing.T) {
	c := newCluster(t)
	c.page = 2
	for i := range 5 {
		uid := fmt.Sprint(i)
		c.set(uid, podJSON(uid, "web-6d4cf56db6-"+uid, "10.1.0."+uid, ""))
	}
	s := c.follow(func(k *Config) { k.Node, k.Keep = "node1", 0 })
	p := s.Pods()
	until(t, "all pages", func() bool { return p.ByAddr(ip("10.1.0.4")) != nil })
	got := p.ByAddr(ip("10.1.0.1"))
	want := &Pod{
		Name: "web-6d4cf56db6-1", Namespace: "shop", UID: "1", Node: "node1",
		Workload: Owner{"Deployment", "web"}, Controller: Owner{"ReplicaSet", "web-6d4cf56db6"},
		Labels: []Label{{"app", "web"}}, Containers: []Container{{"c-1", "nginx"}},
		addrs: []Addr{ip("10.1.0.1"), ip("2001:db8::1")},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(Pod{})); d != "" {
		t.Error(d)
	}
	if p.ByAddr(ip("2001:db8::1")) != got || p.ByContainer("c-1") != got || p.ByUID("1") != got || got.Container("c-1") != "nginx" || got.ServiceName() != "web" {
		t.Error("one pod by address, container and uid")
	}
	if c.asked("fieldSelector=spec.nodeName%3Dnode1") == 0 || c.asked("limit=500") == 0 {
		t.Errorf("queries: %q", c.queries)
	}
	until(t, "a watch", func() bool { return s.Report().Watches > 0 })

	c.bookmark()
	c.set("9", podJSON("9", "web-6d4cf56db6-9", "10.1.0.9", ""))
	until(t, "an added pod", func() bool { return p.ByAddr(ip("10.1.0.9")) != nil })
	c.set("9", podJSON("9", "web-6d4cf56db6-9", "10.1.0.10", ""))
	until(t, "a changed address", func() bool { return p.ByAddr(ip("10.1.0.10")) != nil && p.ByAddr(ip("10.1.0.9")) == nil })
	c.set("9", "")
	until(t, "a deleted pod", func() bool { return s.Report().Pods == 5 })
	c.set("1", strings.Replace(podJSON("1", "web-6d4cf56db6-1", "10.1.0.1", ""), `"phase"`, `"message":"x","phase"`, 1))
	c.set("0", "")
	until(t, "the event after", func() bool { return s.Report().Pods == 4 && p.ByAddr(ip("10.1.0.0")) == nil })
	if p.ByAddr(ip("10.1.0.1")) != got {
		t.Error("a pod whose fields did not change has a new value")
	}
	if r := s.Report(); r.Error != "" || r.Lists != 1 || r.Failures != 0 || r.Synced.IsZero() {
		t.Errorf("%+v", r)
	}
}

// TestGone lists again when the version has been forgotten, and drops what was
// deleted meanwhile.
func TestGone(t *testing.T) {
	c := newCluster(t)
	c.set("1", podJSON("1", "web-1", "10.1.0.1", ""))
	c.set("2", podJSON("2", "web-2", "10.1.0.2", ""))
	s := c.follow(func(k *Config) { k.Keep = 0 })
	until(t, "a watch", func() bool { return s.Report().Watches == 1 })
	c.do(func() { c.hangup = true })
	until(t, "the watch ends", func() bool { return c.asked("watch=1") > 1 })
	c.do(func() {
		delete(c.pods, "1")
		c.version, c.oldest, c.hangup = 500, 500, false
		c.first, c.events = 501, nil
	})
	until(t, "a second list", func() bool { return s.Report().Gone > 0 && s.Report().Lists == 2 })
	if p := s.Pods(); p.ByAddr(ip("10.1.0.1")) != nil || p.ByAddr(ip("10.1.0.2")) == nil {
		t.Error("the second list does not replace the first")
	}
	c.set("3", podJSON("3", "web-3", "10.1.0.3", ""))
	until(t, "watching again", func() bool { return s.Pods().ByAddr(ip("10.1.0.3")) != nil })
}

// TestKeep remembers a deleted pod, until another one has its address.
func TestKeep(t *testing.T) {
	c := newCluster(t)
	c.set("1", podJSON("1", "web-1", "10.1.0.1", ""))
	s := c.follow(func(k *Config) { k.Keep = time.Hour })
	until(t, "a watch", func() bool { return s.Report().Watches == 1 })
	c.set("1", "")
	until(t, "deleted", func() bool { return s.Report().Pods == 0 })
	if p := s.Pods().ByAddr(ip("10.1.0.1")); p == nil || p.Name != "web-1" {
		t.Errorf("a deleted pod: %+v", p)
	}
	c.set("2", podJSON("2", "web-2", "10.1.0.1", ""))
	until(t, "the new one", func() bool { p := s.Pods().ByAddr(ip("10.1.0.1")); return p != nil && p.Name == "web-2" })
}

// TestToken reads the token again when it is refused.
func TestToken(t *testing.T) {
	c := newCluster(t)
	c.set("1", podJSON("1", "web-1", "10.1.0.1", ""))
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := c.follow(func(k *Config) { k.Token = TokenFile(file) })
	until(t, "a refusal", func() bool { return s.Report().Unauthorized > 0 })
	if r := s.Report(); !strings.Contains(r.Error, "401 Unauthorized (the token is not accepted)") {
		t.Errorf("%q", r.Error)
	}
	if err := os.WriteFile(file, []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the list", func() bool { return s.Pods().ByAddr(ip("10.1.0.1")) != nil && s.Report().Error == "" })
	if _, err := TokenFile(file + "x")(); err == nil {
		t.Error("a token file that is absent gives no error")
	}
}

// TestRefused says what right is missing, and goes on when it is given.
func TestRefused(t *testing.T) {
	c := newCluster(t)
	c.deny = 403
	c.set("1", podJSON("1", "web-1", "10.1.0.1", ""))
	s := c.follow(nil)
	until(t, "a refusal", func() bool { return strings.Contains(s.Report().Error, "get, list and watch on pods") })
	c.do(func() { c.deny = 503 })
	until(t, "another error", func() bool { return strings.Contains(s.Report().Error, "503") })
	c.do(func() { c.deny = 0 })
	until(t, "the list", func() bool { return s.Pods().ByAddr(ip("10.1.0.1")) != nil })
}

// TestCertificate is not a matter of taste: without the authority nothing is
// sent, least of all the token.
func TestCertificate(t *testing.T) {
	c := newCluster(t)
	s := c.follow(func(k *Config) { k.CA = nil })
	until(t, "a failure", func() bool { return strings.Contains(s.Report().Error, "certificate") })
	if c.asked("") != 0 {
		t.Errorf("asked %q", c.queries)
	}
	s = c.follow(func(k *Config) { k.CA, k.Insecure = nil, true })
	until(t, "a watch", func() bool { return s.Report().Watches == 1 })
	if s.client.cfg.tls().MinVersion != tls.VersionTLS12 {
		t.Error("an old TLS is allowed")
	}
}

// TestKubelet polls the list of a node, at once when asked to.
func TestKubelet(t *testing.T) {
	c := newCluster(t)
	c.set("1", podJSON("1", "web-1", "10.1.0.1", ""))
	s := c.follow(func(k *Config) { k.Kubelet, k.Poll = true, time.Hour })
	until(t, "the list", func() bool { return s.Pods().ByContainer("c-1") != nil })
	c.set("2", podJSON("2", "web-2", "10.1.0.2", ""))
	s.Ask()
	until(t, "the second list", func() bool { return s.Pods().ByContainer("c-2") != nil })
	if c.asked("watch") != 0 || c.asked("/pods") != 2 {
		t.Errorf("queries: %q", c.queries)
	}
}

// TestBound counts pods beyond the bound, and serves the rest.
func TestBound(t *testing.T) {
	c := newCluster(t)
	for i := range 5 {
		c.set(fmt.Sprint(i), podJSON(fmt.Sprint(i), "web", "10.1.0."+fmt.Sprint(i), ""))
	}
	s := c.follow(func(k *Config) { k.MaxPods = 3 })
	until(t, "the list", func() bool { return s.Report().Pods == 3 && s.Report().PodsRefused == 2 })
}

func TestOwners(t *testing.T) {
	for _, c := range []struct{ meta, controller, workload string }{
		{`"name":"web-6d4cf56db6-x2x","labels":{"pod-template-hash":"6d4cf56db6"},"ownerReferences":[{"kind":"ReplicaSet","name":"web-6d4cf56db6","controller":true}]`, "ReplicaSet web-6d4cf56db6", "Deployment web"},
		{`"name":"web-abc-x2x","ownerReferences":[{"kind":"ReplicaSet","name":"web-abc","controller":true}]`, "ReplicaSet web-abc", "ReplicaSet web-abc"},
		{`"name":"r-5c-x","labels":{"rollouts-pod-template-hash":"5c"},"ownerReferences":[{"kind":"ReplicaSet","name":"r-5c","controller":true}]`, "ReplicaSet r-5c", "Rollout r"},
		{`"name":"db-0","ownerReferences":[{"kind":"StatefulSet","name":"db","controller":true}]`, "StatefulSet db", "StatefulSet db"},
		{`"name":"report-29012345-abcde","ownerReferences":[{"kind":"Job","name":"report-29012345","controller":true}]`, "Job report-29012345", "CronJob report"},
		{`"name":"report-1700000000-abcde","ownerReferences":[{"kind":"Job","name":"report-1700000000","controller":true}]`, "Job report-1700000000", "CronJob report"},
		{`"name":"migrate-2-abcde","ownerReferences":[{"kind":"Job","name":"migrate-2","controller":true}]`, "Job migrate-2", "Job migrate-2"},
		{`"name":"kube-proxy-node1","ownerReferences":[{"kind":"Node","name":"node1","controller":true}]`, " ", "Pod kube-proxy"},
		{`"name":"lonely"`, " ", "Pod lonely"},
		{`"name":"x","ownerReferences":[{"kind":"A","name":"a"},{"kind":"CloneSet","name":"shop","controller":true}]`, "CloneSet shop", "CloneSet shop"},
	} {
		var o *object
		if _, err := decodeList(strings.NewReader(`{"items":[{"metadata":{`+c.meta+`}}],"kind":"PodList"}`), func(x *object) { o = x }); err != nil {
			t.Fatal(err)
		}
		p := o.pod(nil)
		if got := p.Controller.Kind + " " + p.Controller.Name; got != c.controller {
			t.Errorf("%s: controller %q, want %q", c.meta, got, c.controller)
		}
		if got := p.Workload.Kind + " " + p.Workload.Name; got != c.workload {
			t.Errorf("%s: workload %q, want %q", c.meta, got, c.workload)
		}
	}
}

// TestAddresses leaves out those that are not the pod's own.
func TestAddresses(t *testing.T) {
	for more, want := range map[string]int{
		`"spec":{"hostNetwork":true},"status":{"podIP":"10.0.0.1","phase":"Running"}`:                 0,
		`"status":{"podIP":"10.0.0.1","phase":"Succeeded"}`:                                           0,
		`"status":{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{"ip":"bad"}],"phase":"Running"}`:   1,
		`"status":{"podIP":"10.0.0.1","phase":"Pending"},"spec":{"hostNetwork":false,"nodeName":"n"}`: 1,
	} {
		n := -1
		if _, err := decodeList(strings.NewReader(`{"items":[{"metadata":{"uid":"1"},`+more+`}]}`), func(o *object) { n = len(o.pod(nil).addrs) }); err != nil || n != want {
			t.Errorf("%s: %d addresses, want %d (%v)", more, n, want, err)
		}
	}
}

func TestValidate(t *testing.T) {
	c := Config{URL: "ftp://x", CA: []byte("no")}
	err := c.Validate()
	for _, want := range []string{"url", "poll", "backoff", "max-pods", "ca"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	if _, err := InCluster("", "", t.TempDir()); err == nil {
		t.Error("no address, no error")
	}
	dir := t.TempDir()
	srv := newCluster(t).srv
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := InCluster("2001:db8::1", "443", dir)
	if err != nil || k.URL != "https://[2001:db8::1]:443" || k.Validate() != nil {
		t.Errorf("%+v, %v", k, err)
	}
}

func FuzzDecodeList(f *testing.F) {
	f.Add(`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[` + podJSON("1", "web-1", "10.1.0.1", `,"hostNetwork":true`) + `]}`)
	f.Add(`{"items":null}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = decodeList(strings.NewReader(s), func(o *object) {
			if p := o.pod([]string{"app"}); len(p.addrs) > len(s) || p.Workload.Kind == "" && p.Controller != (Owner{}) && p.Controller.Kind != "" {
				t.Errorf("%+v", p)
			}
		})
	})
}

func FuzzEvent(f *testing.F) {
	f.Add("ADDED", podJSON("1", "web-1", "10.1.0.1", ""))
	f.Add("DELETED", podJSON("1", "web-1", "10.1.0.1", ""))
	f.Add("ERROR", `{"code":410}`)
	f.Add("BOOKMARK", `{"metadata":{"resourceVersion":"5"}}`)
	c := Default()
	c.URL = "https://192.0.2.1"
	s, err := New(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, o string) {
		if _, err := s.apply(&event{kind, []byte(o)}); kind == "ERROR" && err == nil {
			t.Error("an error is none")
		}
	})
}

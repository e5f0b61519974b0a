package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What gateways do with request IDs.
const (
	makesUp  = "makes up"  // an ID, which goes on and back
	replaces = "replaces"  // the client's, and returns its own
	passesOn = "passes on" // the client's, and returns nothing
)

// gatewayCase is one gateway with one header.
type gatewayCase struct{ gateway, header, does string }

// gatewayCases are the gateways of the field. BFE, Tencent's CLB and Baidu's BLB
// are played by nginx and HAProxy, which use their headers. The last name is
// known because --request-id says so.
var gatewayCases = []gatewayCase{
	{"nginx", "X-Request-ID", makesUp},
	{"nginx", "X-Request-ID", replaces},
	{"nginx", "X-Request-ID", passesOn},
	{"nginx", "X-Bfe-Log-Id", makesUp},
	{"nginx", "X-BLB-Request-Id", passesOn},
	{"nginx", "Stgw-request-id", replaces},
	{"haproxy", "X-Request-ID", makesUp},
	{"haproxy", "X-Request-ID", replaces},
	{"haproxy", "X-Request-ID", passesOn},
	{"haproxy", "Stgw-request-id", makesUp},
	{"haproxy", "X-BLB-Request-Id", replaces},
	{"haproxy", "X-Shop-Call", makesUp},
	{"caddy", "X-Request-ID", makesUp},
	{"caddy", "X-Request-ID", replaces},
	{"caddy", "X-Request-ID", passesOn},
	{"traefik", "X-Request-ID", passesOn},
}

func (g gatewayCase) port(i int) int { return 8101 + i }

// TestPathGateways asks through load balancer and gateway for a service that asks
// PostgreSQL. One mirror port of the switch, which copies what its ports
// receive, is all there is: each request is one trace of four exchanges.
func TestPathGateways(t *testing.T) {
	t.Parallel()
	f := newField(t)
	tr := newTruth("X-Request-Id", "X-Bfe-Log-Id", "Stgw-Request-Id", "X-Blb-Request-Id", "X-Shop-Call")
	f.bridge(t, "lan")
	hosts := []string{"client", "lb", "gw", "app", "db"}
	f.host(t, hosts...)
	span := f.port(t, "lan", "span")
	for i, h := range hosts {
		f.plug(t, h, "eth0", "lan", fmt.Sprintf("192.0.2.%d0/24", i+1))
		f.copies(t, "lan", "p"+h+"0", "ingress", span)
	}
	query := f.postgres(t, "app", "db", "192.0.2.50:5432")
	f.serve(t, "app", "192.0.2.40:9000", tr.server("app", func(header, id string) error {
		return query(fmt.Sprintf("SELECT 1 /* %s='%s' */", header, id))
	}))
	up := f.gateways(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := f.appliance(t, "-i", "span", "--request-id", "X-Shop-Call", "--out", "ndjson:"+out, "tcp")
	c := f.client(t, "client", true)
	const each = 6
	n := 0
	for i, g := range gatewayCases {
		if !up[g.gateway] {
			continue
		}
		for _, p := range orders(fmt.Sprintf("case%02d", i), each) {
			header := http.Header{}
			if g.does != makesUp {
				header[g.header] = []string{fmt.Sprintf("9f6d%028x", 0x1234567890+1000*i+n)}
			}
			ask(t, c, fmt.Sprintf("http://192.0.2.20:%d", g.port(i)), 1, header, p)
			n++
		}
	}
	spans := f.spans(t, w, out, 4*n)
	trees := treesByPath(t, spans)
	for i, g := range gatewayCases {
		t.Run(fmt.Sprintf("%s %s %s", g.gateway, g.does, g.header), func(t *testing.T) {
			if !up[g.gateway] {
				t.Skipf("%s is not installed", g.gateway)
			}
			want := fmt.Sprintf("root span gw-in 192.0.2.20:%[1]d\nheader_id span gw-out 192.0.2.30:%[1]d\nheader_id span gw-out 192.0.2.40:9000\nheader_id span net 192.0.2.50:5432\n", g.port(i))
			for _, p := range orders(fmt.Sprintf("case%02d", i), each) {
				if id := tr.once(t, p).id; id == "" {
					t.Errorf("no ID arrived at %s", p)
				}
				if d := cmp.Diff(want, trees[p]); d != "" {
					t.Errorf("%s (-want +got):\n%s", p, d)
				}
			}
		})
	}
	if t.Failed() {
		t.Log(w.err.String())
	}
}

// gateways starts balancers and gateways, and says which there are. Every case has
// a port of its own at both.
func (f *field) gateways(t *testing.T) map[string]bool {
	t.Helper()
	up := map[string]bool{"nginx": true, "haproxy": true}
	var byNginx, byHAProxy, lbNginx, lbHAProxy, caddy strings.Builder
	for i, g := range gatewayCases {
		port := g.port(i)
		// The balancer is of another make than the gateway.
		if g.gateway == "nginx" {
			fmt.Fprintf(&lbHAProxy, "listen l%[1]d\n bind 192.0.2.20:%[1]d\n server gw 192.0.2.30:%[1]d\n", port)
		} else {
			fmt.Fprintf(&lbNginx, "server { listen 192.0.2.20:%[1]d; location / { proxy_pass http://192.0.2.30:%[1]d; } }\n", port)
		}
		switch g.gateway {
		case "nginx":
			set := ""
			if g.does != passesOn {
				set = fmt.Sprintf("proxy_set_header %[1]s $request_id; add_header %[1]s $request_id always;", g.header)
			}
			fmt.Fprintf(&byNginx, "server { listen 192.0.2.30:%d; location / { proxy_pass http://192.0.2.40:9000; %s } }\n", port, set)
		case "haproxy":
			fmt.Fprintf(&byHAProxy, "listen g%[1]d\n bind 192.0.2.30:%[1]d\n", port)
			if g.does != passesOn {
				fmt.Fprintf(&byHAProxy, " http-request set-var(txn.id) uuid()\n http-request set-header %[1]s %%[var(txn.id)]\n http-response set-header %[1]s %%[var(txn.id)]\n", g.header)
			}
			byHAProxy.WriteString(" server app 192.0.2.40:9000\n")
		case "caddy":
			echo, on := "", ""
			if g.does != passesOn {
				echo, on = "header "+g.header+" {http.request.uuid}", "header_up "+g.header+" {http.request.uuid}"
			}
			fmt.Fprintf(&caddy, "http://192.0.2.30:%d {\n\t%s\n\treverse_proxy 192.0.2.40:9000 {\n\t\theader_up Host {upstream_hostport}\n\t\t%s\n\t}\n}\n", port, echo, on)
		}
	}
	f.nginx(t, "gw", "192.0.2.30:8101", byNginx.String())
	f.haproxy(t, "gw", "192.0.2.30:8107", byHAProxy.String())
	f.haproxy(t, "lb", "192.0.2.20:8101", lbHAProxy.String())
	f.nginx(t, "lb", "192.0.2.20:8107", lbNginx.String())
	up["caddy"] = f.caddy(t, caddy.String())
	up["traefik"] = f.traefik(t)
	return up
}

// gatewayProgram is a gateway that testdata/make/paths-gateways.sh builds, or one of the
// system.
func gatewayProgram(name string) string {
	if p, err := filepath.Abs("../../build/gateways/" + name); err == nil && exists(p) {
		return p
	}
	p, _ := exec.LookPath(name)
	return p
}

func (f *field) caddy(t *testing.T, sites string) bool {
	t.Helper()
	program := gatewayProgram("caddy")
	if program == "" {
		return false
	}
	dir := openDir(t)
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https off\n}\n"+sites), 0o644); err != nil {
		t.Fatal(err)
	}
	c := f.cmd("gw", program, "run", "--adapter", "caddyfile", "--config", file)
	c.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	f.open(t, "gw", "192.0.2.30:8113", start(t, c))
	return true
}

func (f *field) traefik(t *testing.T) bool {
	t.Helper()
	program := gatewayProgram("traefik")
	if program == "" {
		return false
	}
	file := filepath.Join(openDir(t), "rules.yaml")
	rules := `http:
  routers: {all: {rule: "PathPrefix(` + "`/`" + `)", service: app}}
  services: {app: {loadBalancer: {passHostHeader: false, servers: [{url: "http://192.0.2.40:9000"}]}}}
`
	if err := os.WriteFile(file, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	f.open(t, "gw", "192.0.2.30:8116", start(t, f.cmd("gw", program, "--entrypoints.web.address=192.0.2.30:8116", "--providers.file.filename="+file,
		"--global.checknewversion=false", "--global.sendanonymoususage=false")))
	c := f.client(t, "gw", false) // it listens before it has rules
	waitFor(t, func() bool { return askOnce(c, "http://192.0.2.30:8116/ready", nil) == nil })
	return true
}

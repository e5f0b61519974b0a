package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/api"
	assembly "github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// searchID is the request ID of the first of the traces that are searched for.
const searchID = "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e"

// searched is an API over n traces of two spans each; every fourth fails.
func searched(t *testing.T, n int) *api.API {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		trace := fmt.Sprintf("T%d", i)
		s := scene.Seen{Agent: "a", Point: "eth0", X: uint64(i + 1), From: scene.Client, To: scene.GatewayIn, Start: int64(i * 1000), End: int64(i*1000 + 100), Context: trace + "/x"}
		if i == 0 {
			s.Request = searchID
		}
		app := scene.SDK("shop", trace, fmt.Sprintf("s%d", i), "x", span.Server, int64(i*1000+1), int64(i*1000+99), store.Attr{Key: "http.response.status_code", Value: store.IntValue(200)})
		if i%4 == 3 {
			app.Status = span.Error
		}
		if err := st.Write(t.Context(), []store.Span{s.Net(), app}); err != nil {
			t.Fatal(err)
		}
	}
	as, err := assembly.New(st, assembly.Default())
	if err != nil {
		t.Fatal(err)
	}
	a, err := api.New(api.Config{Store: st, Assembler: as, Keys: span.NewKeys(), Limits: api.DefaultLimits(), Now: func() time.Time { return time.Unix(0, scene.Epoch).Add(time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func searchServer(t *testing.T, n int) string {
	t.Helper()
	srv := httptest.NewServer(searched(t, n))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestSearchCommand(t *testing.T) {
	at := searchServer(t, 250)
	for _, c := range []struct {
		args   []string
		code   int
		lines  int      // of standard output
		out    []string // in it
		errout string
	}{
		{args: []string{"--limit", "3"}, lines: 5, out: []string{"2023-11-14", "100.0ms", scene.TraceOf("T249").String(), "gw  GET"}, errout: "there are more traces than these"},
		{args: []string{"error", "--limit", "2"}, lines: 4, out: []string{scene.TraceOf("T247").String(), "(1 error)"}},
		{args: []string{"service", "=", "shop", "and", "error", "--limit", "2"}, lines: 4},
		{args: []string{"--all"}, lines: 252},
		{args: []string{"--all", "--list", "spans", "--json"}, lines: 500, out: []string{`"trace_id"`}},
		{args: []string{"--id", searchID}, lines: 3, out: []string{scene.TraceOf("T0").String()}},
		{args: []string{"--text", "shop", "--list", "spans", "--limit", "1"}, lines: 3, out: []string{"shop", "200"}},
		{args: []string{"--from", "1h", "--to", "-59m58s"}, lines: 4},
		{args: []string{"service = nobody"}, code: exitNone, errout: "no traces found"},
		{args: []string{"servce = gw"}, code: exitUsage, errout: "unknown field \"servce\", did you mean \"service\"?\nservce = gw\n^^^^^^"},
		{args: []string{"--list", "rows"}, code: exitUsage, errout: "want traces or spans"},
		{args: []string{"--from", "noon"}, code: exitUsage, errout: "from: is a time such as"},
		{args: []string{"--limit", "0"}, code: exitUsage},
		{args: []string{"--store", "x"}, code: exitUsage, errout: "exclude each other"},
	} {
		r := wirespan(t, append([]string{"search", "--server", at}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.errout) {
			t.Errorf("%q: %d %s", c.args, r.code, r.stderr)
		}
		if n := strings.Count(r.stdout, "\n"); n != c.lines {
			t.Errorf("%q: %d lines, want %d\n%.2000s", c.args, n, c.lines, r.stdout)
		}
		for _, want := range c.out {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%q: no %q in\n%.2000s", c.args, want, r.stdout)
			}
		}
	}
}

func TestTraceCommand(t *testing.T) {
	at := searchServer(t, 4)
	id := scene.TraceOf("T3").String()
	for _, c := range []struct {
		args   []string
		code   int
		out    []string
		errout string
	}{
		{args: []string{id}, out: []string{"trace " + id, "2 spans  1 error", "└─ shop  s3"}},
		{args: []string{"--why", id}, out: []string{"why: context"}},
		{args: []string{searchID}, out: []string{scene.TraceOf("T0").String()}},
		{args: []string{"--json", id}, out: []string{`"rule":"context"`, `"confidence":`}},
		{args: []string{"--as-otlp", id}, out: []string{`"resourceSpans"`, `"wirespan.link.rule"`}},
		{args: []string{"no/body"}, code: exitNone, errout: `no span that is kept has "no/body"`},
		{args: []string{"--json", "--as-otlp", id}, code: exitUsage},
		{args: nil, code: exitUsage},
	} {
		r := wirespan(t, append([]string{"trace", "--server", at}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.errout) {
			t.Errorf("%q: %d %s", c.args, r.code, r.stderr)
		}
		for _, want := range c.out {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%q: no %q in\n%.2000s", c.args, want, r.stdout)
			}
		}
	}
	var tree api.Trace
	if err := json.Unmarshal([]byte(wirespan(t, "trace", "--server", at, "--json", id).stdout), &tree); err != nil || tree.Spans != 2 {
		t.Errorf("%v, %d spans", err, tree.Spans)
	}
}

// TestAskFaults: whoever is asked in vain is named, with what could help.
func TestAskFaults(t *testing.T) {
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"traces":[],"complete":true}`)
	}))
	defer guarded.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, guarded.URL+r.URL.Path, http.StatusFound)
	}))
	defer elsewhere.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct {
		args   []string
		code   int
		errout string
	}{
		{[]string{"--server", guarded.URL}, exitUnask, "wants a token that may read"},
		{[]string{"--server", guarded.URL, "--token", "right"}, exitNone, "no traces found"},
		{[]string{"--server", elsewhere.URL, "--token", "right"}, exitUnask, "sends us to another server"},
		{[]string{"--server", other.URL}, exitUnask, "is it the address of its --ui?"},
		{[]string{"--server", gone.URL}, exitUnask, "connection refused"},
		{[]string{"--server", "grpc://127.0.0.1:4317"}, exitUsage, "questions go to its --ui, as http://127.0.0.1:16680"},
		{[]string{"--server", "http://192.0.2.1:1", "--token", "right"}, exitUsage, "the token would be readable on the way"},
		{[]string{"--store", filepath.Join(t.TempDir(), "nothing")}, exitUnask, "there is no such directory"},
		{[]string{"--store", t.TempDir()}, exitUnask, "is no store of wirespan"},
	} {
		r := wirespan(t, append([]string{"search"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.errout) {
			t.Errorf("%q: %d %s", c.args, r.code, r.stderr)
		}
	}
}

// TestAskInProcess: a store is asked as a server is.
func TestAskInProcess(t *testing.T) {
	q := &asker{base: &url.URL{Scheme: "http", Host: "store"}, client: &http.Client{Transport: inProcess{searched(t, 3)}}, name: "x"}
	b, err := q.get(t.Context(), "traces", url.Values{"limit": {"2"}})
	if err != nil || strings.Count(string(b), `"trace_id"`) != 2 {
		t.Errorf("%v %s", err, b)
	}
	var ended *statusError
	if _, err = q.get(t.Context(), "traces/none", nil); !errors.As(err, &ended) || ended.status != exitNone {
		t.Errorf("%v", err)
	}
}

// TestServedAt: a store that a server has open is asked through that server.
func TestServedAt(t *testing.T) {
	dir := t.TempDir()
	if at := servedBy(dir); at != "" {
		t.Errorf("served at %q", at)
	}
	if err := os.WriteFile(filepath.Join(dir, servedName), []byte(searchServer(t, 1)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if at := servedBy(dir); !strings.HasPrefix(at, "http://127.0.0.1:") {
		t.Errorf("served at %q", at)
	}
	for in, want := range map[string]string{
		"localhost": "http://localhost:16680", "h:99/": "http://h:99", "https://h/base/": "https://h/base", "http://[::1]": "http://[::1]:16680",
	} {
		if u, err := askURL(in); err != nil || u.String() != want {
			t.Errorf("%s: %v %v", in, u, err)
		}
	}
	for _, in := range []string{"", "://", "grpcs://h", "http://"} {
		if u, err := askURL(in); err == nil {
			t.Errorf("%s: %v", in, u)
		}
	}
}

// TestSearchStore: a store on disk is asked while nobody has it open, and by way of
// the server that has.
func TestSearchStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	demo := filepath.Join(demoDir, "app.pcap")
	if r := wirespan(t, "read", demo, "--store", dir, "--summary=false", "--progress=never"); r.code != 0 {
		t.Fatalf("%d %s", r.code, r.stderr)
	}
	offline := wirespan(t, "search", "--store", dir, "--all")
	if offline.code != 0 || strings.Count(offline.stdout, "\n") < 4 {
		t.Fatalf("%d %s %s", offline.code, offline.stdout, offline.stderr)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() == servedName {
			t.Errorf("%s is left behind", servedName)
		}
	}
	startServe(t, "--store", dir)
	waitFor(t, func() bool { return servedBy(dir) != "" })
	online := wirespan(t, "search", "--store", dir, "--all")
	if online.code != 0 || online.stdout != offline.stdout {
		t.Errorf("%d %s\n%s\nwant\n%s", online.code, online.stderr, online.stdout, offline.stdout)
	}
}

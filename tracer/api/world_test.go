package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// request number i of a scene: a browser without SDK, a gateway that two agents see,
// a service with an SDK, and its database.
func requestSpans(i int) []store.Span {
	x, at := uint64(10*i), int64(1000*i)
	trace := fmt.Sprintf("T%d", i)
	id := func(s string) string { return fmt.Sprintf("%s%d", s, i) }
	rid := requestID(i)
	spans := []store.Span{
		scene.Seen{Agent: "a", Point: "eth0", X: x + 1, From: scene.Client, To: scene.GatewayIn, Start: at, End: at + 100, Request: rid, Context: trace + "/x", TTL: 64}.Net(),
		scene.Seen{Agent: "b", Point: "eth0", X: x + 1, From: scene.Client, To: scene.GatewayIn, Start: at + 1, End: at + 99, Request: rid, Context: trace + "/x", TTL: 63}.Net(),
		scene.Seen{Agent: "b", Point: "eth1", X: x + 2, From: scene.GatewayOut, To: scene.App, Start: at + 5, End: at + 95, Request: rid, Context: trace + "/" + id("g"), Parent: fmt.Sprintf("eth0/%d", x+1), Rule: "header_id"}.Net(),
		scene.SDK("shop", trace, id("s"), id("g"), span.Server, at+8, at+92, store.Attr{Key: "http.request.method", Value: store.StringValue("GET")}, store.Attr{Key: "http.response.status_code", Value: store.IntValue(200)}),
		scene.SDK("shop", trace, id("q"), id("s"), span.Client, at+20, at+60, store.Attr{Key: "db.system.name", Value: store.StringValue("mysql")}, store.Attr{Key: "server.address", Value: store.StringValue("db.example")}),
	}
	if i%4 == 3 {
		spans[3].Status, spans[3].Message = span.Error, "out of stock"
	}
	spans[3].Resource = []store.Attr{{Key: "k8s.pod.name", Value: store.StringValue(fmt.Sprintf("shop-%d", i%2))}}
	spans[3].Events = []store.Event{{Time: spans[3].Start + 1, Name: "cart loaded", Attrs: []store.Attr{{Key: "items", Value: store.IntValue(1<<60 + 1)}}}}
	return spans
}

func requestID(i int) string {
	return fmt.Sprintf("%032x", 0x7f3a9c5e1b2d4f60+uint64(i)*0x9e3779b97f4a7c15)
}

// world is an API over a store in memory.
type world struct {
	t   *testing.T
	api *API
	st  store.Store
	v   validator
}

var sceneEnd = time.Unix(0, scene.Epoch).Add(time.Minute)

func newWorld(t *testing.T, requests int, change func(*Config)) *world {
	t.Helper()
	return newWorldOn(t, inMemory(t), requests, change)
}

func inMemory(t *testing.T) store.Store {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func onDisk(t *testing.T) store.Store {
	t.Helper()
	c := local.Default()
	c.MaxAge, c.MaxBytes, c.Reserve, c.BlockSpans, c.Memory = 0, 0, 0, 64, 16<<20
	st, err := local.Open(t.Context(), t.TempDir(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return st
}

// engines runs a test on stores of several kinds.
func engines(t *testing.T, test func(t *testing.T, open func(*testing.T) store.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, inMemory) })
	t.Run("local", func(t *testing.T) { test(t, onDisk) })
}

func newWorldOn(t *testing.T, st store.Store, requests int, change func(*Config)) *world {
	t.Helper()
	for i := range requests {
		if err := st.Write(t.Context(), requestSpans(i)); err != nil {
			t.Fatal(err)
		}
	}
	return worldOf(t, st, change)
}

func worldOf(t *testing.T, st store.Store, change func(*Config)) *world {
	t.Helper()
	as, err := assemble.New(st, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Store: st, Assembler: as, Keys: span.NewKeys(), Limits: DefaultLimits(), Version: "test", Now: func() time.Time { return sceneEnd }}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, api: a, st: st, v: newValidator(t)}
}

// ask requests a path, and holds the answer to the document.
func (w *world) ask(path string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, Prefix+path, nil)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	kind := rec.Header().Get("Content-Type")
	if strings.Contains(rec.Body.String(), store.AttrFacts) {
		w.t.Errorf("%s: shows %s", path, store.AttrFacts)
	}
	if kind == "application/problem+json" {
		if err := w.v.check("Problem", rec.Body.Bytes()); err != nil {
			w.t.Errorf("%s: %v\n%s", path, err, rec.Body)
		}
		return rec
	}
	rt := routeOf(w.t, r.URL)
	switch {
	case rt == nil:
		w.t.Errorf("%s: answered, and no route", path)
	case rt.result != nil && kind == "application/json" && r.URL.Query().Get("format") != "otlp":
		if err := w.v.check(reflect.TypeOf(rt.result).Name(), rec.Body.Bytes()); err != nil {
			w.t.Errorf("%s: %v\n%s", path, err, rec.Body)
		}
	case rt.result == nil || kind != "application/json":
		media, _, _ := strings.Cut(kind, ";")
		if rt.others[media] == "" {
			w.t.Errorf("%s: %s is not described", path, kind)
		}
	}
	return rec
}

func routeOf(t *testing.T, u *url.URL) *route {
	t.Helper()
	for _, rt := range routes() {
		m := http.NewServeMux()
		m.HandleFunc(rt.path, func(http.ResponseWriter, *http.Request) {})
		if _, pattern := m.Handler(&http.Request{Method: http.MethodGet, URL: u}); pattern != "" {
			return &rt
		}
	}
	return nil
}

// get asks for JSON that must be there.
func get[T any](w *world, path string) (out T) {
	w.t.Helper()
	rec := w.ask(path)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return out
}

// refused asks for what is a problem.
func (w *world) refused(path string) (p Problem) {
	w.t.Helper()
	rec := w.ask(path)
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || rec.Code < 400 || p.Status != rec.Code {
		w.t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	return p
}

func esc(s string) string { return url.QueryEscape(s) }

// stuck is a store whose searches take until the request ends, after a few spans.
type stuck struct {
	store.Store
	after int
}

func (s stuck) Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error {
	n := 0
	err := s.Store.Search(ctx, q, func(x *store.Span) bool {
		n++
		return n <= s.after && yield(x)
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

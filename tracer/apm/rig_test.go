package apm

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
)

// oap is a server in place of an APM: it answers by path, and keeps what it was asked.
type oap struct {
	mu      sync.Mutex
	asked   []string
	headers []http.Header
	answer  func(w http.ResponseWriter, r *http.Request, body string)
}

func (o *oap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	o.mu.Lock()
	o.asked = append(o.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(b)))
	o.headers = append(o.headers, r.Header.Clone())
	answer := o.answer
	o.mu.Unlock()
	answer(w, r, string(b))
}

func (o *oap) questions() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.asked...)
}

// header is what the first question carried.
func (o *oap) header() http.Header {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.headers[0].Clone()
}

// texts answers paths with texts, 404 to others.
func texts(kind string, byPath map[string]string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, r *http.Request, _ string) {
		text, ok := byPath[r.URL.Path]
		if !ok {
			http.Error(w, `{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

// serve starts a server and returns its URL.
func serve(t testing.TB, o *oap) string {
	t.Helper()
	s := httptest.NewServer(o)
	t.Cleanup(s.Close)
	return s.URL
}

// client asks one source.
func client(t testing.TB, s Source, change func(*Config)) *Client {
	t.Helper()
	c := Default()
	if s.Name == "" {
		s.Name = "one"
	}
	c.Sources = []Source{s}
	if change != nil {
		change(&c)
	}
	cl, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// traceID reads 32 hex digits.
func traceID(t testing.TB, s string) (id span.TraceID) {
	t.Helper()
	if !padded(id[:], s) {
		t.Fatalf("%s is no id", s)
	}
	return id
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

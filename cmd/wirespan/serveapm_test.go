package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAPMFlags reads tokens and headers by the name of their APM, and repeats none.
func TestAPMFlags(t *testing.T) {
	token := writeFile(t, "token", []byte("sesame-token\n"))
	a := apmFlags{
		sources: []string{"tempo=https://one:3200", "tempo=https://two:3200/base", "zipkin=http://z:9411"},
		tokens:  []string{"tempo-2=" + token},
		headers: []string{"tempo-2=X-Scope-OrgID: shop", "zipkin=X-Key: a=b: c"},
		timeout: time.Second,
	}
	c, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Sources[0]; s.Name != "tempo" || s.Token != "" || s.Headers != nil || s.URL != "https://one:3200" {
		t.Errorf("%+v", s)
	}
	if s := c.Sources[1]; s.Name != "tempo-2" || s.Token != "sesame-token" || s.Headers["X-Scope-OrgID"] != "shop" {
		t.Errorf("%+v", s)
	}
	if s := c.Sources[2]; s.Headers["X-Key"] != "a=b: c" {
		t.Errorf("%+v", s)
	}
	empty := writeFile(t, "empty", nil)
	for _, bad := range []apmFlags{
		{sources: []string{"https://user:sesame@host"}},
		{sources: []string{"tempo=http://h"}, tokens: []string{"jaeger=" + token}},
		{sources: []string{"tempo=http://h"}, tokens: []string{"tempo=" + empty}},
		{sources: []string{"tempo=http://h"}, tokens: []string{"sesame"}},
		{sources: []string{"tempo=http://h"}, headers: []string{"tempo=sesame"}},
		{sources: []string{"tempo=http://h"}, headers: []string{"zipkin=X-Key: sesame"}},
		{sources: []string{"tempo=http://h"}, headers: []string{"tempo=X Key: sesame"}},
		{sources: []string{"sesame=ftp://user:sesame@h"}},
		{sources: []string{"tempo=http://h"}, ca: empty},
	} {
		bad.timeout = time.Second
		_, err := bad.open()
		if err == nil {
			t.Errorf("%+v is taken", bad)
		} else if text := strings.ReplaceAll(err.Error(), `"sesame" is none of`, ""); strings.Contains(text, "sesame") && !strings.Contains(text, "sources.sesame") {
			t.Errorf("the error repeats what may be secret: %v", err)
		}
	}
}

// TestAPMSecrets asks an APM that wants a header and a token, and repeats both in its
// refusal: neither is in the trace, the log, the status page or the configuration that is
// printed.
func TestAPMSecrets(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []http.Header
	tempo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header)
		http.Error(w, "no entry with "+r.Header.Get("Authorization")+" for "+r.Header.Get("X-Scope-OrgID"), http.StatusForbidden)
	}))
	t.Cleanup(tempo.Close)
	token := writeFile(t, "token", []byte("open-sesame\n"))
	args := []string{"--apm", "tempo=" + tempo.URL, "--apm-token-file", "tempo=" + token, "--apm-header", "tempo=X-Scope-OrgID: forty-thieves"}
	s := startServe(t, args...)
	file := goldenCapture("contexts")
	if o := wirespan(t, "read", "--server", s.http, file); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	var said []string
	for id := range s.traces(t) {
		_, body := getHTTP(t, s.ui+"/api/v1/traces/"+id)
		said = append(said, body)
	}
	mu.Lock()
	if len(asked) == 0 || asked[0].Get("Authorization") != "Bearer open-sesame" || asked[0].Get("X-Scope-OrgID") != "forty-thieves" {
		t.Errorf("asked %d times, with %v", len(asked), asked)
	}
	mu.Unlock()
	if !strings.Contains(strings.Join(said, ""), "answered 403") {
		t.Errorf("no trace says that Tempo refused: %.500s", said)
	}
	for _, path := range []string{"/", "/status", "/metrics"} {
		_, body := getHTTP(t, s.ui+path)
		said = append(said, body)
	}
	printed := wirespan(t, append([]string{"config", "print", "serve"}, args...)...)
	s.stop(t)
	said = append(said, s.err.String(), printed.stdout, printed.stderr)
	for _, text := range said {
		if strings.Contains(text, "sesame") || strings.Contains(text, "forty-thieves") {
			t.Errorf("a secret is told: %.800s", text)
		}
	}
}

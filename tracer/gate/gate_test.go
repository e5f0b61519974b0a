package gate

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func newGate(t testing.TB, change func(*Config)) *Gate {
	t.Helper()
	c := Default()
	if change != nil {
		change(&c)
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func guarded(t testing.TB) *Gate {
	return newGate(t, func(c *Config) { c.Tokens = tokens(t) })
}

// whoami answers with the caller.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	c := CallerOf(r.Context())
	fmt.Fprintf(w, "%s %s %v", c.Name, c.Rights, May(r.Context(), Packets))
})

func ask(h http.Handler, host string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRights(t *testing.T) {
	g := guarded(t)
	read, ingest, packets := g.HTTP(Door{Right: Read}, whoami), g.HTTP(Door{Right: Ingest}, whoami), g.HTTP(Door{Right: Read | Packets}, whoami)
	for _, c := range []struct {
		h      http.Handler
		auth   string
		status int
		body   string
	}{
		{read, "Bearer " + readToken, 200, "grafana read false"},
		{read, "bearer  " + readToken, 200, "grafana read false"},
		{read, "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+readToken)), 200, "grafana read false"},
		{read, "", 401, "a token is needed"},
		{read, "Bearer ", 401, "a token is needed"},
		{read, "Basic !!!", 401, "a token is needed"},
		{read, "Digest x", 401, "a token is needed"},
		{read, "Bearer " + readToken + "0", 401, "not known"},
		{read, "Bearer " + ingestToken, 403, "right"},
		{ingest, "Bearer " + ingestToken, 200, "agents ingest false"},
		{ingest, "Bearer " + readToken, 403, "right"},
		{packets, "Bearer " + readToken, 403, "right"},
		{packets, "Bearer " + opsToken, 200, "ops read,ingest,packets true"},
	} {
		w := ask(c.h, "server.example", "Authorization", c.auth)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%q: %d %q, want %d %q", c.auth, w.Code, w.Body, c.status, c.body)
		}
		if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: no challenge", c.auth)
		}
		if len(c.auth) > 20 && strings.Contains(w.Body.String(), c.auth[10:]) {
			t.Error("the token is in the answer")
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Error("CORS is open")
		}
	}
	if s := g.Stats(); s[Allowed] != 5 || s[NoToken] != 4 || s[WrongToken] != 1 || s[NoRight] != 3 {
		t.Errorf("%v", s)
	}
}

// TestOpen: without tokens everybody may read and send, but not packets.
func TestOpen(t *testing.T) {
	g := newGate(t, nil)
	if w := ask(g.HTTP(Door{Right: Read | Ingest}, whoami), "127.0.0.1:16680"); w.Code != 200 || w.Body.String() != " read,ingest false" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := ask(g.HTTP(Door{Right: Packets}, whoami), "127.0.0.1:16680"); w.Code != 403 {
		t.Errorf("packets without a token: %d", w.Code)
	}
}

// TestPagesOfOthers are what a browser is made to do by a page of somebody else.
func TestPagesOfOthers(t *testing.T) {
	open := newGate(t, func(c *Config) { c.Hosts = []string{"Traces.example."} }).HTTP(Door{Right: Read}, whoami)
	for host, want := range map[string]int{
		"127.0.0.1:16680": 200, "[::1]:16680": 200, "[::1]": 200, "192.0.2.7": 200, "localhost:1": 200, "LOCALHOST": 200, "a.localhost:80": 200,
		"traces.example:16680": 200, "traces.example.": 200,
		"evil.example:16680": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403, "": 403,
	} {
		if w := ask(open, host); w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
	for _, c := range []struct {
		method string
		h      []string
		want   int
	}{
		{"GET", nil, 200},
		{"GET", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, 200},
		{"GET", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 200},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"}, 403},
		{"POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403},
		{"POST", []string{"Origin", "https://evil.example"}, 403},
		{"POST", []string{"Origin", "null"}, 403},
		{"POST", []string{"Origin", "http://127.0.0.1:4318"}, 200},
		{"POST", nil, 200}, // no browser
	} {
		r := httptest.NewRequest(c.method, "/v1/traces", nil)
		r.Host = "127.0.0.1:4318"
		for i := 0; i < len(c.h); i += 2 {
			r.Header.Set(c.h[i], c.h[i+1])
		}
		w := httptest.NewRecorder()
		open.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %v: %d, want %d", c.method, c.h, w.Code, c.want)
		}
	}
	// With tokens the name does not matter: a page has none.
	if w := ask(guarded(t).HTTP(Door{Right: Read}, whoami), "any.example", "Authorization", "Bearer "+readToken); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
}

func TestSize(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Body = 1000 })
	s := httptest.NewServer(g.HTTP(Door{Right: Ingest}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})))
	defer s.Close()
	for _, c := range []struct {
		body io.Reader
		want int
	}{
		{strings.NewReader(strings.Repeat("x", 1000)), 200},
		{strings.NewReader(strings.Repeat("x", 1001)), 413},
		{io.MultiReader(strings.NewReader(strings.Repeat("x", 600)), strings.NewReader(strings.Repeat("x", 600))), 413}, // chunked
	} {
		resp, err := http.Post(s.URL, "x/y", c.body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%d, want %d", resp.StatusCode, c.want)
		}
	}
}

// TestConcurrency fills the places of one client, then all.
func TestConcurrency(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Tokens, c.Requests, c.PerClient = tokens(t), 3, 2 })
	in, out := make(chan bool), make(chan bool)
	h := g.HTTP(Door{Right: Read, Stream: func(r *http.Request) bool { return r.Header.Get("Accept") == "stream" }}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		in <- true
		<-out
	}))
	begin := func(token string, headers ...string) {
		go ask(h, "x", append(headers, "Authorization", "Bearer "+token)...)
		<-in
	}
	begin(readToken)
	begin(readToken)
	if w := ask(h, "x", "Authorization", "Bearer "+readToken); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("third of one client: %d", w.Code)
	}
	begin(opsToken)
	if w := ask(h, "x", "Authorization", "Bearer "+opsToken); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("fourth of all: %d", w.Code)
	}
	begin(opsToken, "Accept", "stream") // takes no place
	for range 4 {
		out <- true
	}
	for { // places are given back when handlers have returned
		g.mu.Lock()
		n, m := g.under, len(g.clients)
		g.mu.Unlock()
		if n == 0 && m == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	begin(readToken)
	out <- true
	if s := g.Stats(); s[ClientBusy] != 1 || s[Busy] != 1 || s[Allowed] != 5 {
		t.Errorf("%v", s)
	}
}

// TestTimeout: a client that sends slowly is cut off, and a handler knows how long
// it has.
func TestTimeout(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Timeout = time.Second })
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2 %v", http2), func(t *testing.T) { slowClient(t, g, http2) })
	}
}

func slowClient(t *testing.T, g *Gate, http2 bool) {
	failed := make(chan error, 1)
	s := httptest.NewUnstartedServer(g.HTTP(Door{Right: Ingest}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if (r.ProtoMajor == 2) != http2 {
			t.Errorf("it is %s", r.Proto)
		}
		if d, ok := r.Context().Deadline(); !ok || time.Until(d) > time.Second {
			t.Error("no deadline")
		}
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	})))
	s.EnableHTTP2 = http2
	s.StartTLS()
	defer s.Close()
	body, w := io.Pipe()
	go func() { _, _ = w.Write([]byte("a")) }() // and nothing more
	go func() {
		if resp, err := s.Client().Post(s.URL, "x/y", body); err == nil {
			resp.Body.Close()
		}
	}()
	if err := <-failed; err == nil {
		t.Error("the handler was not told")
	}
	w.Close()
}

// TestRefusedAtOnce: who is not let in is told so without waiting for a body that may
// never come, and holds no connection by it.
func TestRefusedAtOnce(t *testing.T) {
	s := httptest.NewServer(guarded(t).HTTP(Door{Right: Ingest}, whoami))
	defer s.Close()
	for name, head := range map[string]string{
		"no token": "", "wrong token": "Authorization: Bearer nobody-has-this-one\r\n", "no right": "Authorization: Bearer " + readToken + "\r\n",
		"too large": "Authorization: Bearer " + ingestToken + "\r\n", "another site": "Origin: https://evil.example\r\n",
	} {
		length := "100"
		if name == "too large" {
			length = "999999999"
		}
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: server.example\r\nContent-Length: %s\r\n%s\r\n{", length, head) // and nothing more
		if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {                              // of the test, if it fails
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b, err := io.ReadAll(resp.Body); err != nil || !resp.Close || resp.StatusCode < 400 {
			t.Errorf("%s: %d %q %v, close %v", name, resp.StatusCode, b, err, resp.Close)
		}
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: %d bytes more", name, n)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("%s: the connection stays open", name)
		}
	}
}

func TestSetTokens(t *testing.T) {
	g := guarded(t)
	h := g.HTTP(Door{Right: Read}, whoami)
	next, err := ParseTokens(strings.NewReader("read new another-token-of-22"))
	if err != nil || g.SetTokens(next) != nil {
		t.Fatal(err)
	}
	if ask(h, "x", "Authorization", "Bearer "+readToken).Code != 401 || ask(h, "x", "Authorization", "Bearer another-token-of-22").Code != 200 {
		t.Error("the old tokens are still there")
	}
	if g.SetTokens(nil) == nil || newGate(t, nil).SetTokens(next) == nil {
		t.Error("a server that was guarded is open, or the other way round")
	}
}

func TestCheckListen(t *testing.T) {
	none, both := Security{}, Security{TLS: true, Tokens: true}
	for _, c := range []struct {
		addr string
		s    Security
		want []string // in the error; nil: fine
	}{
		{"127.0.0.1:1", none, nil},
		{"localhost:1", none, nil},
		{"[::1]:1", none, nil},
		{"127.5.0.1:1", none, nil},
		{"0.0.0.0:1", none, []string{"--cert", "--tokens"}},
		{":1", none, []string{"--cert", "--tokens"}},
		{"[::]:1", none, []string{"--cert"}},
		{"192.0.2.1:1", both, nil},
		{"host.example:1", both, nil},
		{"host.example:1", none, []string{"host.example:1"}},
		{"192.0.2.1:1", Security{TLS: true}, []string{"--tokens"}},
		{"192.0.2.1:1", Security{Tokens: true}, []string{"--cert"}},
		{"192.0.2.1:1", Security{NoTLS: true, Tokens: true}, nil},
		{"192.0.2.1:1", Security{NoTLS: true, NoTokens: true}, nil},
		{"192.0.2.1:1", Security{NoTLS: true}, []string{"--tokens"}},
		{"nonsense", both, []string{"HOST:PORT"}},
	} {
		err := CheckListen("--ui", c.addr, c.s)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s %+v: %v", c.addr, c.s, err)
		}
		for _, w := range c.want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %s", c.addr, err, w)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	_, err := New(Config{})
	for _, want := range []string{"requests:", "per client", "size", "time"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	g := guarded(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, o := g.admit("Bearer "+opsToken, Read); o != Allowed {
			b.Fatal(o)
		}
	}
}

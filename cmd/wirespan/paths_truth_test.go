package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// served is what a server knows of a request.
type served struct {
	by string // the server's name
	id string // the request ID that arrived, of whatever header
}

// truth is what servers and clients of a test know, by path: every request has a
// path of its own.
type truth struct {
	mu      sync.Mutex
	served  map[string][]served
	headers []string // where servers find the request ID
}

func newTruth(headers ...string) *truth {
	return &truth{served: make(map[string][]served), headers: headers}
}

// idOf is the request ID that arrived, and the header's name.
func (tr *truth) idOf(r *http.Request) (name, id string) {
	for _, h := range tr.headers {
		if v := r.Header.Get(h); v != "" {
			return strings.ToLower(h), v
		}
	}
	return "", ""
}

// server answers and remembers. It calls next, with the name of the request ID's
// header and the ID.
func (tr *truth) server(name string, next func(header, id string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header, id := tr.idOf(r)
		tr.mu.Lock()
		tr.served[r.URL.Path] = append(tr.served[r.URL.Path], served{name, id})
		tr.mu.Unlock()
		if next != nil {
			if err := next(header, id); err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
		}
		_, _ = w.Write(bytes.Repeat([]byte("."), bodyOf(r.URL.Path)))
	})
}

// bodyOf is how long the answer to a path is: no two numbers have one length, so
// that an answer tells which request it belongs to.
func bodyOf(path string) int {
	n, _ := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	return 100 + n
}

// checkPaired holds that requests have their own answers, and that no two
// paths are one exchange or one trace.
func checkPaired(t *testing.T, spans []spanLine) {
	t.Helper()
	one := make(map[string]string)
	for i := range spans {
		s := &spans[i]
		path := s.str("url.path")
		if path == "" {
			continue
		}
		if n := s.num("http.response.body.size"); n != 0 && int(n) != bodyOf(path) {
			t.Errorf("%s at %s has an answer of %d bytes, the server sent %d", path, s.str("wirespan.capture.point"), n, bodyOf(path))
		}
		for _, k := range []string{"exchange " + s.str("wirespan.exchange"), "trace " + s.Trace} {
			if have, ok := one[k]; ok && have != path {
				t.Errorf("%s and %s are one %s", have, path, k)
			}
			one[k] = path
		}
	}
}

// once is who served a path, which must have happened once.
func (tr *truth) once(t *testing.T, path string) served {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if l := tr.served[path]; len(l) == 1 {
		return l[0]
	}
	t.Fatalf("%s was served %d times", path, len(tr.served[path]))
	return served{}
}

// ask asks for paths, so many at a time.
func ask(t *testing.T, c *http.Client, base string, atOnce int, header http.Header, paths ...string) {
	t.Helper()
	work := make(chan string)
	var done sync.WaitGroup
	for range atOnce {
		done.Go(func() {
			for p := range work {
				if err := askOnce(c, base+p, header); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, p := range paths {
		work <- p
	}
	close(work)
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// askHost asks for a host of another name than the address.
func askHost(c *http.Client, url, host string) error {
	return askOnce(c, url, http.Header{"Host": {host}})
}

func askOnce(c *http.Client, url string, header http.Header) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Host = header.Get("Host")
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", url, resp.Status, b)
	}
	return err
}

// orders are paths with numbers.
func orders(prefix string, n int) []string {
	var l []string
	for i := range n {
		l = append(l, fmt.Sprintf("/%s/%03d", prefix, i+1))
	}
	return l
}

// treesByPath draws the tree of each path: for each span the rule that found
// it, its point, place and server. A tree with more than one path, and a path
// with more than one tree, are told.
func treesByPath(t *testing.T, spans []spanLine) map[string]string {
	t.Helper()
	kids, known := make(map[string][]*spanLine), make(map[string]bool)
	for i := range spans {
		known[spans[i].ID] = true
	}
	for i := range spans {
		p := spans[i].Parent
		if !known[p] {
			p = ""
		}
		kids[p] = append(kids[p], &spans[i])
	}
	trees := make(map[string]string)
	for _, r := range kids[""] {
		var b strings.Builder
		path := r.str("url.path")
		var draw func(s *spanLine, depth int)
		draw = func(s *spanLine, depth int) {
			if p := s.str("url.path"); p != path && p != "" {
				t.Errorf("%s is in the tree of %s", p, path)
			}
			rule := s.str("wirespan.link.rule")
			if rule == "" {
				rule = "root"
			}
			fmt.Fprintf(&b, "%s%s %s %s %s:%d\n", strings.Repeat(" ", depth), rule, s.str("wirespan.capture.point"),
				s.str("wirespan.observation"), s.str("server.address"), s.num("server.port"))
			list := kids[s.ID]
			for _, k := range list {
				if len(list) > 1 {
					draw(k, depth+1)
				} else {
					draw(k, depth)
				}
			}
		}
		draw(r, 0)
		trees[path] += b.String()
	}
	return trees
}

// exchangesOf counts exchanges, and their sightings by point.
func exchangesOf(spans []spanLine) (exchanges int, sightings map[string]int) {
	keys := make(map[string]bool)
	sightings = make(map[string]int)
	for i := range spans {
		keys[spans[i].str("wirespan.exchange")] = true
		sightings[spans[i].str("wirespan.capture.point")]++
	}
	return len(keys), sightings
}

// at returns the spans of points.
func at(spans []spanLine, points ...string) []spanLine {
	var l []spanLine
	for _, s := range spans {
		if slices.Contains(points, s.str("wirespan.capture.point")) {
			l = append(l, s)
		}
	}
	return l
}

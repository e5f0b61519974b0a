package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// cluster answers as the API server does: lists in pages with a version,
// watches from a version on, 410 for what it has forgotten, 401 for tokens that
// have expired, errors as v1.Status.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	cond    *sync.Cond
	version int
	oldest  int // versions before it are forgotten
	pods    map[string]string
	events  []string // JSON; of versions first, first+1, ...
	first   int
	token   string
	page    int // size; 0: as asked
	hangup  bool
	deny    int // status to answer with
	queries []string
	srv     *httptest.Server
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{t: t, version: 100, first: 101, pods: make(map[string]string), token: "one"}
	c.cond = sync.NewCond(&c.mu)
	c.srv = httptest.NewTLSServer(c)
	t.Cleanup(func() {
		c.mu.Lock()
		c.hangup = true
		c.cond.Broadcast()
		c.mu.Unlock()
		c.srv.Close()
	})
	return c
}

// set changes a pod, or deletes it when object is empty.
func (c *cluster) set(uid, object string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	kind := "MODIFIED"
	switch have, ok := c.pods[uid]; {
	case object == "":
		kind, object = "DELETED", have
		delete(c.pods, uid)
	case !ok:
		kind = "ADDED"
	}
	if kind != "DELETED" {
		c.pods[uid] = object
	}
	c.events = append(c.events, fmt.Sprintf(`{"type":%q,"object":%s}`, kind, c.stamped(object)))
	c.cond.Broadcast()
}

func (c *cluster) stamped(object string) string {
	return strings.Replace(object, `"metadata":{`, fmt.Sprintf(`"metadata":{"resourceVersion":"%d",`, c.version), 1)
}

// bookmark sends nothing but a version.
func (c *cluster) bookmark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.events = append(c.events, fmt.Sprintf(`{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"%d"}}}`, c.version))
	c.cond.Broadcast()
}

// do changes what the server does from now on.
func (c *cluster) do(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.cond.Broadcast()
}

func status(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"code":%d}`, message, code)
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := r.URL.Query()
	c.queries = append(c.queries, r.URL.RequestURI())
	switch {
	case r.Header.Get("Authorization") != "Bearer "+c.token:
		status(w, 401, "Unauthorized")
	case c.deny != 0:
		status(w, c.deny, "denied for the test")
	case r.URL.Path != "/api/v1/pods" && r.URL.Path != "/api/v1/namespaces/shop/pods" && r.URL.Path != "/pods":
		status(w, 404, "not found")
	case q.Get("watch") != "":
		c.watch(w, r, q.Get("resourceVersion"))
	default:
		c.list(w, q.Get("continue"), q.Get("limit"))
	}
}

func (c *cluster) list(w http.ResponseWriter, from, limit string) {
	uids := make([]string, 0, len(c.pods))
	for u := range c.pods {
		uids = append(uids, u)
	}
	slices.Sort(uids)
	start, _ := strconv.Atoi(from)
	size, _ := strconv.Atoi(limit)
	if c.page > 0 {
		size = c.page
	}
	if size == 0 {
		size = len(uids)
	}
	end := min(start+size, len(uids))
	next := ""
	if end < len(uids) {
		next = strconv.Itoa(end)
	}
	var items []json.RawMessage
	for _, u := range uids[start:end] {
		items = append(items, json.RawMessage(c.pods[u]))
	}
	json.NewEncoder(w).Encode(map[string]any{
		"kind": "PodList", "apiVersion": "v1", "items": items,
		"metadata": map[string]string{"resourceVersion": strconv.Itoa(c.version), "continue": next},
	})
}

func (c *cluster) watch(w http.ResponseWriter, r *http.Request, from string) {
	v, err := strconv.Atoi(from)
	if err != nil {
		status(w, 400, "no version")
		return
	}
	if v < c.oldest { // told within the stream, as the API server does
		fmt.Fprintf(w, `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version: %d (%d)"}}`+"\n", v, c.oldest)
		return
	}
	w.(http.Flusher).Flush()
	for next := v + 1; !c.hangup && r.Context().Err() == nil; {
		for ; next-c.first < len(c.events); next++ {
			if next >= c.first {
				fmt.Fprintln(w, c.events[next-c.first])
			}
		}
		w.(http.Flusher).Flush()
		c.cond.Wait()
	}
}

func (c *cluster) asked(part string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range c.queries {
		if strings.Contains(q, part) {
			n++
		}
	}
	return n
}

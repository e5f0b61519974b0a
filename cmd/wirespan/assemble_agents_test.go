package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	tracer "github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// collecting is a server that only keeps what agents send.
func collecting(t *testing.T) (url string, kept *memory.Store, spans func() []store.Span) {
	t.Helper()
	kept, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []store.Span
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
			return
		}
		b := batch.New(batch.DefaultLimits())
		if err := otlp.Decode(b, string(text)); err != nil {
			t.Error(err)
			return
		}
		if err := kept.Write(r.Context(), b.Spans); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, b.Spans...)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, kept, func() []store.Span { mu.Lock(); defer mu.Unlock(); return slices.Clone(all) }
}

// sight is what tells a span apart whoever sent it.
func sight(point, name, server any, start int64) string {
	return fmt.Sprintf("%v %v %v %d", point, name, server, start)
}

// TestAgentsAssemble: the captures of four points, each read by an agent of its own
// that sends its spans to a server, give there the trees that one reader of all four
// sees: the same parents, by the same rules.
func TestAgentsAssemble(t *testing.T) {
	for _, c := range [][]string{
		{"client", "router", "nginx", "haproxy"},
		{"syn-client", "syn-server"},
		{"ipvs-nat-front", "ipvs-nat-back"},
	} {
		t.Run(c[0], func(t *testing.T) {
			t.Parallel()
			var files []string
			for _, p := range c {
				files = append(files, filepath.Join("..", "..", "testdata", "points", p+".pcap"))
			}
			want := map[string]string{}
			joint := spansOf(t, files...)
			byID := map[string]*spanLine{}
			for i := range joint {
				byID[joint[i].ID] = &joint[i]
			}
			key := func(s *spanLine) string {
				return sight(s.Attributes["wirespan.capture.point"], s.Name, s.Attributes["server.port"], s.Start)
			}
			for i := range joint {
				s := &joint[i]
				want[key(s)] = ""
				if p := byID[s.Parent]; p != nil {
					want[key(s)] = s.str("wirespan.link.rule") + " " + key(p)
				}
			}
			checkAssembled(t, files, c, want)
		})
	}
}

func checkAssembled(t *testing.T, files, points []string, want map[string]string) {
	t.Helper()
	url, kept, spans := collecting(t)
	for i, f := range files {
		if o := wirespan(t, "read", "--progress=never", "--agent", "on-"+points[i], "--server", url, f); o.code != 0 {
			t.Fatalf("%s: exit %d: %s", f, o.code, o.stderr)
		}
	}
	a, err := tracer.New(kept, tracer.Default())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	key := func(s *store.Span) string {
		port, _ := s.Int("server.port")
		return sight(s.Text("wirespan.capture.point"), s.Name, port, s.Start)
	}
	for _, s := range spans() {
		if _, done := got[key(&s)]; done {
			continue
		}
		tr, err := a.Trace(t.Context(), s.Trace, store.Window{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range tr.Nodes {
			n := &tr.Nodes[i]
			v := ""
			if n.Parent >= 0 {
				v = n.Rule + " " + key(tr.Nodes[n.Parent].Span)
			}
			if was, twice := got[key(n.Span)]; twice && was != v {
				t.Errorf("%s: below %q in one trace, %q in another", key(n.Span), was, v)
			}
			got[key(n.Span)] = v
		}
	}
	if len(got) < 2 || !slices.ContainsFunc(mapValues(got), func(v string) bool { return strings.HasPrefix(v, "sighting") }) {
		t.Errorf("%d spans, none seen twice", len(got))
	}
	t.Logf("%d spans", len(got))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-one reader +agents:\n%s", d)
	}
}

func mapValues(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

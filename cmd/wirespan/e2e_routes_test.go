package main

import (
	"strings"
	"testing"
)

// TestRoutes: configured routes name what matches them, on every side; what
// matches none keeps its template, and is a route unless that is switched off
// (SPANS.md, "Name and kind").
func TestRoutes(t *testing.T) {
	t.Parallel()
	files := []string{"../../testdata/demo/edge.pcap", "../../testdata/demo/app.pcap", "--spans", "pair", "--routes-pattern", "/orders/:order", "--routes-pattern", "/stock/*"}
	for _, unset := range []bool{false, true} {
		args := files
		if unset {
			args = append(args[:len(args):len(args)], "--routes-unmatched", "unset")
		}
		routes := map[string]int{}
		for _, s := range spansOf(t, args...) {
			path := s.str("url.path")
			if path == "" {
				continue
			}
			template, route := "", ""
			switch {
			case strings.HasPrefix(path, "/orders/"):
				template, route = "/orders/:order", "/orders/:order"
			case strings.HasPrefix(path, "/stock/"):
				template, route = "/stock/*", "/stock/*"
			case strings.HasPrefix(path, "/charge/"):
				template, route = "/charge/{id}", "/charge/{id}"
				if unset {
					route = ""
				}
			default:
				continue
			}
			if s.Kind != "SERVER" {
				route = ""
			}
			routes[template+" "+s.Kind]++
			if s.Name != s.str("http.request.method")+" "+template || s.str("url.template") != template || s.str("http.route") != route {
				t.Errorf("unset %v: %s %s is %q with template %q and route %q", unset, s.Kind, path, s.Name, s.str("url.template"), s.str("http.route"))
			}
		}
		for _, want := range []string{"/orders/:order SERVER", "/orders/:order CLIENT", "/stock/* SERVER", "/charge/{id} SERVER"} {
			if routes[want] == 0 {
				t.Errorf("unset %v: no span of %s: %v", unset, want, routes)
			}
		}
	}
}

// Routes that are none are refused with the pattern and the reason.
func TestRouteFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"--routes-pattern orders", `"orders": must begin with /`},
		{"--routes-pattern /a/{rest...}/b", `must be the last`},
		{"--routes-pattern /a/:x --routes-pattern /a/{y}", `matches the same paths as`},
		{"--routes-unmatched never", `--routes-unmatched`},
	} {
		r := wirespan(t, append([]string{"read", "../../testdata/demo/edge.pcap"}, strings.Fields(c.args)...)...)
		if r.code != 2 || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: status %d, %s", c.args, r.code, r.stderr)
		}
	}
}

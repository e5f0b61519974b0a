package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
)

// spanLine is a span as --out ndjson writes it.
type spanLine struct {
	Trace      string         `json:"trace_id"`
	ID         string         `json:"span_id"`
	Parent     string         `json:"parent_span_id"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	Status     string         `json:"status"`
	Service    string         `json:"service"`
	Start      int64          `json:"start_ns"`
	End        int64          `json:"end_ns"`
	Attributes map[string]any `json:"attributes"`
	Links      []struct {
		Trace string `json:"trace_id"`
		ID    string `json:"span_id"`
		Rule  string `json:"rule"`
	} `json:"links"`
}

// str is an attribute as text, "" if the span has none; lists are joined.
func (s *spanLine) str(key string) string {
	switch v := s.Attributes[key].(type) {
	case nil:
		return ""
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, fmt.Sprint(e))
		}
		return strings.Join(parts, ",")
	case json.Number:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

func (s *spanLine) num(key string) int64 {
	n, _ := s.Attributes[key].(json.Number)
	v, _ := n.Int64()
	return v
}

// outcome is the status on the wire, or why there is none.
func (s *spanLine) outcome() string {
	for _, k := range []string{"http.response.status_code", "dns.response_code", "error.type"} {
		if v := s.str(k); v != "" {
			return v
		}
	}
	return "none"
}

// server is the address and port that was asked.
func (s *spanLine) server() string {
	side := "local"
	if s.Kind == "CLIENT" {
		side = "peer"
	}
	addr, port := s.str("network."+side+".address"), s.str("network."+side+".port")
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return addr + ":" + port
}

// what names the exchange: method and path, or question.
func (s *spanLine) what() string {
	switch {
	case s.str("url.path") != "":
		return s.str("http.request.method") + " " + s.str("url.path")
	case s.str("dns.question.name") != "":
		return s.Name + " " + s.str("dns.question.name")
	}
	return s.Name
}

// decodeSpans reads ndjson.
func decodeSpans(t *testing.T, b []byte) []spanLine {
	t.Helper()
	var spans []spanLine
	for l := range bytes.Lines(b) {
		d := json.NewDecoder(bytes.NewReader(l))
		d.UseNumber()
		var s spanLine
		if err := d.Decode(&s); err != nil {
			t.Fatalf("ndjson line %d: %v\n%s", len(spans)+1, err, l)
		}
		spans = append(spans, s)
	}
	return spans
}

// spansOf analyses captures.
func spansOf(t *testing.T, args ...string) []spanLine {
	t.Helper()
	return decodeSpans(t, outputOf(t, "ndjson", args...))
}

// forestOf draws spans as indented text, in order of start: what was asked of
// whom, the outcome, and the rule that linked it. Each trace begins with a
// root; further roots of the same trace follow it without a blank line.
func forestOf(spans []spanLine) string {
	kids := make(map[string][]*spanLine)
	known := make(map[string]bool)
	for i := range spans {
		known[spans[i].Trace+spans[i].ID] = true
	}
	for i := range spans {
		s := &spans[i]
		p := s.Parent
		if !known[s.Trace+p] {
			p = ""
		}
		key := s.Trace + p
		if p == "" {
			key = ""
		}
		kids[key] = append(kids[key], s)
	}
	var b strings.Builder
	var draw func(list []*spanLine, depth int)
	draw = func(list []*spanLine, depth int) {
		sort.SliceStable(list, func(i, j int) bool {
			a, c := list[i], list[j]
			if a.Start != c.Start {
				return a.Start < c.Start
			}
			return a.what()+a.server() < c.what()+c.server()
		})
		for _, s := range list {
			fmt.Fprintf(&b, "%s%s @%s %s", strings.Repeat("  ", depth), s.what(), s.server(), s.outcome())
			if r := s.str("wirespan.link.rule"); r != "" {
				b.WriteString(" (" + r + ")")
			}
			b.WriteByte('\n')
			draw(kids[s.Trace+s.ID], depth+1)
		}
	}
	draw(kids[""], 0)
	return b.String()
}

// wantTree is a forest written in a test, with the indentation of the source.
func wantTree(s string) string {
	s = strings.Trim(s, "\n")
	var out strings.Builder
	indent := -1
	for l := range strings.Lines(s) {
		l = strings.TrimRight(l, "\n")
		body := strings.TrimLeft(l, "\t")
		if body == "" {
			continue
		}
		n := len(l) - len(body)
		if indent < 0 {
			indent = n
		}
		out.WriteString(strings.Repeat("  ", n-indent) + body + "\n")
	}
	return out.String()
}

// spansWhere returns the spans that a condition holds for.
func spansWhere(spans []spanLine, ok func(*spanLine) bool) []*spanLine {
	var out []*spanLine
	for i := range spans {
		if ok(&spans[i]) {
			out = append(out, &spans[i])
		}
	}
	return out
}

// spanNamed returns the one span that names path.
func spanNamed(t *testing.T, spans []spanLine, what string) *spanLine {
	t.Helper()
	l := spansWhere(spans, func(s *spanLine) bool { return s.what() == what })
	if len(l) != 1 {
		var all []string
		for i := range spans {
			all = append(all, spans[i].what())
		}
		t.Fatalf("%d spans %q, want one of %q", len(l), what, all)
	}
	return l[0]
}

// traceIDs returns the distinct trace ids in order of appearance.
func traceIDs(spans []spanLine) []string {
	var ids []string
	for i := range spans {
		if !slices.Contains(ids, spans[i].Trace) {
			ids = append(ids, spans[i].Trace)
		}
	}
	return ids
}

// checkSound holds what is true of every output: ids are unique and not zero,
// a child starts while its parent is open (DESIGN.md, section 7), times run
// forward, attributes are named once.
func checkSound(t *testing.T, name string, b []byte) {
	t.Helper()
	spans := decodeSpans(t, b)
	at := make(map[string]*spanLine)
	for i := range spans {
		s := &spans[i]
		if strings.Trim(s.Trace, "0") == "" || strings.Trim(s.ID, "0") == "" || len(s.Trace) != 32 || len(s.ID) != 16 {
			t.Errorf("%s: ids %q %q", name, s.Trace, s.ID)
		}
		if _, twice := at[s.Trace+s.ID]; twice {
			t.Errorf("%s: span id %s is used twice: %s", name, s.ID, s.what())
		}
		at[s.Trace+s.ID] = s
		if s.End < s.Start {
			t.Errorf("%s: %s ends %d ns before it starts", name, s.what(), s.Start-s.End)
		}
		for _, k := range []string{"send", "wait", "receive", "connect"} {
			if v := s.num("wirespan.phase." + k); v < 0 {
				t.Errorf("%s: %s has phase %s = %d", name, s.what(), k, v)
			}
		}
		for k, v := range s.Attributes {
			if v == "" || v == nil {
				t.Errorf("%s: %s has an empty attribute %s", name, s.what(), k)
			}
		}
	}
	for i := range spans {
		s := &spans[i]
		p, known := at[s.Trace+s.Parent]
		switch {
		case !known && s.str("wirespan.link.rule") == "sighting":
			t.Errorf("%s: %s is a sighting below an unknown span", name, s.what())
		case s.str("wirespan.link.rule") == "message": // what a queue keeps does not lie within what published it
		case known && p.str("wirespan.response") == "" && p.str("wirespan.capture.point") == s.str("wirespan.capture.point") &&
			(s.Start < p.Start || s.Start > p.End):
			t.Errorf("%s: %s (%s) starts %d ns after its parent %s, which is open for %d ns", name, s.what(),
				s.str("wirespan.link.rule"), s.Start-p.Start, p.what(), p.End-p.Start)
		}
	}
	n := 0
	for l := range bytes.Lines(b) {
		if n++; n > 2000 {
			break
		}
		if k := repeatedKey(json.NewDecoder(bytes.NewReader(l))); k != "" {
			t.Errorf("%s: line %d names %q twice in one object", name, n, k)
			break
		}
	}
}

// repeatedKey returns a member name that an object of a JSON text has twice.
func repeatedKey(d *json.Decoder) string {
	type level struct {
		seen map[string]bool // nil in an array
		key  bool            // the next string is a name
	}
	var stack []level
	for {
		tok, err := d.Token()
		if err != nil {
			return ""
		}
		if n := len(stack); n > 0 && stack[n-1].key {
			if k, ok := tok.(string); ok {
				if stack[n-1].seen[k] {
					return k
				}
				stack[n-1].seen[k], stack[n-1].key = true, false
				continue
			}
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{map[string]bool{}, true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
		if n := len(stack); n > 0 {
			stack[n-1].key = stack[n-1].seen != nil
		}
	}
}

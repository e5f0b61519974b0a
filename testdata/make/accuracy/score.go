package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
)

// score counts what became of calls.
type score struct {
	requests int // that were answered
	calls    int // that were made
	right    int // hang below the request they were made for, in the process that made them
	wrong    int // hang below another
	seen     int // calls that have a span
	lost     string
	mistakes []string
}

// unlinked are the calls that hang below nothing, or have no span.
func (s *score) unlinked() int { return s.calls - s.right - s.wrong }

// spanLine is what is read of a span.
type spanLine struct {
	ID     string         `json:"span_id"`
	Parent string         `json:"parent_span_id"`
	Attrs  map[string]any `json:"attributes"`
}

func (s *spanLine) str(key string) string {
	v, _ := s.Attrs[key].(string)
	return v
}

func (s *spanLine) port() string {
	v, _ := s.Attrs["server.port"].(float64)
	return fmt.Sprint(int(v))
}

// numbered finds the number of a request in a path.
var numbered = regexp.MustCompile(`/[rb]/(\d+)`)

// scoreSpans compares the parents of spans with the truth. asked is the port
// that the load asks: what goes there has no parent.
func scoreSpans(r io.Reader, asked string) (s score, err error) {
	byID := make(map[string]*spanLine)
	number := make(map[string]string) // of exchanges
	var all []*spanLine
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		p := new(spanLine)
		if err := json.Unmarshal(in.Bytes(), p); err != nil {
			return s, fmt.Errorf("read span: %w", err)
		}
		byID[p.ID] = p
		all = append(all, p)
		for _, key := range []string{"url.path", "url.full", "http.target"} {
			if m := numbered.FindStringSubmatch(p.str(key)); m != nil {
				number[p.str("wirespan.exchange")] = m[1]
			}
		}
	}
	if err := in.Err(); err != nil {
		return s, fmt.Errorf("read spans: %w", err)
	}
	counted := make(map[string]bool)
	for _, p := range all {
		x := p.str("wirespan.exchange")
		if counted[x] || number[x] == "" {
			continue
		}
		top := p // the outermost span of the exchange
		for q := byID[top.Parent]; q != nil && q.str("wirespan.exchange") == x; q = byID[q.Parent] {
			top = q
		}
		counted[x] = true
		parent := byID[top.Parent]
		if top.port() != asked {
			s.seen++
		}
		switch {
		case parent == nil:
		case top.port() != asked && number[parent.str("wirespan.exchange")] == number[x]:
			s.right++
		default:
			s.wrong++
			s.mistakes = append(s.mistakes, fmt.Sprintf("%s (%s) below %s: %s, %s", top.str("url.path"), top.str("wirespan.observation"),
				parent.str("url.path"), top.str("wirespan.link.rule"), top.str("wirespan.link.evidence")))
		}
	}
	return s, nil
}

// expect sets how many calls were made for the requests that were answered.
func (s *score) expect(r *runtime, answered int) {
	s.requests = answered
	switch {
	case r.single:
		s.calls = answered
	default: // every other one makes two
		s.calls = answered + answered/2 + r.extra*answered
	}
	s.calls = max(s.calls, s.seen)
}

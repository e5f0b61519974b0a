package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
)

// calls counts what became of the calls of one kind of server.
type calls struct {
	made  int
	right int // hang below the request they were made for, in the process that made them
	wrong int // hang below another
}

// unlinked are the calls that hang below nothing, or have no span.
func (c *calls) unlinked() int { return c.made - c.right - c.wrong }

// score is what came of a measurement.
type score struct {
	made     map[string]calls // by the port that was called
	lost     string
	mistakes []string
}

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

// spans are those of a run.
type spans struct {
	list   []*spanLine
	byID   map[string]*spanLine
	number map[string]string // of exchanges
}

func readSpans(r io.Reader) (*spans, error) {
	s := &spans{byID: make(map[string]*spanLine), number: make(map[string]string)}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		p := new(spanLine)
		if err := json.Unmarshal(in.Bytes(), p); err != nil {
			return nil, fmt.Errorf("read span: %w", err)
		}
		s.byID[p.ID] = p
		s.list = append(s.list, p)
		for _, key := range []string{"url.path", "url.full", "http.target"} {
			if m := numbered.FindStringSubmatch(p.str(key)); m != nil {
				s.number[p.str("wirespan.exchange")] = m[1]
			}
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read spans: %w", err)
	}
	return s, nil
}

// top is the outermost span of a span's exchange.
func (s *spans) top(p *spanLine) *spanLine {
	x := p.str("wirespan.exchange")
	for q := s.byID[p.Parent]; q != nil && q.str("wirespan.exchange") == x; q = s.byID[q.Parent] {
		p = q
	}
	return p
}

// score compares the parents of calls with the truth. asked is the port that the
// load asks: what goes there has no parent, and one that has counts as a wrong
// call to instead.
func (s *spans) score(asked, instead string) *score {
	sc := &score{made: make(map[string]calls)}
	counted := make(map[string]bool)
	for _, p := range s.list {
		x := p.str("wirespan.exchange")
		if counted[x] || s.number[x] == "" {
			continue
		}
		counted[x] = true
		top := s.top(p)
		parent, port := s.byID[top.Parent], top.port()
		load := port == asked
		if load {
			port = instead
		}
		c := sc.made[port]
		if !load {
			c.made++
		}
		switch {
		case parent == nil:
		case !load && s.number[parent.str("wirespan.exchange")] == s.number[x]:
			c.right++
		default:
			c.wrong++
			sc.mistakes = append(sc.mistakes, fmt.Sprintf("call for %s (%s) below %s: %s, %s", s.number[x], top.str("wirespan.observation"),
				s.number[parent.str("wirespan.exchange")], top.str("wirespan.link.rule"), top.str("wirespan.link.evidence")))
		}
		sc.made[port] = c
	}
	return sc
}

// expect sets how many calls were made for the requests that were answered:
// those without a span count, too.
func (s *score) expect(r *runtime, answered int) {
	set := func(port string, n int) {
		c := s.made[port]
		c.made = max(c.made, n)
		s.made[port] = c
	}
	if r.single {
		set(portOf(backend), answered)
	} else { // every other one makes two
		set(portOf(backend), answered+answered/2)
	}
	if r.gateway != "" {
		set(portOf(behind), answered)
	}
}

package tag

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Bounds of a route list.
const (
	maxRoutes        = 10_000
	maxRouteSegments = 64
)

// Routes matches paths against the configured route patterns. A segment of a
// pattern is literal text, a parameter (":name", "{name}" or "*") that matches
// one segment that is not empty, or, as the last one, a rest ("*", "**",
// "*name", "{name...}") that matches whatever follows, nothing included. So a
// "*" at the end is a rest and elsewhere a parameter.
//
// The most specific pattern wins, segment by segment from the left: literal
// before parameter before rest; the order of the list does not matter. A
// trailing slash of pattern or path is ignored. The zero Routes matches
// nothing. Safe for concurrent use.
type Routes struct{ root node }

type node struct {
	literal map[string]*node
	param   *node
	route   string // pattern that ends here
	rest    string // pattern whose rest begins here
}

// ParseRoutes compiles patterns. All faults are reported at once.
func ParseRoutes(patterns []string) (*Routes, error) {
	if len(patterns) > maxRoutes {
		return nil, fmt.Errorf("routes: %d patterns, at most %d", len(patterns), maxRoutes)
	}
	var r Routes
	var faults []error
	for _, p := range patterns {
		if err := r.add(p); err != nil {
			faults = append(faults, fmt.Errorf("route %q: %w", p, err))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &r, nil
}

func (r *Routes) add(pattern string) error {
	if !strings.HasPrefix(pattern, "/") {
		return errors.New("must begin with /")
	}
	segs := strings.Split(strings.TrimSuffix(pattern[1:], "/"), "/")
	if len(segs) > maxRouteSegments {
		return fmt.Errorf("%d segments, at most %d", len(segs), maxRouteSegments)
	}
	n := &r.root
	for i, seg := range segs {
		param, rest, err := segmentKind(seg)
		last := i == len(segs)-1
		switch {
		case err != nil:
			return err
		case last && (rest || seg == "*"):
			return setPattern(&n.rest, pattern)
		case rest:
			return fmt.Errorf("segment %q must be the last", seg)
		case param:
			if n.param == nil {
				n.param = new(node)
			}
			n = n.param
		case seg == "" && last && len(segs) == 1: // the pattern "/"
		default:
			n = n.child(seg)
		}
	}
	return setPattern(&n.route, pattern)
}

func (n *node) child(seg string) *node {
	if n.literal == nil {
		n.literal = make(map[string]*node)
	}
	c := n.literal[seg]
	if c == nil {
		c = new(node)
		n.literal[seg] = c
	}
	return c
}

func setPattern(at *string, pattern string) error {
	if *at != "" && *at != pattern {
		return fmt.Errorf("matches the same paths as %q", *at)
	}
	*at = pattern
	return nil
}

func segmentKind(seg string) (param, rest bool, err error) {
	switch {
	case seg == "*":
		return true, false, nil
	case strings.HasPrefix(seg, "*"):
		return false, true, nil
	case strings.HasPrefix(seg, ":") && len(seg) > 1:
		return true, false, nil
	case strings.HasPrefix(seg, "{") && strings.HasSuffix(seg, "}") && len(seg) > 2:
		return !strings.HasSuffix(seg, "...}"), strings.HasSuffix(seg, "...}"), nil
	case strings.ContainsAny(seg, "{}*?#"):
		return false, false, fmt.Errorf("segment %q mixes text and pattern", seg)
	}
	return false, false, nil
}

// Match returns the pattern that a path matches; path may be a whole request
// target and is not kept.
func (r *Routes) Match(path []byte) (pattern string, ok bool) {
	path = pathOf(path)
	if len(path) == 0 || path[0] != '/' {
		return "", false
	}
	pattern = r.root.match(bytes.TrimSuffix(path[1:], []byte("/")), false)
	return pattern, pattern != ""
}

// match visits each node of the tree at most once, so a path costs no more
// than the patterns that share its beginning. done means that the path has no
// further segment.
func (n *node) match(path []byte, done bool) string {
	if done || len(path) == 0 {
		if n.route != "" {
			return n.route
		}
		return n.rest
	}
	seg, tail, last := path, []byte(nil), true
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		seg, tail, last = path[:i], path[i+1:], false
	}
	if c := n.literal[string(seg)]; c != nil {
		if p := c.match(tail, last); p != "" {
			return p
		}
	}
	if n.param != nil && len(seg) > 0 {
		if p := n.param.match(tail, last); p != "" {
			return p
		}
	}
	return n.rest
}

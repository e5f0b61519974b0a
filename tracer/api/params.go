package api

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// param describes a parameter of a route.
type param struct {
	name string
	kind string // string, integer, boolean, time, duration, id
	many bool   // may be repeated
	doc  string
	enum []string
}

// params are the parameters of one request. The first fault is kept.
type params struct {
	url.Values
	now   time.Time
	fault *Problem
}

// readParams takes the query of a URL, which may name what the route knows, once.
func readParams(raw string, known []param, now time.Time) (*params, *Problem) {
	v, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badParameter("", "the query of the URL cannot be read: %s", err)
	}
	for name, list := range v {
		p := paramOf(known, name)
		switch {
		case p == nil:
			return nil, badParameter(name, "this path has no such parameter; it takes %s", namesOf(known))
		case len(list) > 1 && !p.many:
			return nil, badParameter(name, "is given %d times", len(list))
		case len(list) > maxRepeats:
			return nil, badParameter(name, "is given %d times; %d are allowed", len(list), maxRepeats)
		case p.enum != nil && !contains(p.enum, list[0]):
			return nil, badParameter(name, "is one of %s", strings.Join(p.enum, ", "))
		}
	}
	return &params{Values: v, now: now}, nil
}

const maxRepeats = 64

func paramOf(known []param, name string) *param {
	for i := range known {
		if known[i].name == name {
			return &known[i]
		}
	}
	return nil
}

func namesOf(known []param) string {
	var list []string
	for _, p := range known {
		list = append(list, p.name)
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ", ")
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (p *params) fail(name, format string, args ...any) {
	if p.fault == nil {
		p.fault = badParameter(name, format, args...)
	}
}

// integer is a whole number from low to high, otherwise without one.
func (p *params) integer(name string, low, high, otherwise int) int {
	s := p.Get(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		p.fail(name, "is a number from %d to %d, not %q", low, high, s)
		return otherwise
	}
	return n
}

func (p *params) flag(name string) bool {
	switch s := p.Get(name); s {
	case "", "0", "false":
		return false
	case "1", "true":
		return true
	default:
		p.fail(name, "is true or false, not %q", s)
		return false
	}
}

// duration is in ns; 0 without one.
func (p *params) duration(name string) int64 {
	s := p.Get(name)
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		p.fail(name, "is a duration such as 10ms or 1.5s, not %q", s)
	}
	return int64(d)
}

// window is from and to; both may be missing.
func (p *params) window() store.Window {
	w := store.Window{From: p.time("from"), To: p.time("to")}
	if w.To != 0 && w.From >= w.To {
		p.fail("to", "is not after from")
	}
	return w
}

// time is in ns since 1970; 0 without one.
func (p *params) time(name string) int64 {
	s := p.Get(name)
	if s == "" {
		return 0
	}
	t, ok := parseTime(s, p.now)
	if !ok {
		p.fail(name, "is a time such as 2026-01-02T15:04:05Z, seconds since 1970, now, or -15m, not %q", s)
	}
	return t
}

// parseTime reads RFC 3339 with or without its parts (UTC where no zone is given),
// seconds, milliseconds, microseconds or nanoseconds since 1970 by their number of
// digits, "now", or a duration before now.
func parseTime(s string, now time.Time) (int64, bool) {
	if s == "now" {
		return now.UnixNano(), true
	}
	if back, ok := strings.CutPrefix(s, "-"); ok {
		d, err := time.ParseDuration(back)
		return now.Add(-d).UnixNano(), err == nil && d >= 0
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return parseEpoch(s, f)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			y := t.Year()
			return t.UnixNano(), y >= 1970 && y < 2260
		}
	}
	return 0, false
}

func parseEpoch(s string, f float64) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n < 0:
			return 0, false
		case n >= 1e17:
			return n, true
		case n >= 1e14:
			return n * 1e3, true
		case n >= 1e11:
			return n * 1e6, true
		}
		return n * 1e9, true
	}
	if !(f >= 0 && f < 9e9) {
		return 0, false
	}
	return int64(f * 1e9), true
}

// traceID reads 32 hex digits, dashes of a UUID allowed.
func traceID(s string) (id span.TraceID, ok bool) {
	if len(s) == 36 {
		s = strings.ReplaceAll(s, "-", "")
	}
	if len(s) != 32 {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil && !id.IsZero()
}

func spanID(s string) (id span.SpanID, ok bool) {
	if len(s) != 16 {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil && !id.IsZero()
}

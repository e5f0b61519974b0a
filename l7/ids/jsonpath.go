package ids

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/l7"
)

// Bounds of paths and of the texts they are looked for in.
const (
	maxSteps = 16
	maxNest  = 32
)

// step is one part of a path.
type step struct {
	name  string // of a member
	index int    // of an element, if there is no name
	any   bool   // every member or element
	deep  bool   // at any depth below
}

// path leads to a member of a JSON text: RFC 9535 without filters, slices and
// unions.
type path struct {
	steps []step
	name  []byte // of the last member that it names
}

// parsePath reads $.a.b, $['a'][0].b, $.a[*].b, $..b.
func parsePath(text string) (p path, err error) {
	fault := func(why string) (path, error) { return path{}, fmt.Errorf("path %q: %s", text, why) }
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return fault("must begin with $")
	}
	for rest != "" {
		var s step
		if s, rest, ok = cutStep(rest); !ok {
			return fault("cannot be read at " + strconv.Quote(rest))
		}
		if p.steps = append(p.steps, s); s.name != "" {
			p.name = []byte(s.name)
		}
	}
	switch {
	case len(p.name) == 0:
		return fault("names no member")
	case len(p.steps) > maxSteps:
		return fault(fmt.Sprintf("has more than %d steps", maxSteps))
	case len(p.name) > maxName:
		return fault(fmt.Sprintf("has a name longer than %d bytes", maxName))
	}
	return p, nil
}

// cutStep takes the first step off.
func cutStep(text string) (s step, rest string, ok bool) {
	switch {
	case strings.HasPrefix(text, ".."):
		s, rest, ok = cutStep(text[1:])
		s.deep = true
		return s, rest, ok && s.name != ""
	case text[0] == '.':
		end := strings.IndexAny(text[1:], ".[") + 1
		if end == 0 {
			end = len(text)
		}
		name := text[1:end]
		if name == "*" {
			return step{any: true}, text[end:], true
		}
		return step{name: name}, text[end:], name != "" && !strings.ContainsAny(name, `"'] `)
	case text[0] != '[':
		return s, text, false
	}
	end := strings.IndexByte(text, ']')
	if q := text[1:min(2, len(text))]; q == "'" || q == `"` {
		if end = strings.Index(text[2:], q+"]"); end >= 0 {
			name := text[2 : 2+end]
			return step{name: name}, text[2+end+2:], name != ""
		}
	}
	if end < 0 {
		return s, text, false
	}
	inner := text[1:end]
	if inner == "*" {
		return step{any: true}, text[end+1:], true
	}
	n, err := strconv.ParseUint(inner, 10, 16)
	return step{index: int(n)}, text[end+1:], err == nil
}

// search looks for one path in a JSON text, which may be cut short: what is not
// whole has not been there.
type search struct {
	b     []byte
	m     *l7.Message
	name  []byte
	found int
}

// JSON adds the fields of a JSON text: strings without escapes, and numbers.
func (m *Matcher) JSON(b []byte, msg *l7.Message) {
	for i := range m.fields.json {
		p := &m.fields.json[i]
		s := search{b: b, m: msg, name: p.name}
		s.value(skipSpace(b, 0), p.steps, 0)
	}
}

// value goes through the value at i and returns the place behind it, the end of
// the text if there is none.
func (s *search) value(i int, steps []step, depth int) int {
	switch {
	case i >= len(s.b):
		return i
	case len(steps) == 0:
		return s.take(i)
	case depth == maxNest || s.found == maxFieldValues:
		return s.skip(i)
	case s.b[i] == '{':
		return s.members(i+1, steps, depth+1)
	case s.b[i] == '[':
		return s.elements(i+1, steps, depth+1)
	}
	return s.skip(i)
}

// members goes through an object.
func (s *search) members(i int, steps []step, depth int) int {
	at := &steps[0]
	for {
		if i = skipSpace(s.b, i); i >= len(s.b) {
			return i
		}
		switch s.b[i] {
		case '}':
			return i + 1
		case ',':
			i++
			continue
		case '"':
		default:
			return len(s.b)
		}
		name, end := jsonString(s.b, i)
		if i = skipSpace(s.b, end); i >= len(s.b) || s.b[i] != ':' {
			return len(s.b)
		}
		i = skipSpace(s.b, i+1)
		switch {
		case at.any || at.name != "" && string(name) == at.name:
			i = s.value(i, steps[1:], depth)
		case at.deep:
			i = s.value(i, steps, depth)
		default:
			i = s.skip(i)
		}
	}
}

// elements goes through an array.
func (s *search) elements(i int, steps []step, depth int) int {
	at := &steps[0]
	for n := 0; ; {
		if i = skipSpace(s.b, i); i >= len(s.b) {
			return i
		}
		switch s.b[i] {
		case ']':
			return i + 1
		case ',':
			i++
			n++
			continue
		}
		was := i
		switch {
		case at.deep:
			i = s.value(i, steps, depth)
		case at.any || at.name == "" && at.index == n:
			i = s.value(i, steps[1:], depth)
		default:
			i = s.skip(i)
		}
		if i == was {
			return len(s.b)
		}
	}
}

// take adds the string or number at i.
func (s *search) take(i int) int {
	end := s.skip(i)
	v := s.b[i:end]
	switch c := s.b[i]; {
	case c == '"':
		v, _ = jsonString(s.b, i)
	case c == '-' || c >= '0' && c <= '9':
		if end == len(s.b) {
			return end
		}
	default:
		return end
	}
	if s.found < maxFieldValues && len(v) > 0 {
		s.found++
		add(s.m, s.name, v)
	}
	return end
}

// skip is the place behind the value at i.
func (s *search) skip(i int) int {
	for depth := 0; i < len(s.b); {
		switch c := s.b[i]; {
		case c == '"':
			_, i = jsonString(s.b, i)
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case c == ',' || c == ':' || c <= ' ':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			for i < len(s.b) && scalar(s.b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// scalar reports whether a byte goes on with a number or a word.
func scalar(c byte) bool {
	switch c {
	case ',', ':', '"', '{', '}', '[', ']':
		return false
	}
	return c > ' '
}

package tempo

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/query"
)

// SyntaxError is a fault in TraceQL.
type SyntaxError struct {
	At   int // byte
	Text string
}

// Error names the place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("TraceQL, at %d: %s", e.At+1, e.Text) }

// translate writes a TraceQL query in the language of --where; empty for one that
// selects everything. keep are its conditions that only an assembled trace can satisfy.
func translate(q string) (where string, keep []func(*assemble.Trace, int) bool, err error) {
	p := &parser{text: q}
	p.next()
	out, err := p.spansets()
	if err == nil && p.kind != end {
		err = p.fail("%q is not understood here: what is asked for is one set of braces, or several joined by ||", p.token)
	}
	if err != nil {
		return "", nil, err
	}
	return out, p.keep, nil
}

type tokenKind uint8

const (
	end tokenKind = iota
	word
	text
	sign
)

type parser struct {
	text  string
	pos   int
	at    int // where the token begins
	kind  tokenKind
	token string
	deep  int
	keep  []func(*assemble.Trace, int) bool
}

// maxDeep bounds parentheses within each other.
const maxDeep = 64

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{p.at, fmt.Sprintf(format, args...)}
}

// signs are operators, the longer ones first.
var signs = []string{"&&", "||", "!=", ">=", "<=", "=~", "!~", ">>", "<<", "{", "}", "(", ")", "=", ">", "<", "!", "|", "~", ","}

func (p *parser) next() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t' || p.text[p.pos] == '\n' || p.text[p.pos] == '\r') {
		p.pos++
	}
	p.at = p.pos
	rest := p.text[p.pos:]
	if rest == "" {
		p.kind, p.token = end, ""
		return
	}
	if c := rest[0]; c == '"' || c == '`' {
		p.quoted(rest, c)
		return
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			p.kind, p.token = sign, s
			p.pos += len(s)
			return
		}
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("{}()=<>!&|~,\"`", r) })
	if n < 0 {
		n = len(rest)
	}
	p.kind, p.token = word, rest[:n]
	if strings.HasSuffix(p.token, ".") && n < len(rest) && rest[n] == '"' { // span."a b"
		if i := strings.IndexByte(rest[n+1:], '"'); i >= 0 {
			p.token += rest[n+1 : n+1+i]
			n += i + 2
		}
	}
	p.pos += n
}

func (p *parser) quoted(rest string, c byte) {
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == c:
			p.kind, p.token = text, b.String()
			p.pos += i + 1
			return
		case rest[i] == '\\' && c == '"' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		default:
			b.WriteByte(rest[i])
		}
	}
	p.kind, p.token = sign, rest // never ends: no rule takes it
	p.pos = len(p.text)
}

func (p *parser) is(s string) bool { return p.kind == sign && p.token == s }

// spansets are sets of braces of which any may select. Joined by && each would be of
// some span of a trace, which is another question.
func (p *parser) spansets() (string, error) {
	out, err := p.spanset()
	for err == nil && p.is("||") {
		if len(p.keep) > 0 {
			return "", p.fail(ofTraces)
		}
		p.next()
		var more string
		if more, err = p.spanset(); err != nil {
			break
		}
		if len(p.keep) > 0 {
			return "", p.fail(ofTraces)
		}
		if out == "" || more == "" {
			out = ""
		} else {
			out = "(" + out + ") or (" + more + ")"
		}
	}
	return out, err
}

func (p *parser) spanset() (string, error) {
	if !p.is("{") {
		return "", p.fail("want {")
	}
	p.next()
	out := ""
	if !p.is("}") {
		var err error
		if out, err = p.or(); err != nil {
			return "", err
		}
	}
	if !p.is("}") {
		return "", p.fail("want } or an operator, not %q", p.token)
	}
	p.next()
	return out, nil
}

// ofTraces is said where a condition of a trace stands beside an alternative.
const ofTraces = "what asks for the trace as a whole (traceDuration, rootName, nestedSetParent, ...) can be joined by && only"

// or is one of several conditions; empty for what everything satisfies.
func (p *parser) or() (string, error) {
	before := len(p.keep)
	out, err := p.and()
	for err == nil && p.is("||") {
		if len(p.keep) > before {
			return "", p.fail(ofTraces)
		}
		p.next()
		var more string
		if more, err = p.and(); err != nil {
			break
		}
		if len(p.keep) > before {
			return "", p.fail(ofTraces)
		}
		if out == "" || more == "" {
			out = ""
		} else {
			out = "(" + out + " or " + more + ")"
		}
	}
	return out, err
}

func (p *parser) and() (string, error) {
	out, err := p.term()
	for err == nil && p.is("&&") {
		p.next()
		var more string
		if more, err = p.term(); err != nil {
			break
		}
		switch {
		case out == "":
			out = more
		case more != "":
			out = "(" + out + " and " + more + ")"
		}
	}
	return out, err
}

func (p *parser) term() (string, error) {
	if p.deep++; p.deep > maxDeep {
		return "", p.fail("too many parentheses")
	}
	defer func() { p.deep-- }()
	switch {
	case p.is("("):
		p.next()
		out, err := p.or()
		if err == nil && !p.is(")") {
			err = p.fail("want )")
		}
		p.next()
		if out != "" {
			out = "(" + out + ")"
		}
		return out, err
	case p.is("!"):
		p.next()
		before := len(p.keep)
		out, err := p.term()
		if err == nil && (out == "" || len(p.keep) > before) {
			err = p.fail("! cannot stand before what asks for the trace as a whole, nor before true")
		}
		return "not " + out, err
	case p.kind == word && p.token == "true":
		p.next()
		return "", nil
	case p.kind != word:
		return "", p.fail("want a field, not %q", p.token)
	}
	return p.comparison()
}

func (p *parser) comparison() (string, error) {
	if w := wholes[p.token]; w != nil {
		return "", p.whole(w)
	}
	field, kind, err := p.field()
	if err != nil {
		return "", err
	}
	p.next()
	op, ok := map[string]string{"=": "=", "!=": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<=", "=~": "~", "!~": "!~"}[p.token]
	if p.kind != sign || !ok {
		return "exists " + field, nil
	}
	p.next()
	if p.kind != word && p.kind != text {
		return "", p.fail("want a value, not %q", p.token)
	}
	v := p.token
	switch {
	case p.kind == word && v == "nil":
		p.next()
		if op == "!=" {
			return "exists " + field, nil
		}
		return "not exists " + field, nil
	case kind == "status":
		return p.status(op, v)
	case op == "~" || op == "!~": // the whole text must match
		v = "^(?:" + v + ")$"
	}
	p.next()
	return field + " " + op + " " + query.Quote(v), nil
}

func (p *parser) status(op, v string) (string, error) {
	if op != "=" && op != "!=" {
		return "", p.fail("status takes = and != only")
	}
	var out string
	switch v {
	case "error":
		out = "error"
	case "ok", "unset":
		out = "not error"
	default:
		return "", p.fail("status is error, ok or unset, not %q", v)
	}
	p.next()
	if op == "!=" {
		out = "not (" + out + ")"
	}
	return out, nil
}

// intrinsics are fields of TraceQL that are no attributes.
var intrinsics = map[string]string{
	"name": "name", "span:name": "name", "duration": "duration", "span:duration": "duration",
	"status": "status", "span:status": "status", "kind": "kind", "span:kind": "kind", "trace:id": "trace", "span:id": "span",
}

// field is what the token names, quoted for the language of --where.
func (p *parser) field() (name, kind string, err error) {
	t := p.token
	if n, ok := intrinsics[t]; ok {
		return n, n, nil
	}
	for _, prefix := range [...]string{"span.", "resource.", "."} {
		if n, ok := strings.CutPrefix(t, prefix); ok && n != "" {
			return query.Quote(n), "", nil
		}
	}
	return "", "", p.fail("%q cannot be asked for: want name, duration, status, kind, traceDuration, rootName, rootServiceName, statusMessage, nestedSetParent < 0, or an attribute as .name, span.name or resource.name", t)
}

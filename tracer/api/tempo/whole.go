package tempo

import (
	"cmp"
	"regexp"
	"strconv"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
)

// whole is a field that an assembled trace has, and no stored span: it is looked at
// when the trace has been put together. One of text and number is set.
type whole struct {
	text   func(t *assemble.Trace, node int) string
	number func(t *assemble.Trace, node int) int64
	parse  func(string) (int64, error) // of number
}

var (
	traceDuration = &whole{number: func(t *assemble.Trace, _ int) int64 { return t.End - t.Start }, parse: parseDuration}
	rootName      = &whole{text: func(t *assemble.Trace, _ int) string { return t.Nodes[0].Span.Name }}
	rootService   = &whole{text: func(t *assemble.Trace, _ int) string { return t.Nodes[0].Span.Service }}
	message       = &whole{text: func(t *assemble.Trace, i int) string { return t.Nodes[i].Span.Message }}
	scopeName     = &whole{text: func(t *assemble.Trace, i int) string { return t.Nodes[i].Span.Scope }}
	// Tempo numbers spans; -1 is the parent of roots, which is what Grafana asks for.
	parentNumber = &whole{number: func(t *assemble.Trace, i int) int64 { return int64(t.Nodes[i].Parent) }, parse: parseNumber}
)

// wholes are TraceQL's names of them.
var wholes = map[string]*whole{
	"traceDuration": traceDuration, "trace:duration": traceDuration,
	"rootName": rootName, "trace:rootName": rootName,
	"rootServiceName": rootService, "trace:rootService": rootService,
	"statusMessage": message, "span:statusMessage": message,
	"instrumentation:name": scopeName,
	"nestedSetParent":      parentNumber,
}

func parseDuration(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	return int64(d), err
}

func parseNumber(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

// whole reads operator and value of a condition of a trace.
func (p *parser) whole(w *whole) error {
	p.next()
	op := p.token
	if _, ok := orders[op]; p.kind != sign || !ok && op != "=~" && op != "!~" {
		return p.fail("want an operator, not %q", p.token)
	}
	p.next()
	v := p.token
	if p.kind != word && p.kind != text {
		return p.fail("want a value, not %q", v)
	}
	if w.text != nil {
		is, err := p.compareText(op, v)
		if err != nil {
			return err
		}
		p.keep = append(p.keep, func(t *assemble.Trace, i int) bool { return is(w.text(t, i)) })
		p.next()
		return nil
	}
	n, err := w.parse(v)
	if err != nil {
		return p.fail("%q is no value of it", v)
	}
	is, ok := orders[op]
	if !ok {
		return p.fail("a number takes = != < <= > >=, not %q", op)
	}
	p.keep = append(p.keep, func(t *assemble.Trace, i int) bool { return is(cmp.Compare(w.number(t, i), n)) })
	p.next()
	return nil
}

// orders are comparisons of numbers by what cmp.Compare says.
var orders = map[string]func(int) bool{
	"=": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

func (p *parser) compareText(op, v string) (func(string) bool, error) {
	switch op {
	case "=":
		return func(s string) bool { return s == v }, nil
	case "!=":
		return func(s string) bool { return s != v }, nil
	case "=~", "!~":
		re, err := regexp.Compile("^(?:" + v + ")$") // the whole text must match
		if err != nil {
			return nil, p.fail("%s", err)
		}
		return func(s string) bool { return re.MatchString(s) == (op == "=~") }, nil
	}
	return nil, p.fail("a text takes = != =~ !~, not %q", op)
}

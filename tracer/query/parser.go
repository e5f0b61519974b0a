package query

import (
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
)

// Bounds of an expression.
const (
	maxExpr  = 16 << 10 // bytes
	maxDepth = 64       // parentheses and negations around one another
	maxNodes = 1024
)

// Expr is a parsed expression. It has scratch memory: one goroutine at a time.
type Expr struct {
	root    int
	nodes   []node
	scratch []byte
	absent  []Absent
}

// Absent is an attribute of an expression that no span of this program has: a
// mistake, or one that spans of others may have.
type Absent struct {
	Name string
	Near string // the attribute with the nearest name, empty if none is near
}

// Absent lists the attributes that the expression asks for in vain, each once,
// in their order.
func (e *Expr) Absent() []Absent { return e.absent }

type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opCompare
)

// node is an inner node over nodes[a] and nodes[b], or a comparison.
type node struct {
	op   op
	a, b int
	comparison
}

type parser struct {
	lexer
	keys   *span.Keys
	stored bool
	tok    token
	depth  int
	out    Expr
}

// Parse compiles an expression; keys are all attributes that spans may have.
// The error is a *SyntaxError. An empty expression matches every span.
func Parse(expr string, keys *span.Keys) (*Expr, error) {
	return parse(expr, parser{keys: keys})
}

// ParseStored compiles an expression about spans of any program, for MatchView:
// every name with a dot in it is an attribute, and so is every name in quotes;
// keys are those whose types are known.
func ParseStored(expr string, keys *span.Keys) (*Expr, error) {
	return parse(expr, parser{keys: keys, stored: true})
}

func parse(expr string, p parser) (*Expr, error) {
	if len(expr) > maxExpr {
		return nil, &SyntaxError{Expr: expr[:64] + "...", Len: 67, Msg: fmt.Sprintf("expression is longer than %d bytes", maxExpr)}
	}
	p.lexer = lexer{expr: expr}
	if strings.TrimSpace(expr) == "" {
		return &Expr{root: -1}, nil
	}
	err := p.advance()
	if err == nil {
		p.out.root, err = p.or()
	}
	if err == nil && p.tok.kind != end {
		err = p.fault(p.tok, "expected and, or, or the end, not %q", p.tok.text)
	}
	if err != nil {
		return nil, err
	}
	return &p.out, nil
}

// miss notes an attribute that no span has.
func (p *parser) miss(name string) {
	for _, a := range p.out.absent {
		if a.Name == name {
			return
		}
	}
	near, _ := suggest(name, p.keys)
	p.out.absent = append(p.out.absent, Absent{Name: name, Near: near})
}

func (p *parser) fault(t token, format string, args ...any) *SyntaxError {
	return &SyntaxError{Expr: p.expr, Pos: t.pos, Len: t.len, Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) advance() (err *SyntaxError) {
	p.tok, err = p.next()
	return err
}

func (p *parser) add(n node) (int, *SyntaxError) {
	if len(p.out.nodes) == maxNodes {
		return 0, p.fault(p.tok, "more than %d terms", maxNodes)
	}
	p.out.nodes = append(p.out.nodes, n)
	return len(p.out.nodes) - 1, nil
}

func (p *parser) or() (int, *SyntaxError) { return p.chain(opOr, "or", "||", (*parser).and) }

func (p *parser) and() (int, *SyntaxError) { return p.chain(opAnd, "and", "&&", (*parser).not) }

func (p *parser) chain(o op, text, symbol string, below func(*parser) (int, *SyntaxError)) (int, *SyntaxError) {
	a, err := below(p)
	for err == nil && (p.tok.is(text) || p.tok.is(symbol)) {
		if err = p.advance(); err != nil {
			break
		}
		var b int
		if b, err = below(p); err == nil {
			a, err = p.add(node{op: o, a: a, b: b})
		}
	}
	return a, err
}

func (p *parser) not() (int, *SyntaxError) {
	negation, group := p.tok.is("not") || p.tok.is("!"), p.tok.is("(")
	if !negation && !group {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		return 0, p.fault(p.tok, "nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	open := p.tok
	if err := p.advance(); err != nil {
		return 0, err
	}
	if negation {
		a, err := p.not()
		if err != nil {
			return 0, err
		}
		return p.add(node{op: opNot, a: a})
	}
	a, err := p.or()
	if err != nil {
		return 0, err
	}
	if !p.tok.is(")") {
		if p.tok.kind == end {
			return 0, p.fault(open, "parenthesis is not closed")
		}
		return 0, p.fault(p.tok, "expected and, or, or ), not %q", p.tok.text)
	}
	return a, p.advance()
}

// comparison reads "field", "field op value" or "exists field".
func (p *parser) comparison() (int, *SyntaxError) {
	before := p.tok.is("exists")
	if before {
		if err := p.advance(); err != nil {
			return 0, err
		}
	}
	at := p.tok
	if at.kind == end {
		return 0, p.fault(at, "expected a field")
	}
	if at.kind == sign || at.is("and") || at.is("or") {
		return 0, p.fault(at, "expected a field, not %q", at.text)
	}
	f, msg := p.field(at)
	if msg != "" {
		return 0, p.fault(at, "%s", msg)
	}
	if f.kind == unknown {
		p.miss(at.text)
	}
	c := comparison{field: f, op: exists}
	if before {
		n, err := p.add(node{op: opCompare, comparison: c})
		if err != nil {
			return 0, err
		}
		return n, p.advance()
	}
	if err := p.advance(); err != nil {
		return 0, err
	}
	o, ok := operators[strings.ToLower(p.tok.text)]
	ok = ok && p.tok.kind != quoted
	switch {
	case ok && o == exists:
		if err := p.advance(); err != nil {
			return 0, err
		}
	case ok && f.kind == anyText && o.orders():
		return 0, p.fault(p.tok, "%s has no order, it takes =, contains or ~", at.text)
	case ok:
		if err := p.operand(&c, o, at); err != nil {
			return 0, err
		}
	case f.kind == isError || f.typ == "Bool":
		c.op, c.values = equal, []value{{text: "true", yes: true, isBool: true}}
	case p.tok.kind == end || p.tok.kind == sign:
		return 0, p.fault(at, "%s needs an operator and a value, as in %s = x", at.text, at.text)
	default:
		return 0, p.fault(p.tok, "expected an operator such as = or ~, not %q", p.tok.text)
	}
	return p.add(node{op: opCompare, comparison: c})
}

// field reads the name of a field. In quotes it is an attribute, whatever it
// looks like.
func (p *parser) field(t token) (f field, msg string) {
	if t.kind != quoted || !p.stored {
		return lookup(t.text, p.keys, p.stored)
	}
	if t.text == "" {
		return f, "expected the name of an attribute within the quotes"
	}
	if k, ok := p.keys.Lookup(t.text); ok {
		return field{key: k, typ: p.keys.Doc(k).Type, names: []string{t.text}}, ""
	}
	return field{kind: unknown, names: []string{t.text}}, ""
}

// operand reads what follows the operator, which is the current token.
func (p *parser) operand(c *comparison, o operator, at token) *SyntaxError {
	c.op = o
	opTok := p.tok
	if o == in {
		p.space()
		if p.pos < len(p.expr) && p.expr[p.pos] == '(' {
			p.pos++
			return p.list(c, at)
		}
	}
	v, err := p.value(false)
	if err == nil {
		err = p.take(c, v, at, opTok)
	}
	if err == nil {
		err = p.advance()
	}
	return err
}

// list reads "a, b, c)".
func (p *parser) list(c *comparison, at token) *SyntaxError {
	for {
		v, err := p.value(true)
		if err == nil {
			err = p.take(c, v, at, v)
		}
		if err == nil {
			err = p.advance()
		}
		switch {
		case err != nil:
			return err
		case p.tok.is(")"):
			return p.advance()
		case !p.tok.is(","):
			return p.fault(p.tok, "expected , or ) in the list")
		case len(c.values) >= maxNodes:
			return p.fault(p.tok, "more than %d values", maxNodes)
		}
	}
}

// take compiles one value for the comparison.
func (p *parser) take(c *comparison, v, at, opTok token) *SyntaxError {
	if v.kind == end || v.kind == sign {
		return p.fault(v, "expected a value after %q", opTok.text)
	}
	val, msg := compile(c, v.text)
	if msg != "" {
		return p.fault(v, "%s %s", at.text, msg)
	}
	c.values = append(c.values, val)
	return nil
}

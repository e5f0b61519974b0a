package filter

import "fmt"

// maxDepth bounds nesting of parentheses, brackets and negations.
const maxDepth = 200

// parser reads tokens by recursive descent. "and" and "or" bind equally and to
// the left; an id without qualifiers takes those of its predecessor.
type parser struct {
	expr   string
	tokens []token
	pos    int
	depth  int
	err    *SyntaxError
}

// parse reads an expression; an empty one gives nil.
func parse(expr string) (cond, *SyntaxError) {
	tokens, err := lex(expr)
	if err != nil {
		return nil, err
	}
	p := &parser{expr: expr, tokens: tokens}
	if p.peek().kind == tokEnd {
		return nil, nil
	}
	c, _ := p.conditions(nothing)
	if t := p.peek(); p.err == nil && t.kind != tokEnd {
		p.unexpected(t)
	}
	return c, p.err
}

func (p *parser) peek() token { return p.tokens[p.pos] }

// at looks n tokens ahead.
func (p *parser) at(n int) token {
	return p.tokens[min(p.pos+n, len(p.tokens)-1)]
}

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

// take goes over a keyword or operator if it is next.
func (p *parser) take(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	return false
}

// want is take that complains.
func (p *parser) want(text string) {
	if !p.take(text) {
		p.fail(p.peek().span, fmt.Sprintf("%q is missing before %s", text, named(p.peek())))
	}
}

// fail notes the first mistake and goes to the end, so that parsing stops.
func (p *parser) fail(at span, msg string) {
	if p.err == nil {
		p.err = &SyntaxError{Expr: p.expr, Offset: at.off, Length: at.end - at.off, Msg: msg}
	}
	p.pos = len(p.tokens) - 1
}

func (p *parser) unexpected(t token) {
	p.fail(t.span, fmt.Sprintf("syntax error at %s", named(t)))
}

// enter counts one level of nesting.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.peek().span, fmt.Sprintf("more than %d levels of nesting", maxDepth))
		return false
	}
	return true
}

// named shows a token in a message.
func named(t token) string {
	if t.kind == tokEnd {
		return "the end"
	}
	if t.text == "!" {
		return `"not"`
	}
	return fmt.Sprintf("%q", t.text)
}

// conditions reads terms joined by "and" and "or". q is what stood before; the
// second result is what an id that follows inherits.
func (p *parser) conditions(q qualifier) (cond, qualifier) {
	if !p.enter() {
		return nil, nothing
	}
	defer func() { p.depth-- }()
	l, lq := p.term(q)
	for p.err == nil {
		and := p.peek().is("and")
		if !and && !p.peek().is("or") {
			break
		}
		p.next()
		var r cond
		if p.startsID() {
			r = p.id(lq)
		} else {
			r, lq = p.term(lq)
		}
		if and {
			l = &andCond{l, r}
		} else {
			l = &orCond{l, r}
		}
	}
	return l, lq
}

// term reads one condition: not x, (x), or a primitive.
func (p *parser) term(q qualifier) (cond, qualifier) {
	if p.err != nil || !p.enter() {
		return nil, nothing
	}
	defer func() { p.depth-- }()
	if p.take("!") {
		x, xq := p.term(q)
		return &notCond{x}, xq
	}
	if p.startsRelation() {
		return p.relation(), nothing
	}
	if p.take("(") {
		x, _ := p.conditions(q)
		p.want(")")
		return x, q
	}
	return p.primitive()
}

// startsID reports whether what follows "and" or "or" is an id that inherits
// its qualifiers: not a comparison, and not a term with a head of its own.
func (p *parser) startsID() bool {
	i := 0
	for p.at(i).is("!") || p.at(i).is("(") {
		i++
	}
	if !p.at(i).isID() || p.peek().is("(") && p.startsRelation() {
		return false
	}
	return p.at(i).kind != tokNum || p.at(i+1).kind != tokOp || !isArithOp(p.at(i+1).text)
}

// id reads an address, port, ... that inherits q.
func (p *parser) id(q qualifier) cond {
	if p.err != nil || !p.enter() {
		return nil
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case p.take("!"):
		return &notCond{p.id(q)}
	case p.take("("):
		l := p.id(q)
		for p.err == nil && (p.peek().is("and") || p.peek().is("or")) {
			and := p.next().is("and")
			if r := p.id(q); and {
				l = &andCond{l, r}
			} else {
				l = &orCond{l, r}
			}
		}
		p.want(")")
		return l
	case t.isID():
		if q.kind == "?" {
			p.fail(t.span, fmt.Sprintf("%s stands without host, port or the like", named(t)))
			return nil
		}
		return p.value(q)
	default:
		p.unexpected(t)
		return nil
	}
}

// value reads the id itself, with its mask or prefix length.
func (p *parser) value(q qualifier) cond {
	t := p.next()
	c := &idCond{at: t.span, q: q, id: t, bits: -1}
	switch {
	case (t.kind == tokAddr4 || t.kind == tokAddr6) && p.take("/"):
		n := p.next()
		if n.kind != tokNum {
			p.fail(n.span, fmt.Sprintf("prefix length is missing before %s", named(n)))
			return nil
		}
		c.bits, c.at = int(min(n.num, 1<<20)), t.span.to(n.span)
	case t.kind == tokAddr4 && p.take("mask"):
		c.mask = p.next()
		if c.mask.kind != tokAddr4 {
			p.fail(c.mask.span, fmt.Sprintf("network mask is missing before %s", named(c.mask)))
			return nil
		}
		c.at = t.span.to(c.mask.span)
	}
	return c
}

package filter

// precedence of the operators of numbers; higher binds stronger. "%" and "^"
// have none in libpcap's grammar, by which expressions are written: both bind
// to the left before anything else, and to the right after everything else, so
// that a % b + c is a % (b + c).
var precedence = map[string]int{
	"|": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": greedy, "^": greedy,
}

const greedy = 9 // above all others

func isRelOp(t token) bool {
	switch t.text {
	case ">", ">=", "=", "<=", "<", "!=":
		return t.kind == tokOp
	}
	return false
}

func isArithOp(text string) bool {
	return precedence[text] > 0 || isRelOp(token{kind: tokOp, text: text})
}

// startsRelation reports whether a comparison of numbers is next. Behind
// opening parentheses only a trial tells "(tcp[0] + 1) = 2" from "(tcp[0] = 2)".
func (p *parser) startsRelation() bool {
	t := p.peek()
	switch {
	case t.kind == tokNum, t.is("len"), t.is("-"):
		return true
	case t.kind == tokWord && protocols[t.text]:
		return p.at(1).is("[")
	case !t.is("("):
		return false
	}
	for i := 1; ; i++ { // ((( and then a number, or it cannot be one
		if in := p.at(i); !in.is("(") {
			if in.kind != tokNum && !in.is("len") && !in.is("-") && !(in.kind == tokWord && protocols[in.text] && p.at(i+1).is("[")) {
				return false
			}
			break
		}
	}
	end := p.closing()
	return end > 0 && p.tokens[end+1].kind == tokOp && isArithOp(p.tokens[end+1].text)
}

// closing finds the parenthesis that closes the one that is next; 0 if none.
func (p *parser) closing() int {
	depth := 0
	for i := p.pos; i < len(p.tokens)-1; i++ {
		switch {
		case p.tokens[i].is("("):
			depth++
		case p.tokens[i].is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return 0
}

// relation reads a comparison.
func (p *parser) relation() cond {
	l := p.number(0)
	op := p.peek()
	if p.err != nil {
		return nil
	}
	if !isRelOp(op) {
		p.fail(op.span, "a comparison (> >= = <= < !=) is missing before "+named(op))
		return nil
	}
	p.next()
	r := p.number(0)
	if p.err != nil {
		return nil
	}
	return &relCond{at: l.where().to(r.where()), op: op.text, l: l, r: r}
}

// number reads operands joined by operators that bind stronger than floor.
func (p *parser) number(floor int) arith {
	l := p.operand()
	for p.err == nil {
		op := p.peek()
		prec := precedence[op.text]
		if op.kind != tokOp || prec <= floor {
			break
		}
		p.next()
		if prec == greedy {
			prec = 0
		}
		r := p.number(prec)
		if p.err != nil {
			break
		}
		l = &binArith{op: op.text, l: l, r: r, opAt: op.span}
	}
	return l
}

// operand reads a number, len, -x, (x) or proto[x:size].
func (p *parser) operand() arith {
	if p.err != nil || !p.enter() {
		return nil
	}
	defer func() { p.depth-- }()
	switch t := p.next(); {
	case t.kind == tokNum:
		return &numArith{at: t.span, num: t.num}
	case t.is("len"):
		return &lenArith{at: t.span}
	case t.is("-"):
		x := p.number(greedy - 1)
		if p.err != nil {
			return nil
		}
		return &negArith{at: t.span, x: x}
	case t.is("("):
		x := p.number(0)
		p.want(")")
		return x
	case t.kind == tokWord && protocols[t.text] && p.peek().is("["):
		return p.access(t)
	default:
		p.fail(t.span, "a number is missing before "+named(t))
		return nil
	}
}

// access reads [index:size] behind a protocol.
func (p *parser) access(t token) arith {
	p.next()
	a := &accessArith{at: t.span, proto: t.text, index: p.number(0), size: 1}
	if p.take(":") {
		n := p.wantNum(":")
		a.size, a.sizeAt = n.num, n.span
	}
	a.at.end = p.peek().span.end
	p.want("]")
	if p.err != nil {
		return nil
	}
	return a
}

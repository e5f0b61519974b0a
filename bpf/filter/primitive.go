package filter

import "fmt"

// primitive reads a condition that begins with a keyword.
func (p *parser) primitive() (cond, qualifier) {
	t := p.peek()
	switch {
	case t.kind != tokWord:
		switch {
		case t.isID():
			p.fail(t.span, fmt.Sprintf("%s stands without host, port or the like", named(t)))
		case t.kind == tokEnd:
			p.fail(t.span, "the expression ends where a condition is missing")
		default:
			p.unexpected(t)
		}
		return nil, nothing
	case protocols[t.text]:
		p.next()
		return p.afterProtocol(t)
	case elsewhere[t.text] != "":
		p.fail(t.span, fmt.Sprintf("%q is known on %s only", p.expr[t.span.off:t.span.end], elsewhere[t.text]))
		return nil, nothing
	}
	if c := p.other(t); c != nil || p.err != nil {
		return c, nothing
	}
	return p.qualified(qualifier{}, t.span)
}

// afterProtocol goes on behind a protocol's name.
func (p *parser) afterProtocol(t token) (cond, qualifier) {
	switch n := p.peek(); {
	case n.is("broadcast"), n.is("multicast"):
		p.next()
		return &wordCond{at: t.span.to(n.span), word: n.text, proto: t.text}, nothing
	case n.is("type"), n.is("subtype"), n.is("dir"):
		return p.wlan(n), nothing
	case n.is("proto"), n.is("protochain"), n.is("gateway"), isDir(n), isKind(n):
		return p.qualified(qualifier{proto: t.text}, t.span)
	}
	return &protoCond{at: t.span, name: t.text}, nothing
}

func isDir(t token) bool {
	switch t.text {
	case "src", "dst", "addr1", "addr2", "addr3", "addr4", "ra", "ta":
		return t.kind == tokWord
	}
	return false
}

func isKind(t token) bool {
	switch t.text {
	case "host", "net", "port", "portrange":
		return t.kind == tokWord
	}
	return false
}

// qualified reads direction, kind, and the id or ids they hold for.
func (p *parser) qualified(q qualifier, head span) (cond, qualifier) {
	switch t := p.peek(); {
	case t.is("proto"), t.is("protochain"), t.is("gateway"):
		q.kind = p.next().text
	case isDir(t):
		q.dir = p.direction()
		if isKind(p.peek()) {
			q.kind = p.next().text
		}
	case isKind(t):
		q.kind = p.next().text
	default:
		p.unexpected(t)
		return nil, nothing
	}
	if t := p.peek(); !t.isID() && !t.is("(") && !t.is("!") {
		what := q.kind
		if what == "" {
			what = "host"
		}
		p.fail(t.span, fmt.Sprintf("what follows is no %s: %s", what, named(t)))
		return nil, nothing
	}
	return p.id(q), q
}

// direction reads src, dst, src or dst, and so on.
func (p *parser) direction() string {
	t := p.next()
	if t.text != "src" && t.text != "dst" {
		return t.text
	}
	join, other := p.peek(), p.at(1)
	if (join.is("or") || join.is("and")) && (other.is("src") || other.is("dst")) && other.text != t.text {
		p.pos += 2
		return join.text
	}
	return t.text
}

// other reads the primitives with names of their own; nil if t begins none.
func (p *parser) other(t token) cond {
	c := &wordCond{at: t.span, word: t.text}
	switch t.text {
	case "broadcast", "multicast", "inbound", "outbound", "pppoed":
		p.next()
	case "less", "greater", "ifindex":
		p.next()
		c.args = []token{p.wantNum(t.text)}
	case "byte":
		p.next()
		index := p.wantNum("byte")
		op := p.next()
		switch op.text {
		case "=", "<", ">", "&", "|":
		default:
			p.unexpected(op)
			return nil
		}
		c.args = []token{index, op, p.wantNum("byte")}
	case "vlan", "mpls", "pppoes", "geneve":
		p.next()
		if n, ok := p.parenNum(); ok {
			c.args = []token{n}
		}
	case "type", "subtype", "dir":
		return p.wlan(t)
	case "llc":
		p.next()
		if n := p.peek(); n.kind == tokName || n.is("rnr") {
			c.args = []token{p.next()}
		}
	default:
		return nil
	}
	if len(c.args) > 0 {
		c.at = t.span.to(c.args[len(c.args)-1].span)
	}
	return c
}

// wlan reads "type X subtype Y", "type X", "subtype Y" and "dir X" of 802.11.
func (p *parser) wlan(t token) cond {
	p.next()
	v := p.next()
	if v.kind != tokName && v.kind != tokNum {
		p.fail(v.span, fmt.Sprintf("802.11 %s is missing before %s", t.text, named(v)))
		return nil
	}
	c := &wordCond{at: t.span.to(v.span), word: t.text, args: []token{v}}
	if t.is("type") && p.take("subtype") {
		s := p.next()
		if s.kind != tokName && s.kind != tokNum {
			p.fail(s.span, fmt.Sprintf("802.11 subtype is missing before %s", named(s)))
			return nil
		}
		c.args, c.at = append(c.args, s), t.span.to(s.span)
	}
	return c
}

func (p *parser) wantNum(after string) token {
	t := p.next()
	if t.kind != tokNum {
		p.fail(t.span, fmt.Sprintf("a number is missing after %q, before %s", after, named(t)))
	}
	return t
}

// parenNum takes a number, which may stand in parentheses, if one follows that
// is not the begin of a comparison.
func (p *parser) parenNum() (token, bool) {
	n := 0
	for p.at(n).is("(") {
		n++
	}
	t := p.at(n)
	if t.kind != tokNum {
		return t, false
	}
	for i := range n {
		if !p.at(n + 1 + i).is(")") {
			return t, false
		}
	}
	p.pos += 2*n + 1
	return t, true
}

package filter

import (
	"fmt"

	"github.com/wirespan/wirespan/capture"
)

// generator turns conditions into formulas for one link type.
type generator struct {
	p     *pool
	opt   *Options
	expr  string // of the scope, for mistakes
	start layers
	layers
	here span // of the primitive that is being made
	err  *SyntaxError
}

func newGenerator(opt *Options) (*generator, error) {
	g := &generator{p: newPool(), opt: opt}
	var err error
	g.start, err = g.outermost(opt.Link)
	g.layers = g.start
	return g, err
}

// fail notes the first mistake and gives a formula to go on with.
func (g *generator) fail(at span, format string, args ...any) *formula {
	if g.err == nil {
		g.err = &SyntaxError{Expr: g.expr, Offset: at.off, Length: at.end - at.off, Msg: fmt.Sprintf(format, args...)}
		for _, a := range args {
			if err, ok := a.(error); ok {
				g.err.err = err
			}
		}
	}
	return never()
}

// cond makes the formula of a condition. Conditions are visited in the order
// of the text, which is the order in which layers move.
func (g *generator) cond(c cond) *formula {
	if g.err != nil {
		return never()
	}
	switch c := c.(type) {
	case *andCond:
		l := g.cond(c.l)
		return and(l, g.cond(c.r))
	case *orCond:
		l := g.cond(c.l)
		return or(l, g.cond(c.r))
	case *notCond:
		return not(g.cond(c.x))
	case *scopeCond:
		return g.scope(c)
	case *protoCond:
		return g.protocol(c.name, c.at)
	case *idCond:
		return g.id(c)
	case *wordCond:
		return g.word(c)
	case *relCond:
		return g.relation(c)
	}
	return always()
}

// scope makes the formula of an expression of its own.
func (g *generator) scope(c *scopeCond) *formula {
	expr, moved := g.expr, g.layers
	g.expr, g.layers = c.expr, g.start
	f := always()
	if c.x != nil {
		f = g.cond(c.x)
	}
	g.layers = moved
	if g.err == nil {
		g.expr = expr
	}
	return f
}

// Values.

func (g *generator) alu(op uint8, a *value, k uint32) *value { return g.p.alu(op, a, g.p.num(k)) }

// at is the number of size bytes at a + off.
func (g *generator) at(a addr, off uint32, size uint8) *value { return g.p.load(size, a.v, a.k+off) }

// transport4 is the transport header behind an IPv4 header.
func (g *generator) transport4() addr {
	n := g.network()
	size := g.alu(aluLsh, g.alu(aluAnd, g.at(n, 0, 1), 0xf), 2)
	if n.v != nil {
		size = g.p.alu(aluAdd, n.v, size)
	}
	return addr{size, n.k}
}

// transport6 is what follows the fixed IPv6 header.
func (g *generator) transport6() addr { return g.network().plus(40) }

// Tests.

func (g *generator) eq(v *value, k uint32) *formula { return g.p.compareConst(jmpJEQ, v, k) }
func (g *generator) gt(v *value, k uint32) *formula { return g.p.compareConst(jmpJGT, v, k) }
func (g *generator) ge(v *value, k uint32) *formula { return g.p.compareConst(jmpJGE, v, k) }

// masked is v & mask == k.
func (g *generator) masked(v *value, mask, k uint32) *formula {
	if mask == 0 {
		if k == 0 {
			return always()
		}
		return never()
	}
	return g.eq(g.alu(aluAnd, v, mask), k)
}

// set is v & mask != 0.
func (g *generator) set(v *value, mask uint32) *formula { return not(g.masked(v, mask, 0)) }

// bytes compares what is at a with b, from the last bytes to the first: hosts
// of one network differ at the end.
func (g *generator) bytes(a addr, b []byte) *formula {
	f := always()
	for n := len(b); n > 0; {
		size := 4
		if n < 4 {
			size = min(n, 2)
		}
		n -= size
		var k uint32
		for _, c := range b[n : n+size] {
			k = k<<8 | uint32(c)
		}
		f = and(f, g.eq(g.at(a, uint32(n), uint8(size)), k))
	}
	return f
}

// is reports whether the innermost link layer is one of list.
func (g *generator) is(list ...capture.LinkType) bool {
	for _, t := range list {
		if g.link == t {
			return true
		}
	}
	return false
}

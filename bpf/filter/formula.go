package filter

// Tests of a value against a constant; jmpJSET is made of jmpJEQ when
// instructions are chosen.
type test struct {
	op uint8 // jmpJEQ, jmpJGT, jmpJGE
	v  *value
	k  uint32
}

// formulaKind says how a formula is made up.
type formulaKind uint8

const (
	fConst formulaKind = iota
	fTest
	fAnd
	fOr
	fNot
)

// formula is a condition over values, evaluated from left to right and only as
// far as needed.
type formula struct {
	kind formulaKind
	yes  bool // of fConst
	l, r *formula
	test test
}

func always() *formula { return &formula{kind: fConst, yes: true} }

func never() *formula { return &formula{kind: fConst} }

func (f *formula) isNever() bool { return f.kind == fConst && !f.yes }

// and is true if all of list are; they are evaluated in order.
func and(list ...*formula) *formula {
	f := list[0]
	for _, r := range list[1:] {
		switch {
		case f.kind == fConst && f.yes:
			f = r
		case f.kind == fConst, r.kind == fConst && r.yes:
		default:
			f = &formula{kind: fAnd, l: f, r: r}
		}
	}
	return f
}

// or is true if one of list is.
func or(list ...*formula) *formula {
	f := list[0]
	for _, r := range list[1:] {
		switch {
		case f.kind == fConst && !f.yes:
			f = r
		case f.kind == fConst, r.kind == fConst && !r.yes:
		default:
			f = &formula{kind: fOr, l: f, r: r}
		}
	}
	return f
}

func not(f *formula) *formula {
	switch {
	case f.kind == fConst && f.yes:
		return never()
	case f.kind == fConst:
		return always()
	case f.kind == fNot:
		return f.l
	}
	return &formula{kind: fNot, l: f}
}

// compare is a op b, with op one of jmpJEQ, jmpJGT, jmpJGE.
func (p *pool) compare(op uint8, a, b *value) *formula {
	if a.isConst() && !b.isConst() {
		switch op {
		case jmpJEQ:
			a, b = b, a
		case jmpJGT: // a > b is not b >= a
			return not(p.compare(jmpJGE, b, a))
		case jmpJGE:
			return not(p.compare(jmpJGT, b, a))
		}
	}
	if b.isConst() {
		return p.compareConst(op, a, b.k)
	}
	both := p.intern(valueKey{kind: kCmp, op: op, a: a, b: b}, 1)
	return &formula{kind: fTest, test: test{jmpJEQ, both, 1}}
}

// compareConst is v op k.
func (p *pool) compareConst(op uint8, v *value, k uint32) *formula {
	if v.isConst() {
		if holds(op, v.k, k) {
			return always()
		}
		return never()
	}
	switch {
	case op == jmpJEQ && v.kind == kALU && v.b.isConst():
		switch v.op { // undone on the right side
		case aluAdd:
			return p.compareConst(op, v.a, k-v.b.k)
		case aluSub:
			return p.compareConst(op, v.a, k+v.b.k)
		case aluXor:
			return p.compareConst(op, v.a, k^v.b.k)
		}
	case op == jmpJEQ && k == 0 && v.kind == kALU && (v.op == aluSub || v.op == aluXor):
		return p.compare(jmpJEQ, v.a, v.b)
	}
	return &formula{kind: fTest, test: test{op, v, k}}
}

func holds(op uint8, a, b uint32) bool {
	switch op {
	case jmpJEQ:
		return a == b
	case jmpJGT:
		return a > b
	}
	return a >= b
}

package filter

import "math/bits"

// alu is a op b, computed now as far as it can be. Division by zero rejects the
// packet.
func (p *pool) alu(op uint8, a, b *value) *value {
	if (op == aluDiv || op == aluMod) && b.isConst() && b.k == 0 {
		return p.load(1, nil, nowhere)
	}
	if a.isConst() && !b.isConst() && commutes(op) {
		a, b = b, a
	}
	if a.isConst() && b.isConst() {
		if v, ok := compute(op, a.k, b.k); ok {
			return p.num(v)
		}
	}
	if b.isConst() {
		if v := p.aluConst(op, a, b.k); v != nil {
			return v
		}
	}
	return p.intern(valueKey{kind: kALU, op: op, a: a, b: b}, limit(op, a, b))
}

func commutes(op uint8) bool {
	switch op {
	case aluAdd, aluMul, aluOr, aluAnd, aluXor:
		return true
	}
	return false
}

// compute does what the machine does with two numbers; it cannot divide by 0.
func compute(op uint8, a, b uint32) (uint32, bool) {
	switch op {
	case aluAdd:
		return a + b, true
	case aluSub:
		return a - b, true
	case aluMul:
		return a * b, true
	case aluOr:
		return a | b, true
	case aluAnd:
		return a & b, true
	case aluXor:
		return a ^ b, true
	case aluLsh:
		return a << b, true
	case aluRsh:
		return a >> b, true
	case aluDiv:
		if b != 0 {
			return a / b, true
		}
	case aluMod:
		if b != 0 {
			return a % b, true
		}
	}
	return 0, false
}

// aluConst simplifies an operation with a constant; nil if it is as simple as
// can be. What vanishes need not be loaded, as in libpcap's optimiser.
func (p *pool) aluConst(op uint8, a *value, k uint32) *value {
	switch op {
	case aluAdd, aluSub, aluOr, aluXor, aluLsh, aluRsh:
		if k == 0 {
			return a
		}
	case aluMul, aluDiv:
		if k == 1 {
			return a
		}
	}
	switch {
	case (op == aluMul || op == aluAnd) && k == 0, (op == aluLsh || op == aluRsh) && k > 31:
		return p.num(0)
	case op == aluAnd && k == 1<<32-1:
		return a
	case op == aluAnd && isMask(k) && a.max <= k:
		return a
	case op == aluAnd && a.kind == kALU && a.op == aluAnd && a.b.isConst():
		return p.alu(aluAnd, a.a, p.num(k&a.b.k))
	case op == aluMod && k > 1 && k&(k-1) == 0:
		return p.alu(aluAnd, a, p.num(k-1))
	}
	return nil
}

// isMask reports whether k is a run of ones from the lowest bit.
func isMask(k uint32) bool { return k&(k+1) == 0 }

// limit bounds the result of an operation.
func limit(op uint8, a, b *value) uint32 {
	const all = 1<<32 - 1
	switch op {
	case aluAdd:
		if s := uint64(a.max) + uint64(b.max); s <= all {
			return uint32(s)
		}
	case aluMul:
		if s := uint64(a.max) * uint64(b.max); s <= all {
			return uint32(s)
		}
	case aluAnd:
		return min(a.max, b.max)
	case aluOr, aluXor:
		return 1<<bits.Len32(a.max|b.max) - 1
	case aluDiv:
		if b.isConst() && b.k != 0 {
			return a.max / b.k
		}
		return a.max
	case aluMod:
		if b.isConst() && b.k != 0 {
			return min(a.max, b.k-1)
		}
		return a.max
	case aluRsh:
		if b.isConst() {
			return a.max >> b.k
		}
		return a.max
	case aluLsh:
		if b.isConst() && uint64(a.max)<<b.k <= all {
			return a.max << b.k
		}
	}
	return all
}

package filter

import "fmt"

// block is a node as instructions: those that bring the value to A (and X),
// and a jump.
type block struct {
	code   []instruction
	jump   uint16
	k      uint32
	jt, jf *node
}

// selectCode writes a block for every node, in their order. It gives nil if
// scratch memory does not suffice; made counts the computations of each value.
func selectCode(list []*node, p *pool, save map[*value]uint32) (blocks []block, made map[*value]int, size int) {
	index := make(map[*node]int, len(list))
	for i, n := range list {
		index[n] = i
	}
	entry := make([]*registers, len(list))
	m := &assembler{p: p, save: save, made: make(map[*value]int)}
	for i, n := range list {
		if entry[i] != nil {
			m.registers = *entry[i]
			entry[i] = nil
		} else {
			m.registers = registers{}
		}
		m.code = nil
		b := m.test(n)
		if m.full {
			return nil, m.made, 0
		}
		blocks = append(blocks, b)
		size += len(b.code) + 1
		for _, to := range []*node{n.jt, n.jf} {
			if to.verdict {
				continue
			}
			j := index[to]
			if entry[j] == nil {
				state := m.registers
				entry[j] = &state
			} else {
				entry[j].meet(&m.registers)
			}
		}
	}
	return blocks, m.made, size
}

// test writes the block of a node.
func (m *assembler) test(n *node) block {
	t := n.test
	b := block{jump: classJMP | uint16(t.op), k: t.k, jt: n.jt, jf: n.jf}
	switch v := t.v; {
	case v.kind == kCmp:
		m.operands(v)
		b.jump, b.k = classJMP|uint16(v.op)|srcX, 0
	case m.bitTest(t):
		m.toA(v.a)
		b.jump, b.k = classJMP|jmpJSET, v.b.k
		if t.k == 0 { // no bit is set
			b.jt, b.jf = n.jf, n.jt
		}
	default:
		m.toA(v)
	}
	b.code = m.code
	return b
}

// bitTest reports whether a test asks for bits that jset can look at: none of
// a mask, or the only one.
func (m *assembler) bitTest(t test) bool {
	v := t.v
	if v.kind != kALU || v.op != aluAnd || v.b.kind != kConst || t.op != jmpJEQ || m.a == v {
		return false
	}
	if _, ok := m.slot(v); ok {
		return false
	}
	return t.k == 0 || t.k == v.b.k && t.k&(t.k-1) == 0
}

// share makes one of blocks that are equal as instructions: the tests of two
// values that were loaded before go on equally, whatever was loaded. It
// returns the blocks that are left with their nodes, and where the program
// begins.
func share(root *node, list []*node, blocks []block) (*node, []*node, []block) {
	type key struct {
		code   string
		jump   uint16
		k      uint32
		jt, jf *node
	}
	known := make(map[key]*node, len(list))
	for _, n := range list {
		n.same = n
	}
	keep := make([]bool, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		b := &blocks[i]
		b.jt, b.jf = b.jt.merged(), b.jf.merged()
		k := key{fmt.Sprint(b.code), b.jump, b.k, b.jt, b.jf}
		if o, ok := known[k]; ok {
			list[i].same = o
			continue
		}
		known[k], keep[i] = list[i], true
	}
	var nodes []*node
	var left []block
	for i, n := range list {
		if keep[i] {
			nodes, left = append(nodes, n), append(left, blocks[i])
		}
	}
	return root.merged(), nodes, left
}

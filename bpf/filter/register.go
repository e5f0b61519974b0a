package filter

// registers is what the machine holds at one place of the program; nil is
// something unknown.
type registers struct {
	a, x    *value
	scratch [scratchSize]*value
}

// meet keeps what is the same on both of two ways.
func (r *registers) meet(o *registers) {
	if r.a != o.a {
		r.a = nil
	}
	if r.x != o.x {
		r.x = nil
	}
	for i := range r.scratch {
		if r.scratch[i] != o.scratch[i] {
			r.scratch[i] = nil
		}
	}
}

// slot finds a value in scratch memory.
func (r *registers) slot(v *value) (uint32, bool) {
	for i, s := range r.scratch {
		if s == v {
			return uint32(i), true
		}
	}
	return 0, false
}

// instruction is one that does not jump.
type instruction struct {
	code uint16
	k    uint32
}

// assembler writes the instructions that compute values, and follows what the
// registers hold.
type assembler struct {
	registers
	p    *pool
	save map[*value]uint32 // values to keep in scratch memory once computed, and where
	code []instruction
	temp int // scratch words in use by the values being computed, from the top
	full bool
	made map[*value]int // how often each value was computed
}

// maxBlock bounds the instructions of one test; more would not fit anyway.
const maxBlock = 4 * maxProgram

func (m *assembler) put(code uint16, k uint32) {
	if len(m.code) >= maxBlock {
		m.full = true
	}
	m.code = append(m.code, instruction{code, k})
}

// toA computes v into A.
func (m *assembler) toA(v *value) {
	if m.a == v || m.full {
		return
	}
	if m.x == v {
		m.put(classMSC|miscTXA, 0)
		m.a = v
		return
	}
	if i, ok := m.slot(v); ok {
		m.put(classLD|modeMEM, i)
		m.a = v
		return
	}
	m.made[v]++
	switch v.kind {
	case kConst:
		m.put(classLD|modeIMM, v.k)
	case kLen:
		m.put(classLD|modeLEN, 0)
	case kExt:
		m.put(classLD|modeABS|loadCode(v.size), v.k)
	case kLoad:
		mode := uint16(modeABS)
		if v.a != nil {
			m.toX(v.a)
			mode = modeIND
		}
		m.put(classLD|mode|loadCode(v.size), v.k)
	case kALU:
		if v.b.kind == kConst {
			m.toA(v.a)
			m.put(classALU|uint16(v.op), v.b.k)
		} else {
			m.operands(v)
			m.put(classALU|uint16(v.op)|srcX, 0)
		}
	}
	m.a = v
	if i, ok := m.save[v]; ok {
		m.put(classST, i)
		m.scratch[i] = v
	}
}

// toX computes v into X; A is lost unless there is an instruction for it.
func (m *assembler) toX(v *value) {
	if m.x == v || m.full {
		return
	}
	i, saved := m.slot(v)
	off, header := v.headerLen()
	switch {
	case m.a == v:
		m.put(classMSC|miscTAX, 0)
	case saved:
		m.put(classLDX|modeMEM, i)
	case v.kind == kConst:
		m.put(classLDX|modeIMM, v.k)
	case header:
		m.made[v]++
		m.put(classLDX|modeMSH|sizeB, off)
		if i, ok := m.save[v]; ok {
			m.put(classSTX, i)
			m.scratch[i] = v
		}
	default:
		m.toA(v)
		m.put(classMSC|miscTAX, 0)
	}
	m.x = v
}

// operands brings the operands of v, of which none is constant, into A and X.
func (m *assembler) operands(v *value) {
	a, b := v.a, v.b
	swap := v.kind == kALU && commutes(v.op)
	switch {
	case m.keepsX(b, a):
		m.toX(b)
		m.toA(a)
	case swap && m.keepsX(a, b):
		m.toX(a)
		m.toA(b)
	default:
		m.throughScratch(a, b)
	}
}

// throughScratch parks b in scratch memory while a is computed. A word that
// holds b already must not serve a's computation meanwhile.
func (m *assembler) throughScratch(a, b *value) {
	m.toA(b)
	i, ok := m.slot(b)
	temp := m.temp
	if !ok {
		if m.temp >= scratchSize-len(m.save) {
			m.full = true
			return
		}
		i = uint32(scratchSize - 1 - m.temp)
		m.put(classST, i)
		m.scratch[i] = b
	}
	if int(i) >= len(m.save) {
		m.temp = max(m.temp, scratchSize-int(i))
	}
	m.toA(a)
	m.temp = temp
	if m.x != b {
		m.put(classLDX|modeMEM, i)
		m.x = b
	}
}

// keepsX reports whether v can be computed into A while X is x.
func (m *assembler) keepsX(x, v *value) bool {
	if m.a == v && m.x == x {
		return true
	}
	if v == x {
		return true
	}
	if m.a == v { // and X would be computed through A
		return m.loadsX(x)
	}
	if _, ok := m.slot(v); ok {
		return true
	}
	switch v.kind {
	case kLoad:
		return v.a == nil || v.a == x
	case kALU:
		return v.b.kind == kConst && m.keepsX(x, v.a)
	}
	return true
}

// loadsX reports whether X can be loaded with v without A.
func (m *assembler) loadsX(v *value) bool {
	if m.x == v || v.kind == kConst {
		return true
	}
	if _, ok := m.slot(v); ok {
		return true
	}
	_, ok := v.headerLen()
	return ok
}

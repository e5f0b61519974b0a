package filter

// valueKind says how a value comes about.
type valueKind uint8

const (
	kConst valueKind = iota
	kLoad            // size bytes at base + k of the packet
	kLen             // length of the packet on the wire
	kExt             // size bytes of what the kernel knows about the packet, k from SKF_AD_OFF
	kALU             // op of a and b
	kCmp             // 1 if a op b holds, else 0; op is a test
)

// value is a number that depends on the packet alone. Equal values are one
// pointer, so that what was computed is found again by comparing pointers.
// Loading beyond the end of the packet ends the program: such a packet is
// rejected, as by the kernel.
type value struct {
	kind valueKind
	size uint8
	op   uint8
	k    uint32
	a, b *value // operands; a is the base of a load, nil if absolute
	id   int    // order of creation: operands come before what uses them
	max  uint32 // no value is greater
	cost int    // instructions that computing it takes, about
	sure bool   // computing it cannot fail
}

// pool makes values and keeps them unique.
type pool struct {
	known map[valueKey]*value
}

type valueKey struct {
	kind     valueKind
	size, op uint8
	k        uint32
	a, b     *value
}

func newPool() *pool { return &pool{known: make(map[valueKey]*value)} }

func (p *pool) intern(key valueKey, limit uint32) *value {
	if v, ok := p.known[key]; ok {
		return v
	}
	v := &value{kind: key.kind, size: key.size, op: key.op, k: key.k, a: key.a, b: key.b, id: len(p.known), max: limit}
	v.cost, v.sure = v.price(), v.safe()
	p.known[key] = v
	return v
}

func (p *pool) num(k uint32) *value { return p.intern(valueKey{kind: kConst, k: k}, k) }

func (p *pool) length() *value { return p.intern(valueKey{kind: kLen}, 1<<31-1) }

// ext is a value that the kernel keeps beside the packet.
func (p *pool) ext(size uint8, off uint32) *value {
	limit := uint32(1<<32 - 1)
	if off == extVLANPresent {
		limit = 1
	}
	return p.intern(valueKey{kind: kExt, size: size, k: off}, limit)
}

// nowhere is an offset that no packet reaches. Offsets from the middle of the
// address space on mean other things to the kernel, which is not asked for.
const nowhere = 1<<31 - 1

// load is a number of 1, 2 or 4 bytes in network order at base + k; base may
// be nil.
func (p *pool) load(size uint8, base *value, k uint32) *value {
	for base != nil {
		if base.kind == kConst {
			k, base = k+base.k, nil
			break
		}
		if base.kind != kALU || base.op != aluAdd || base.b.kind != kConst || base.b.k > nowhere || k+base.b.k > nowhere {
			break
		}
		k, base = k+base.b.k, base.a
	}
	if base == nil && k > nowhere {
		k = nowhere
	}
	return p.intern(valueKey{kind: kLoad, size: size, k: k, a: base}, 1<<(8*uint64(size))-1)
}

func (v *value) isConst() bool { return v.kind == kConst }

// headerLen reports the offset of the byte whose lower half, times four, v is:
// the length of an IPv4 header, for which BPF has an instruction.
func (v *value) headerLen() (uint32, bool) {
	if v.kind != kALU || v.op != aluLsh || v.b.kind != kConst || v.b.k != 2 {
		return 0, false
	}
	and := v.a
	if and.kind != kALU || and.op != aluAnd || and.b.kind != kConst || and.b.k != 0xf {
		return 0, false
	}
	b := and.a
	return b.k, b.kind == kLoad && b.size == 1 && b.a == nil
}

// safe reports whether v, of which the operands are known, can be computed
// from every packet.
func (v *value) safe() bool {
	switch v.kind {
	case kConst, kLen:
		return true
	case kALU:
		return v.a.sure && v.b.sure && (v.op != aluDiv && v.op != aluMod || v.b.isConst())
	case kCmp:
		return v.a.sure && v.b.sure
	}
	return false
}

// price estimates the instructions that computing a value takes, of which the
// operands are known.
func (v *value) price() int {
	const most = 1 << 20
	switch {
	case v.kind == kLoad && v.a != nil:
		return 1 + v.a.cost
	case v.kind != kALU && v.kind != kCmp:
		return 1
	case v.b.isConst():
		if _, ok := v.headerLen(); ok {
			return 1
		}
		return 1 + v.a.cost
	}
	return min(1+v.a.cost+v.b.cost, most)
}

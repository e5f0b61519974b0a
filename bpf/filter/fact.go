package filter

import "slices"

// maxSet bounds the numbers that a fact lists.
const maxSet = 24

// set is what is known of a value: it lies between low and high; it is one of
// in, unless in is nil; and none of out. Sets are not changed after they are
// made, so that facts share them.
type set struct {
	low, high uint32
	in, out   []uint32 // sorted
}

// fact is what is known of a value at one place of the graph.
type fact struct {
	v   *value
	set *set
}

// facts are ordered by value.
type facts []fact

func (f facts) find(v *value) (int, bool) {
	return slices.BinarySearchFunc(f, v, func(a fact, v *value) int { return a.v.id - v.id })
}

// decide reports the outcome of a test if it is determined. Bounds of a value
// count once it was computed: that may fail, and a test must not go which would
// have rejected the packet.
func (f facts) decide(t test) (yes, known bool) {
	if i, ok := f.find(t.v); ok {
		return f[i].set.decides(t)
	}
	if !t.v.sure {
		return false, false
	}
	return (&set{high: t.v.max}).decides(t)
}

// with adds the outcome of a test. It reports false if that cannot be.
func (f facts) with(t test, yes bool) (facts, bool) {
	s := &set{high: t.v.max}
	if i, ok := f.find(t.v); ok {
		s = f[i].set
	}
	if s = s.after(t, yes); s == nil {
		return nil, false
	}
	g := slices.Clone(f)
	i, ok := g.find(t.v)
	if ok {
		g[i].set = s
		return g, true
	}
	return slices.Insert(g, i, fact{t.v, s}), true
}

// after narrows the set by the outcome of a test; nil if nothing is left.
func (s *set) after(t test, yes bool) *set {
	n := set{low: s.low, high: s.high, out: s.out}
	switch {
	case t.op == jmpJEQ && yes:
		n.low, n.high = t.k, t.k
	case t.op == jmpJEQ:
		if i, ok := slices.BinarySearch(n.out, t.k); !ok && len(n.out) < maxSet {
			n.out = slices.Insert(slices.Clone(n.out), i, t.k)
		}
	case t.op == jmpJGT && yes && t.k == 1<<32-1, t.op == jmpJGE && !yes && t.k == 0:
		return nil
	case t.op == jmpJGT && yes:
		n.low = max(n.low, t.k+1)
	case t.op == jmpJGT:
		n.high = min(n.high, t.k)
	case yes:
		n.low = max(n.low, t.k)
	default:
		n.high = min(n.high, t.k-1)
	}
	if s.in != nil {
		n.in = make([]uint32, 0, len(s.in))
		for _, k := range s.in {
			if holds(t.op, k, t.k) == yes {
				n.in = append(n.in, k)
			}
		}
	} else if n.low == n.high {
		n.in = []uint32{n.low}
	}
	if n.low > n.high || n.in != nil && len(n.in) == 0 {
		return nil
	}
	if n.low == n.high && slices.Contains(n.out, n.low) {
		return nil
	}
	return &n
}

// decides reports the outcome of a test if the set determines it.
func (s *set) decides(t test) (yes, known bool) {
	if s.in != nil {
		yes = holds(t.op, s.in[0], t.k)
		for _, k := range s.in[1:] {
			if holds(t.op, k, t.k) != yes {
				return false, false
			}
		}
		return yes, true
	}
	switch t.op {
	case jmpJEQ:
		if t.k < s.low || t.k > s.high || slices.Contains(s.out, t.k) {
			return false, true
		}
		return s.low == s.high, s.low == s.high
	case jmpJGT:
		return s.low > t.k, s.low > t.k || s.high <= t.k
	}
	return s.low >= t.k, s.low >= t.k || s.high < t.k
}

// union is what holds where one of two sets does.
func (s *set) union(o *set) *set {
	if s == o {
		return s
	}
	n := set{low: min(s.low, o.low), high: max(s.high, o.high)}
	if s.in != nil && o.in != nil {
		n.in = append(slices.Clone(s.in), o.in...)
		slices.Sort(n.in)
		if n.in = slices.Compact(n.in); len(n.in) > maxSet {
			n.in = nil
		}
	}
	for _, k := range s.out {
		if o.excludes(k) {
			n.out = append(n.out, k)
		}
	}
	for _, k := range o.out {
		if s.excludes(k) && !slices.Contains(n.out, k) && len(n.out) < maxSet {
			n.out = append(n.out, k)
		}
	}
	slices.Sort(n.out)
	return &n
}

func (s *set) excludes(k uint32) bool {
	if k < s.low || k > s.high || slices.Contains(s.out, k) {
		return true
	}
	return s.in != nil && !slices.Contains(s.in, k)
}

// meet keeps what holds on both of two ways.
func (f facts) meet(o facts) facts {
	var m facts
	for i, j := 0, 0; i < len(f) && j < len(o); {
		switch d := f[i].v.id - o[j].v.id; {
		case d < 0:
			i++
		case d > 0:
			j++
		default:
			m = append(m, fact{f[i].v, f[i].set.union(o[j].set)})
			i, j = i+1, j+1
		}
	}
	return m
}

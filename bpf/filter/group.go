package filter

// group brings tests of one value together in chains of nodes that can be
// asked in any order: each has one way out to a common node, and the other one
// to the next of the chain, where nobody else comes. So a value is loaded once
// for "port 80 or port 443". It reports whether the order of a chain changed.
func (g *graph) group() bool {
	list := g.order()
	for _, n := range list {
		n.preds = 0
	}
	for _, n := range list {
		n.jt.preds++
		n.jf.preds++
	}
	done := make(map[*node]bool)
	changed := false
	for _, n := range list {
		if done[n] {
			continue
		}
		chain := longestChain(n)
		for _, c := range chain {
			done[c] = true
		}
		if len(chain) > 2 && regroup(chain) {
			changed = true
		}
	}
	return changed
}

// longestChain follows either way out of n for the common node.
func longestChain(n *node) []*node {
	a, b := chainTo(n, n.jt), chainTo(n, n.jf)
	if len(a) > len(b) {
		return a
	}
	return b
}

// chainTo lists the chain from n of nodes with a way out to common.
func chainTo(n, common *node) []*node {
	chain := []*node{n}
	for {
		next := n.other(common)
		if next == nil || next.verdict || next.preds != 1 || next.jt != common && next.jf != common {
			return chain
		}
		chain = append(chain, next)
		n = next
	}
}

// other is the way out of n that is not to common.
func (n *node) other(common *node) *node {
	switch {
	case n.jt == common:
		return n.jf
	case n.jf == common:
		return n.jt
	}
	return nil
}

// regroup sorts the tests of a chain by value, in the order in which values
// first come. The nodes stay where they are; what they test moves.
func regroup(chain []*node) bool {
	last := chain[len(chain)-1]
	common := chain[0].jt
	if chain[1] == common {
		common = chain[0].jf
	}
	type step struct {
		test test
		onT  bool // the common node is where it goes when the test holds
	}
	var order []*value
	of := make(map[*value][]step)
	for _, n := range chain {
		v := n.test.v
		if of[v] == nil {
			order = append(order, v)
		}
		of[v] = append(of[v], step{n.test, n.jt == common})
	}
	if len(order) == len(chain) {
		return false
	}
	end := last.other(common)
	i, changed := 0, false
	for _, v := range order {
		for _, s := range of[v] {
			n, next := chain[i], end
			if i+1 < len(chain) {
				next = chain[i+1]
			}
			changed = changed || n.test != s.test
			n.test, n.jt, n.jf = s.test, next, next
			if s.onT {
				n.jt = common
			} else {
				n.jf = common
			}
			i++
		}
	}
	return changed
}

package filter

// thread leads every edge past the tests whose outcome is known on it, and
// past nodes that nobody comes to. It reports whether an edge has moved.
//
// What is known at a node holds on every way to it. As the nodes come in
// order, all ways to a node have been seen, and led where they belong, before
// the node itself.
func (g *graph) thread() bool {
	list := g.order()
	for _, n := range list {
		n.in, n.reached = nil, false
	}
	changed := false
	g.root, changed = g.arrive(g.root, nil)
	for _, n := range list {
		if !n.reached {
			continue
		}
		if f, ok := n.in.with(n.test, true); ok {
			to, moved := g.arrive(n.jt, f)
			n.jt, changed = to, changed || moved
		} else {
			n.jt, changed = n.jf, true
		}
		if f, ok := n.in.with(n.test, false); ok {
			to, moved := g.arrive(n.jf, f)
			n.jf, changed = to, changed || moved
		} else {
			n.jf, changed = n.jt, true
		}
		n.in = nil
	}
	return changed
}

// arrive follows an edge on which f is known to where it really leads, and
// tells that node.
func (g *graph) arrive(n *node, f facts) (*node, bool) {
	moved := false
	for !n.verdict {
		if n.jt != n.jf {
			yes, known := f.of(n.test.v).decides(n.test)
			if !known {
				break
			}
			if !yes {
				n, moved = n.jf, true
				continue
			}
		}
		n, moved = n.jt, true
	}
	if n.verdict {
		return n, moved
	}
	if n.reached {
		n.in = n.in.meet(f)
	} else {
		n.in, n.reached = f, true
	}
	return n, moved
}

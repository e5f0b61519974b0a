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
		for _, way := range []bool{true, false} {
			to := &n.jf
			if way {
				to = &n.jt
			}
			// Nobody goes where a test cannot lead, but the value must be computed
			// all the same: a packet too short for it is rejected.
			next, moved := g.reject, *to != g.reject
			if f, ok := n.in.with(n.test, way); ok {
				next, moved = g.arrive(*to, f)
			}
			*to, changed = next, changed || moved
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
			yes, known := f.decide(n.test)
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

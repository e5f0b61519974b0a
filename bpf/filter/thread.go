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
	root := g.root.follow(nil)
	changed := root != g.root
	g.root = root
	root.arrive(nil)
	for _, n := range list {
		if !n.reached {
			continue
		}
		// Where a test cannot lead nobody goes, but it stays: the value must be
		// computed all the same, as a packet too short for it is rejected.
		yes, possible := n.in.with(n.test, true)
		if !possible {
			yes = n.in
		}
		no, possible := n.in.with(n.test, false)
		if !possible {
			no = n.in
		}
		jt, jf := n.jt.follow(yes), n.jf.follow(no)
		switch { // a test is in vain if one way leads on where the other one ends up, too
		case jt != jf && jt.follow(no) == jf:
			jf = jt
		case jt != jf && jf.follow(yes) == jt:
			jt = jf
		}
		changed = changed || jt != n.jt || jf != n.jf
		n.jt, n.jf = jt, jf
		jt.arrive(yes)
		jf.arrive(no)
		n.in = nil
	}
	return changed
}

// follow goes on from n, with f known, to where that really leads.
func (n *node) follow(f facts) *node {
	for !n.verdict {
		if n.jt == n.jf {
			n = n.jt
			continue
		}
		yes, known := f.decide(n.test)
		if !known {
			return n
		}
		if yes {
			n = n.jt
		} else {
			n = n.jf
		}
	}
	return n
}

// arrive notes that f is known on a way to n.
func (n *node) arrive(f facts) {
	switch {
	case n.verdict:
	case n.reached:
		n.in = n.in.meet(f)
	default:
		n.in, n.reached = f, true
	}
}

package filter

// merge makes one of nodes that test the same and go on equally, and takes out
// those that go on equally either way. It reports whether there were any.
func (g *graph) merge() bool {
	type key struct {
		test   test
		jt, jf *node
	}
	list := g.order()
	known := make(map[key]*node, len(list))
	changed := false
	for i := len(list) - 1; i >= 0; i-- { // first those that others lead to
		n := list[i]
		n.jt, n.jf = n.jt.merged(), n.jf.merged()
		n.same = n
		if n.jt == n.jf {
			n.same, changed = n.jt, true
			continue
		}
		k := key{n.test, n.jt, n.jf}
		if o, ok := known[k]; ok {
			n.same, changed = o, true
			continue
		}
		known[k] = n
	}
	g.root = g.root.merged()
	return changed
}

func (n *node) merged() *node {
	if n.verdict {
		return n
	}
	return n.same
}

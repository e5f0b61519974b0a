package filter

// node is a place of the decision graph: a test with two ways to go on, or a
// verdict. The graph has no cycles. Nodes read the packet and change nothing,
// so an edge may be led past any node whose outcome is known.
type node struct {
	test    test
	jt, jf  *node
	verdict bool   // test, jt and jf are not used
	ret     uint32 // bytes to keep

	// Of one pass.
	mark    int
	in      facts
	reached bool
	preds   int
	same    *node
}

// maxNodes bounds the graph while it is being made.
const maxNodes = 200_000

// graph builds decision graphs.
type graph struct {
	root  *node
	made  int
	stamp int
}

// decide makes the nodes of a formula that go on with t or f. It gives nil if
// there are too many.
func (g *graph) decide(x *formula, t, f *node) *node {
	if t == nil || f == nil {
		return nil
	}
	switch x.kind {
	case fConst:
		if x.yes {
			return t
		}
		return f
	case fAnd:
		return g.decide(x.l, g.decide(x.r, t, f), f)
	case fOr:
		return g.decide(x.l, t, g.decide(x.r, t, f))
	case fNot:
		return g.decide(x.l, f, t)
	}
	if g.made++; g.made > maxNodes {
		return nil
	}
	return &node{test: x.test, jt: t, jf: f}
}

// order lists the nodes that can be reached, each before those it leads to;
// what is tested first comes first. Verdicts are not in the list.
func (g *graph) order() []*node {
	g.stamp++
	var post []*node
	var visit func(n *node)
	visit = func(n *node) {
		if n.verdict || n.mark == g.stamp {
			return
		}
		n.mark = g.stamp
		visit(n.jf)
		visit(n.jt)
		post = append(post, n)
	}
	visit(g.root)
	for i, j := 0, len(post)-1; i < j; i, j = i+1, j-1 {
		post[i], post[j] = post[j], post[i]
	}
	return post
}

// simplify leads edges past tests whose outcome is known, merges equal nodes,
// and brings tests of one value together, until nothing changes.
func (g *graph) simplify() {
	const enough = 40 // passes; each makes the graph smaller or stops
	for range enough {
		for range enough {
			changed := g.thread()
			if !g.merge() && !changed {
				break
			}
		}
		if !g.group() {
			return
		}
	}
}

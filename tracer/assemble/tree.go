package assemble

import (
	"bytes"
	"cmp"
	"slices"
)

// tree lists what is kept, parents before children, siblings by corrected time.
func (f *forest) tree(keep []bool) *Trace {
	below := make([][]int, len(f.spans))
	var roots []int
	for i := range f.spans {
		if !keep[i] {
			continue
		}
		if p := f.edges[i].parent; p >= 0 {
			below[p] = append(below[p], i)
		} else {
			roots = append(roots, i)
		}
	}
	f.sort(roots)
	if len(roots) > 0 {
		f.clocks.rebase(&f.spans[roots[0]])
		f.time()
	}
	t := &Trace{}
	at := make([]int, len(f.spans)) // node of a span
	type visit struct{ span, parent, depth int }
	var visits []visit
	push := func(list []int, parent, depth int) {
		for i := len(list) - 1; i >= 0; i-- {
			visits = append(visits, visit{list[i], parent, depth})
		}
	}
	push(roots, -1, 0)
	for len(visits) > 0 {
		v := visits[len(visits)-1]
		visits = visits[:len(visits)-1]
		at[v.span] = len(t.Nodes)
		t.Nodes = append(t.Nodes, f.node(v.span, v.parent, v.depth))
		f.sort(below[v.span])
		push(below[v.span], at[v.span], v.depth+1)
	}
	f.choices(t, keep, at)
	return t
}

func (f *forest) sort(list []int) {
	slices.SortFunc(list, func(a, b int) int {
		return cmp.Or(cmp.Compare(f.start(a), f.start(b)), bytes.Compare(f.spans[a].ID[:], f.spans[b].ID[:]), cmp.Compare(a, b))
	})
}

func (f *forest) node(i, parent, depth int) Node {
	e := f.edges[i]
	n := Node{
		Span: &f.spans[i], Parent: parent, Depth: depth, Exchange: f.of[i],
		Start: f.start(i), End: f.end(i),
	}
	n.Offset = n.Start - n.Span.Start
	if parent >= 0 {
		n.Rule, n.Confidence, n.Evidence = e.rule, e.confidence, e.evidence
	}
	return n
}

// choices adds the other possible parents, the likeliest first.
func (f *forest) choices(t *Trace, keep []bool, at []int) {
	for i := range f.spans {
		if !keep[i] {
			continue
		}
		n := &t.Nodes[at[i]]
		for _, o := range f.others[i] {
			if keep[o.span] && at[o.span] != n.Parent && o.span != i {
				n.Alternatives = append(n.Alternatives, Alternative{at[o.span], o.rule, o.confidence})
			}
		}
		slices.SortStableFunc(n.Alternatives, func(a, b Alternative) int {
			return cmp.Or(-cmp.Compare(a.Confidence, b.Confidence), cmp.Compare(a.Node, b.Node))
		})
	}
}

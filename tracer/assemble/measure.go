package assemble

import (
	"cmp"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
)

// measure computes times of the whole, self times, the time of services and the
// critical path.
func measure(t *Trace) {
	t.Start, t.End = t.Nodes[0].Start, t.Nodes[0].End
	below := make([][]int, len(t.Nodes))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		t.Start, t.End = min(t.Start, n.Start), max(t.End, n.End)
		if n.Parent >= 0 {
			below[n.Parent] = append(below[n.Parent], i)
		}
	}
	spent := map[string][]interval{}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		free := without(interval{n.Start, n.End}, t.Nodes, below[i])
		n.Self = total(free)
		spent[n.Span.Service] = append(spent[n.Span.Service], free...)
	}
	t.Services = services(t, spent)
	for i := range t.Nodes {
		if t.Nodes[i].Parent < 0 {
			critical(t.Nodes, below, i)
		}
	}
}

// interval is a piece of time, [from, to).
type interval struct{ from, to int64 }

func total(list []interval) (n int64) {
	for _, v := range list {
		n += v.to - v.from
	}
	return n
}

// without is what is left of a time in which none of the children was under way.
// Children are sorted by start.
func without(in interval, nodes []Node, children []int) []interval {
	var free []interval
	at := in.from
	for _, c := range children {
		from, to := max(in.from, nodes[c].Start), min(in.to, nodes[c].End)
		if from > at {
			free = append(free, interval{at, min(from, in.to)})
		}
		at = max(at, to)
		if at >= in.to {
			return free
		}
	}
	if at < in.to {
		free = append(free, interval{at, in.to})
	}
	return free
}

// services adds up who spent how much; times that overlap count once.
func services(t *Trace, spent map[string][]interval) []ServiceTime {
	by := map[string]*ServiceTime{}
	for i := range t.Nodes {
		s := t.Nodes[i].Span
		v := by[s.Service]
		if v == nil {
			v = &ServiceTime{Service: s.Service}
			by[s.Service] = v
		}
		if v.Spans++; s.Status == span.Error {
			v.Errors++
		}
	}
	list := make([]ServiceTime, 0, len(by))
	for name, v := range by {
		v.Self = union(spent[name])
		list = append(list, *v)
	}
	slices.SortFunc(list, func(a, b ServiceTime) int {
		return cmp.Or(-cmp.Compare(a.Self, b.Self), cmp.Compare(a.Service, b.Service))
	})
	return list
}

// union is the length of what is covered by at least one interval.
func union(list []interval) (n int64) {
	slices.SortFunc(list, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	end := int64(-1 << 62)
	for _, v := range list {
		if v.to > end {
			n += v.to - max(v.from, end)
			end = v.to
		}
	}
	return n
}

// critical marks the path that decided when a root ended: from its end back in
// time, always through the child that ended last before.
func critical(nodes []Node, below [][]int, root int) {
	type visit struct {
		node int
		till int64
	}
	visits := []visit{{root, nodes[root].End}}
	for len(visits) > 0 {
		v := visits[len(visits)-1]
		visits = visits[:len(visits)-1]
		n := &nodes[v.node]
		till := min(v.till, n.End)
		children := slices.Clone(below[v.node])
		slices.SortStableFunc(children, func(a, b int) int { return -cmp.Compare(nodes[a].End, nodes[b].End) })
		for _, c := range children {
			if nodes[c].End > till+slack || nodes[c].Start >= till || nodes[c].End <= n.Start {
				continue // still under way when the next on the path began, or not in this time
			}
			end := min(nodes[c].End, till)
			n.Critical += till - end
			visits = append(visits, visit{c, end})
			if till = max(nodes[c].Start, n.Start); till == n.Start {
				break
			}
		}
		n.Critical += max(0, till-n.Start)
	}
}

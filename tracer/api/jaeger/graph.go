package jaeger

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/store"
)

// dependency is an edge of Jaeger's system architecture.
type dependency struct {
	Parent string `json:"parent"`
	Child  string `json:"child"`
	Calls  uint64 `json:"callCount"`
}

// dependencies reads edges off the latest traces of the time: a span whose service is
// not that of its parent is a call. What is asked by name only, like a database, is
// a service too.
func (a *API) dependencies(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	end, err := strconv.ParseInt(v.Get("endTs"), 10, 64)
	if err != nil || end < 0 || end > math.MaxInt64/int64(1e6) {
		if v.Get("endTs") != "" {
			return nil, find.Bad("unable to parse param 'endTs': %q", v.Get("endTs"))
		}
		end = a.Now().UnixMilli()
	}
	back := int64(24 * time.Hour / time.Millisecond)
	if t := v.Get("lookback"); t != "" {
		if back, err = strconv.ParseInt(t, 10, 64); err != nil || back <= 0 {
			return nil, find.Bad("unable to parse param 'lookback': %q", t)
		}
	}
	q := store.Query{Window: store.Window{From: max(0, end-back) * 1e6, To: end * 1e6}}
	found, err := find.Traces(ctx, a.Store, a.Assembler, &find.Question{Query: q, Traces: a.Limits.Graph})
	if err != nil {
		return nil, err
	}
	calls := map[[2]string]uint64{}
	for i := range found.List {
		t := found.List[i].Trace
		for k := range t.Nodes {
			n := &t.Nodes[k]
			if n.Parent < 0 {
				continue
			}
			if up := t.Nodes[n.Parent].Span.Service; up != n.Span.Service && n.Rule != "sighting" {
				calls[[2]string{up, n.Span.Service}]++
			}
			if peer := n.Span.Text("peer.service"); peer != "" && peer != n.Span.Service && n.Rule != "sighting" {
				calls[[2]string{n.Span.Service, peer}]++
			}
		}
	}
	list := make([]dependency, 0, len(calls))
	for k, n := range calls {
		list = append(list, dependency{k[0], k[1], n})
	}
	slices.SortFunc(list, func(x, y dependency) int {
		return cmp.Or(cmp.Compare(x.Parent, y.Parent), cmp.Compare(x.Child, y.Child))
	})
	return listed(list), nil
}

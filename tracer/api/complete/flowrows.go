package complete

import (
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
)

// flowTracing is DATA of L7FlowTracing.
type flowTracing struct {
	Tracing  []flowRow `json:"tracing"`
	Services []service `json:"services"`
}

// flowRow is a span with its place in the tree by numbers.
type flowRow struct {
	row
	Index       int    `json:"id"`
	ParentIndex int    `json:"parent_id"` // -1 on roots
	Children    []int  `json:"childs"`
	Self        int64  `json:"selftime"` // us in which no child was under way
	ServiceUID  string `json:"service_uid"`
	ServiceName string `json:"service_uname"`
	Why         string `json:"set_parent_info"`
}

// service is what DeepFlow tells of a service in a trace.
type service struct {
	UID      string `json:"service_uid"`
	Service  string `json:"service_uname"`
	Duration int64  `json:"duration"`       // us that it spent itself
	Ratio    string `json:"duration_ratio"` // percent
	Spans    int    `json:"span_count"`
}

// flowRowsOf lists the spans of a trace.
func flowRowsOf(t *assemble.Trace, v *view) []flowRow {
	v.look(t)
	list := make([]flowRow, 0, len(t.Nodes))
	index := make([]int, len(t.Nodes)) // of rows, by nodes
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if !v.shows(n.Span) {
			continue
		}
		index[i] = len(list)
		r := flowRow{
			row: v.row(t, i), Index: index[i], ParentIndex: -1, Children: []int{}, Self: n.Self / 1000,
			ServiceUID: n.Span.Service, ServiceName: n.Span.Service,
		}
		if p := v.parents[i]; p >= 0 {
			r.ParentIndex = index[p]
			list[index[p]].Children = append(list[index[p]].Children, index[i])
			r.Why = n.Rule + ": " + n.Evidence
		}
		list = append(list, r)
	}
	return list
}

// servicesOf are those of the trace with their share of its time.
func servicesOf(t *assemble.Trace) []service {
	var all int64
	for _, s := range t.Services {
		all += s.Self
	}
	list := make([]service, len(t.Services))
	for i, s := range t.Services {
		share := 0.0
		if all > 0 {
			share = 100 * float64(s.Self) / float64(all)
		}
		list[i] = service{UID: s.Service, Service: s.Service, Duration: s.Self / 1000, Ratio: strconv.FormatFloat(share, 'f', 2, 64), Spans: s.Spans}
	}
	return list
}

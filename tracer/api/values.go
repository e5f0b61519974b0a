package api

import (
	"context"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/tracer/store"
)

// Values are distinct values of a field.
type Values struct {
	Values   []string `json:"values" doc:"sorted"`
	Complete bool     `json:"complete" doc:"false if there are more than limit, or only a sample of the spans was looked at"`
}

var valueParams = []param{
	{name: "service", kind: "string", doc: "of spans of this service only"},
	{name: "from", kind: "time", doc: "spans that begin at this time or later"},
	{name: "to", kind: "time", doc: "spans that begin before this time"},
	{name: "limit", kind: "integer", doc: "values at most"},
}

// defaultValues is how many values are answered where a request names no limit.
const defaultValues = 1000

func (a *API) services(ctx context.Context, r *request) (any, error) {
	return a.values(ctx, r, "service", true)
}

func (a *API) operations(ctx context.Context, r *request) (any, error) {
	return a.values(ctx, r, "name", r.Get("service") != "")
}

// valuesOf answers for short names and attributes.
func (a *API) valuesOf(ctx context.Context, r *request) (any, error) {
	name := r.http.PathValue("name")
	if name == store.AttrFacts {
		return nil, notFound("this attribute is not shown")
	}
	switch name {
	case "service.name":
		name = "service"
	case "wirespan.agent":
		name = "agent"
	}
	return a.values(ctx, r, name, name == "service" || name == "protocol" || name == "name" && r.Get("service") != "")
}

func (a *API) values(ctx context.Context, r *request, field string, all bool) (any, error) {
	w := r.window()
	limit := r.integer("limit", 1, max(a.Limits.Rows, defaultValues), defaultValues)
	if r.fault != nil {
		return nil, r.fault
	}
	list, err := a.Store.Values(ctx, field, r.Get("service"), w, limit+1)
	if err != nil {
		return nil, err
	}
	out := &Values{Values: append([]string{}, list[:min(limit, len(list))]...), Complete: all && len(list) <= limit}
	return out, nil
}

// AttributeNames are names of attributes that spans have.
type AttributeNames struct {
	Attributes []AttributeName `json:"attributes" doc:"sorted by name"`
	Sampled    int             `json:"sampled" doc:"spans that were looked at, the latest of the window"`
}

// AttributeName is an attribute that some spans have.
type AttributeName struct {
	Name     string `json:"name"`
	Type     string `json:"type" enum:"string,bool,int,double,bytes,array,map,empty"`
	Resource bool   `json:"resource" doc:"whether it is one of the resource"`
	Spans    int    `json:"spans" doc:"of those looked at, how many have it"`
	Example  string `json:"example,omitempty" doc:"a value, cut to 64 characters"`
	Doc      string `json:"doc,omitempty" doc:"what it means, if wirespan knows"`
}

// attributeSample is how many spans are looked at for the names of attributes.
const (
	attributeSample = 1000
	maxAttributes   = 2000 // distinct names of a sample
	maxExample      = 64
)

func (a *API) attributes(ctx context.Context, r *request) (any, error) {
	q := store.Query{Window: r.window(), Service: r.Get("service"), Limit: attributeSample}
	if r.fault != nil {
		return nil, r.fault
	}
	soft, stop := a.soften(ctx)
	defer stop()
	out := &AttributeNames{Attributes: []AttributeName{}}
	index := map[AttributeName]int{} // of name, type and place only
	err := a.Store.Search(soft, &q, func(s *store.Span) bool {
		out.Sampled++
		out.count(index, s.Attrs, false)
		out.count(index, s.Resource, true)
		return out.Sampled < attributeSample
	})
	if err != nil && !(isDeadline(ctx, err) && out.Sampled > 0) {
		return nil, err
	}
	for i := range out.Attributes {
		if k, ok := a.Keys.Lookup(out.Attributes[i].Name); ok {
			out.Attributes[i].Doc = a.Keys.Doc(k).Doc
		}
	}
	slices.SortFunc(out.Attributes, func(x, y AttributeName) int { return strings.Compare(x.Name+x.Type, y.Name+y.Type) })
	return out, nil
}

func (n *AttributeNames) count(index map[AttributeName]int, list []store.Attr, resource bool) {
	for i := range list {
		at := &list[i]
		if at.Key == store.AttrFacts {
			continue
		}
		k := AttributeName{Name: at.Key, Type: typeName(at.Value.Type), Resource: resource}
		j, ok := index[k]
		if !ok {
			if len(n.Attributes) == maxAttributes {
				continue
			}
			k.Name = strings.Clone(k.Name)
			j = len(n.Attributes)
			index[k] = j
			k.Example = example(&at.Value)
			n.Attributes = append(n.Attributes, k)
		}
		n.Attributes[j].Spans++
	}
}

func example(v *store.Value) string {
	for text := range v.Texts {
		if r := []rune(text); len(r) > maxExample {
			return string(r[:maxExample])
		}
		return strings.Clone(text)
	}
	if v.Type == store.Int || v.Type == store.Double || v.Type == store.Bool {
		return strings.Trim(string(appendValue(nil, v)), `"`)
	}
	return ""
}

func typeName(t store.Type) string {
	names := [...]string{"empty", "string", "bool", "int", "double", "bytes", "array", "map"}
	if int(t) >= len(names) {
		return names[0]
	}
	return names[t]
}

// Checked says that a filter can be read.
type Checked struct {
	Valid bool     `json:"valid"`
	Hints []string `json:"hints" doc:"attributes that no program is known to send, with what may have been meant"`
}

func (a *API) check(_ context.Context, r *request) (any, error) {
	q := r.question(a.Keys)
	if r.fault != nil {
		return nil, r.fault
	}
	return &Checked{Valid: true, Hints: append([]string{}, hints(&q)...)}, nil
}

// Stats is what the store keeps.
type Stats struct {
	Spans     int64    `json:"spans" doc:"kept"`
	Bytes     int64    `json:"bytes" doc:"on disk"`
	Oldest    string   `json:"oldest,omitempty" doc:"start of the oldest span, RFC 3339"`
	OldestNS  string   `json:"oldest_ns,omitempty" doc:"ns since 1970, as a string of digits"`
	Written   int64    `json:"written" doc:"spans since the start of this process"`
	Refused   int64    `json:"refused" doc:"spans since the start, for want of room"`
	Expired   int64    `json:"expired" doc:"spans since the start, by age or size"`
	Full      string   `json:"full,omitempty" doc:"why nothing is written"`
	Repairs   []string `json:"repairs" doc:"what was mended at the start"`
	Listeners int      `json:"listeners" doc:"clients of the live stream"`
	Version   string   `json:"version"`
}

func (a *API) stats(ctx context.Context, _ *request) (any, error) {
	s, err := a.Store.Stats(ctx)
	if err != nil {
		return nil, err
	}
	out := &Stats{
		Spans: counted(s.Spans), Bytes: s.Bytes, Written: counted(s.Written), Refused: counted(s.Refused), Expired: counted(s.Expired),
		Full: s.Full, Repairs: append([]string{}, s.Repairs...), Version: a.Version,
	}
	if s.Oldest != 0 {
		out.Oldest, out.OldestNS = stamp(s.Oldest), digits(s.Oldest)
	}
	if a.Live != nil {
		out.Listeners = a.Live.Listeners()
	}
	return out, nil
}

func counted(n uint64) int64 { return int64(min(n, maxExact)) }

// LimitAnswer is what bounds requests.
type LimitAnswer struct {
	Timeout     int64 `json:"timeout_ns" doc:"of a request"`
	Rows        int   `json:"rows" doc:"of an answer at most"`
	DefaultRows int   `json:"default_rows" doc:"where a request names no limit"`
	Scan        int   `json:"scan" doc:"matching spans that one search for traces looks at"`
	MapTraces   int   `json:"map_traces" doc:"that a service map is made from at most"`
	Questions   int   `json:"questions" doc:"answered at the same time"`
	Listeners   int   `json:"listeners" doc:"clients of the live stream at the same time; 0: there is none"`
	Packets     bool  `json:"packets" doc:"whether packets are recorded and this request has the right to them"`
}

func (a *API) limits(_ context.Context, r *request) (any, error) {
	l := a.Limits
	out := &LimitAnswer{Timeout: int64(l.Timeout), Rows: l.Rows, DefaultRows: l.DefaultRows, Scan: l.Scan, MapTraces: l.MapTraces, Questions: l.Questions}
	if a.Live != nil {
		out.Listeners = a.Live.cfg.Clients
	}
	out.Packets = a.Packets != nil && a.Packets.Recording() && a.MayPackets != nil && a.MayPackets(r.http)
	return out, nil
}

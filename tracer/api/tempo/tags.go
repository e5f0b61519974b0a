package tempo

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// ofResource are attributes that lie on the resource of agents' spans.
var ofResource = []string{"service.name", "service.instance.id", "wirespan.agent"}

// intrinsicNames are what TraceQL calls fields that are no attributes.
var intrinsicNames = []string{"duration", "kind", "name", "rootName", "rootServiceName", "status", "statusMessage", "traceDuration"}

// Bounds of the sample that tells what attributes spans have.
const (
	tagSample = 1000 // latest spans
	maxTags   = 2000 // names
)

// names are the attributes of spans and of resources that the latest spans of the
// time have, and those that agents may send.
func (a *API) names(ctx context.Context, r *http.Request) (spans, resources []string, err error) {
	w, err := window(r)
	if err != nil {
		return nil, nil, err
	}
	seen := [2]map[string]bool{{}, {}}
	note := func(in map[string]bool, list []store.Attr) {
		for i := range list {
			if k := list[i].Key; !in[k] && k != store.AttrFacts && len(in) < maxTags {
				in[strings.Clone(k)] = true
			}
		}
	}
	for i := range a.Keys.Len() {
		if n := a.Keys.Name(span.Key(i)); n != store.AttrFacts {
			seen[0][n] = true
		}
	}
	for _, n := range ofResource {
		seen[1][n] = true
	}
	looked := 0
	err = a.Store.Search(ctx, &store.Query{Window: w, Limit: tagSample}, func(s *store.Span) bool {
		looked++
		note(seen[0], s.Attrs)
		note(seen[1], s.Resource)
		return looked < tagSample
	})
	return slices.Sorted(maps.Keys(seen[0])), slices.Sorted(maps.Keys(seen[1])), err
}

// tags are names without their scopes.
func (a *API) tags(ctx context.Context, r *http.Request) (body, error) {
	list := intrinsicNames
	if r.URL.Query().Get("scope") != "intrinsic" {
		spans, resources, err := a.names(ctx, r)
		if err != nil {
			return body{}, err
		}
		list = append(spans, resources...)
		slices.Sort(list)
		list = slices.Compact(list)
	}
	return asJSON(map[string]any{"tagNames": list})
}

func (a *API) tags2(ctx context.Context, r *http.Request) (body, error) {
	type scope struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	spans, resources, err := a.names(ctx, r)
	if err != nil {
		return body{}, err
	}
	var list []scope
	for _, s := range []scope{{"resource", resources}, {"span", spans}, {"intrinsic", intrinsicNames}} {
		if want := r.URL.Query().Get("scope"); want == "" || want == "none" || want == s.Name {
			list = append(list, s)
		}
	}
	return asJSON(map[string]any{"scopes": list})
}

// valuesOf asks the store for values of a tag, with or without its scope.
func (a *API) valuesOf(ctx context.Context, r *http.Request) (list []string, kind string, err error) {
	tag := r.PathValue("tag")
	for _, prefix := range [...]string{"resource.", "span.", "."} {
		if n, ok := strings.CutPrefix(tag, prefix); ok {
			tag = n
			break
		}
	}
	switch tag {
	case "status":
		return []string{"error", "ok", "unset"}, "keyword", nil
	case "kind":
		return []string{"client", "consumer", "internal", "producer", "server"}, "keyword", nil
	case "service.name", "rootServiceName", "trace:rootService": // a root is of one of the services
		tag = "service"
	case "rootName", "trace:rootName", "span:name":
		tag = "name"
	case store.AttrFacts:
		return nil, "", find.Bad("there is no such tag")
	}
	w, err := window(r)
	if err != nil {
		return nil, "", err
	}
	list, err = a.Store.Values(ctx, tag, "", w, a.Limits.Values)
	return list, "string", err
}

func (a *API) values(ctx context.Context, r *http.Request) (body, error) {
	list, _, err := a.valuesOf(ctx, r)
	if err != nil {
		return body{}, err
	}
	return asJSON(map[string]any{"tagValues": append([]string{}, list...)})
}

func (a *API) values2(ctx context.Context, r *http.Request) (body, error) {
	type value struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	list, kind, err := a.valuesOf(ctx, r)
	if err != nil {
		return body{}, err
	}
	out := make([]value, len(list))
	for i, v := range list {
		out[i] = value{kind, v}
		if _, err := strconv.ParseInt(v, 10, 64); err == nil && kind == "string" {
			out[i].Type = "int"
		}
	}
	return asJSON(map[string]any{"tagValues": out})
}

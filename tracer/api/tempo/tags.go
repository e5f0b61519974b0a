package tempo

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// ofResource are attributes that lie on the resource; of others it is looked for on
// the span first.
var ofResource = []string{"service.name", "service.instance.id", "wirespan.agent", "host.name", "process.pid", "process.executable.name", "container.id", "k8s.pod.name", "k8s.namespace.name"}

// intrinsicNames are what TraceQL calls fields that are no attributes.
var intrinsicNames = []string{"duration", "kind", "name", "status"}

// names are the attributes that spans of this program may have.
func (a *API) names() (list []string) {
	for i := range a.Keys.Len() {
		if n := a.Keys.Name(span.Key(i)); n != store.AttrFacts {
			list = append(list, n)
		}
	}
	return list
}

func (a *API) tags(_ context.Context, r *http.Request) (body, error) {
	list := append(append([]string{}, ofResource...), a.names()...)
	if r.URL.Query().Get("scope") == "intrinsic" {
		list = intrinsicNames
	}
	return asJSON(map[string]any{"tagNames": list})
}

func (a *API) tags2(_ context.Context, r *http.Request) (body, error) {
	type scope struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	var list []scope
	for _, s := range []scope{{"resource", ofResource}, {"span", a.names()}, {"intrinsic", intrinsicNames}} {
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
	case "service.name":
		tag = "service"
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

package jaeger

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// operation is a name of spans with their kind: client, server, ..., or empty.
type operation struct {
	Name string `json:"name"`
	Kind string `json:"spanKind"`
}

// kindSample is how many of the latest spans of a service tell the kinds of its
// operations.
const kindSample = 10_000

// operationNames are those of a service.
func (a *API) operationNames(ctx context.Context, r *http.Request) (any, error) {
	list, err := a.names(ctx, r.PathValue("service"))
	return listed(list), err
}

func (a *API) names(ctx context.Context, service string) ([]string, error) {
	if service == "" {
		return nil, find.Bad("parameter 'service' is required")
	}
	return a.Store.Values(ctx, "name", service, store.Window{}, a.Limits.Values)
}

func (a *API) operations(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	list, err := a.kinds(ctx, v.Get("service"), v.Get("spanKind"))
	return listed(list), err
}

func (a *API) operations3(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	list, err := a.kinds(ctx, v.Get("service"), cmp.Or(v.Get("span_kind"), v.Get("spanKind")))
	return map[string]any{"operations": list}, err
}

// kinds are the operations of a service by name and kind. An operation that is not
// among the latest spans has no kind; only, if it is not empty, is the one that is
// wanted.
func (a *API) kinds(ctx context.Context, service, only string) ([]operation, error) {
	only = strings.ToLower(strings.TrimPrefix(only, "SPAN_KIND_"))
	if only != "" && only != "unspecified" && !known(only) {
		return nil, find.Bad("unable to parse param 'spanKind': %q, want client, server, producer, consumer or internal", only)
	}
	names, err := a.names(ctx, service)
	if err != nil {
		return nil, err
	}
	seen, named := map[operation]bool{}, map[string]bool{}
	looked := 0
	err = a.Store.Search(ctx, &store.Query{Service: service, Limit: kindSample}, func(s *store.Span) bool {
		looked++
		o := operation{s.Name, kindNames[s.Kind]}
		if !seen[o] {
			o.Name = strings.Clone(o.Name)
			seen[o], named[o.Name] = true, true
		}
		return looked < kindSample && len(seen) < a.Limits.Values
	})
	if err != nil {
		return nil, err
	}
	list := []operation{}
	for o := range seen {
		if only == "" || only == "unspecified" || o.Kind == only {
			list = append(list, o)
		}
	}
	for _, n := range names {
		if !named[n] && (only == "" || only == "unspecified") {
			list = append(list, operation{Name: n})
		}
	}
	slices.SortFunc(list, func(x, y operation) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Kind, y.Kind)) })
	return list, nil
}

// known reports whether it is the name of a kind.
func known(kind string) bool {
	for k := span.Internal; k <= span.Consumer; k++ {
		if kindNames[k] == kind {
			return true
		}
	}
	return false
}

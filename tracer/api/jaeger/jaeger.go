package jaeger

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Config is what the API stands on. Store, Assembler, Keys and Limits are required.
type Config struct {
	Store     find.Store
	Assembler find.Assembler
	Keys      *span.Keys
	Limits    Limits
	Log       *slog.Logger     // of what failed; nil: nowhere
	Now       func() time.Time // nil: the clock of this host
}

// Limits bound what one request may cost.
type Limits struct {
	Timeout time.Duration
	Traces  int // of a search
	Values  int // services, operations
	Graph   int // traces that dependencies are read off
}

// DefaultLimits is what serve uses.
func DefaultLimits() Limits {
	return Limits{Timeout: 30 * time.Second, Traces: 500, Values: 10_000, Graph: 1_000}
}

// API answers.
type API struct {
	Config
	mux http.ServeMux
}

// Paths are those that the handler answers below; the last is /api/v3/.
var paths = []string{"/api/services", "/api/services/{service}/operations", "/api/operations", "/api/traces", "/api/traces/{id}", "/api/dependencies", "/api/v3/"}

// Paths lists the patterns under which the API is to be served.
func Paths() []string { return append([]string(nil), paths...) }

// New returns the handler.
func New(c Config) (*API, error) {
	if c.Store == nil || c.Assembler == nil || c.Keys == nil || c.Limits.Timeout <= 0 || c.Limits.Traces <= 0 || c.Limits.Values <= 0 || c.Limits.Graph <= 0 {
		return nil, errors.New("jaeger: store, assembler, keys and limits are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c}
	for path, f := range map[string]func(context.Context, *http.Request) (any, error){
		"/api/services":                      a.services,
		"/api/services/{service}/operations": a.operationNames,
		"/api/operations":                    a.operations,
		"/api/traces":                        a.search,
		"/api/traces/{id}":                   a.trace,
		"/api/dependencies":                  a.dependencies,
		"/api/v3/services":                   a.services3,
		"/api/v3/operations":                 a.operations3,
		"/api/v3/traces":                     a.search3,
		"/api/v3/traces/{id}":                a.trace3,
	} {
		a.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, f) })
	}
	a.mux.HandleFunc("/api/v3/", func(w http.ResponseWriter, r *http.Request) {
		a.serve(w, r, func(context.Context, *http.Request) (any, error) {
			return nil, &find.Refusal{Status: http.StatusNotFound, Text: "there is no such path: services, operations, traces and traces/{id} are answered to GET"}
		})
	})
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *API) serve(w http.ResponseWriter, r *http.Request, f func(context.Context, *http.Request) (any, error)) {
	ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
	defer stop()
	out, err := f(ctx, r)
	status := http.StatusOK
	if err != nil {
		told := find.Told(ctx, err, a.Log, r.URL.Path)
		status, out = told.Status, envelope(r, told)
	}
	b, ok := out.([]byte)
	if !ok {
		if b, err = json.Marshal(out); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// envelope is how each of the two APIs tells of a fault.
func envelope(r *http.Request, f *find.Refusal) any {
	if strings.HasPrefix(r.URL.Path, "/api/v3/") {
		return map[string]any{"error": map[string]any{"httpCode": f.Status, "message": f.Text}}
	}
	return answer{Errors: []fault{{Code: f.Status, Msg: f.Text}}}
}

func listed[T any](list []T) answer {
	if list == nil {
		list = []T{}
	}
	return answer{Data: list, Total: len(list)}
}

func (a *API) services(ctx context.Context, _ *http.Request) (any, error) {
	list, err := a.Store.Values(ctx, "service", "", store.Window{}, a.Limits.Values)
	return listed(list), err
}

func (a *API) services3(ctx context.Context, _ *http.Request) (any, error) {
	list, err := a.Store.Values(ctx, "service", "", store.Window{}, a.Limits.Values)
	return map[string]any{"services": append([]string{}, list...)}, err
}

func (a *API) trace(ctx context.Context, r *http.Request) (any, error) {
	w, err := window(r.URL.Query())
	if err != nil {
		return nil, err
	}
	t, err := a.get(ctx, r.PathValue("id"), w)
	if err != nil {
		return nil, err
	}
	return listed([]trace{traceOf(t)}), nil
}

// get assembles a trace. A window says where to look for it; what belongs to it may
// lie outside.
func (a *API) get(ctx context.Context, text string, w store.Window) (*assemble.Trace, error) {
	id, ok := find.ParseID(text)
	if !ok {
		return nil, find.Bad("trace id %q: want up to 32 hex digits", text)
	}
	return a.Assembler.Trace(ctx, id, w)
}

// window reads start and end, in microseconds.
func window(v url.Values) (w store.Window, err error) {
	for _, p := range []struct {
		name string
		to   *int64
	}{{"start", &w.From}, {"end", &w.To}} {
		text := v.Get(p.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/1000 {
			return w, find.Bad("unable to parse param '%s': %q is no time in microseconds", p.name, text)
		}
		*p.to = n * 1000
	}
	if w.To != 0 && w.To <= w.From {
		return w, find.Bad("'end' is not after 'start'")
	}
	return w, nil
}

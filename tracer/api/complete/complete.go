package complete

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/assemble"
)

// Config is what the API stands on. Store, Assembler and Limits are required.
type Config struct {
	Store     find.Store
	Assembler api.Assembler
	Limits    Limits
	Log       *slog.Logger // of what failed; nil: nowhere
}

// Limits bound what one request may cost.
type Limits struct {
	Timeout time.Duration
	Bytes   int64 // of a body
	Spans   int   // in a request
}

// DefaultLimits is what serve uses.
func DefaultLimits() Limits { return Limits{Timeout: 30 * time.Second, Bytes: 16 << 20, Spans: 10_000} }

// Paths of the API.
const (
	ByAppSpans = "/v1/stats/querier/tracing-completion-by-external-app-spans"
	ByFlow     = "/v1/stats/querier/L7FlowTracing"
	Params     = "/v1/stats/querier/TracingAlgoParams"
	Own        = "/api/v1/complete"
)

// Paths lists those under which the API is to be served.
func Paths() []string { return []string{ByAppSpans, ByFlow, Params, Own} }

// API answers.
type API struct {
	Config
	mux http.ServeMux
}

// New returns the handler of the paths.
func New(c Config) (*API, error) {
	if c.Store == nil || c.Assembler == nil || c.Limits.Timeout <= 0 || c.Limits.Bytes <= 0 || c.Limits.Spans <= 0 {
		return nil, errors.New("complete: store, assembler and limits are required")
	}
	a := &API{Config: c}
	a.mux.HandleFunc(ByAppSpans, a.foreign(http.MethodPost, "tracing-completion-by-external-app-spans", a.byAppSpans))
	a.mux.HandleFunc(ByFlow, a.foreign(http.MethodPost, "Flow_Log_L7_Tracing", a.byFlow))
	a.mux.HandleFunc(Params, a.foreign(http.MethodGet, "TracingAlgoParams", a.params))
	a.mux.HandleFunc(Own, a.own)
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// own is our form: the assembled trace as GET /api/v1/traces/{id} writes it.
func (a *API) own(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		api.MethodNotAllowed(w, http.MethodPost)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
	defer stop()
	q, err := a.read(w, r)
	if err == nil {
		var t *assemble.Trace
		if t, err = a.Assembler.Around(ctx, q.spans); err == nil {
			writeJSON(w, http.StatusOK, api.TraceOf(t))
			return
		}
	}
	var f *fault
	if errors.As(err, &f) {
		api.BadBody(f.status, f.text).Write(w)
		return
	}
	p := api.ProblemOf(err)
	if p.Status == http.StatusInternalServerError {
		a.log(ctx, Own, err)
	}
	p.Write(w)
}

// log notes what the client is not told, since it may name hosts and paths.
func (a *API) log(ctx context.Context, path string, err error) {
	if a.Log != nil {
		a.Log.LogAttrs(ctx, slog.LevelError, "question failed", slog.String("path", path), slog.Any("error", err))
	}
}

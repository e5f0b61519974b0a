package complete

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Config is what the API stands on. All fields are required.
type Config struct {
	Store     find.Store
	Assembler api.Assembler
	Limits    Limits
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
	a.mux.HandleFunc("POST "+ByAppSpans, a.foreign(a.byAppSpans))
	a.mux.HandleFunc("POST "+ByFlow, a.foreign(a.byFlow))
	a.mux.HandleFunc("GET "+Params, a.foreign(a.params))
	a.mux.HandleFunc("POST "+Own, a.own)
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// fault is what is wrong with a request.
type fault struct{ text string }

func (f *fault) Error() string { return f.text }

func bad(format string, args ...any) error { return &fault{fmt.Sprintf(format, args...)} }

// statusOf is the status of HTTP, and DeepFlow's word for it.
func statusOf(err error) (int, string) {
	var f *fault
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &size):
		return http.StatusRequestEntityTooLarge, "INVALID_PARAMETERS"
	case errors.As(err, &f):
		return http.StatusBadRequest, "INVALID_PARAMETERS"
	case errors.Is(err, assemble.ErrNotFound):
		return http.StatusNotFound, "RESOURCE_NOT_FOUND"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "SERVER_ERROR"
	}
	return http.StatusInternalServerError, "SERVER_ERROR"
}

// envelope is how DeepFlow answers.
type envelope struct {
	Status      string `json:"OPT_STATUS"`
	Description string `json:"DESCRIPTION"`
	Data        any    `json:"DATA"`
}

// foreign answers in DeepFlow's envelope. What is not found is an empty answer there.
func (a *API) foreign(f func(context.Context, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
		defer stop()
		r.Body = http.MaxBytesReader(w, r.Body, a.Limits.Bytes)
		data, err := f(ctx, r)
		if errors.Is(err, assemble.ErrNotFound) {
			data, err = tracing{Tracing: []row{}}, nil
		}
		out, status := envelope{Status: "SUCCESS", Data: data}, http.StatusOK
		if err != nil {
			status, out.Status = statusOf(err)
			out.Description, out.Data = err.Error(), nil
		}
		writeJSON(w, status, out)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

// appSpan is a span of an APM, in DeepFlow's form, which takes names in upper case,
// too: encoding/json does not look at case.
type appSpan struct {
	TraceID string  `json:"trace_id"`
	SpanID  string  `json:"span_id"`
	Parent  *string `json:"parent_span_id"`
	Kind    int     `json:"span_kind"` // 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer
	Start   int64   `json:"start_time_us"`
	End     int64   `json:"end_time_us"`

	Service string            `json:"app_service"` // ours: names make the tree easier to read
	Name    string            `json:"name"`
	Attrs   map[string]string `json:"attributes"`
}

// request is the body.
type request struct {
	MaxIteration int       `json:"max_iteration"`
	NetworkDelay int64     `json:"network_delay_us"`
	AppSpans     []appSpan `json:"app_spans"`
	Spans        []appSpan `json:"spans"` // our form
}

func (a *API) read(r *http.Request) ([]store.Span, error) {
	var q request
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		var size *http.MaxBytesError
		if errors.As(err, &size) {
			return nil, err
		}
		return nil, bad("the body is no JSON of this form: %v", err)
	}
	list := append(q.AppSpans, q.Spans...)
	if len(list) == 0 {
		return nil, bad("app_spans: there must be at least one span")
	}
	if len(list) > a.Limits.Spans {
		return nil, bad("app_spans: %d spans, at most %d are taken", len(list), a.Limits.Spans)
	}
	spans := make([]store.Span, len(list))
	for i := range list {
		var err error
		if spans[i], err = list[i].span(i); err != nil {
			return nil, err
		}
	}
	divide(spans)
	return spans, nil
}

// divide tells processes apart where no service is named: a request from one to
// another lies between a span of the client's kind and one of the server's. Clocks
// are those of processes.
func divide(spans []store.Span) {
	at := make(map[span.SpanID]int, len(spans))
	for i := range spans {
		at[spans[i].ID] = i
	}
	remote := func(child, parent *store.Span) bool {
		return child.Kind == span.Server || child.Kind == span.Consumer || parent.Kind == span.Client || parent.Kind == span.Producer
	}
	for i := range spans {
		if spans[i].Service != "" {
			continue
		}
		top := i
		for range spans {
			p, ok := at[spans[top].Parent]
			if !ok || p == top || remote(&spans[top], &spans[p]) {
				break
			}
			top = p
		}
		spans[i].Instance = spans[top].ID.String()
	}
}

// span makes one of ours of it.
func (s *appSpan) span(i int) (out store.Span, err error) {
	id, ok := find.ParseID(dashless(s.TraceID))
	if !ok {
		return out, bad("app_spans[%d].trace_id: %q is no trace id of up to 32 hex digits", i, s.TraceID)
	}
	if out.ID, ok = spanID(s.SpanID); !ok || out.ID.IsZero() {
		return out, bad("app_spans[%d].span_id: %q is no span id of up to 16 hex digits", i, s.SpanID)
	}
	if s.Parent != nil {
		if out.Parent, ok = spanID(*s.Parent); !ok {
			return out, bad("app_spans[%d].parent_span_id: %q is no span id of up to 16 hex digits", i, *s.Parent)
		}
	}
	if s.Kind < 0 || s.Kind > 5 {
		return out, bad("app_spans[%d].span_kind: %d, want 0 to 5", i, s.Kind)
	}
	const most = 1 << 52 // us, in the year 2112
	if s.Start <= 0 || s.Start > most || s.End < s.Start || s.End > most {
		return out, bad("app_spans[%d]: start_time_us %d and end_time_us %d are no times in microseconds, one behind the other", i, s.Start, s.End)
	}
	// It ended within the microsecond, not at its beginning.
	out.Trace, out.Kind, out.Start, out.End = id, span.Kind(s.Kind), s.Start*1000, s.End*1000+999
	out.Service, out.Name = s.Service, s.Name
	for k, v := range s.Attrs {
		out.Attrs = append(out.Attrs, store.Attr{Key: k, Value: valueOf(v)})
	}
	return out, nil
}

// valueOf takes digits for a number, as attributes of ports and statuses are.
func valueOf(s string) store.Value {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return store.IntValue(n)
	}
	return store.StringValue(s)
}

func dashless(s string) string { return strings.ReplaceAll(s, "-", "") }

// spanID reads up to 16 hex digits; empty and "0" are none.
func spanID(s string) (id span.SpanID, ok bool) {
	if s == "" || strings.Trim(s, "0") == "" && len(s) <= 16 {
		return id, true
	}
	if len(s) > 16 {
		return id, false
	}
	long, ok := find.ParseID(s)
	copy(id[:], long[8:])
	return id, ok
}

func (a *API) byAppSpans(ctx context.Context, r *http.Request) (any, error) {
	spans, err := a.read(r)
	if err != nil {
		return nil, err
	}
	t, err := a.Assembler.Around(ctx, spans)
	if err != nil {
		return nil, err
	}
	return tracing{Tracing: rowsOf(t)}, nil
}

// own is our form: the assembled trace as GET /api/v1/traces/{id} writes it.
func (a *API) own(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
	defer stop()
	r.Body = http.MaxBytesReader(w, r.Body, a.Limits.Bytes)
	spans, err := a.read(r)
	if err == nil {
		var t *assemble.Trace
		if t, err = a.Assembler.Around(ctx, spans); err == nil {
			writeJSON(w, http.StatusOK, api.TraceOf(t))
			return
		}
	}
	status, _ := statusOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	b, _ := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": err.Error()})
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

// flowRequest is the body of L7FlowTracing. _id is that of a row of an answer here: a
// span id.
type flowRequest struct {
	Database string          `json:"DATABASE"`
	Table    string          `json:"TABLE"`
	ID       json.RawMessage `json:"_ID"`
	TraceID  string          `json:"TRACE_ID"`
	From     int64           `json:"TIME_START"` // s
	To       int64           `json:"TIME_END"`
}

func (a *API) byFlow(ctx context.Context, r *http.Request) (any, error) {
	var q flowRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, bad("the body is no JSON of this form: %v", err)
	}
	if q.Table != "" && q.Table != "l7_flow_log" {
		return nil, bad("TABLE: %q, there is l7_flow_log only", q.Table)
	}
	const most = 1 << 33 // s
	if q.From < 0 || q.To < q.From || q.To > most {
		return nil, bad("TIME_START, TIME_END: %d and %d are no times in seconds, one behind the other", q.From, q.To)
	}
	w := store.Window{From: q.From * 1e9, To: q.To * 1e9}
	var t *assemble.Trace
	var err error
	if q.TraceID != "" {
		id, ok := find.ParseID(dashless(q.TraceID))
		if !ok {
			return nil, bad("trace_id: %q is no trace id of up to 32 hex digits", q.TraceID)
		}
		t, err = a.Assembler.Trace(ctx, id, w)
	} else {
		t, err = a.byRow(ctx, q.ID, w)
	}
	if err != nil {
		return nil, err
	}
	return tracing{Tracing: rowsOf(t), Services: servicesOf(t)}, nil
}

// byRow finds the trace of a span.
func (a *API) byRow(ctx context.Context, raw json.RawMessage, w store.Window) (*assemble.Trace, error) {
	text := strings.Trim(string(raw), `"`)
	id, ok := spanID(text)
	if !ok || id.IsZero() {
		return nil, bad("_id or trace_id: one is required; _id %q is no span id of 16 hex digits", text)
	}
	var seed []store.Span
	q := store.Query{Window: w, Keys: []store.Key{store.SpanKey(id)}}
	err := a.Store.Search(ctx, &q, func(s *store.Span) bool {
		if s.ID == id {
			seed = append(seed, s.Clone())
		}
		return seed == nil
	})
	if err != nil {
		return nil, err
	}
	return a.Assembler.Around(ctx, seed)
}

// params are the settings of DeepFlow's algorithm that mean something here.
func (a *API) params(context.Context, *http.Request) (any, error) {
	d := assemble.Default()
	return map[string]any{
		"max_iteration": d.MaxRounds, "l7_tracing_limit": d.MaxSpans, "host_clock_offset_us": d.Clock.Microseconds(), "network_delay_us": d.Clock.Microseconds(),
	}, nil
}

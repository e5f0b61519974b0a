package tempo

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/relay"
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
	Version   string           // of wirespan, in what buildinfo says
	Now       func() time.Time // nil: the clock of this host
}

// Limits bound what one request may cost.
type Limits struct {
	Timeout time.Duration
	Traces  int // of a search
	Values  int // tags, values
}

// DefaultLimits is what serve uses.
func DefaultLimits() Limits { return Limits{Timeout: 30 * time.Second, Traces: 500, Values: 10_000} }

// Prefix is where Tempo's paths lie, since Jaeger's are the same: the URL of the data
// source ends in it.
const Prefix = "/tempo"

// API answers below Prefix.
type API struct {
	Config
	mux http.ServeMux
}

// New returns the handler.
func New(c Config) (*API, error) {
	if c.Store == nil || c.Assembler == nil || c.Keys == nil || c.Limits.Timeout <= 0 || c.Limits.Traces <= 0 || c.Limits.Values <= 0 {
		return nil, errors.New("tempo: store, assembler, keys and limits are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c}
	for path, f := range map[string]func(context.Context, *http.Request) (body, error){
		"/api/echo":                       func(context.Context, *http.Request) (body, error) { return body{"text/plain", []byte("echo")}, nil },
		"/ready":                          func(context.Context, *http.Request) (body, error) { return body{"text/plain", []byte("ready")}, nil },
		"/api/status/buildinfo":           a.buildInfo,
		"/api/traces/{id}":                a.trace,
		"/api/v2/traces/{id}":             a.trace2,
		"/api/search":                     a.search,
		"/api/search/tags":                a.tags,
		"/api/v2/search/tags":             a.tags2,
		"/api/search/tag/{tag}/values":    a.values,
		"/api/v2/search/tag/{tag}/values": a.values2,
	} {
		a.mux.HandleFunc("GET "+Prefix+path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, f) })
	}
	a.mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "wirespan does not have this part of Tempo's API: it finds traces and tags, and computes no metrics", http.StatusNotFound)
	})
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// body is an answer.
type body struct {
	kind  string
	bytes []byte
}

const jsonKind, protoKind = "application/json", "application/protobuf"

func asJSON(v any) (body, error) {
	b, err := json.Marshal(v)
	return body{jsonKind, b}, err
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, f func(context.Context, *http.Request) (body, error)) {
	ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
	defer stop()
	out, err := f(ctx, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			err = find.Bad("%s", syntax)
		}
		told := find.Told(ctx, err, a.Log, r.URL.Path)
		http.Error(w, told.Text, told.Status) // Tempo's faults are plain text
		return
	}
	w.Header().Set("Content-Type", out.kind)
	_, _ = w.Write(out.bytes)
}

// buildInfo is what Grafana learns the version of the API from.
func (a *API) buildInfo(context.Context, *http.Request) (body, error) {
	return asJSON(map[string]string{"version": "2.6.0", "revision": "wirespan " + a.Version, "branch": "", "goVersion": ""})
}

// trace is GET /api/traces/{id}: a Trace of tempopb, which on the wire is TracesData.
func (a *API) trace(ctx context.Context, r *http.Request) (body, error) {
	t, err := a.get(ctx, r)
	if err != nil {
		return body{}, err
	}
	if wantsProto(r) {
		return body{protoKind, relay.Append(nil, relay.Plain(t))}, nil
	}
	data := api.AppendProtoJSON(nil, t)
	return body{jsonKind, append([]byte(`{"batches"`), data[len(`{"resourceSpans"`):]...)}, nil
}

// trace2 is GET /api/v2/traces/{id}: a TraceByIDResponse, of which the first field is
// the trace.
func (a *API) trace2(ctx context.Context, r *http.Request) (body, error) {
	t, err := a.get(ctx, r)
	if err != nil {
		return body{}, err
	}
	if wantsProto(r) {
		b := protowire.AppendTag(nil, 1, protowire.BytesType)
		return body{protoKind, protowire.AppendBytes(b, relay.Append(nil, relay.Plain(t)))}, nil
	}
	b := api.AppendProtoJSON([]byte(`{"trace":`), t)
	return body{jsonKind, append(b, `,"metrics":{}}`...)}, nil
}

func wantsProto(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), protoKind) }

func (a *API) get(ctx context.Context, r *http.Request) (*assemble.Trace, error) {
	id, ok := find.ParseID(r.PathValue("id"))
	if !ok {
		return nil, find.Bad("trace id %q: want up to 32 hex digits", r.PathValue("id"))
	}
	w, err := window(r)
	if err != nil {
		return nil, err
	}
	return a.Assembler.Trace(ctx, id, w)
}

// window reads start and end, in seconds.
func window(r *http.Request) (w store.Window, err error) {
	for _, p := range []struct {
		name string
		to   *int64
	}{{"start", &w.From}, {"end", &w.To}} {
		text := r.URL.Query().Get(p.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/int64(1e9) {
			return w, find.Bad("invalid %s: %q is no time in seconds", p.name, text)
		}
		*p.to = n * 1e9
	}
	if w.To != 0 && w.To <= w.From {
		return w, find.Bad("invalid end: it is not behind start")
	}
	return w, nil
}

package complete

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/assemble"
)

// envelope is how DeepFlow answers.
type envelope struct {
	Status      string `json:"OPT_STATUS"`
	Description string `json:"DESCRIPTION"`
	Data        any    `json:"DATA,omitempty"` // of answers only
	Type        string `json:"TYPE,omitempty"` // of answers only
}

// Words of DeepFlow for how a request ended.
const (
	success     = "SUCCESS"
	badData     = "INVALID_POST_DATA"
	serverError = "INTERNAL_SERVER_ERROR"
	badMethod   = "NOT_ALLOW_METHOD"
)

// answered is DATA, and what is to be said with it.
type answered struct {
	data any
	said []string // what was left out of the trace
}

// foreign answers in DeepFlow's envelope.
func (a *API) foreign(method, kind string, f func(context.Context, http.ResponseWriter, *http.Request) (answered, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			writeJSON(w, http.StatusMethodNotAllowed, envelope{Status: badMethod, Description: "this path takes " + method + " only"})
			return
		}
		ctx, stop := context.WithTimeout(r.Context(), a.Limits.Timeout)
		defer stop()
		out, err := f(ctx, w, r)
		if err != nil {
			a.refuse(ctx, w, r.URL.Path, err)
			return
		}
		writeJSON(w, http.StatusOK, envelope{Status: success, Description: strings.Join(out.said, "; "), Data: out.data, Type: kind})
	}
}

// refuse says what is wrong in DeepFlow's words.
func (a *API) refuse(ctx context.Context, w http.ResponseWriter, path string, err error) {
	var f *fault
	if errors.As(err, &f) {
		writeJSON(w, f.status, envelope{Status: badData, Description: f.text})
		return
	}
	p := api.ProblemOf(err)
	if p.Status == http.StatusInternalServerError {
		a.log(ctx, path, err)
	}
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	writeJSON(w, p.Status, envelope{Status: serverError, Description: text})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // types of ours always can be
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client is gone, then
}

// byAppSpans completes the spans that come with the request.
func (a *API) byAppSpans(ctx context.Context, w http.ResponseWriter, r *http.Request) (answered, error) {
	q, err := a.read(w, r)
	if err != nil {
		return answered{}, err
	}
	t, err := a.Assembler.Around(ctx, q.spans)
	if err != nil {
		return answered{}, err
	}
	return answered{tracing{Tracing: rowsOf(t, &view{names: q.names, traces: q.traces, shown: q.shown, attributes: true})}, t.Limits}, nil
}

// params are the settings of DeepFlow's algorithm that mean something here.
func (a *API) params(context.Context, http.ResponseWriter, *http.Request) (answered, error) {
	d := assemble.Default()
	return answered{data: map[string]any{
		"max_iteration": d.MaxRounds, "l7_tracing_limit": d.MaxSpans, "host_clock_offset_us": d.Clock.Microseconds(), "network_delay_us": d.Clock.Microseconds(),
	}}, nil
}

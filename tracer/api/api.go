package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// API answers requests below Prefix.
type API struct {
	Config
	questions chan struct{}
	mux       http.ServeMux
}

// New returns the handler of everything below Prefix.
func New(c Config) (*API, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c, questions: make(chan struct{}, c.Limits.Questions)}
	for _, rt := range routes() {
		if rt.elsewhere {
			continue
		}
		a.mux.HandleFunc("GET "+rt.path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, &rt) })
		a.mux.HandleFunc(rt.path, func(w http.ResponseWriter, _ *http.Request) {
			MethodNotAllowed(w, "GET, HEAD")
		})
	}
	a.mux.HandleFunc(Prefix, func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, notFound("no such path; %sopenapi.json lists them", Prefix))
	})
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	a.mux.ServeHTTP(w, r)
}

// request is a request whose parameters were read.
type request struct {
	*params
	http *http.Request
	w    http.ResponseWriter
}

// written is the answer of handlers that wrote it themselves.
type written struct{}

// text is an answer that is no JSON.
type text struct {
	kind string
	body []byte
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	p, fault := readParams(r.URL.RawQuery, rt.params, a.Now())
	if fault != nil {
		writeProblem(w, fault)
		return
	}
	ctx := r.Context()
	if !rt.stream {
		select {
		case a.questions <- struct{}{}:
			defer func() { <-a.questions }()
		default:
			w.Header().Set("Retry-After", "1")
			writeProblem(w, problem("busy", http.StatusServiceUnavailable, "too many questions at once", "%d are being answered; ask again", cap(a.questions)))
			return
		}
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, a.Limits.Timeout)
		defer stop()
	}
	out, err := rt.answer(a, ctx, &request{params: p, http: r, w: w})
	if err == nil && p.fault != nil {
		err = p.fault
	}
	if err != nil {
		a.fail(w, r, rt, err)
		return
	}
	a.write(w, out)
}

// fail answers with a problem, and logs what the client is not told.
func (a *API) fail(w http.ResponseWriter, r *http.Request, rt *route, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError && a.Log != nil {
		a.Log.LogAttrs(r.Context(), slog.LevelError, "question failed", slog.String("path", rt.path), slog.Any("error", err))
	}
	writeProblem(w, p)
}

func (a *API) write(w http.ResponseWriter, out any) {
	switch v := out.(type) {
	case written:
	case text:
		send(w, v.kind, v.body)
	default:
		b, err := json.Marshal(out)
		if err != nil { // types of ours always can be
			writeProblem(w, problemOf(err))
			return
		}
		send(w, "application/json", append(b, '\n'))
	}
}

func send(w http.ResponseWriter, kind string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // the client is gone, then
}

// soften leaves a part of the time of a request for what was found by then.
func (a *API) soften(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.Limits.Timeout*4/5)
}

// isDeadline reports that the time was up, and the client is still there.
func isDeadline(ctx context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && !errors.Is(ctx.Err(), context.Canceled)
}

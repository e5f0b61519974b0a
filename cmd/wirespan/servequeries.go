package main

import (
	"net/http"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/api/complete"
	"github.com/wirespan/wirespan/tracer/api/jaeger"
	"github.com/wirespan/wirespan/tracer/api/tempo"
	assembly "github.com/wirespan/wirespan/tracer/assemble"
)

// addQueries makes the APIs that answer on --ui: ours, and those of others.
func (h *house) addQueries(a *assembly.Assembler) error {
	h.queries = make(map[string]http.Handler)
	own, err := api.New(api.Config{
		Store: h.store, Assembler: a, Keys: h.keys, Limits: api.DefaultLimits(), Packets: &h.packets, MayPackets: mayPackets,
		Live: h.live, Version: versionString(), Log: h.log,
	})
	if err != nil {
		return err
	}
	h.queries[api.Prefix] = own
	j, err := jaeger.New(jaeger.Config{Store: h.store, Assembler: a, Keys: h.keys, Limits: jaeger.DefaultLimits(), Log: h.log})
	if err != nil {
		return err
	}
	few := inPlaces(api.DefaultLimits().Questions)
	for _, p := range jaeger.Paths() {
		h.queries[p] = few(j)
	}
	t, err := tempo.New(tempo.Config{Store: h.store, Assembler: a, Keys: h.keys, Limits: tempo.DefaultLimits(), Log: h.log, Version: versionString()})
	if err != nil {
		return err
	}
	h.queries[tempo.Prefix+"/"] = few(t)
	c, err := complete.New(complete.Config{Store: h.store, Assembler: a, Limits: complete.DefaultLimits(), Log: h.log})
	if err != nil {
		return err
	}
	for _, p := range complete.Paths() {
		h.queries[p] = few(c)
	}
	return nil
}

// inPlaces lets so many requests at a time through to all handlers that it is given,
// since each holds whole traces in memory; others are told to come again. The API of
// our own bounds its questions itself.
func inPlaces(n int) func(http.Handler) http.Handler {
	places := make(chan struct{}, n)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
				next.ServeHTTP(w, r)
			default:
				w.Header().Set("Retry-After", "1")
				http.Error(w, "too many questions at once; ask again", http.StatusServiceUnavailable)
			}
		})
	}
}

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
	for _, p := range jaeger.Paths() {
		h.queries[p] = j
	}
	t, err := tempo.New(tempo.Config{Store: h.store, Assembler: a, Keys: h.keys, Limits: tempo.DefaultLimits(), Log: h.log, Version: versionString()})
	if err != nil {
		return err
	}
	h.queries[tempo.Prefix+"/"] = t
	c, err := complete.New(complete.Config{Store: h.store, Assembler: a, Limits: complete.DefaultLimits(), Log: h.log})
	if err != nil {
		return err
	}
	for _, p := range complete.Paths() {
		h.queries[p] = c
	}
	return nil
}

package main

import (
	"net/http"

	"github.com/wirespan/wirespan/tracer/api"
	access "github.com/wirespan/wirespan/tracer/gate"
)

// routed is what is answered below an address, and who may ask for it. Everything that
// --ui and --otlp-http answer is in a list of these, so that nothing is without a
// right by oversight (TestRoutesTakeRights).
type routed struct {
	pattern string // of http.ServeMux
	right   access.Right
	open    bool // no token is needed, and nothing is told
	handler http.Handler
}

// uiRoutes are those of --ui: APIs, status, metrics, and spans over HTTP, so that one
// URL does for agents as for people.
func (h *house) uiRoutes() []routed {
	var list []routed
	for pattern, handler := range h.queries {
		list = append(list, routed{pattern: pattern, right: access.Read, handler: handler})
	}
	list = append(list,
		routed{pattern: "GET /{$}", right: access.Read, handler: http.HandlerFunc(h.page)},
		routed{pattern: "GET /status", right: access.Read, handler: http.HandlerFunc(h.statusJSON)},
		routed{pattern: "GET /metrics", right: access.Read, handler: h.metrics()},
	)
	if h.receiver != nil {
		m := h.receivers()
		for _, p := range receiverPaths {
			list = append(list, routed{pattern: p, right: access.Ingest, handler: m})
		}
	}
	return append(list, h.probes()...)
}

// receiverRoutes are those of --otlp-http.
func (h *house) receiverRoutes() []routed {
	return append(h.probes(), routed{pattern: "/", right: access.Ingest, handler: h.receivers()})
}

// probes carry no token, and are told nothing.
func (h *house) probes() []routed {
	return []routed{
		{pattern: "GET /healthz", open: true, handler: http.HandlerFunc(h.healthz)},
		{pattern: "GET /readyz", open: true, handler: http.HandlerFunc(h.readyz)},
	}
}

// behindGate is the handler of a list.
func (h *house) behindGate(list []routed) http.Handler {
	m := http.NewServeMux()
	for _, s := range list {
		if s.open {
			m.Handle(s.pattern, s.handler)
			continue
		}
		d := access.Door{Right: s.right}
		if s.right == access.Read {
			d.Page, d.Stream = true, isLive
		}
		m.Handle(s.pattern, h.gate.HTTP(d, s.handler))
	}
	return m
}

// isLive reports the one question whose answer goes on.
func isLive(r *http.Request) bool { return r.URL.Path == api.Prefix+"live" }

// mayPackets decides who is handed packets.
func mayPackets(r *http.Request) bool { return access.May(r.Context(), access.Packets) }

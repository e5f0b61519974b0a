package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	access "github.com/wirespan/wirespan/tracer/gate"
	"github.com/wirespan/wirespan/tracer/metric"
)

// activeTime is how long an agent counts as active after its last spans.
const activeTime = 5 * time.Minute

// metrics serves what is counted, for Prometheus.
func (h *house) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(metric.NewCollector(h.families))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTime,
	})
}

// families gathers the metrics of a house.
func (h *house) families() []metric.Family {
	list := append(buildFamilies(), h.process.families()...)
	if h.receiver != nil {
		list = append(list, h.receiver.Families()...)
	}
	if h.apm != nil {
		list = append(list, h.apm.Families()...)
	}
	list = append(list, h.onward.families()...)
	list = append(list, h.onward.sharedFamilies()...)
	list = append(list, h.storeFamilies()...)
	list = append(list, h.gateFamilies()...)
	all, active := h.agents.active(time.Now().Add(-activeTime))
	return append(list,
		oneGauge("wirespan.server.agents", "", "agents that have sent spans since the start", float64(all)),
		oneGauge("wirespan.server.agents.active", "", "agents that have sent spans within five minutes", float64(active)),
		oneGauge("wirespan.server.streams", "", "clients of the live stream", float64(h.live.Listeners())))
}

// storeFamilies tell what the store keeps.
func (h *house) storeFamilies() []metric.Family {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	st, err := h.store.Stats(ctx)
	up := 1.0
	if err != nil {
		up = 0
	}
	list := []metric.Family{oneGauge("wirespan.store.up", "", "1 if the store answers", up)}
	if err != nil {
		return list
	}
	full := 0.0
	if st.Full != "" {
		full = 1
	}
	return append(list,
		oneGauge("wirespan.store.spans", "{span}", "spans that are kept", float64(st.Spans)),
		oneGauge("wirespan.store.size", "By", "bytes that they take", float64(st.Bytes)),
		oneGauge("wirespan.store.oldest", "s", "start of the oldest span, since 1970", float64(st.Oldest)/1e9),
		oneGauge("wirespan.store.full", "", "1 while nothing is written for want of room", full),
		oneCount("wirespan.store.written", "{span}", "spans written", st.Written),
		oneCount("wirespan.store.refused", "{span}", "spans refused for want of room", st.Refused),
		oneCount("wirespan.store.expired", "{span}", "spans that left by age or size", st.Expired),
		oneGauge("wirespan.store.repairs", "", "repairs at the start", float64(len(st.Repairs))))
}

// gateFamilies tell who was let in.
func (h *house) gateFamilies() []metric.Family {
	f := metric.Counter("wirespan.server.requests", "{request}", "requests by what became of them at the gate")
	for o, n := range h.gate.Stats() {
		f.Add(float64(n), "outcome", access.Outcome(o).String())
	}
	return []metric.Family{f}
}

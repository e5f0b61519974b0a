package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

// houseStatus is what the status page tells.
type houseStatus struct {
	Version string        `json:"version"`
	Began   time.Time     `json:"began"`
	Now     time.Time     `json:"now"`
	Listens []string      `json:"listens"`
	Tokens  bool          `json:"tokens"` // are needed
	Takes   bool          `json:"takes"`  // spans of others
	Store   storeStatus   `json:"store"`
	Ingest  []formatCount `json:"ingest"`
	Losses  []namedCount  `json:"losses"`
	Gate    []namedCount  `json:"refused_requests"`
	Streams int           `json:"streams"`
	agentCounts
}

type storeStatus struct {
	Name  string `json:"name"`
	Kept  bool   `json:"kept"` // over a restart
	Fault string `json:"fault,omitempty"`
	store.Stats
	OldestAt time.Time `json:"oldest_at,omitzero"`
}

// formatCount is what came in one format.
type formatCount struct {
	Format   string `json:"format"`
	Requests uint64 `json:"requests"`
	Spans    uint64 `json:"spans"`
	Kept     uint64 `json:"kept"`
}

type namedCount struct {
	Count uint64 `json:"count"`
	What  string `json:"what"`
}

// status gathers what the page shows.
func (h *house) status(ctx context.Context) *houseStatus {
	s := &houseStatus{Version: versionString(), Began: h.began, Now: time.Now(), Tokens: h.gate.Guarded(), Takes: h.receiver != nil, agentCounts: h.agents.read(), Streams: h.live.Listeners()}
	for _, d := range h.doors {
		s.Listens = append(s.Listens, d.flag[2:]+" "+d.String())
	}
	s.Store = storeStatus{Name: h.kept.name, Kept: h.kept.kept}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	st, err := h.store.Stats(ctx)
	if err != nil {
		s.Store.Fault = "the store does not answer"
	} else if s.Store.Stats = st; st.Oldest != 0 {
		s.Store.OldestAt = time.Unix(0, st.Oldest).UTC()
	}
	s.ingest(h)
	add := func(n uint64, what string) {
		if n > 0 {
			s.Losses = append(s.Losses, namedCount{n, what})
		}
	}
	add(st.Refused, "spans refused for want of room")
	add(st.Expired, "spans that left by age or size")
	for o, n := range h.gate.Stats() {
		if o > 0 && n > 0 {
			s.Gate = append(s.Gate, namedCount{n, refusalName(o)})
		}
	}
	return s
}

// ingest adds what came in, and what was refused of it.
func (s *houseStatus) ingest(h *house) {
	if h.receiver == nil {
		return
	}
	for f, c := range h.receiver.Counts() {
		if c.Requests == 0 {
			continue
		}
		s.Ingest = append(s.Ingest, formatCount{formatName(f), c.Requests, c.Received, c.Kept})
		for i, n := range c.Refused {
			if n > 0 {
				s.Losses = append(s.Losses, namedCount{n, "spans refused, " + formatName(f) + ": " + batch.Reason(i).String()})
			}
		}
		for i, n := range c.Faults {
			if n > 0 {
				s.Losses = append(s.Losses, namedCount{n, "requests refused, " + formatName(f) + ": " + faultName(i)})
			}
		}
		if c.Dropped > 0 {
			s.Losses = append(s.Losses, namedCount{c.Dropped, "attributes and the like beyond a limit, " + formatName(f)})
		}
	}
}

// statusJSON answers with the status for programs.
func (h *house) statusJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(h.status(r.Context())) // whoever asked has gone
}

package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// runStatus is what a running instance was told and how it goes, where a
// counter cannot say it. It is served at /status, to this host only, for
// wirespan doctor.
type runStatus struct {
	Version    string            `json:"version"`
	Began      time.Time         `json:"began"`
	Netns      string            `json:"netns,omitempty"`
	Filter     string            `json:"filter,omitempty"` // as an expression; empty if it is a program
	Shown      string            `json:"filter_shown,omitempty"`
	Interfaces []statusInterface `json:"interfaces,omitempty"`
	Notes      []string          `json:"notes,omitempty"` // what live said at its start
	Proto      []string          `json:"proto,omitempty"`
	Where      string            `json:"where,omitempty"`
	Selected   bool              `json:"selected"` // --id, --from or --to
	Outputs    []string          `json:"outputs,omitempty"`
	LeftOut    uint64            `json:"sampled_out"` // spans that --sample-ratio kept from exporters
	Exporters  []statusExporter  `json:"exporters,omitempty"`
}

type statusInterface struct {
	Name    string `json:"name"`
	Present bool   `json:"present"`
	Up      bool   `json:"up"`
}

type statusExporter struct {
	Name        string    `json:"name"`
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// status serves a runStatus.
func (s *metricsServer) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(s.t.status()) // whoever asked has gone
}

func (t *telemetry) status() runStatus {
	o := t.opt
	st := runStatus{
		Version: versionString(), Began: t.began, Proto: o.proto, Where: o.where,
		Selected: len(o.id) > 0 || o.from != "" || o.to != "", Outputs: o.out,
	}
	if s := t.parts.outs.sampler; s != nil {
		st.LeftOut = s.leftOut()
	}
	for i, e := range t.parts.outs.exportStats() {
		x := statusExporter{Name: t.parts.outs.exporterName(o, i), LastErrorAt: e.LastErrorAt}
		if e.LastError != nil {
			x.LastError = e.LastError.Error()
		}
		st.Exporters = append(st.Exporters, x)
	}
	if t.feeds.about != nil {
		t.feeds.about(&st)
	}
	return st
}

// about adds what only a live run knows.
func (r *liveRun) about(st *runStatus) {
	r.mu.Lock()
	f := r.filter
	r.mu.Unlock()
	st.Shown, st.Netns = f.shown, r.o.netns
	if f.expr != nil {
		st.Filter = f.expr.String()
	}
	st.Notes = append(append(append(st.Notes, f.notes...), r.src.notes...), r.src.later()...)
	if len(r.src.rings) == 0 {
		return
	}
	list, err := r.src.rings[0].Interfaces()
	if err != nil {
		return
	}
	for _, i := range list {
		st.Interfaces = append(st.Interfaces, statusInterface{i.Interface, i.Present, i.Up})
	}
}

package main

import (
	"context"
	"encoding/json"
	"html/template"
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

// page answers with the status for people. It has no script and loads nothing.
func (h *house) page(w http.ResponseWriter, r *http.Request) {
	hd := w.Header()
	hd.Set("Content-Type", "text/html; charset=utf-8")
	hd.Set("Cache-Control", "no-store")
	hd.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	hd.Set("X-Content-Type-Options", "nosniff")
	hd.Set("Referrer-Policy", "no-referrer")
	_ = statusPage().Execute(w, h.status(r.Context()))
}

func statusPage() *template.Template {
	return template.Must(template.New("status").Funcs(template.FuncMap{
		"at": func(t time.Time) string {
			if t.IsZero() {
				return "never"
			}
			return t.UTC().Format("2006-01-02 15:04:05")
		},
	}).Parse(statusHTML))
}

const statusHTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wirespan</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}
h1{font-size:1.3rem} h2{font-size:1.05rem;margin-top:1.8rem} table{border-collapse:collapse} td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums} .bad{color:#c00} code{font-size:.95em}
</style></head><body>
<h1>wirespan {{.Version}}</h1>
<p>Up since {{at .Began}} UTC. {{if .Tokens}}A token is needed.{{else}}Whoever can connect may read and send.{{end}}</p>
<h2>Store</h2>
{{with .Store}}{{if .Fault}}<p class="bad">{{.Fault}}</p>{{end}}{{if .Full}}<p class="bad">Nothing is written: {{.Full}}</p>{{end}}
<table><tr><td>where</td><td>{{.Name}}{{if not .Kept}} (gone after a restart; --store keeps it){{end}}</td></tr>
<tr><td>spans</td><td>{{.Spans}}</td></tr><tr><td>bytes</td><td>{{.Bytes}}</td></tr><tr><td>oldest</td><td>{{at .OldestAt}}</td></tr>
<tr><td>written since the start</td><td>{{.Written}}</td></tr>{{range .Repairs}}<tr><td>repaired</td><td>{{.}}</td></tr>{{end}}</table>{{end}}
<h2>Listens</h2><ul>{{range .Listens}}<li><code>{{.}}</code></li>{{end}}</ul>
{{if .Takes}}<h2>Came in</h2>{{if .Ingest}}<table><tr><th>format</th><th class="n">requests</th><th class="n">spans</th><th class="n">kept</th></tr>
{{range .Ingest}}<tr><td>{{.Format}}</td><td class="n">{{.Requests}}</td><td class="n">{{.Spans}}</td><td class="n">{{.Kept}}</td></tr>{{end}}</table>{{else}}<p>Nothing yet.</p>{{end}}{{end}}
<h2>Lost or refused</h2>{{if or .Losses .Gate}}<table>{{range .Losses}}<tr><td class="n">{{.Count}}</td><td>{{.What}}</td></tr>{{end}}
{{range .Gate}}<tr><td class="n">{{.Count}}</td><td>requests: {{.What}}</td></tr>{{end}}</table>{{else}}<p>Nothing.</p>{{end}}
<h2>Agents</h2>{{if .Agents}}<table><tr><th>agent</th><th class="n">spans</th><th>last</th></tr>
{{range .Agents}}<tr><td>{{.Name}}</td><td class="n">{{.Spans}}</td><td>{{at .Last}}</td></tr>{{end}}</table>{{else}}<p>None since the start.</p>{{end}}
{{if .Apps}}<p>{{.Apps}} spans of SDKs, the last at {{at .AppsAt}}.</p>{{end}}
<h2>More</h2><p><code>/api/v1/</code> (<code>/api/v1/openapi.json</code>), <code>/status</code>, <code>/metrics</code>, <code>/healthz</code>, <code>/readyz</code></p>
</body></html>
`

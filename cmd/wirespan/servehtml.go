package main

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// page answers with the status for people. It has no script and loads nothing.
func (h *house) page(w http.ResponseWriter, r *http.Request) {
	hd := w.Header()
	hd.Set("Content-Type", "text/html; charset=utf-8")
	hd.Set("Cache-Control", "no-store")
	hd.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	hd.Set("X-Content-Type-Options", "nosniff")
	hd.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write([]byte(h.status(r.Context()).html()))
}

// document writes HTML. Template packages find methods by their names at run
// time, with which the linker has to keep every method of the whole program: a
// fifth of its size.
type document struct{ strings.Builder }

// put writes a piece of markup with its values, which are escaped.
func (d *document) put(markup string, values ...any) {
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = html.EscapeString(s)
		}
	}
	fmt.Fprintf(d, markup, values...)
}

// date tells a time of the status page.
func date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

const pageHead = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wirespan</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}
h1{font-size:1.3rem} h2{font-size:1.05rem;margin-top:1.8rem} table{border-collapse:collapse} td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums} .bad{color:#c00} code{font-size:.95em}
</style></head><body>
`

const pageEnd = `<h2>More</h2><table>
<tr><td><a href="/api/v1/traces"><code>/api/v1/traces</code></a></td><td>the latest traces; in a shell: <code>wirespan search</code>, <code>wirespan trace ID</code></td></tr>
<tr><td><a href="/api/v1/openapi.json"><code>/api/v1/openapi.json</code></a></td><td>what else can be asked, and how</td></tr>
<tr><td><a href="/status"><code>/status</code></a>, <a href="/metrics"><code>/metrics</code></a></td><td>this page as JSON, metrics for Prometheus</td></tr>
<tr><td><a href="/healthz"><code>/healthz</code></a>, <a href="/readyz"><code>/readyz</code></a></td><td>probes</td></tr>
<tr><td><code>/</code>, <code>/tempo</code></td><td>here Grafana's data sources for Jaeger and for Tempo find this server</td></tr></table>
</body></html>
`

// html is the status as a page.
func (s *houseStatus) html() string {
	var d document
	d.WriteString(pageHead)
	who := "Whoever can connect may read and send."
	if s.Tokens {
		who = "A token is needed."
	}
	d.put("<h1>wirespan %s</h1>\n<p>Up since %s UTC. %s</p>\n", s.Version, date(s.Began), who)
	d.store(&s.Store)
	d.put("<h2>Listens</h2><ul>")
	for _, l := range s.Listens {
		d.put("<li><code>%s</code></li>", l)
	}
	d.put("</ul>\n")
	if s.Takes {
		d.came(s.Ingest)
	}
	d.lost(s.Losses, s.Gate)
	d.agents(&s.agentCounts)
	d.WriteString(pageEnd)
	return d.String()
}

func (d *document) store(s *storeStatus) {
	d.put("<h2>Store</h2>\n")
	if s.Fault != "" {
		d.put("<p class=\"bad\">%s</p>", s.Fault)
	}
	if s.Full != "" {
		d.put("<p class=\"bad\">Nothing is written: %s</p>", s.Full)
	}
	where := s.Name
	if !s.Kept {
		where += " (gone after a restart; --store keeps it)"
	}
	d.put("<table><tr><td>where</td><td>%s</td></tr>\n<tr><td>spans</td><td>%d</td></tr><tr><td>bytes</td><td>%d</td></tr>", where, s.Spans, s.Bytes)
	d.put("<tr><td>oldest</td><td>%s</td></tr>\n<tr><td>written since the start</td><td>%d</td></tr>", date(s.OldestAt), s.Written)
	for _, r := range s.Repairs {
		d.put("<tr><td>repaired</td><td>%s</td></tr>", r)
	}
	d.put("</table>\n")
}

func (d *document) came(ingest []formatCount) {
	d.put("<h2>Came in</h2>")
	if len(ingest) == 0 {
		d.put("<p>Nothing yet.</p>\n")
		return
	}
	d.put("<table><tr><th>format</th><th class=\"n\">requests</th><th class=\"n\">spans</th><th class=\"n\">kept</th></tr>\n")
	for _, c := range ingest {
		d.put("<tr><td>%s</td><td class=\"n\">%d</td><td class=\"n\">%d</td><td class=\"n\">%d</td></tr>", c.Format, c.Requests, c.Spans, c.Kept)
	}
	d.put("</table>\n")
}

func (d *document) lost(losses, refused []namedCount) {
	d.put("<h2>Lost or refused</h2>")
	if len(losses)+len(refused) == 0 {
		d.put("<p>Nothing.</p>\n")
		return
	}
	d.put("<table>")
	for _, c := range losses {
		d.put("<tr><td class=\"n\">%d</td><td>%s</td></tr>", c.Count, c.What)
	}
	for _, c := range refused {
		d.put("<tr><td class=\"n\">%d</td><td>requests: %s</td></tr>", c.Count, c.What)
	}
	d.put("</table>\n")
}

func (d *document) agents(c *agentCounts) {
	d.put("<h2>Agents</h2>")
	if len(c.Agents) == 0 {
		d.put("<p>None since the start.</p>\n")
	} else {
		d.put("<table><tr><th>agent</th><th class=\"n\">spans</th><th>last</th></tr>\n")
		for _, a := range c.Agents {
			d.put("<tr><td>%s</td><td class=\"n\">%d</td><td>%s</td></tr>", a.Name, a.Spans, date(a.Last))
		}
		d.put("</table>\n")
	}
	if c.Others > 0 {
		d.put("<p>%d spans of further agents.</p>\n", c.Others)
	}
	if c.Apps > 0 {
		d.put("<p>%d spans of SDKs, the last at %s.</p>\n", c.Apps, date(c.AppsAt))
	}
}

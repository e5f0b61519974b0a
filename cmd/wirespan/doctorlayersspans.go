package main

import (
	"fmt"
	"slices"
	"strings"
)

// parsers are rooms 4 and 5: whether bytes are understood.
func (v *view) parsers() {
	const name = "protocols"
	if v.n("wirespan_flows_payload_bytes_total", "fate", "delivered") == 0 {
		return
	}
	exchanges := v.after.by("wirespan_parser_exchanges_total", "network_protocol_name")
	opaque := v.after.by("wirespan_parser_opaque_connections_total", "reason")
	read := total(exchanges) - exchanges["tls"] - exchanges["tcp"]
	switch {
	case read > 0:
		v.ok(name, "%s%s", topOf(exchanges, 6), pick(len(opaque) == 0, "", "; connections that are only counted: "+topOf(opaque, 3)))
	case opaque["turned_off"] > 0 && opaque["turned_off"] >= total(opaque)/2:
		v.stop(name, "%.0f connections were turned off by --proto PORT=off%s", opaque["turned_off"], v.forced())
		v.fix("leave that --proto out")
	case exchanges["tls"] > 0 || v.encrypted():
		v.stop(name, "TLS: what these connections carry is encrypted (%s)", pick(len(opaque) == 0, topOf(exchanges, 2), topOf(opaque, 2)))
		v.fix(plainAdvice)
	case opaque["unknown_protocol"] > 0:
		v.stop(name, "%.0f connections are of no protocol that is known, or encrypted", opaque["unknown_protocol"])
		v.fix("wirespan doctor --protocols lists what is known; --proto PORT=NAME forces one")
	case len(opaque) > 0:
		v.stop(name, "connections are only counted: %s", topOf(opaque, 3))
	case exchanges["tcp"] > 0:
		v.stop(name, "%.0f connections failed before a request", exchanges["tcp"])
	default:
		v.stop(name, "no request has been complete yet: %s wait, %s", sizeText(uint64(v.n("wirespan_parser_held_bytes"))),
			pick(v.n("wirespan_parser_discarded_bytes_total") > 0, "the rest is of connections that were open before the capture began", "ask again in a moment"))
	}
	if n := v.n("wirespan_parser_panics_total"); n > 0 {
		v.warn(name, "%.0f parsers failed, and lost their connections: please report it", n)
	}
}

// forced lists what --proto says.
func (v *view) forced() string {
	if v.told == nil || len(v.told.Proto) == 0 {
		return ""
	}
	return " (--proto " + strings.Join(v.told.Proto, " --proto ") + ")"
}

// encrypted reports whether the trial saw little but TLS where the instance
// captures.
func (v *view) encrypted() bool {
	var bytes, tls uint64
	for i := range v.trials {
		if t := &v.trials[i]; v.captures(t.name) {
			c := t.conns.sum()
			bytes, tls = bytes+c.Bytes, tls+c.Encrypted
		}
	}
	return tls > 0 && float64(tls) > tlsShare*float64(bytes)
}

// sampling is the budget.
func (v *view) sampling() {
	rate := v.n("wirespan_sampling_rate_ratio")
	if rate <= 0 || rate >= 1 {
		return
	}
	v.warn("sampling", "1 of %.0f connections is analysed: over budget", 1/rate)
	v.fix("raise --cpu or --memory, or filter what is not wanted")
}

// link is whether exchanges become spans that are written.
func (v *view) link() {
	const name = "spans"
	exchanges := total(v.after.by("wirespan_parser_exchanges_total", "network_protocol_name"))
	spans, left, open := v.n("wirespan_spans_total"), v.n("wirespan_link_unselected_spans_total"), v.n("wirespan_link_open")
	switch {
	case exchanges == 0:
		return
	case spans == 0 && left > 0:
		v.stop(name, "%s leaves out all %.0f spans", v.selection(), left)
		v.fix("loosen it, or leave it out")
	case spans == 0 && open > 0:
		v.stop(name, "none yet: %.0f requests have no end, and a trace leaves when nothing has joined it for --quiet", open)
	case spans == 0:
		v.stop(name, "none yet: a trace leaves when nothing has joined it for --quiet")
		v.fix("ask again in a moment")
	default:
		v.ok(name, "%.0f in %.0f traces%s", spans, v.n("wirespan_traces_total"), pick(left == 0, "", fmt.Sprintf("; %s left out %.0f", v.selection(), left)))
	}
	if n := v.n("wirespan_link_early_traces_total"); n > 0 {
		v.warn(name, "%.0f traces left early, perhaps in parts, for want of memory", n)
		v.fix("raise --link-memory")
	}
}

// selection names what chooses spans.
func (v *view) selection() string {
	var l []string
	if v.told != nil {
		if v.told.Where != "" {
			l = append(l, fmt.Sprintf("--where %q", v.told.Where))
		}
		if v.told.Selected {
			l = append(l, "--id, --from or --to")
		}
	}
	return pick(len(l) == 0, "--where, --id, --from or --to", strings.Join(l, " with "))
}

// outputs is whether spans arrive anywhere.
func (v *view) outputs() {
	const name = "outputs"
	if v.n("wirespan_spans_total") == 0 {
		return
	}
	list := v.after.values("wirespan_exporter_spans_total", "exporter")
	slices.Sort(list)
	list = slices.Compact(list)
	for _, x := range list {
		v.exporter(x)
	}
	if n := v.n("wirespan_output_lost_spans_total"); n > 0 {
		v.warn(name, "%.0f spans were lost at files that are slow or full", n)
		v.fix("look at the disk, and at who reads the pipe")
	}
	if n := v.n("wirespan_link_failed_writes_total"); n > 0 {
		v.warn(name, "%.0f writes failed", n)
	}
	if len(list) > 0 {
		return
	}
	if v.told != nil && len(v.told.Outputs) > 0 {
		v.ok(name, "%s", strings.Join(v.told.Outputs, ", "))
		return
	}
	v.ok(name, "standard output only: there is no --otlp")
}

// exporter judges one receiver.
func (v *view) exporter(x string) {
	const name, metric = "outputs", "wirespan_exporter_spans_total"
	count := func(result string) float64 { return v.n(metric, "exporter", x, "result", result) }
	sent, rejected, dropped := count("sent"), count("rejected"), count("dropped")
	wait := v.n("wirespan_exporter_spans_queue_length", "exporter", x)
	why := pick(v.lastError(x) == "", "", ": "+v.lastError(x))
	figures := fmt.Sprintf("%.0f sent, %.0f rejected, %.0f lost, %.0f messages wait", sent, rejected, dropped, wait)
	switch {
	case sent == 0 && rejected > 0:
		v.stop(name, "%s refuses all spans%s (%s)", x, why, figures)
		v.fix("look at its log, its credentials (--otlp-header) and its path")
	case sent == 0 && (dropped > 0 || wait > 0 && why != ""):
		v.stop(name, "%s takes nothing%s (%s)", x, why, figures)
		v.fix("is it running, and can it be reached from here? curl -v %s", curlURL(x))
	case sent == 0 && v.told != nil && v.told.LeftOut > 0:
		v.stop(name, "--sample-ratio keeps all %d spans from %s", v.told.LeftOut, x)
	case rejected+dropped > 0 || wait > 0 && why != "":
		v.warn(name, "%s: %s%s", x, figures, why)
	default:
		v.ok(name, "%s: %s", x, figures)
	}
}

// lastError is what an exporter last heard, of its own word or of /readyz.
func (v *view) lastError(x string) string {
	if v.told != nil {
		for _, e := range v.told.Exporters {
			if e.Name == x && e.LastError != "" {
				return e.LastError
			}
		}
	}
	for _, line := range v.says {
		if text, ok := strings.CutPrefix(line, "exporter "+x+": "); ok {
			return text
		}
	}
	return ""
}

// curlURL is a receiver as curl takes it.
func curlURL(x string) string {
	if rest, ok := strings.CutPrefix(x, "grpc://"); ok {
		return "http://" + rest
	}
	if rest, ok := strings.CutPrefix(x, "grpcs://"); ok {
		return "https://" + rest
	}
	return x
}

package main

import "slices"

// points names the capture points that do not see all of their connections.
func (v *view) points() {
	const name = "points"
	names := v.values("wirespan_capture_point_payload_bytes_total")
	for _, p := range names {
		of := func(metric, key, value string) float64 { return v.n(metric, "wirespan_capture_point", p, key, value) }
		seen, unseen := of("wirespan_capture_point_payload_bytes_total", "fate", "seen"), of("wirespan_capture_point_payload_bytes_total", "fate", "unseen")
		if loss := unseen / (seen + unseen); unseen > 0 && loss >= mirrorLoss {
			v.warn(name, "%s: %s %% of TCP bytes were acknowledged but never seen", p, percent(loss))
			v.fix("the mirror port may be asked for more than it can send: mirror fewer ports or one direction of each, or use a faster port; see also dropped packets")
		}
		both, one := of("wirespan_capture_point_connections_total", "directions", "both"), of("wirespan_capture_point_connections_total", "directions", "one")
		if both+one >= fewestConns && one >= tellSided*(both+one) {
			v.warn(name, "%s: one direction only, in %.0f of %.0f connections", p, one, both+one)
			v.fix("let the mirror copy both directions, or join the two ports of a tap (-i a+b=NAME)")
		}
	}
}

// values lists the capture points of a metric, each once, in order.
func (v *view) values(metric string) []string {
	list := v.after.values(metric, "wirespan_capture_point")
	slices.Sort(list)
	return slices.Compact(list)
}

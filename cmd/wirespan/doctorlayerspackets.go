package main

import (
	"slices"
	"strings"
)

// Shares from which on the layers of an instance are worth a warning.
const (
	dropShare    = 0.01 // of packets
	missingShare = 0.05 // of payload
	oddShare     = 0.9  // of exchanges that lack request or response
	fewExchanges = 3    // which say nothing yet
)

// capture is room 1: whether packets come.
func (v *view) capture() {
	const name = "capture"
	packets, drops := v.n("wirespan_capture_packets_total"), v.n("wirespan_capture_dropped_packets_total")
	switch {
	case !v.ready:
		return
	case v.refusesAll(packets):
		v.stop(name, "its filter (%s) takes none of the packets that pass: %s", v.filter(), v.passing())
		v.fix("change --filter, or leave it out")
	case packets == 0 && v.allDown():
		v.stop(name, "no packet has come: %s", v.interfaces())
		v.fix("sudo ip link set IF up, or -i another interface")
	case packets == 0 && v.quiet():
		v.stop(name, "no packet passes on %s, or next to none: there is nothing to see", v.interfaces())
		v.fix("make some traffic, or look for it elsewhere: wirespan live -D")
	case packets == 0:
		v.stop(name, "no packet has come on %s: there is no traffic, or the filter (%s) refuses all", v.interfaces(), v.filter())
	case drops > dropShare*(packets+drops):
		v.warn(name, "%.0f packets, and %.0f were dropped: %s", packets, drops, topOf(v.after.by("wirespan_capture_dropped_packets_total", "kind"), 4))
		v.fix("-B 64MiB, a filter, --workers 2, or --adaptive-snap")
	case v.grew("wirespan_capture_packets_total") == 0:
		v.warn(name, "%.0f packets, but none while doctor looked", packets)
	default:
		v.ok(name, "%.0f packets, %.0f while doctor looked, %.0f dropped", packets, v.grew("wirespan_capture_packets_total"), drops)
	}
}

// refusesAll reports whether packets pass that the filter does not take: seen
// in the trial, or counted by the interfaces.
func (v *view) refusesAll(packets float64) bool {
	var judged, passed uint64
	for i := range v.trials {
		if t := &v.trials[i]; v.captures(t.name) {
			judged, passed = judged+t.judged, passed+t.passed
		}
	}
	if judged >= fewPackets {
		return passed == 0 && v.grew("wirespan_capture_packets_total") == 0
	}
	for name, n := range v.moved {
		if packets == 0 && n >= fewPackets && v.captures(name) {
			return true
		}
	}
	return false
}

// quiet reports whether the interfaces are known to have been silent.
func (v *view) quiet() bool {
	known := false
	for name, n := range v.moved {
		if v.captures(name) {
			known = true
			if n >= fewPackets {
				return false
			}
		}
	}
	return known
}

// captures reports whether the instance listens on an interface.
func (v *view) captures(name string) bool { return slices.Contains(v.names(), name) }

// names lists the interfaces of the instance; without its own word, its capture
// points.
func (v *view) names() (list []string) {
	if v.told == nil || len(v.told.Interfaces) == 0 {
		list = v.after.values("wirespan_capture_point_dropped_packets_total", "wirespan_capture_point")
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, i := range v.told.Interfaces {
		list = append(list, i.Name)
	}
	return list
}

// allDown reports whether it is known that no interface is up.
func (v *view) allDown() bool {
	return v.told != nil && len(v.told.Interfaces) > 0 &&
		!slices.ContainsFunc(v.told.Interfaces, func(i statusInterface) bool { return i.Present && i.Up })
}

// interfaces names them with what is wrong with them.
func (v *view) interfaces() string {
	var l []string
	if v.told != nil {
		for _, i := range v.told.Interfaces {
			switch {
			case !i.Present:
				l = append(l, i.Name+" does not exist")
			case !i.Up:
				l = append(l, i.Name+" is down")
			default:
				l = append(l, i.Name)
			}
		}
	}
	if len(l) == 0 {
		l = v.names()
	}
	return pick(len(l) == 0, "any interface", strings.Join(l, ", "))
}

// filter is the filter of the instance as people know it.
func (v *view) filter() string {
	if v.told == nil || v.told.Shown == "" {
		return "--filter"
	}
	return v.told.Shown
}

// passing says where packets pass.
func (v *view) passing() string {
	seen := make(map[string]float64)
	for i := range v.trials {
		if t := &v.trials[i]; t.judged > 0 && v.captures(t.name) {
			seen["on "+t.name] = float64(t.judged)
		}
	}
	if len(seen) == 0 {
		for name, n := range v.moved {
			if n > 0 && v.captures(name) {
				seen["on "+name] = float64(n)
			}
		}
	}
	return topOf(seen, 4)
}

// decode is room 2: whether packets carry what is read.
func (v *view) decode() {
	const name, metric = "decode", "wirespan_decode_packets_total"
	packets := v.after.by(metric, "reason")
	all, good := total(packets), packets["ok"]
	delete(packets, "ok")
	switch {
	case all == 0:
	case good == 0:
		v.stop(name, "none of %.0f packets carries anything that is read: %s", all, topOf(packets, 3))
		v.fix("see docs/summary.md, \"decoded\"")
	case good < decodeShare*all:
		v.warn(name, "%.0f of %.0f packets can be read; the others: %s", good, all, topOf(packets, 3))
	default:
		v.ok(name, "%.0f of %.0f packets can be read", good, all)
	}
}

// flows is room 3: whether packets make connections with bytes, both ways.
func (v *view) flows() {
	const name = "connections"
	opened := v.n("wirespan_flows_opened_total")
	fates := v.after.by("wirespan_flows_payload_bytes_total", "fate")
	delivered, missing := fates["delivered"], v.n("wirespan_flows_missing_bytes_total")
	closed := v.after.by("wirespan_flows_closed_total", "reason")
	switch {
	case v.n("wirespan_decode_packets_total", "reason", "ok") == 0:
		return
	case opened == 0 && v.n("wirespan_sampling_left_out_packets_total") > 0:
		v.stop(name, "none: all packets belong to connections outside the sample")
	case opened == 0:
		v.stop(name, "none: %.0f packets belong to no connection", v.n("wirespan_flows_stray_packets_total"))
	case delivered == 0 && fates["cut_by_snaplen"] > 0:
		v.stop(name, "%.0f opened, but --snaplen cuts their payload off", opened)
		v.fix("leave --snaplen out")
	case delivered == 0:
		// Connections that fail are spans, too: then the screen is not empty.
		failed := v.n("wirespan_spans_total") > 0
		v.add(pick2(failed, markWarning, markMissing), !failed, name, "%.0f opened, but none carries a byte: %s", opened, pick(len(closed) == 0, "they are open", topOf(closed, 3)))
		v.fix("%s", pick(closed["syn_timeout"] > 0, "nobody answers, or only one direction is captured", "connections that only keep alive tell nothing"))
	case v.oneSided():
		v.stop(name, "%.0f opened, but half connections: one direction only is seen, or nobody answers (%s of %.0f exchanges)",
			opened, topOf(v.after.by("wirespan_parser_odd_exchanges_total", "kind"), 2), total(v.after.by("wirespan_parser_exchanges_total", "network_protocol_name")))
		v.fix("let the mirror copy both directions, join the ports of a tap (-i a+b=NAME), leave --direction out")
	case missing > missingShare*(delivered+missing):
		v.warn(name, "%.0f opened; %.0f%% of their bytes were never captured", opened, 100*missing/(delivered+missing))
		v.fix("look at dropped packets; a mirror port that is overrun loses packets before they come here")
	default:
		v.ok(name, "%.0f opened, %.0f open now, %s of payload", opened, v.n("wirespan_flows_open"), sizeText(uint64(delivered)))
	}
}

// oneSided reports whether requests or responses are missing throughout.
func (v *view) oneSided() bool {
	n := total(v.after.by("wirespan_parser_exchanges_total", "network_protocol_name"))
	odd := v.after.by("wirespan_parser_odd_exchanges_total", "kind")
	n -= odd["failed_connection"] // which are unanswered, too
	half := odd["unanswered"] + odd["orphan"] - odd["failed_connection"]
	if n >= fewExchanges && half >= oddShare*n {
		return true
	}
	var conns, sided uint64
	for i := range v.trials {
		if t := &v.trials[i]; v.captures(t.name) {
			c := t.conns.sum()
			conns, sided = conns+c.TCP, sided+c.OneSided
		}
	}
	// A trial that begins in the middle of things sees some of a few connections.
	return conns > 0 && sided*10 >= conns*9 && n <= half+odd["one_way"]
}
